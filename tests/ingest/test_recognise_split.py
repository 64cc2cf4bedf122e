"""Where records begin: documents that hold several lessons, and those that must stay one."""

import io
import re
from functools import partial
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import docx
import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from ingest.model import Document
from ingest.readers import read
from ingest.readers.markdown import read_markdown
from ingest.recognise import recognise


def lessons(text, name="notes.md"):
    return recognise(read_markdown(dedent(text).lstrip("\n").encode(), name), Path("/library") / name)


def titles(text, name="notes.md"):
    return [lesson.title for lesson in lessons(text, name)]


OBSERVATIONS = """
    # Quick observations from Exercise Delta

    Written at the evening meeting, 29 January 2025.

    Exercise: Delta
    Unit: Supply

    ## Lights

    Lesson ID: ODR-2025-011
    Date of event: 2025-01-26

    **Observation:** Nobody came after dark.

    **Discussion:** The lamps were packed as spares.

    **Recommendation:** Hang two lamps on the first evening.

    ## Pallets

    Date of event: 2025-01-24
    Lesson ID: ODR-2025-012
    Unit: Fleet

    **Observation:** Pallets did not pass the door.

    **Discussion:** Dimensions were on file.

    **Recommendation:** Ask for the door width.
    """


def test_observations_with_ids_of_their_own():
    first, second = lessons(OBSERVATIONS)
    assert (first.lesson_id, second.lesson_id) == ("ODR-2025-011", "ODR-2025-012")
    assert (first.title, second.title) == ("Lights", "Pallets")
    assert (first.kind, second.kind) == ("odr", "odr")
    assert (first.event_date, second.event_date) == ("2025-01-26", "2025-01-24")


def test_a_record_inherits_what_the_file_states_and_its_own_labels_win():
    text = dedent(OBSERVATIONS).lstrip("\n")
    first, second = lessons(OBSERVATIONS)
    assert (first.project, second.project) == ("Delta", "Delta")
    assert (first.unit, second.unit) == ("Supply", "Fleet")
    for lesson, field, words in [(second, "project", "Delta"), (second, "unit", "Fleet"), (first, "unit", "Supply")]:
        shown = lesson.provenance[field]
        assert shown.method == "label"
        assert text[shown.start : shown.end] == words
    shown = second.provenance["event_date"]
    assert text[shown.start : shown.end] == "2025-01-24"


def test_nothing_is_lost_and_the_title_says_where_a_record_begins():
    text = dedent(OBSERVATIONS).lstrip("\n")
    first, second = lessons(OBSERVATIONS)
    assert (first.start, first.end, second.end) == (0, second.start, len(text))
    assert text[second.start :].startswith("## Pallets")
    title = first.provenance["title"]
    assert text[title.start : title.end] == "## Lights"
    assert [section.key for section in second.sections] == [None, "event", "cause", "recommendation"]


def test_a_date_in_running_text_does_not_beat_the_files_own():
    text = """
        # Lessons learned
        Date: 2023-12-08
        ## Train the night shift first
        It ran from 3 May 2023 to June.
        ## Two lists mean one is wrong
        They differed.
        """
    assert [each.event_date for each in lessons(text)] == ["2023-12-08", "2023-12-08"]
    assert [each.event_date for each in lessons(text.replace("Date: 2023-12-08", ""))] == ["2023-05-03", None]


