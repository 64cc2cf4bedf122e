"""Documents to lessons: sections, kind, maturity, identity."""

import io
import re
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pptx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.model import Document, Heading, Provenance, Record
from ingest.readers import read
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
    ("lessons", "# Lessons learned: Project B\n## Background\nx\n## Conclusions\nx"),
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
    ("odr", "# Ampoules\n## Issue\nx\n## Analysis\nx\n## Recommendation\nx"),
    ("postmortem", "# Post-mortem of an attack\n## How did it happen?\nx\n## What should you do?\nx"),
    (
        "postmortem",
        "# Aviation Accident Factual Report\n## Pilot Information\nx\n## Wreckage and Impact Information\nx",
    ),
    ("narrative", "# Sign behind the hedge\nDate of event: 2023-11\nType: near miss\n\nIt was not seen."),
    (
        "narrative",
        "# Tired\n"
        "I drove home. I was awake for 20 hours. I did not say no. I had no idea. Next time somebody should ask.",
    ),
    ("narrative", "# Notes\n## What works\nx\n## What we would like drivers to do\ny"),
    (
        "template",
        "# Review\n## What happened\n_Describe the event_\n## Root cause\n(List the causes)\n"
        "## Impact\nWho was affected?\n## Action items\n- x\n",
    ),
    (
        "template",
        "# Review\n## What happened\n<!-- what\nhappened -->\n## Root cause\n____\n## Impact\n...\n## Timeline\n",
    ),
    ("interview", "# Interview with a diver\nQ: a?\nA: b.\nQ: c?\nA: d.\nQ: e?\nA: f."),
]


@pytest.mark.parametrize(("kind", "text"), KINDS)
def test_kinds(kind, text):
    assert lesson(text).kind == kind


TOLD = """
On the second day the lead truck lost its clutch on the hill. The crew had no spare and waited six hours.
The radio net was silent, so nobody told the base. In the end a farmer pulled the truck off the road.
"""


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("aar", "AAR: Convoy breakdown"),
        ("aar", "After Action Review – Convoy breakdown"),
        ("aar", "After-action report, convoy"),
        ("aar", "Debrief of the convoy"),
        ("aar", "Post-event review: convoy"),
        ("postmortem", "Incident report: truck lost its clutch"),
        ("postmortem", "Post-incident review of the convoy"),
        ("lessons", "Lessons learned from the convoy"),
        ("narrative", "Outage of the truck"),
        ("reference", "The convoy"),
        ("guidance", "How to run an after-action review"),
        ("guidance", "Incident report guidelines"),
        ("template", "After action review template"),
    ],
)
def test_the_title_decides_where_the_text_tells_an_event(kind, title):
    (titled,) = recognise(Document(TOLD, title=title), Path("/library/a.docx"))
    assert titled.kind == kind
    assert lesson(f"# {title}\n{TOLD}").kind == kind


def test_the_title_does_not_decide_where_the_text_tells_nothing():
    essay = "Every unit can hold such a review. It takes an hour. The leader asks what is known, and all answer. " * 3
    assert lesson(f"# After action reviews at large\n{essay}").kind == "narrative"


def test_a_heading_of_nothing_but_the_reports_name_decides_too():
    assert lesson(f"# Post-mortem\n{TOLD}").kind == "postmortem"


def test_the_first_line_of_a_text_without_title_announces_what_it_is():
    assert recognise(Document("AAR: Convoy breakdown\n" + TOLD), Path("/library/a.txt"))[0].kind == "aar"
    assert recognise(Document("See the post-mortem: x\n" + TOLD), Path("/library/a.txt"))[0].kind == "narrative"


def test_an_incident_report_sent_as_mail():
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "Incident report: broken clutch"
    mail.set_content(TOLD)
    (found,) = recognise(read(Path("note.eml"), mail.as_bytes()), Path("/library/note.eml"))
    assert (found.kind, found.title) == ("postmortem", "Incident report: broken clutch")


def test_a_review_with_a_heading_lessons_and_running_text():
    text = "## Overview\nMany came.\n## Lessons\nThe gates were opened late because the radios were flat."
    assert lesson(f"# Harbour festival: event review\n{text}").kind == "lessons"
    assert lesson(f"# Post-event review: Harbour festival\n{text}\nVisitors had to wait.").kind == "aar"
    assert lesson(f"# Harbour festival\n{text}").kind == "reference"


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


@pytest.mark.parametrize(
    "name", ["SOURCE.txt", "LICENSE.md", "data-dictionary.md", "CHANGELOG.md", "code_of_conduct.md"]
)
def test_a_notice_beside_the_documents_is_reference(name):
    text = "# Incident reports\n## Root cause\nx\n## Timeline\ny"
    assert lesson(text, name).kind == "reference"
    assert lesson(text, "sources-of-error.md").kind == "postmortem"


def test_an_index_that_tells_a_story_is_a_narrative():
    text = "# Dive\nThe rope broke, caused by wear. We should have checked it; a failure."
    assert lesson(text, "README.md").kind == "narrative"


