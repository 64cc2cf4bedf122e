"""The columns of lessons systems."""

import pytest

from ingest import crosswalk
from ingest.headings import section_key

SYSTEMS = {
    "NASA LLIS": {
        "Abstract": "summary", "driving_event": "event", "Lesson(s) Learned": "lesson", "lessons_learned": "lesson",
        "Recommendation(s)": "recommendation", "Evidence of Recurrence Control Effectiveness": "evidence",
    },
    "JLLIS": {
        "Observation": "event", "Issue": "event", "Discussion": "cause", "Lesson Learned": "lesson",
        "Recommendation": "recommendation", "Best Practice": "sustain", "Evaluation": "evidence",
    },
    "Army AAR": {
        "What was planned": "planned", "What happened": "event", "Why": "cause", "Sustain": "sustain",
        "Improve": "improve", "Key points": "lesson", "Next time": "recommendation",
    },
    "NATO": {
        "Expected outcome": "planned", "Observation": "event", "Conclusion": "lesson",
        "Remedial action": "action", "Validation": "evidence",
    },
    "DOE": {
        "Statement": "lesson", "Discussion of Activities": "event", "Analysis": "cause", "Corrective Actions": "action",
        "Recommended Actions": "recommendation", "Good work practice": "sustain",
    },
    "HSEEP": {
        "Executive summary": "summary", "Objectives": "planned", "Strengths": "sustain",
        "Areas for improvement": "improve", "Improvement plan": "action",
    },
    "PRINCE2": {
        "Event": "event", "Effect": "impact", "Causes/trigger": "cause", "Early warning": "detection",
        "Recommendations": "recommendation",
    },
    "post-mortem": {
        "Timeline": "timeline", "Impact": "impact", "Root cause": "cause", "Detection": "detection",
        "What went well": "sustain", "What went wrong": "improve", "ActionItems": "action", "Resolution": "response",
    },
    "SAFENET": {"narrative": "event", "immediate_action_taken": "response", "contributing_factors": "cause"},
    "NTSB": {"ProbableCause": "cause"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "key"), [(column, key) for system in SYSTEMS.values() for column, key in system.items()]
)
def test_sections(column, key):
    assert crosswalk.is_content(column)
    assert section_key(crosswalk.heading(column)) == key


@pytest.mark.parametrize("column", ["event_task", "PurposeOfFlight", "Id", "Status", "Owner", "References", "Colour"])
def test_no_sections(column):
    assert not crosswalk.is_content(column)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["id", "safenet_id"], {"id": ["safenet_id", "id"]}),
        (["NtsbNo", "EventDate", "DocketUrl"], {"id": ["NtsbNo"], "url": ["DocketUrl"], "event_date": ["EventDate"]}),
        (["Date logged", "Logged by"], {"written_date": ["Date logged"], "owner": ["Logged by"]}),
        (["State"], {}),
        (["Library", "Repository", "Access route", "Visual acuity"], {}),
        (["Collection", "Access", "TLP"], {"collection": ["Collection"], "access": ["TLP", "Access"]}),
        (["Classification", "Sensitivity"], {"marking": ["Sensitivity", "Classification"]}),
        (["Title", "title"], {"title": ["Title"]}),
    ],
)
def test_fields(columns, found):
    assert crosswalk.field_columns(columns) == found


@pytest.mark.parametrize(
    ("column", "heading"),
    [
        ("driving_event", "Driving event"),
        ("ProbableCause", "Probable cause"),
        ("What went well?", "What went well?"),
        ("  Lesson(s)  Learned ", "Lesson(s) Learned"),
        ("Description", "Event description"),
    ],
)
def test_heading(column, heading):
    assert crosswalk.heading(column) == heading


def test_every_name_is_in_its_normal_form_and_means_one_thing():
    names = [name for names in crosswalk.FIELDS.values() for name in names]
    assert all(crosswalk.normal(name) == name for name in (*names, *crosswalk.HEADINGS, *crosswalk.CODES))
    assert len(names) == len(set(names))
    assert all(section_key(heading) for heading in crosswalk.HEADINGS.values())
