"""How filled the fields are, and how right what was derived."""

import json

import pytest
from typer.testing import CliRunner

from eval.fields import load_labels, load_records, score_fields
from ingest.errors import BadDataset, PathNotFound
from ingest.model import Lesson, Provenance, Tag

ROWS = [
    {
        "id": "7",
        "title": "Battery fire",
        "driving_event": "The battery exploded because of a design flaw. One worker was killed.",
        "lessons_learned": "Batteries burn.",
        "topics": ["Power"],
        "phase": "Phase E",
    },
    {"id": "8", "title": "Plain day", "driving_event": "All was calm.", "lessons_learned": "Stay calm."},
]


@pytest.fixture
def records(tmp_path):
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)), "utf-8")
    return file


@pytest.fixture
def labels(tmp_path):
    file = tmp_path / "labels.jsonl"
    rows = [
        {
            "lesson_id": "LOG-7",
            "topics": ["Batteries"],
            "phases": ["test"],
            "causes": ["design flaw"],
            "severities": ["major"],
        },
        {"lesson_id": "8", "topics": ["communication"], "outcomes": []},
    ]
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n", "utf-8")
    return file


def test_filled_by_the_source_and_by_derivation(records):
    scores = score_fields(load_records(records))
    assert (scores["topics"].records, scores["topics"].source, scores["topics"].filled) == (2, 1, 1)
    assert scores["topics"].methods["native"] == 1
    assert scores["topics"].methods["text"] >= 1
    assert (scores["phase"].source, scores["phase"].filled) == (1, 1)
    assert (scores["cause"].source, scores["cause"].filled, dict(scores["cause"].methods)) == (0, 1, {"text": 1})
    assert (scores["severity"].filled, scores["outcome"].filled) == (1, 1)
    assert scores["cause"].precision is None


def test_what_is_derived_is_judged_and_what_is_stated_is_not(labels):
    found = Lesson(
        "LOG-7",
        "x",
        0,
        9,
        phase="operation",
        severity="critical",
        topics=(Tag("Power", "native"), Tag("batteries", "text", 0, 1), Tag("design", "text", 0, 1)),
        causes=(Tag("design flaw", "text", 0, 1),),
        provenance={"phase": Provenance("native"), "severity": Provenance("text", 0, 1)},
    )
    scores = score_fields([found, Lesson("LOG-8", "y", 0, 9)], load_labels(labels))
    topics = scores["topics"]
    assert (topics.labelled, topics.judged, topics.acceptable, topics.abstained, topics.missed) == (2, 2, 1, 1, 1)
    assert topics.wrong == ["LOG-7: design"]
    assert topics.precision == 0.5
    assert (scores["phase"].labelled, scores["phase"].judged, scores["phase"].abstained) == (1, 0, 0)
    assert (scores["severity"].judged, scores["severity"].acceptable) == (1, 0)
    assert (scores["cause"].judged, scores["cause"].precision) == (1, 1.0)
    assert (scores["outcome"].labelled, scores["outcome"].abstained, scores["outcome"].missed) == (1, 1, 0)


@pytest.mark.parametrize(
    "line", ["{", '{"topics": []}', '{"lesson_id": "1", "topics": 3}', "[]", '{"lesson_id": 1, "causes": [1]}']
)
def test_broken_labels_are_named(tmp_path, line):
    file = tmp_path / "labels.jsonl"
    file.write_text('{"lesson_id": "1"}\n' + line, "utf-8")
    with pytest.raises(BadDataset, match="Line 2"):
        load_labels(file)


def test_missing_files(tmp_path):
    for load in (load_labels, load_records):
        with pytest.raises(PathNotFound):
            load(tmp_path / "none.jsonl")


def test_the_command(records, labels):
    from ui.cli import app

    printed = CliRunner().invoke(app, ["eval", "fields", str(records), "--labels", str(labels), "--json"])
    found = json.loads(printed.stdout)
    assert found["topics"]["records"] == 2
    assert found["cause"]["precision"] == 1.0
    assert found["topics"]["methods"]["native"] == 1
    for more in ([], ["--labels", str(labels)]):
        table = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["eval", "fields", str(records), *more]).stdout
        assert "2 records" in table
        assert ("acceptable" in table) == bool(more)