def test_instructions_are_no_blanks_where_actions_are_told():
    text = "# Trip\n## Root cause\nWear.\n## Recommendations\nProvide gloves.\n## Action items\nList valves.\n"
    text += "## Lessons\nState it."
    assert lesson(text).kind == "postmortem"


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


def keys(text, name="notes.md", **given):
    return [(section.key, section.heading) for section in lesson(text, name, **given).sections if section.heading]


def test_labels_beside_headings():
    text = """
        # Outage
        ## Root cause
        Wear.
        ## Notes
        **What went well.** Nobody was near.
        - **Impact:** none
        ## Remarks
        **Impact:** none
        Duration: long
        ## Lessons learned
        Detection: fine
        What went wrong:
        the lid
        """
    assert keys(text) == [
        (None, "Outage"),
        ("cause", "Root cause"),
        (None, "Notes"),
        ("sustain", "What went well"),
        ("impact", "Impact"),
        (None, "Remarks"),
        ("impact", "Impact"),
        ("lesson", "Lessons learned"),
        ("improve", "What went wrong"),
    ]


def test_a_line_of_nothing_but_a_headings_words_after_a_sentence():
    text = (
        "# Accident\n## Probable cause and findings\nThe pilot slipped.\nFindings\n1. Flare\nEvents\nx\n## Impact\nnone"
    )
    assert keys(text) == [
        (None, "Accident"),
        ("cause", "Probable cause and findings"),
        ("cause", "Findings"),
        ("impact", "Impact"),
    ]


def test_the_first_column_of_a_table_of_two_columns():
    text = "# Crane\n\n| **Impact** | two injured |\n|---|---|\n| **Root cause** | soft ground |\n| Colour | red |\n"
    assert keys(text) == [(None, "Crane"), ("impact", "Impact"), ("cause", "Root cause")]
    assert keys("# Crane\n\n| Action | Owner |\n|-|-|\n| Fix | Bob |\n") == [(None, "Crane")]


@pytest.mark.parametrize(
    "agenda",
    [
        "- What went well\n- What to improve\n- Actions",
        "- Welcome\n- What went well\n- Actions\n- Questions from all",
        "1. What went well\n2. What to improve\n3. Actions",
    ],
)
def test_the_items_of_an_agenda_are_no_headings(agenda):
    rest = "## What went well\nThe pump ran.\n## What to improve\nThe valve leaked."
    for title in ("Agenda", "Sprint 12"):
        found = keys(f"# Review\n## {title}\n{agenda}\n{rest}")
        assert found[1:] == [(None, title), ("sustain", "What went well"), ("improve", "What to improve")]


def test_lines_under_agenda_are_no_headings_and_elsewhere_labels_with_text_below_are():
    assert keys("# Review\n## Agenda\nWhat went well\n\nActions\n## Impact\nx") == [
        (None, "Review"), (None, "Agenda"), ("impact", "Impact"),
    ]  # fmt: skip
    assert [key for key, _ in keys("# Review\n- What went well\n  - The pump\n- Actions\n  - Oil it")] == [
        None, "sustain", "action",
    ]  # fmt: skip


def test_the_agenda_slide_of_a_deck():
    deck = pptx.Presentation()
    slides = [
        ("Agenda", ["What went well", "What to improve", "Actions"]),
        ("What went well", ["The pump ran."]),
        ("What to improve", ["The valve leaked."]),
    ]
    for title, lines in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = "\n".join(lines)
    stream = io.BytesIO()
    deck.save(stream)
    (found,) = recognise(read(Path("review.pptx"), stream.getvalue()), Path("/library/review.pptx"))
    assert [(section.key, section.heading) for section in found.sections] == [
        (None, "Agenda"), ("sustain", "What went well"), ("improve", "What to improve"),
    ]  # fmt: skip


def test_labels_in_a_fence_are_code():
    assert keys("# T\n```\nRoot cause: x\n```\nImpact: y") == [(None, "T"), ("impact", "Impact")]


def test_time_stamps_are_part_of_the_timeline():
    text = "# Outage\n## Timeline\n## May 12\n### 20:15\nx\n### 20:49\ny\n## Impact\nz\n### 20:50\nz"
    assert [key for key, _ in keys(text)] == [None, "timeline", "impact", "timeline"]


@pytest.mark.parametrize("line", ["(LBE)", "Publish Date:", "5. Grass", "x" * 95 + ":", "***"])
def test_lines_set_like_headings_that_are_none(line):
    text = f"# Accident\n## Root cause\n4. Wear\n### {line}\nNote\n## Impact\nx"
    made = document(text)
    assert [h for _, h in keys(text) if h == line.strip("*")] == []
    assert lesson(text).end == len(made.text)


def test_a_heading_outside_the_vocabulary_takes_its_parents_key():
    found = lesson("# T\n## Timeline\nx\n### Monday\nx\n#### Noon\nx\n## Usage\nx\n### More\nx")
    assert [section.key for section in found.sections] == [None, "timeline", "timeline", "timeline", None, None]


