"""Actions, with role, due date and state."""

import pytest

from ingest.actions import actions_of
from ingest.model import Action, Lesson, Provenance, Section


def actions(text, key="action", heading="Action items"):
    sections = (Section(key, heading, 0, len(text)),)
    found = actions_of(text, Lesson("x", "X", 0, len(text), sections=sections))
    assert all(each.text in " ".join(text[each.start : each.end].split()) for each in found)
    return [(each.text, each.role, each.due, each.state) for each in found]


def test_checkboxes_anywhere():
    text = "Notes\n- [ ] Order seals\n* [x] Train staff\n- [~] Buy boat\n\nplain\n"
    assert actions(text, None, "") == [
        ("Order seals", None, None, "open"),
        ("Train staff", None, None, "done"),
        ("Buy boat", None, None, "dropped"),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- Replace the valve", (None, None, "unknown")),
        ("1. Replace it (owner: Facilities, due: 2099-05-03)", ("Facilities", "2099-05-03", "unknown")),
        ("• Replace it by 3 May 2099 @sre-team", ("sre team", "2099-05-03", "unknown")),
        ("- Replace it @jroe", (None, None, "unknown")),
        ("- Replace it, Owner: Jane Roe; Status: in progress", (None, None, "open")),
        ("- Replace it [done]", (None, None, "done")),
        ("- DONE: replace it", (None, None, "done")),
        ("- ~~Replace it~~", (None, None, "dropped")),
        ("- Replace it. Responsible: Jane Roe, maintenance manager", (None, None, "unknown")),
        ("- Replace it. Status: cancelled", (None, None, "dropped")),
        ("- Replace it. Priority: P1. Deadline: next exercise", (None, "next exercise", "unknown")),
        ("- Replace it by hand, stamped 2020-01-01", (None, None, "unknown")),
    ],
)
def test_details_of_an_item(line, expected):
    assert [each[1:] for each in actions(f"Action items\n{line}\n")] == [expected]


def test_attributes_on_lines_of_their_own_belong_to_the_action_above():
    text = "## Action items\n- Replace it\n  - Owner: Test lead\n  - Due: 2021\n  - Status: closed\n- Other\n"
    assert actions(text, heading="Action items") == [
        ("Replace it", "Test lead", "2021", "done"),
        ("Other", None, None, "unknown"),
    ]


def test_a_table_in_any_section():
    text = (
        "| Action | Owner | Due date | Status |\n|---|---|---|---|\n| Order seals | Jane Roe | 2021-03-04 | Open |\n"
        "| Train staff | SRE | Q3 | Not started |\n| n/a | SRE | n/a | Done |\n"
        "| Buy boat | | | Completed |\n| Short |\n"
    )
    assert actions(text, None, "") == [
        ("Order seals", None, "2021-03-04", "open"),
        ("Train staff", "SRE", "Q3", "open"),
        ("Buy boat", None, None, "done"),
        ("Short", None, None, "unknown"),
    ]


@pytest.mark.parametrize(
    "text", ["| Time | Event |\n| 9:00 | Alarm |\n", "| Action | Cost |\n| Buy | 3 |\n", "| Action | Owner |\n"]
)
def test_other_tables_hold_no_actions(text):
    assert actions(text, None, "") == []


def test_what_is_no_action():
    assert actions("Action items\nNone\n") == []
    assert actions("Action items\nSee recommendations\n") == []
    assert actions("Action items\n### Later\nWe will:\n---\n") == []
    assert actions("Action items\n" + "word " * 200) == []
    assert actions("Lessons\n- Replace it\n", "lesson", "Lessons") == []
    assert actions_of("- Replace it", Lesson("x", "X", 0, 12)) == ()


def test_spans_point_into_the_document():
    text = "before\nActions\n- [x] Replace it\n"
    lesson = Lesson("x", "X", 7, len(text), sections=(Section("action", "Actions", 7, len(text)),))
    assert actions_of(text, lesson) == (Action("Replace it", 21, 31, state="done"),)


ROW = "Pump stop\n\nRecommendation\nReplace the valve. Then\ntest it.\n\nDetails\nRemark: none\n"


def row(details, key="recommendation", owner=None):
    text = ROW + details
    at, end = text.index("Recommendation"), text.index("Details")
    sections = (
        Section(None, "Pump stop", 0, at),
        Section(key, "Recommendation", at, end),
        Section("meta", "Details", end, len(text)),
    )
    stated = {"owner": Provenance("native")} if owner else {}
    lesson = Lesson("x", "X", 0, len(text), kind="log", sections=sections, owner=owner, provenance=stated)
    return [(each.text, each.role, each.due, each.state) for each in actions_of(text, lesson)]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ("Action owner: Site Manager\nDue date: 2024-05-03\nStatus: Closed", ("Site Manager", "2024-05-03", "done")),
        ("Responsible: Jane Roe\nTarget date: Q3 2024\nStatus: Ongoing", (None, "Q3 2024", "open")),
        ("Due: 3 May 2024\nStatus: Rejected", (None, "2024-05-03", "dropped")),
        ("Owner: Test lead", ("Test lead", None, "unknown")),
    ],
)
def test_a_row_of_a_log_is_one_action(details, expected):
    assert row(details) == [("Replace the valve. Then test it.", *expected)]
    assert row(details, "action") == [("Replace the valve. Then test it.", *expected)]


def test_a_row_whose_owner_is_a_field_of_the_lesson():
    assert row("Due: 2024-05-03", owner="Test lead")[0][1] == "Test lead"
    assert row("Due: 2024-05-03", owner="Jane Roe")[0][1] is None
    assert row("Status: Closed", "action", owner="Test lead")[0][1:] == (None, None, "done")


