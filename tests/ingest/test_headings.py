"""The vocabulary: headings as real documents word them."""

import pytest

from ingest.headings import LONGEST, Term, is_stamp, normalise, section_key, term

CLEAR = [
    ("1. What was supposed to happen?", "planned"),
    ("Commander’s intent", "planned"),
    ("What actually happened", "event"),
    ("Driving Event", "event"),
    ("Incident Timeline", "timeline"),
    ("Timeline (times in BST)", "timeline"),
    ("Events/Timeline:", "timeline"),
    ("Who was affected?", "impact"),
    ("**Root causes:**", "cause"),
    ("Contributing Factors (findings)", "cause"),
    ("Probable Cause and Findings", "cause"),
    ("5 Whys", "cause"),
    ("How did we find out?", "detection"),
    ("Why It Wasn't Caught", "detection"),
    ("Immediate Actions (Completed)", "response"),
    ("How we fixed it", "response"),
    ("🎉 What went well?", "sustain"),
    ("Where we got lucky", "luck"),
    ("What Didn't Go So Well?", "improve"),
    ("What could have gone better?", "improve"),
    ("Areas for improvement", "improve"),
    ("Lesson(s) Learned", "lesson"),
    ("What did we learn?", "lesson"),
    ("What will we do differently next time?", "recommendation"),
    ("How are we preventing it from happening again?", "recommendation"),
    ("Corrective and preventive actions", "action"),
    ("Evidence of Recurrence Control Effectiveness", "evidence"),
    ("TL;DR", "summary"),
    ("Open questions", "questions"),
    ("Follow-up improvements", "action"),
    ("What would help?", "recommendation"),
    ("What we would like drivers to do", "recommendation"),
    ("What could have happened?", "luck"),
    ("What we keep seeing", "event"),
    ("The underlying issue", "cause"),
    ("Why?", "cause"),
]
AMBIGUOUS = [
    ("a. Observation", "event"),
    ("IV. Findings", "event"),
    ("Impact & scope", "impact"),
    ("Impact on users", "impact"),
    ("Discussion", "cause"),
    ("Executive Summary", "summary"),
    ("Recommendation(s)", "recommendation"),
    ("Short-term Improvements ([#40885](https://example.org/40885))", "recommendation"),
    ("Key Takeaways", "lesson"),
    ("Conclusion", "lesson"),
    ("(2) Next steps", "action"),
    ("08:52 PM", "timeline"),
    ("Attendees", "people"),
    ("Appendix: diagrams", "refs"),
    ("Status", "meta"),
    ("Student Pilot Information", "people"),
    ("Wreckage and Impact Information", "impact"),
    ("Meteorological Information and Flight Plan", "meta"),
]


@pytest.mark.parametrize(("heading", "key"), CLEAR)
def test_clear_headings(heading, key):
    assert term(heading) == Term(key, True)


@pytest.mark.parametrize(("heading", "key"), AMBIGUOUS)
def test_headings_that_other_documents_use_too(heading, key):
    assert term(heading) == Term(key, False)


@pytest.mark.parametrize(
    "heading",
    ["", "###", "Installation", "What this is not", "Data integrity", "Postmortem", "Notes to the owner", "Event task"],
)
def test_other_headings_have_no_key(heading):
    assert section_key(heading) is None


def test_the_clear_part_of_a_double_heading_wins():
    assert term("Summary and root cause") == Term("cause", True)
    assert term("Lessons learned: three surprises") == Term("lesson", True)
    assert term("Architecture and results of it") is None


def test_a_sentence_is_no_heading():
    assert section_key("root cause of " + "x" * (LONGEST - len("root cause of "))) == "cause"
    assert section_key("root cause of " + "x" * LONGEST) is None


def test_every_key_of_the_model_can_be_reached():
    reached = {key for _, key in CLEAR + AMBIGUOUS}
    assert reached == set(
        "summary planned event timeline impact cause detection response sustain improve luck lesson recommendation "
        "action evidence questions people refs meta".split()
    )


@pytest.mark.parametrize(
    ("heading", "normal"),
    [
        ("## The **Root** [Cause](http://x) (draft (v2)):", "root cause"),
        ("Lesson(s) Learned", "lessons learned"),
        ("2.3.1 Our findings!", "findings"),
        ("b) What’s next ", "what's next"),
        ("✅  Keep   doing", "keep doing"),
    ],
)
def test_normalise(heading, normal):
    assert normalise(heading) == normal


@pytest.mark.parametrize(
    "title", ["20:15", "11:00 AM", "May 12", "15 May 2024:", "2024-05-12", "2024-05-12 08:30 UTC", "Monday, 3 June"]
)
def test_a_day_or_a_time_is_a_stamp(title):
    assert is_stamp(title)


@pytest.mark.parametrize("title", ["", "20:15 Alarm", "May the pump run", "Timeline", "2024-05-12 Pump trip"])
def test_other_headings_are_no_stamps(title):
    assert not is_stamp(title)
