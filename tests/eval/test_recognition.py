"""The measures of recognition, on labels whose right answers are known."""

import json

import pytest

from eval.labels import Label, load_labels
from eval.recognition import NEGATIVES, detect, evaluate, load_detector
from ingest.errors import BadDataset, PathNotFound
from ingest.readers.markdown import read_markdown

OUTAGE = "# Outage of the mail server\nDate of event: 2021-03-04\n## Timeline\nx\n## Root cause\ny\n## Weather\nz\n"
LIST = "# Lessons learned\n## Test early\nIt pays.\n## Talk often\nIt helps.\n"
GUIDE = "# How to run a retrospective\n## What went well\nAsk this.\n"
LOG = "Id,Title,What happened,Lesson\nK-1,Keys,Lost,Label them\nK-2,Fuel,None,Refuel\n"

DETECTOR = """
import re

def sections(text):
    found = []
    for number, line in enumerate(text.split("\\n")):
        if line.startswith("#"):
            found.append((line.count("#"), line.strip("# "), "cause" if "cause" in line else None, number))
    return found

def kind(sections, text):
    return "postmortem" if any(key for _, _, key, _ in sections) else "other"
"""


def label(path, kind, records=("",), event_date=None, outcome="neutral", sections=()):
    found = [{"heading": heading, "key": key} for heading, key in sections]
    return {
        "path": path,
        "kind": kind,
        "records": list(records),
        "event_date": event_date,
        "outcome": outcome,
        "sections": found,
    }


