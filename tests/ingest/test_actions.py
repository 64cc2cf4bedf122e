"""Actions, with role, due date and state."""

import pytest

from ingest.actions import actions_of
from ingest.model import Action, Lesson, Section


def actions(text, key="action", heading="Action items"):
    sections = (Section(key, heading, 0, len(text)),)
    found = actions_of(text, Lesson("x", "X", 0, len(text), sections=sections))
    assert all(each.text in text[each.start : each.end] for each in found)
    return [(each.text, each.role, each.due, each.state) for each in found]


def test_checkboxes_anywhere():
    text = "Notes\n- [ ] Order seals\n* [x] Train staff\n- [~] Buy boat\nplain\n"
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
