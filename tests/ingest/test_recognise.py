"""Documents to lessons: sections, kind, maturity, identity."""

import re
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Document, Heading, Provenance, Record
from ingest.recognise import recognise, slug


def document(text, **given):
    """A document as a Markdown reader would yield it."""
    text = dedent(text).lstrip("\n")
    found = [
        Heading(len(match[1]), match[2], match.start(), match.end())
        for match in re.finditer(r"^(#{1,6}) (.*)$", text, re.M)
    ]
    given.setdefault("title", next((each.title for each in found if each.level == 1), ""))
    return Document(text, headings=tuple(found), **given)


def lesson(text, name="notes.md", **given):
    (found,) = recognise(document(text, **given), Path("/library") / name)
    return found


POSTMORTEM = """
    # Pump trip at station 4

    The pump stopped.

    ## Timeline

    2021-02-15 06:05 trip

    ## Contributing factors

    ### A worn seal

    It leaked.

    ## What went well

    The alarm.

    ## Action items

    - [ ] Replace the seal
    """


def test_sections_cover_the_document_without_gap_or_overlap():
    found = lesson("intro\n" + dedent(POSTMORTEM))
    edges = [(section.start, section.end) for section in found.sections]
    assert edges[0][0] == found.start == 0
    assert edges[-1][1] == found.end == len(document("intro\n" + dedent(POSTMORTEM)).text)
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert [(section.key, section.heading) for section in found.sections] == [
        (None, ""),
        (None, "Pump trip at station 4"),
        ("timeline", "Timeline"),
        ("cause", "Contributing factors"),
        ("cause", "A worn seal"),
        ("sustain", "What went well"),
        ("action", "Action items"),
    ]


def test_a_post_mortem():
    found = lesson(POSTMORTEM, "2021-02-15-pump.md")
    assert (found.title, found.kind, found.outcome) == ("Pump trip at station 4", "postmortem", "failure")
    assert (found.lesson_id, found.event_date) == ("2021-02-15-pump#1", "2021-02-15")
    assert found.maturity == "lesson_identified"
    shown = found.provenance["outcome"]
    assert document(POSTMORTEM).text[shown.start : shown.end] == "## Contributing factors"
    assert found.provenance["event_date"] == Provenance("filename")


KINDS = [
    ("llis", "# Valve\n## Driving event\nx\n## Lesson(s) learned\nx\n## Recommendation(s)\nx"),
    ("odr", "# Valve lessons learned\n## Observation\nx\n## Discussion\nx\n## Recommendation\nx"),
    ("aar", "# Review\n## What was planned\nx\n## What happened\nx\n## What to improve\nx\n## What went well\nx"),
    ("postmortem", "# Trip\n## Root cause\nx\n## Impact\nx\n## Lessons learned\nx"),
    ("retro", "# Sprint 4\n## What went well\nx\n## What could be better\nx"),
    ("lessons", "# Lessons learned\n## Test early\nx\n## Talk often\nx"),
    ("lessons", "# Valve\n## What happened\nx\n## Lessons learned\nx"),
    ("narrative", "# Outage of the mail server\nIt was down."),
    ("narrative", "# Dive 7\nThe rope broke, caused by wear. We should have checked it."),
    ("reference", "# A study\n## Abstract\nx\n## Discussion\nx\n## Conclusion\nx\n## References\nx"),
    ("reference", "# Tool\n## Install\nx\n## Usage\nx"),
    ("template", "# Note\n[Insert title]\n[Describe event]\nYYYY-MM-DD"),
    ("template", "# Review\n## What happened\n## Root cause\n## Impact\nx\n## Action items\n"),
    ("template", "# Post-mortem template\n## Root cause\nx\n## Timeline\nx"),
    ("guidance", "# How to run an after-action review\n## What was planned\nx\n## What happened\nx"),
    ("guidance", "# Lessons learned handbook\nx"),
    ("interview", "# Interview with a diver\nQ: a?\nA: b.\nQ: c?\nA: d.\nQ: e?\nA: f."),
]


@pytest.mark.parametrize(("kind", "text"), KINDS)
def test_kinds(kind, text):
    assert lesson(text).kind == kind


@pytest.mark.parametrize(
    "title",
    ["Outage from a bad config template", "Incident: job running out of memory", "Outage due to retention policy"],
)
def test_a_report_is_no_guidance_for_a_word_in_its_title(title):
    assert lesson(f"# {title}\n## Root cause\nx\n## Timeline\nx").kind == "postmortem"