RIGHT = [
    label("outage.md", "postmortem", event_date="2021-03-04", outcome="failure",
          sections=[("Timeline", "timeline"), ("Root cause", "cause"), ("Weather", None)]),
    label("list.md", "lessons", ["## Test early", "## Talk often"],
          sections=[("Test early", "lesson"), ("Talk often", "lesson")]),
    label("guide.md", "guidance"),
    label("log.csv", "lessons", ["K-1,Keys,Lost", "K-2,Fuel,None"], outcome="neutral"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "documents"
    made.mkdir()
    for name, text in {"outage.md": OUTAGE, "list.md": LIST, "guide.md": GUIDE, "log.csv": LOG}.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def measured(folder, tmp_path):
    def measure(labels, **given):
        file = tmp_path / "labels.jsonl"
        file.write_text("\n".join(map(json.dumps, labels)) + "\n\n")
        return evaluate(folder, file, **given)

    return measure


def test_all_right(measured):
    report = measured(RIGHT)
    assert (report.documents, report.unread, report.compared) == (4, (), None)
    assert report.differences == ()
    better = ["kind", "records precision", "records recall", "records F1", "sections", "event date", "outcome"]
    assert {report.figures[name] for name in better} == {1.0}
    assert {report.figures[name] for name in ("false sections", "lessons missed", "false alarms")} == {0.0}
    assert report.to_json()["figures"] == report.figures


def test_kinds_dates_and_outcomes_that_differ(measured):
    wrong = label("outage.md", "guidance")
    also = label("list.md", "aar", ["## Test early", "## Talk often"], outcome="mixed", sections=[("Test early", None)])
    report = measured([wrong, also, RIGHT[0] | {"event_date": "2021-03-05"}])
    assert report.figures["kind"] == round(1 / 3, 4)
    assert report.figures["false alarms"] == 1.0
    assert (report.figures["event date"], report.figures["outcome"]) == (0.0, 0.5)
    assert {each["measure"] for each in report.differences} >= {"kind", "event_date", "outcome"}


def test_a_lesson_taken_for_something_else_is_missed(measured):
    assert measured([label("guide.md", "retro", outcome="mixed")]).figures["lessons missed"] == 1.0


def test_record_boundaries(measured):
    report = measured([label("list.md", "lessons", ["## Test early", "It helps."])])
    assert (report.figures["records precision"], report.figures["records recall"]) == (0.5, 0.5)
    assert report.figures["records F1"] == 0.5
    whole = measured([label("list.md", "lessons")])
    assert (whole.figures["records precision"], whole.figures["records recall"]) == (0.5, 1.0)
    assert whole.differences[0]["found"] == ["## Test early", "## Talk often"]
    none = measured([label("outage.md", "postmortem", ["It helps.", "It pays."], outcome="failure")])
    assert (none.figures["records F1"], none.figures["event date"]) == (None, None)


def test_sections_not_seen_are_wrong_unless_they_have_no_key(measured):
    sections = [("Timeline", "timeline"), ("Root cause", "impact"), ("Not there", None), ("Nor there", "cause")]
    report = measured([RIGHT[0] | {"sections": [{"heading": h, "key": k} for h, k in sections]}])
    assert report.figures["sections"] == 0.5
    assert report.figures["false sections"] == 0.25  # Weather; the title is no section
    assert report.differences[-1]["found"] == ["weather", None]


def test_files_that_cannot_be_read_are_told_and_left_out(measured, folder):
    (folder / "empty.md").write_text("")
    report = measured([RIGHT[0], label("empty.md", "reference")])
    assert (report.documents, report.unread) == (1, ("empty.md",))


def test_another_detector_is_measured_on_the_same_documents(measured, tmp_path):
    file = tmp_path / "detector.py"
    file.write_text(DETECTOR)
    report = measured(RIGHT, compare=file)
    assert report.figures["kind"] == 1.0
    assert report.compared["kind"] == 0.25
    assert report.compared["records recall"] == round(2 / 6, 4)
    assert report.compared["sections"] == round(2 / 5, 4)
    assert (report.compared["event date"], report.compared["lessons missed"]) == (1.0, round(2 / 3, 4))
    assert report.compared["outcome"] == round(1 / 3, 4)


def test_false_alarms_on_corpora_without_lessons(measured, tmp_path):
    corpus = tmp_path / "papers"
    corpus.mkdir()
    rows = [{"_id": "1", "title": "Outage", "text": "It was down."}, {"_id": "2", "title": "A study", "text": "Mice."}]
    rows += [{"_id": "n", "title": "A study", "text": "Rats."}] * (NEGATIVES - 2) + [rows[0]] * 5
    (corpus / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert measured(RIGHT, negatives=[corpus]).figures["false alarms, corpus papers"] == round(1 / NEGATIVES, 4)


@pytest.mark.parametrize("line", ["{", "[]", '{"path": "a"}', json.dumps(RIGHT[0] | {"sections": [{"key": "x"}]})])
def test_a_bad_label_is_named_by_its_line(tmp_path, line):
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps(RIGHT[0]) + "\n" + line + "\n")
    with pytest.raises(BadDataset, match="line 2"):
        load_labels(file)


def test_labels_as_read(tmp_path):
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps(RIGHT[2]))
    assert load_labels(file) == [Label("guide.md", "guidance", ("",), None, "neutral", ())]
    assert not load_labels(file)[0].is_lesson
    file.write_text("\n")
    with pytest.raises(BadDataset, match="no labels"):
        load_labels(file)


def test_what_is_not_there(measured, folder, tmp_path):
    with pytest.raises(PathNotFound, match=r"labels\.jsonl"):
        load_labels(tmp_path / "labels.jsonl")
    with pytest.raises(PathNotFound, match=r"missing\.md"):
        measured([label("missing.md", "aar")])
    file = tmp_path / "labels.jsonl"
    with pytest.raises(PathNotFound, match="not a folder"):
        evaluate(folder / "none", file)
    with pytest.raises(PathNotFound, match=r"corpus\.jsonl"):
        measured(RIGHT[2:3], negatives=[tmp_path])
    with pytest.raises(PathNotFound, match="detector"):
        load_detector(tmp_path / "detector.py")


@pytest.mark.parametrize(("name", "text"), [("a.py", "x ="), ("b.py", "x = 1"), ("c.txt", "sections")])
def test_a_file_that_is_no_detector(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(BadDataset, match=name):
        load_detector(file)


@pytest.mark.parametrize("line", ["{", "[1]"])
def test_a_bad_corpus(measured, tmp_path, line):
    (tmp_path / "corpus.jsonl").write_text(line)
    with pytest.raises(BadDataset, match="line 1"):
        measured(RIGHT[2:3], negatives=[tmp_path])


def test_a_document_without_text_is_reference(tmp_path):
    found = detect(read_markdown(b"\n", "a.md"), tmp_path / "a.md")
    assert (found.kind, found.lines, found.event_date, found.outcome) == ("reference", (), None, "neutral")


def test_the_command_prints_the_figures_side_by_side(folder, tmp_path):
    from typer.testing import CliRunner

    from ui.cli import app

    labels, detector = tmp_path / "labels.jsonl", tmp_path / "detector.py"
    labels.write_text("\n".join(map(json.dumps, RIGHT)))
    detector.write_text(DETECTOR)
    words = ["eval", "recognition", str(folder), str(labels)]
    printed = CliRunner().invoke(app, [*words, "--json"])
    assert json.loads(printed.stdout)["figures"]["records F1"] == 1.0
    table = CliRunner().invoke(app, [*words, "--compare", str(detector)])
    assert table.exit_code == 0
    assert "4 documents" in table.stdout
    row = next(line for line in table.stdout.splitlines() if "kind" in line)
    assert ("1.0000" in row, "0.2500" in row) == (True, True)
    alone = CliRunner().invoke(app, words)
    assert "compared" not in alone.stdout
