"""`export` and `watch` from the command line: a library goes out, comes in elsewhere, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
import typer
from typer.testing import CliRunner

from index.library import Library
from index.sync import sync
from ingest.errors import BadFilter, LibraryMissing, PathNotFound, UsageError
from ingest.settings import IngestSettings
from ingest.spans import own
from tests.fakes import HashEmbedder, a_library
from ui.commands import exchange, index

PATIENCE = 30  # seconds
REVIEW = """---
id: AAR-2021-004
project: Water 2
owner: Site engineer
outcome: failure
tags: [pumps, filters]
---
# Pump stopped

Date: 14 March 2021

## What was planned
Pump for three days.

## What happened
The pump stopped because the filter was blocked. – «Ça alors», said the operator.\u2028It took two hours.

## Recommendation
- [ ] The site engineer cleans the filter every week, by 2021-04-30.
"""
LOG = (
    "id,title,date,lesson,recommendation\n"
    "7,Tent,2020-05-02,The tent blew away.,Anchor it with four pegs.\n"
    '8,Boat,2021,"The boat drifted,\r\nmoored with one rope.",Use two ropes.\n'
)


@pytest.fixture
def run(monkeypatch):
    """Run a command on libraries that need no model; returns what it prints."""
    monkeypatch.setattr("index.opened.embedder_of", lambda *_: HashEmbedder())
    app = typer.Typer()
    exchange.register(app)
    index.register(app)

    def run_here(*words):
        result = CliRunner().invoke(app, [*map(str, words)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return run_here


@pytest.fixture
def place(tmp_path):
    """A library of a review and a log of two rows."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "pump review.md").write_text(REVIEW, encoding="utf-8")
    (docs / "log.csv").write_text(LOG, encoding="utf-8", newline="")
    with a_library(tmp_path / "library") as library:
        assert sync(library, [docs], IngestSettings(readers=1)).failed == []
    return tmp_path / "library"


def contents(folder):
    """All living records by id, with spans into their own text."""
    with Library.open(folder, embedder=HashEmbedder()) as library:
        return {lesson.lesson_id: (own(lesson), text) for lesson, text, _ in library.lessons()}


@pytest.mark.parametrize(("form", "name"), [("jsonl", "out.jsonl"), ("markdown", "out")])
def test_a_library_goes_out_and_comes_in_without_losing_a_field(run, place, tmp_path, form, name):
    said = json.loads(run("export", tmp_path / name, "--format", form, "--library", place, "--json"))
    assert said == {"records": 3, "format": form, "target": str(tmp_path / name)}
    report = json.loads(run("index", tmp_path / name, "--library", tmp_path / "again", "--json"))
    assert (report["failed"], report["lessons"]) == ([], 3)
    before, after = contents(place), contents(tmp_path / "again")
    assert before.keys() == after.keys()
    for lesson_id, (lesson, text) in before.items():
        assert after[lesson_id] == (lesson, text)
    review = after["AAR-2021-004"][0]
    assert (review.event_date, review.owner, review.outcome) == ("2021-03-14", "Site engineer", "failure")
    assert {section.key for section in review.sections} >= {"planned", "event", "recommendation"}


def test_what_somebody_edits_in_an_exported_file_holds(run, place, tmp_path):
    run("export", tmp_path / "out", "--format", "markdown", "--library", place)
    file = tmp_path / "out" / "AAR-2021-004.md"
    text = file.read_text(encoding="utf-8").replace("owner: Site engineer", "owner: Head of wells")
    file.write_text(text.replace("Pump for three days.", "Pump for five days."), encoding="utf-8")
    run("index", tmp_path / "out", "--library", tmp_path / "again")
    lesson, text = contents(tmp_path / "again")["AAR-2021-004"]
    assert (lesson.owner, lesson.project) == ("Head of wells", "Water 2")
    assert "Pump for five days." in text


def test_filters_choose_what_is_written(run, place, tmp_path):
    assert "1 record written" in run("export", tmp_path / "a.jsonl", "--filter", "project=water 2", "--library", place)
    (line,) = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["lesson_id"] == "AAR-2021-004"
    with pytest.raises(UsageError, match="no such record"):
        run("export", tmp_path / "b.jsonl", "--filter", "year=1901", "--library", place)
    with pytest.raises(BadFilter):
        run("export", tmp_path / "b.jsonl", "--filter", "colour=red", "--library", place)
    assert not (tmp_path / "b.jsonl").exists()


def test_an_export_needs_a_library_and_a_free_place(run, place, tmp_path):
    with pytest.raises(LibraryMissing):
        run("export", tmp_path / "a.jsonl", "--library", tmp_path / "none")
    (tmp_path / "a.jsonl").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        run("export", tmp_path / "a.jsonl", "--library", place)


def test_a_watch_of_nothing_makes_no_library(run, tmp_path):
    with pytest.raises(PathNotFound):
        run("watch", tmp_path / "none", "--library", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C cannot be sent to one process there")
def test_a_watch_says_what_it_does_and_ends_well_with_ctrl_c(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "pump.md").write_text("# Pump\n\nThe pump stopped because the filter was blocked.\n")
    code = (
        "import sys, typer, index.opened\n"
        "from tests.fakes import HashEmbedder\n"
        "from ui.commands import exchange\n"
        "index.opened.embedder_of = lambda *_: HashEmbedder()\n"
        "app = typer.Typer()\n"
        "app.callback()(lambda: None)\n"
        "exchange.register(app)\n"
        "app(sys.argv[1:])\n"
    )
    said = tmp_path / "said.txt"
    with said.open("wb") as stream:
        words = [sys.executable, "-c", code, "watch", docs, "--library", tmp_path / "library"]
        root = Path(__file__).parents[2]
        given = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(root), "PYTHONFAULTHANDLER": "1"}
        process = subprocess.Popen(words, stdout=stream, stderr=stream, cwd=tmp_path, env=given)
    try:
        _until(said, "1 added; the library holds 0 records and 1 other text.")
        (docs / "tent.md").write_text("# Tent\n\nThe tent blew away because it was not anchored.\n")
        (docs / "empty.md").write_bytes(b"")
        _until(said, "1 added; the library holds 0 records and 2 other texts.", "empty.md: The file is empty")
        (docs / "boat.md").write_text("# Boat\n\nThe boat drifted because it was moored with one rope.\n")
        _until(said, "the library holds 0 records and 3 other texts.")
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(PATIENCE) == 0
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # it says where each thread is
            process.wait(PATIENCE)
            raise AssertionError(said.read_text()) from None
    finally:
        process.kill()
        process.wait()
    assert said.read_text().count("empty.md") == 1
    assert "Traceback" not in said.read_text()


def test_a_watch_names_errors_of_its_own_and_of_others(capsys):
    lines = exchange._Lines()
    lines.error(UsageError("The folder is gone.", "Bring it back."))
    lines.error(OSError("no space"))
    said = capsys.readouterr().err
    assert "The folder is gone. Bring it back. Watching goes on." in said
    assert "OSError: no space. Watching goes on." in said


def _until(file, *texts):
    end = monotonic() + PATIENCE
    while not all(text in file.read_text() for text in texts):
        assert monotonic() < end, file.read_text()
        sleep(0.1)