def test_one_clear_heading_needs_company():
    clear_with_others = "# Note\n## Root cause\nx\n## Impact\nx\n## Install\nx\n## Usage\nx\n## Licence\nx"
    assert lesson(clear_with_others).kind == "reference"
    assert lesson(clear_with_others.replace("Note", "Outage")).kind == "narrative"
    assert lesson("# Note\n## Root cause\nx\n## Impact\nx").kind != "reference"


def test_a_readme_needs_more_of_its_headings():
    text = "# Tool\n## Timeline\nx\n## Lessons learned\nx\n" + "## Usage\nx\n" * 8
    assert lesson(text, "README.md").kind == "reference"
    assert lesson(text, "notes.md").kind != "reference"
    assert lesson("# Incident reports\nList.", "README.md").kind == "reference"


def test_placeholders_are_rare_in_a_long_text():
    text = "# Outage\n" + "word " * 500 + "{{ a }} {{ b }} {{ c }}"
    assert lesson(text).kind == "narrative"


def test_a_stated_kind_wins():
    assert lesson("# Tool\nx", fields={"kind": "Retro"}).kind == "retro"
    assert lesson("# Tool\nx", fields={"kind": "novel"}).kind == "reference"


@pytest.mark.parametrize(
    ("sections", "maturity"),
    [
        ("## Root cause\nx\n## Timeline\nx", "observation"),
        ("## Root cause\nx\n## Action items\nx", "lesson_identified"),
        ("## Root cause\nx\n## Action items\n- [x] a\n- [x] b", "lesson_learned"),
        ("## Root cause\nx\n## Action items\n- [ ] a\n- [x] b", "lesson_identified"),
        ("## Root cause\nx\n## Timeline\nx\n## Recommendations\nTBD", "observation"),
        ("## Root cause\nx\n## Timeline\nx\n## Recommendations\nDo it", "lesson_identified"),
        ("## Root cause\nx\n## Timeline\nx\n## Evidence of effectiveness\nnone", "observation"),
        ("## Root cause\nx\n## Timeline\nx\n## Evidence of effectiveness\nIt holds", "lesson_learned"),
    ],
)
def test_maturity_is_never_better_than_the_text_proves(sections, maturity):
    assert lesson(f"# Outage\n{sections}").maturity == maturity


def test_what_is_no_lesson_has_no_maturity_to_boast_of():
    assert lesson("# A study\n## Recommendations\nx").maturity == "observation"


RUN_IN = """
OBSERVATION: The crane tipped.
Second line.

b. Discussion: the ground was soft.
**What went well.** Nobody was near.
- **Recommendation:** test the ground

Root cause
Soft soil, see the note: it had rained.
Action items:
- Buy plates
Author: Jane Roe
References
none
"""


def test_run_in_labels_where_the_reader_found_no_headings():
    text = RUN_IN.lstrip()
    (found,) = recognise(Document(text), Path("/library/crane.txt"))
    assert [(section.key, section.heading) for section in found.sections] == [
        ("event", "OBSERVATION"),
        ("cause", "b. Discussion"),
        ("sustain", "What went well"),
        ("recommendation", "Recommendation"),
        ("cause", "Root cause"),
        ("action", "Action items"),
        ("refs", "References"),
    ]
    assert text[found.sections[3].start : found.sections[3].end].startswith("- **Recommendation:** test the ground")
    assert (found.kind, found.maturity) == ("odr", "lesson_identified")


def test_run_in_labels_are_left_alone_where_headings_have_keys():
    found = lesson("# Trip\n## Root cause\nImpact: none\n## Timeline\nx")
    assert [section.key for section in found.sections] == [None, "cause", "timeline"]
    only_titled = lesson("# Trip\nRoot cause: wear\nImpact: none")
    assert [section.key for section in only_titled.sections] == [None, "cause", "impact"]


def test_a_heading_outside_the_vocabulary_takes_its_parents_key():
    found = lesson("# T\n## Timeline\nx\n### Monday\nx\n#### Noon\nx\n## Usage\nx\n### More\nx")
    assert [section.key for section in found.sections] == [None, "timeline", "timeline", "timeline", None, None]


def test_the_title_gives_no_key_unless_it_is_clear():
    assert [s.key for s in lesson("# Incident on Monday\n## Usage\nx").sections] == [None, None]
    assert [s.key for s in lesson("# Lessons learned\n## Test early\nx").sections] == ["lesson", "lesson"]