def test_the_title_gives_no_key_unless_it_is_clear():
    assert [s.key for s in lesson("# Incident on Monday\n## Usage\nx").sections] == [None, None]
    assert [s.key for s in lesson("# Lessons learned\n## Test early\nx").sections] == ["lesson", "lesson"]
    assert [s.key for s in lesson("# Incident on Monday\nx").sections] == [None]


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


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        (
            "a.md",
            "---\naccess: Restricted\n---\n# Pump\n\nIt stopped.",
            [("boards", "folder", "restricted", "frontmatter")],
        ),
        (
            "a.md",
            "# Log\n\nAccess: internal\n\n| ID | Event | Lesson | Classification | Collection |\n|-|-|-|-|-|\n"
            "| A-1 | It fell | Tie it | SECRET | Cranes |\n| A-2 | It broke | Test it | Wear | |",
            [("Cranes", "native", "secret", "native"), ("boards", "folder", "internal", "label")],
        ),
        (
            "a.csv",
            "title,lesson,Access label,Collection\nPump,Clean it,Restricted,Wells\nTent,Tie it,,\n",
            [("Wells", "native", "restricted", "native"), ("boards", "folder", None, None)],
        ),
        (
            "a.json",
            '{"access": "internal", "lessons": [{"title": "a", "lesson": "x"}, {"title": "b", "access": "Public"}]}',
            [("boards", "folder", "internal", "frontmatter"), ("boards", "folder", "public", "native")],
        ),
    ],
)
def test_every_record_says_which_collection_it_is_of_and_who_may_read_it(name, data, found):
    path = Path("/library/boards/2020") / name
    made = recognise(read(path, data.encode()), path, root=Path("/library/boards"))
    assert [
        (each.collection, each.provenance["collection"].method, each.access,
         each.provenance["access"].method if each.access else None) for each in made
    ] == found  # fmt: skip
    assert all(each.collection != "boards" for each in recognise(read(path, data.encode()), path))


def test_entries_have_the_label_of_their_document_or_their_own():
    text = """
        # Lessons learned

        Access: internal

        ## Lesson 1: Pumps

        Access: Restricted

        ### What happened

        It stopped.

        ### Recommendation

        Clean it.

        ## Lesson 2: Tents

        ### What happened

        It fell.

        ### Recommendation

        Tie it.
        """
    made = recognise(document(text), Path("/library/notes.md"), root=Path("/library"))
    assert [(each.title, each.access, each.collection) for each in made] == [
        ("Lesson 1: Pumps", "restricted", "library"), ("Lesson 2: Tents", "internal", "library")
    ]  # fmt: skip


def test_ids_stay_when_records_are_added():
    rows = [({"title": name}, "Issue", "x") for name in ("a", "b", "c")]
    before = [each.lesson_id for each in recognise(records(*rows[:2]), Path("/library/Log.csv"))]
    after = [each.lesson_id for each in recognise(records(*rows), Path("/library/Log.csv"))]
    assert before == ["log#1", "log#2"] == after[:2]


LINES = st.sampled_from(
    [
        "# Title",
        "# Lessons learned",
        "## Root cause",
        "### Deep",
        "## 2024-05-30 Pump",
        "## 2024-06-02",
        "## Lesson 1: a",
        "## Lesson 2: b",
        "### Observation",
        "**Observation:** x",
        "**Recommendation:** y",
        "Observation: it broke",
        "Discussion: why",
        "Topic: Keys",
        "Lesson ID: K-1",
        "Lesson ID: K-2",
        "Timeline",
        "Impact: none",
        "Date: 2020-01-01",
        "- [x] done",
        "- **Test early.** It pays.",
        "| Id | Event | Lesson |",
        "|---|---|---|",
        "| 1 | a | b |",
        "| **Impact** | text |",
        "```",
        "---",
        "(x)",
        "1. A",
        "20:15",
        "[Insert name]",
        "",
        "text",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES | st.text(max_size=20), max_size=20))
def test_any_text_gives_lessons_that_cover_it_in_order(lines):
    made = document("\n".join(lines))
    found = recognise(made, Path("/library/a.md"))
    assert bool(found) == bool(made.text.strip())
    assert [each.end for each in found[:-1]] == [each.start for each in found[1:]]
    assert len({each.lesson_id for each in found}) == len(found)
    for each in found:
        edges = [(section.start, section.end) for section in each.sections]
        assert all(before[1] == after[0] for before, after in pairwise(edges))
        assert not made.text[each.start : edges[0][0]].strip()
        assert each.start <= edges[0][0] < edges[-1][1] == each.end
        spans = [(shown.start, shown.end or 0) for shown in each.provenance.values() if shown.start is not None]
        assert all(0 <= start <= end <= len(made.text) for start, end in spans)
    if found:
        assert (found[0].start, found[-1].end) == (0, len(made.text))


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
