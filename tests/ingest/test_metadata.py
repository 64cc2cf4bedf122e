"""What documents state about themselves, and where."""

from datetime import date
from pathlib import Path

import pytest

from ingest.metadata import as_outcome, file_title, is_empty, metadata, outcome, record_metadata
from ingest.model import Document, Heading, Provenance

TODAY = date(2026, 6, 15)


def read(text, name="notes.md", **given):
    return metadata(Document(text, **given), Path("/library") / name, TODAY)


@pytest.mark.parametrize(
    "line",
    ["Date of event: 2021-03-14", "**Event date:** 2021-03-14", "- Event date: 2021-03-14", "| **Date** | 2021-03-14 |",
     "> __Date__: 2021-03-14", "## Date: 2021-03-14", "Date & Time: 14 March 2021, 17:30",
     "Date occurred : 03/14/2021"],
)  # fmt: skip
def test_a_labelled_date_in_every_shape_with_its_place(line):
    text = f"# Pump trip\n\n{line}\n\nWritten in 2022-01-01."
    found = read(text)["event_date"]
    assert found.value == "2021-03-14"
    assert found.provenance.method == "label"
    assert text[found.provenance.start : found.provenance.end] in line.partition("ate")[2]


def test_all_fields_with_their_spans():
    text = (
        "Report no.: R-77\nEvent date: 2020-05-01\nReport date: 2 June 2020\n**Project:** Galileo\n- Unit: Test lab\n"
        "| Owner | Test lead |\nOutcome: Near miss\nURL: <https://example.org/77>\nSuperseded by R-80.\n"
    )
    found = read(text)
    assert {key: each.value for key, each in found.items()} == {
        "lesson_id": "R-77",
        "event_date": "2020-05-01",
        "written_date": "2020-06-02",
        "project": "Galileo",
        "unit": "Test lab",
        "owner": "Test lead",
        "outcome": "near_miss",
        "url": "https://example.org/77",
        "superseded_by": "R-80",
    }
    for key in ("lesson_id", "project", "unit", "owner", "superseded_by", "event_date"):
        start, end = found[key].provenance.start, found[key].provenance.end
        assert text[start:end].strip(".") == found[key].value
        assert found[key].provenance.method == "label"


def test_front_matter_comes_before_labels():
    found = read("Date: 2020-01-01\nOwner: Someone", fields={"date": "2019-02-02", "id": "K-1", "author": "Jane Roe"})
    assert found["event_date"] == ("2019-02-02", Provenance("frontmatter"))
    assert found["lesson_id"].value == "K-1"
    assert found["owner"].value == "Someone"


def test_an_event_date_is_told_from_other_dates():
    found = read("Date: 2020-06-01\nDate of incident: 2020-05-01\nPublished: 2020-07-01")
    assert (found["event_date"].value, found["written_date"].value) == ("2020-05-01", "2020-07-01")


def test_a_role_is_preferred_as_owner():
    assert read("Owner: Jane Roe\nAuthor: Safety manager")["owner"].value == "Safety manager"
    assert read("Author: John Doe\nOwner: Jane Roe")["owner"].value == "Jane Roe"


@pytest.mark.parametrize("nothing", ["none", "N/A", "tbd", "TBD by the team", "-", "Not specified", "unknown", ""])
def test_words_for_nothing_are_empty(nothing):
    assert is_empty(nothing)
    assert read(f"Project: {nothing}\nDate: {nothing}\nID: {nothing}\nUnit: Real unit").keys() == {"unit"}


def test_words_that_begin_like_nothing_are_not_empty():
    assert not any(map(is_empty, ["Nonesuch", "n/a-12 valve", "Unknown unknowns", "TBDX", "nil return checked"]))


def test_a_sentence_is_no_name_and_labels_far_down_are_not_read():
    assert "project" not in read("Project: " + "word " * 30)
    assert "project" not in read("line\n" * 40 + "Project: Galileo")
    assert read("line\n" * 39 + "Project: Galileo")["project"].value == "Galileo"


def test_date_from_a_heading_then_the_file_name():
    text = "# 2020-08-28 - Memory overload\n\ntext"
    heading = Heading(1, "2020-08-28 - Memory overload", 0, 30)
    found = read(text, "2020-10-28-memory.md", headings=(heading,))["event_date"]
    assert found == ("2020-08-28", Provenance("heading", 2, 12))
    assert read("text", "2020-10-28-memory.md")["event_date"] == ("2020-10-28", Provenance("filename"))