@pytest.mark.parametrize(
    ("text", "title", "name", "expected"),
    [
        ("# Heading\nx", "Stated title", "a.md", "Stated title"),
        ("## Pump trip\n## Timeline\nx", "", "a.md", "Pump trip"),
        ("# Overview\n## Timeline\nx", "Overview", "2021-02-15-pump_trip.md", "Pump trip"),
        ("# Outage of the mail server\n## Timeline\nx", "", "a.md", "Outage of the mail server"),
        ("text", "", "PM2022-006 - ALB errors.txt", "ALB errors"),
    ],
)
def test_titles(text, title, name, expected):
    assert lesson(text, name, title=title).title == expected


def test_an_accident_report_without_title_is_known_by_its_first_words():
    text = "Safety Board\nAviation Accident Final Report\nLocation: Alton\n\nAll landed."
    (found,) = recognise(Document(text), Path("/library/20071229X02007.pdf"))
    assert (found.kind, found.outcome) == ("narrative", "failure")


def test_identity():
    assert lesson("x", "A  file (2).md").lesson_id == "a-file-2#1"
    assert lesson("Lesson ID: K-7").lesson_id == "K-7"
    assert lesson("Lesson ID: 431", "llis.md").lesson_id == "LLIS-431"
    assert slug("  Ünder_score--X! ") == "nder-score-x"


def test_a_document_without_text_has_no_lessons():
    assert recognise(Document("  \n"), Path("/library/a.md")) == ()


def records(*rows):
    """A record file with one heading a row, as (fields, heading, text)."""
    text, made = "", []
    for fields, heading, body in rows:
        start = len(text)
        text += f"{heading}\n{body}\n\n" if heading else body
        headings = (Heading(2, heading, start, start + len(heading)),) if heading else ()
        made.append(Record(start, len(text), fields, headings))
    return Document(text, records=tuple(made))


def test_each_record_is_a_lesson_with_native_fields():
    made = records(
        (
            {"id": "431", "title": "Connectors", "event_date": "1999-01-31", "url": "https://x.org/431"},
            "Driving event",
            "a",
        ),
        ({"id": "431", "title": "Again", "outcome": "success"}, "What we saw", "b"),
        ({}, "", "   "),
        ({"kind": "retro"}, "Crane tipped over", "c"),
    )
    first, second, third = recognise(made, Path("/library/llis.csv"))
    assert (first.lesson_id, first.title, first.kind) == ("LLIS-431", "Connectors", "llis")
    assert (first.event_date, first.url) == ("1999-01-31", "https://x.org/431")
    assert first.provenance["event_date"] == Provenance("native")
    assert made.text[first.start : first.end].startswith("Driving event\na")
    assert [section.key for section in first.sections] == ["event"]
    assert (second.lesson_id, second.kind, second.outcome) == ("llis#2", "log", "success")
    assert second.provenance["outcome"] == Provenance("native")
    assert (third.lesson_id, third.title, third.kind) == ("llis#4", "Crane tipped over", "retro")


def test_ids_stay_when_records_are_added():
    rows = [({"title": name}, "Issue", "x") for name in ("a", "b", "c")]
    before = [each.lesson_id for each in recognise(records(*rows[:2]), Path("/library/Log.csv"))]
    after = [each.lesson_id for each in recognise(records(*rows), Path("/library/Log.csv"))]
    assert before == ["log#1", "log#2"] == after[:2]


LINES = st.sampled_from(
    ["# Title", "## Root cause", "### Deep", "Timeline", "Impact: none", "Date: 2020-01-01", "- [x] done", "", "text"]
)


@given(st.lists(LINES | st.text(max_size=20), max_size=12))
def test_any_text_gives_at_most_one_lesson_whose_sections_cover_it(lines):
    made = document("\n".join(lines))
    for found in recognise(made, Path("/library/a.md")):
        edges = [(section.start, section.end) for section in found.sections]
        assert all(before[1] == after[0] for before, after in pairwise(edges))
        assert not made.text[: edges[0][0]].strip()
        assert edges[-1][1] == found.end == len(made.text)


SHARED = Path(__file__).parents[3] / "shared" / "data" / "documents"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared documents are not here")
def test_real_post_mortems_are_lessons():
    paths = sorted((SHARED / "software-postmortems").rglob("*.md"))
    found = [lesson(path.read_text(encoding="utf-8"), path.name) for path in paths]
    assert len(found) >= 40
    assert sum(each.kind == "postmortem" for each in found) >= 0.9 * len(found)
    assert all(each.outcome == "failure" for each in found)
    assert sum(each.event_date is not None for each in found) >= 0.9 * len(found)
    headed = [section for each in found for section in each.sections if section.heading not in ("", each.title)]
    assert sum(section.key is not None for section in headed) >= 0.9 * len(headed)