def test_a_recommendation_that_nobody_is_to_follow_is_no_action():
    assert row("Status: Closed") == []
    assert row("Priority: High") == []


def test_bullets_in_a_row_share_its_details():
    text = "T\n\nActions\n- Buy seals\n- See https://a.example/1\n- Train staff\n\nDetails\nStatus: Closed"
    at = text.index("Details")
    sections = (Section("action", "Actions", 3, at), Section("meta", "Details", at, len(text)))
    found = actions_of(text, Lesson("x", "X", 0, len(text), sections=sections))
    assert [(each.text, each.state) for each in found] == [("Buy seals", "done"), ("Train staff", "done")]


def test_a_table_without_bars():
    text = (
        "Actions\nAction Owner Due Status\nSeals in the load list Deployment Manager 2025-04-30 done\n"
        "Count all work as duty; limit 14 hours, of\nwhich 10 driving\nFleet Safety Officer 1 May 2025 open\n"
        "Action Owner Due Status\nPlan the relief Head of Field Hospitals TBD cancelled\n"
        "Buy a boat Jane Roe 2025-06-01 done\nbefore winter\nThe rest is told elsewhere. It was long.\n"
    )
    expected = [
        ("Seals in the load list", "Deployment Manager", "2025-04-30", "done"),
        ("Count all work as duty; limit 14 hours, of which 10 driving", "Fleet Safety Officer", "2025-05-01", "open"),
        ("Plan the relief", "Head of Field Hospitals", None, "dropped"),
        ("Buy a boat Jane Roe before winter", None, "2025-06-01", "done"),
    ]
    assert barless(text, "action") == barless(text, None) == expected


def barless(text, key):
    lesson = Lesson("x", "X", 0, len(text), sections=(Section(key, "Actions", 0, len(text)),))
    return [(each.text, each.role, each.due, each.state) for each in actions_of(text, lesson)]


def test_tables_without_bars_that_end_with_a_date_or_an_owner():
    assert barless("Actions\nTask Due date\n1 Replace it by hand 2025-04-30\n", "action") == [
        ("Replace it by hand", None, "2025-04-30", "unknown")
    ]
    assert barless("Actions\nTask Due Owner\nReplace it by hand 2025-04-30 Fleet Manager\n", "action") == [
        ("Replace it by hand", "Fleet Manager", "2025-04-30", "unknown")
    ]
    assert barless("Actions\nAction Owner Due Status\n", "action") == []
    assert barless("Actions\nAction Owner Due Status\nAll valves are open\n", None) == []
    assert barless("Actions\nAction Owner Due Status\n" + "word " * 130 + "2025-04-30 done\n", None) == []
    assert barless("Actions\nTask owner\nReplace it\n", None) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- Move it (Site engineer, 2024-08-15)", ("Site engineer", "2024-08-15", "unknown")),
        ("- Buy it – Warehouse Manager – 30 Nov 2024", ("Warehouse Manager", "2024-11-30", "unknown")),
        ("- Paint it – done", (None, None, "done")),
        ("- Paint it. Done February 2022.", (None, None, "done")),
        ("- Print it by 15 March 2025 (Logistics officer)", ("Logistics officer", "2025-03-15", "unknown")),
        ("- Fix it. Owner: Workshop sergeant", ("Workshop sergeant", None, "unknown")),
        ("- Swap it (radio unit)", (None, None, "unknown")),
        ("- Train them (Jane Roe, 2024-09)", (None, "2024-09", "unknown")),
        ("- Keep what came before 3 May 2020 in the store", (None, None, "unknown")),
        ("- ✅ Adding tests", (None, None, "done")),
    ],
)
def test_what_the_end_of_a_bullet_says(line, expected):
    assert [each[1:] for each in actions(f"Action items\n{line}\n")] == [expected]


def test_a_bullet_is_one_action_wherever_its_lines_break():
    text = (
        "Action items\nWe are committed to:\n- Check the wall. It leaks. Do it\n  before rain https://a.example/\n"
        "issues/7\n- https://a.example/2\n- Ticket: https://a.example/3\n- Buy seals.\nThis is a comment.\n"
        "- What we also want:\n[x]: https://a.example\n"
    )
    lesson = Lesson("x", "X", 0, len(text), sections=(Section("action", "Action items", 0, len(text)),))
    assert [each.text for each in actions_of(text, lesson)] == [
        "Check the wall. It leaks. Do it before rain https://a.example/issues/7",
        "Buy seals.",
    ]


def test_paragraphs_of_a_section_without_bullets():
    assert [each[0] for each in actions("Action items\nReplace the valve\nTrain staff\n")] == [
        "Replace the valve",
        "Train staff",
    ]
    prose = "In the year after the change the desk held back departures. None of the\nsites ran dry.\n"
    assert actions("Action items\n" + prose) == []
    long = "Replace every valve in the treatment plant that was made before the\nWar of 1914\n"
    assert len(actions("Action items\n" + long)) == 1


def test_a_label_on_the_line_of_its_text_is_no_part_of_the_action():
    text = "**Corrective action:** Replace it\n"
    lesson = Lesson("x", "X", 0, len(text), sections=(Section("action", "Corrective action", 0, len(text)),))
    assert [each.text for each in actions_of(text, lesson)] == ["Replace it"]


def test_a_row_of_a_table_whose_header_stands_above_the_lesson():
    head = "Text\n| Action | Owner | Status |\n|---|---|---|\n| Buy | QA | Open |\n"
    text = head + "| Train | SRE | Closed |\n"
    lesson = Lesson("x", "X", len(head), len(text))
    assert [(each.text, each.role, each.state) for each in actions_of(text, lesson)] == [
        ("Buy", "QA", "open"),
        ("Train", "SRE", "done"),
    ][1:]