SEVERAL = {
    "dated entries": (
        "# Shop notes\n## 2026-05-30 — Pump trip\nIt stopped, due to wear; a failure. Lesson: look.\n"
        "## 2026-06-02 — Lost key\nIt was lost.\n",
        ["Pump trip", "Lost key"],
    ),
    "dated entries of a log, no more words": (
        "# Lessons log\n## 2026-05-30\nIt stopped.\n## 2026-06-02\nIt was lost.\n",
        ["2026-05-30", "2026-06-02"],
    ),
    "dated retrospectives": (
        "# Retrospectives\n## 2026-05-30\n### What went well\nx\n### What could be better\ny\n"
        "## 2026-06-13\n### What went well\nx\n### What could be better\ny\n",
        ["2026-05-30", "2026-06-13"],
    ),
    "numbered lessons": (
        "# Bridge project\n## Lessons learned\n### Lesson 1: Order pins early\nx\n### Lesson 2: Ask the harbour\ny\n",
        ["Lesson 1: Order pins early", "Lesson 2: Ask the harbour"],
    ),
    "numbered observations": (
        "# After action review\n## Observation 1\n### Discussion\na\n### Recommendation\nb\n"
        "## Observation 2\n### Discussion\nc\n### Recommendation\nd\n",
        ["Observation 1", "Observation 2"],
    ),
    "labels one after another": (
        "Notes from the depot\n\nTopic: Keys\nObservation: They were lost.\nRecommendation: Use a board.\n\n"
        "Topic: Fuel\nObservation: It ran out.\nRecommendation: Refuel at noon.\n",
        ["Keys", "Fuel"],
    ),
    "labels that share headings": (
        "# Review\n## Supply\n**Issue:** No keys. Again.\n\n**Discussion:** none kept.\n\n"
        "**Recommendation:** a board.\n\n"
        "**Issue:** No fuel.\n\n**Discussion:** none came.\n\n**Recommendation:** refuel.\n\n"
        "## Medical\n**Issue:** No cots.\n\n**Discussion:** none came.\n\n**Recommendation:** order.\n",
        ["No keys", "No fuel.", "Medical"],
    ),
    "blocks with the same sections": (
        "# Workshop\n## Tyres\n### What happened\nx\n### Lesson learned\ny\n## Batteries\n### What happened\nx\n"
        "### Lesson learned\ny\n",
        ["Tyres", "Batteries"],
    ),
    "incidents of a month": (
        "# Incidents in March\n## Mail\n### Impact\nx\n### Root cause\ny\n## Network\n### Impact\nx\n"
        "### Root cause\ny\n",
        ["Mail", "Network"],
    ),
    "titles below lessons learned": (
        "# Lessons learned: Project B\n## Introduction\nx\n## Test early\nx\n## Talk often\ny\n",
        ["Test early", "Talk often"],
    ),
    "titles below headings that sort them": (
        "# Lessons learned\n## People\n### Train at night\nx\n### Ask first\ny\n## Tools\n### Buy two\nx\n"
        "### Label\ny\n",
        ["Train at night", "Ask first", "Buy two", "Label"],
    ),
    "bullets below lessons learned": (
        "# Lessons learned\n- **Test early.** It pays.\n- **Talk often**: it helps.\n",
        ["Test early", "Talk often"],
    ),
    "bullets below headings that sort them": (
        "# Lessons learned\n## People\n- **Train at night.** x\n- **Ask first.** y\n"
        "## Tools\n- **Buy two.** x\n- **Label all.** y\n",
        ["Train at night", "Ask first", "Buy two", "Label all"],
    ),
    "numbers of their own without headings": (
        "Lesson ID: K-1\nObservation: it broke, a failure due to wear.\n\nLesson ID: K-2\nObservation: it held.\n",
        ["K-1", "K-2"],
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_records(case):
    text, expected = SEVERAL[case]
    assert titles(text) == expected


@pytest.mark.parametrize("case", SEVERAL)
def test_records_follow_each_other_and_cover_the_text(case):
    text = SEVERAL[case][0]
    found = lessons(text)
    assert (found[0].start, found[-1].end) == (0, len(text))
    for before, after in pairwise(found):
        assert before.end == after.start
    for lesson in found:
        edges = [lesson.start, *(section.start for section in lesson.sections[1:]), lesson.end]
        assert [section.end for section in lesson.sections] == edges[1:]
    assert len({lesson.lesson_id for lesson in found}) == len(found)


ONE = {
    "a timeline by day": "# Outage\n## Timeline\n### 2026-05-30 Alarm\nx\n### 2026-05-31 Repair\ny\n## Root cause\nz\n",
    "days beside a cause": "# Outage\n## 2026-05-30 Alarm\nx\n## 2026-05-31 Repair\ny\n## Root cause\nz\n",
    "phases": "# After action review: Exercise Delta\n"
    + "".join(
        f"## Phase {n}\n### What was planned\na\n### What happened\nb\n### Recommendation\nc\n" for n in ("1", "2", "3")
    ),
    "capabilities": "# Exercise Delta after-action report\n## Warning\n### Strengths\na\n### Areas for improvement\nb\n"
    "## Shelter\n### Strengths\na\n### Areas for improvement\nb\n",
    "causes with impacts": "# Outage of the mail server\n## Config drift\n### Cause\na\n### Impact\nb\n"
    "## Missing alert\n### Cause\na\n### Impact\nb\n## Timeline\nx\n",
    "causes with impacts alone": "# Outage of the mail server\n## Config drift\n### Cause\na\n### Impact\nb\n"
    "## Missing alert\n### Cause\na\n### Impact\nb\n",
    "issues of one incident": "# Incident: pump trip\n## Issue 1\nx\n## Issue 2\ny\n## Action items\nz\n",
    "problem and fix inside a section": "# Outage\n## Root cause\nProblem: a\n\nFix: b\n\nProblem: c\n\nFix: d\n"
    "## Impact\nx",
    "a post-mortem with lessons": "# Post-mortem\n## Impact\nx\n## Root cause\ny\n## Lessons learned\n"
    "### Test early\nx\n"
    "### Talk often\ny\n",
    "a review with lessons": "# Project close-out\n## What happened\nx\n## Lessons learned\n### Test early\nx\n"
    "### Talk\ny\n",
    "a table of contents": "# Lessons learned\n## Test early\n## Talk often\n",
    "retrospective": "# Sprint 4\n## What went well\n### Tests\nx\n### Talks\ny\n## What could be better\nz\n",
    "a guide": "# How to run an after-action review\n## Observation 1\n### Recommendation\nx\n## Observation 2\n"
    "### Recommendation\ny\n",
    "what is related": "# Pump trip\n## Root cause\nx\n## Impact\ny\n## Related\n- Incident ID: A-1\n"
    "- Incident ID: A-2\n",
}


@pytest.mark.parametrize("case", ONE)
def test_one_record(case):
    assert len(lessons(ONE[case])) == 1


CLOSURE = [
    ("Order long-lead items early", "The valves came twelve weeks late and the site stood still."),
    ("Agree the handover list", "The client had another list, and it took two weeks to settle."),
    ("Train a second operator", "Only one man knew the crane."),
]


def closure_pdf():
    style = getSampleStyleSheet()
    lines = [("Title", "Project closure report: Harbour pumps"), ("Heading1", "1. Project summary")]
    lines += [("Normal", "The project replaced six pumps."), ("Heading1", "2. Performance against objectives")]
    lines += [("Normal", "The works ended four weeks late."), ("Heading1", "3. Lessons learned")]
    for number, (title, text) in enumerate(CLOSURE, 1):
        lines += [("Heading2", f"3.{number} {title}"), ("Normal", text)]
    lines += [("Heading1", "4. Follow-on actions"), ("Normal", "The warranty runs for two years.")]
    stream = io.BytesIO()
    SimpleDocTemplate(stream).build([Paragraph(text, style[name]) for name, text in lines])
    return read(Path("closure.pdf"), stream.getvalue())


def closure_docx(bullets):
    made = docx.Document()
    made.add_heading("Project closure report: Harbour pumps", 0)
    for title, text in [("Summary", "The project replaced six pumps."), ("Issues", "The works ended late.")]:
        made.add_heading(title, 1)
        made.add_paragraph(text)
    made.add_heading("Lessons learned", 1)
    for title, text in CLOSURE:
        if bullets:
            item = made.add_paragraph(style="List Bullet")
            item.add_run(f"{title}. ").bold = True
            item.add_run(text)
        else:
            made.add_heading(title, 2)
            made.add_paragraph(text)
    made.add_heading("Recommendations", 1)
    made.add_paragraph("Keep the drawings at the harbour office.")
    stream = io.BytesIO()
    made.save(stream)
    return read(Path("closure.docx"), stream.getvalue())


def closure_markdown():
    bullets = "\n".join(f"- **{title}.** {text}" for title, text in CLOSURE)
    text = f"# Project Harbour\n## Scope\nSix pumps.\n## Lessons learned\n{bullets}\n## Sign-off\nThe board.\n"
    return read_markdown(text.encode(), "closure.md")


@pytest.mark.parametrize(
    "made",
    [closure_pdf, partial(closure_docx, bullets=False), partial(closure_docx, bullets=True), closure_markdown],
)
def test_the_chapter_lessons_learned_of_a_projects_report(made):
    document = made()
    found = recognise(document, Path("/library/closure.x"))
    told = [lesson for lesson in found if lesson.kind == "lessons"]
    assert [lesson.title for lesson in told] == [title for title, _ in CLOSURE]
    assert all(
        text in document.text[lesson.start : lesson.end] for lesson, (_, text) in zip(told, CLOSURE, strict=True)
    )
    assert [lesson.kind for lesson in found] == ["reference", *["lessons"] * len(CLOSURE), "reference"]
    assert "warranty" not in document.text[told[-1].start : told[-1].end]
    edges = [0, *(lesson.end for lesson in found)]
    assert edges == [*(lesson.start for lesson in found), len(document.text)]


CHAPTER = "# Project Harbour\n## Scope\nx\n## Lessons learned\n### Test early\nx\n### Talk often\ny\n"


@pytest.mark.parametrize(
    "text",
    [
        CHAPTER.replace("Project Harbour", "Project Harbour: after-action report").replace("Scope", "What happened"),
        CHAPTER.replace("Project Harbour", "Outage of the mail server").replace("Scope", "Impact"),
        CHAPTER.replace("Scope", "Root cause"),
        CHAPTER.replace("Scope", "Impact") + "## Response\nz\n",
        CHAPTER.replace("Scope", "Issues").replace("Project Harbour", "Harbour"),
        CHAPTER.replace("Scope", "Issues").replace("### Talk often\ny\n", ""),
        CHAPTER.replace("Scope", "Issues") + "## Lessons identified\nz\n",
    ],
)
def test_a_chapter_of_lessons_in_another_report_is_a_part_of_it(text):
    assert len(lessons(text)) == 1


LOG = """
    # Project lessons

    Project: Delta

    | ID | Date | What happened | Lesson learned | Recommendation |
    |----|------|---------------|----------------|----------------|
    | L-1 | 2024-03-01 | Pins were late. It cost a week. | Order early | Ask for dates |
    | | 2024-04 | The door was too narrow | Measure | |
    | | | | | |

    That is all.
    """


def test_the_rows_of_a_log_are_lessons():
    text = dedent(LOG).lstrip("\n")
    first, second = lessons(LOG)
    assert (first.lesson_id, second.lesson_id) == ("L-1", "notes#2")
    assert (first.kind, first.title, first.event_date) == ("lessons", "Pins were late", "2024-03-01")
    assert (second.event_date, second.project) == ("2024-04", "Delta")
    assert [section.key for section in second.sections] == [None, "event", "lesson"]
    assert text[second.start :].startswith("| | 2024-04")
    assert (first.start, first.end, second.end) == (0, second.start, len(text))
    lesson = next(section for section in second.sections if section.key == "lesson")
    assert text[lesson.start : lesson.end].startswith("Measure")


def test_the_rows_of_a_table_of_another_format():
    text = "Event | Cause | Lesson\nIt broke | wear | look\nIt fell | wind | tie it"
    found = recognise(Document(text, title="Lessons"), Path("/library/log.docx"))
    assert [each.title for each in found] == ["It broke", "It fell"]
    assert [each.lesson_id for each in found] == ["log#1", "log#2"]


@pytest.mark.parametrize(
    "text",
    [
        "# Outage\n## Root cause\nx\n## Lessons learned\n" + dedent(LOG),
        "# Incident\n| Action | Owner | Due | Status |\n|-|-|-|-|\n| Buy | A | May | open |\n"
        "| Sell | B | June | open |\n",
        "# Incident\n| Time | Event | Impact |\n|-|-|-|\n| 9:00 | Alarm | none |\n| 9:10 | Stop | all |\n",
        "# Lessons\n| Id | Lesson | Project |\n|-|-|-|\n| 1 | Look | Delta |\n",
    ],
)
def test_other_tables_are_parts_of_one_record(text):
    assert len(lessons(text)) == 1


def test_ids_are_unique_in_a_document():
    text = "# Lessons learned\n## Test early\nLesson ID: K-1\nx\n## Talk often\nLesson ID: K-2\ny\n## Again\nx"
    assert [each.lesson_id for each in lessons(text)] == ["K-1", "K-2"]
    repeated = re.sub("2024-04 ", "2024-04 ", dedent(LOG)).replace("| | 2024-04", "| L-1 | 2024-04")
    assert [each.lesson_id for each in lessons(repeated)] == ["L-1", "notes#2"]