def test_date_from_the_title_the_opening_and_the_timeline():
    assert read("text", title="Outage, 3 May 2019")["event_date"] == ("2019-05-03", Provenance("heading"))
    assert read("text", title="Gyro swap (1977)")["event_date"] == ("1977", Provenance("heading"))
    assert "event_date" not in read("text", title="Gyro swap (2977)")
    opening = "intro\nOn 5 May 2020 it failed."
    assert read(opening)["event_date"] == ("2020-05-05", Provenance("text", 9, 19))
    stamps = "word\n" * 20 + "2021-02-15 06:45 found\n2021-02-15 06:05 began\n2021-02-14 23:10 cause"
    assert read(stamps)["event_date"].value == "2021-02-14"
    assert "event_date" not in read("word\n" * 20 + "On 5 May 2020 it failed.")


def test_a_year_from_the_file_name_is_completed_by_a_date_that_agrees():
    name = "PM2022-006 - ALB errors.md"
    assert read("On May 3, 2022 it broke.", name)["event_date"].value == "2022-05-03"
    assert read("On May 3, 2021 it broke.", name)["event_date"] == ("2022", Provenance("filename"))
    assert "event_date" not in read("text", "PM2029-006.md")


def test_an_ambiguous_date_is_settled_by_the_rest_of_the_document():
    assert read("Date: 12/08/2007\nReport date: 01/31/2008")["event_date"].value == "2007-12-08"
    assert read("Date: 12/08/2007")["event_date"].value == "2007"


def test_file_times_and_future_dates_are_no_event_dates():
    assert read("Date: 2031-01-01\nnothing") == {}


@pytest.mark.parametrize(
    ("name", "identity"),
    [("PM2022-006 - ALB 502 errors.md", "PM2022-006"), ("LLIS-431.txt", "LLIS-431"), ("COVID-19 response.md", None)],
)
def test_native_id_in_the_file_name(name, identity):
    found = read("text", name).get("lesson_id")
    assert found == (None if identity is None else (identity, Provenance("filename")))


def test_native_id_beside_another_label_on_the_line():
    text = "Location: Alton, NH Accident Number: NYC08CA068\n"
    found = read(text)["lesson_id"]
    assert (found.value, text[found.provenance.start : found.provenance.end]) == ("NYC08CA068", "NYC08CA068")


def test_an_id_is_one_word_with_a_number():
    assert "lesson_id" not in read("ID: to follow later")
    assert "lesson_id" not in read("ID: valve")


def test_project_from_the_title():
    found = read("text", title="The Space Shuttle Program: valves")["project"]
    assert found == ("The Space Shuttle Program", Provenance("heading"))


def test_record_fields_are_native_whatever_their_spelling():
    found = record_metadata(
        {"id": "431", "date_occurred": "01/31/1999", "organization": "JPL", "Superseded_By": "LLIS-9", "phase": "x"},
        TODAY,
    )
    assert found == {
        "lesson_id": ("431", Provenance("native")),
        "event_date": ("1999-01-31", Provenance("native")),
        "unit": ("JPL", Provenance("native")),
        "superseded_by": ("LLIS-9", Provenance("native")),
        "phase": ("x", Provenance("native")),
    }


@pytest.mark.parametrize(
    ("word", "expected"),
    [("near miss", "near_miss"), ("Mixed", "mixed"), ("Good work practice", "success"), ("Red", "failure"),
     ("neutral", "neutral"), ("close call report", "near_miss"), ("purple", None)],
)  # fmt: skip
def test_stated_outcomes(word, expected):
    assert as_outcome(word) == expected


HEADING = Provenance("heading", 0, 5)


@pytest.mark.parametrize(
    ("text", "title", "kind", "keys", "expected"),
    [
        ("All was calm.", "Note", "lessons", (), None),
        ("It was a near miss on the ramp.", "Note", "postmortem", ("cause",), "near_miss"),
        ("Text.", "Note", "postmortem", ("timeline", "sustain", "improve"), "failure"),
        ("Text.", "Aviation accident at Alton", "narrative", ("sustain", "improve"), "failure"),
        ("Text.", "Note", "retro", ("sustain", "improve"), "mixed"),
        ("Text.", "Note", "lessons", ("impact",), "failure"),
        ("Text.", "Note", "retro", ("sustain",), "success"),
        ("Based on reliability practice 12.", "Note", "llis", (), "success"),
        ("The valve failed and the tank ruptured.", "Note", "llis", (), "failure"),
        ("The valve failed, as it failed before.", "Note", "llis", (), None),
        ("An outage.", "Outage", "reference", ("cause",), None),
    ],
)
def test_outcomes_that_nobody_stated(text, title, kind, keys, expected):
    found = outcome(text, (0, len(text)), title, kind, dict.fromkeys(keys, HEADING))
    assert (found.value if found else None) == expected


def test_an_outcome_points_at_what_shows_it():
    text = "xx It was a near miss."
    found = outcome(text, (3, len(text)), "Note", "log", {})
    assert found is not None
    assert found.provenance.method == "text"
    assert text[found.provenance.start : found.provenance.end] == "near miss"
    assert outcome(text, (0, 5), "Note", "log", {"cause": HEADING}) == ("failure", HEADING)


@pytest.mark.parametrize(
    ("stem", "title"),
    [("2020-10-28-memory-overload", "Memory overload"), ("PM2022-006 - ALB 502 errors", "ALB 502 errors"),
     ("002-cloudflare_migration", "Cloudflare migration"), ("20210314_outage", "Outage"), ("2021-03-14", "2021-03-14"),
     ("503 errors", "503 errors")],
)  # fmt: skip
def test_file_title(stem, title):
    assert file_title(stem) == title


def test_phase_severity_and_topics_as_stated():
    text = "Phase: Formulation » Phase B\nSeverity: SEV-2\nTopics: pumps, valves; water\n"
    found = read(text)
    assert {key: each.value for key, each in found.items()} == {
        "phase": "Formulation » Phase B",
        "severity": "major",
        "topics": "pumps; valves; water",
    }
    start, end = found["topics"].provenance.start, found["topics"].provenance.end
    assert text[start:end] == "pumps, valves; water"
    assert read("text", fields={"tags": "a1, b2"})["topics"] == ("a1; b2", Provenance("frontmatter"))
    assert record_metadata({"severity": "3", "phase": "Not Specified", "topics": "None"}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Event date:\n2021-03-14\n",
        "**Date:**\n\n2021-03-14",
        "Date\n14 March 2021\n",
        "## Event date\n2021-03-14",
        "Title\nDate & Time:\n14 March 2021, 17:30\nProject:\nGalileo",
    ],
)
def test_a_value_on_the_line_below_its_label(text):
    found = read(text)["event_date"]
    assert found.value == "2021-03-14"
    assert found.provenance.method == "label"
    assert "2021" in text[found.provenance.start : found.provenance.end]


@pytest.mark.parametrize(
    "text", ["Project:\nUnit: Pumps", "Project:\nOwner\nDate", "Project:\n# Story", "Project\nGalileo", "Project:"]
)
def test_what_is_not_the_value_of_the_label_above(text):
    assert "project" not in read(text)


def test_the_dates_of_entries_are_not_the_documents():
    text = "# Log\n## 2020-01-02 Leak\ntext\n## 2020-03-04 Fire\ntext"
    headings = tuple(
        Heading(level, title, text.index(title) - 3, text.index(title) + len(title))
        for level, title in ((2, "2020-01-02 Leak"), (2, "2020-03-04 Fire"))
    )
    assert "event_date" not in read(text, headings=headings)
    assert read(text, "2019-05-06-log.md", headings=headings)["event_date"] == ("2019-05-06", Provenance("filename"))
    assert read(text, headings=headings[:1])["event_date"].value == "2020-01-02"


def test_project_from_the_folder_that_says_so():
    def project(path, root=None):
        found = metadata(Document("text"), Path(path), TODAY, Path(root) if root else None)
        return found.get("project")

    assert project("/data/Exercise Trident 2/notes.md") == ("Exercise Trident 2", Provenance("folder"))
    assert project("/data/Project_Juno/2020/notes.md", "/data") == ("Project Juno", Provenance("folder"))
    assert project("/data/Project Juno/2020/notes.md") is None
    assert project("/Project Juno/data/notes.md", "/Project Juno") == ("Project Juno", Provenance("folder"))
    assert project("/Project Juno/data/notes.md", "/Project Juno/data") is None
    assert project("/data/Project files/notes.md") is None
    assert project("/data/Projects/notes.md") is None
    assert project("notes.md") is None
    found = metadata(Document("Project: Galileo"), Path("/d/Project Juno/n.md"), TODAY)
    assert found["project"].value == "Galileo"


def test_a_pointer_is_no_name():
    assert "project" not in read("Project: See above")
    assert read('ID: "X-1"')["lesson_id"].value == "X-1"


@pytest.mark.parametrize(
    "line",
    ["Version 1.2, 11/03/2025", "Reporting period: 1 Jan 2022 – 31 Dec 2023", "Report issued 20 February 2024",
     "© 2024-03-01 Works Office", "Approved by the board on 3 May 2024"],
)  # fmt: skip
def test_a_line_about_the_writing_dates_no_event(line):
    text = f"# Review\n\n{line}\n\nThe crane stopped on 7 June 2021.\n"
    assert metadata(Document(text, "Review"), Path("review.md"))["event_date"].value == "2021-06-07"


@pytest.mark.parametrize(
    "title",
    ["End Project Report", "Final Project Review 2024", "Joint Program Management Plan", "Annual Mission Review"],
)
def test_a_kind_of_report_is_no_project(title):
    assert "project" not in metadata(Document("Text.", title), Path("a.md"))


def test_a_blank_in_a_form_is_no_value():
    assert "unit" not in metadata(Document("Unit: <unit>\n\nText.", "Form"), Path("a.md"))
