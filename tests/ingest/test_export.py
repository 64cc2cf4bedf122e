"""Records written to files, and nothing else touched."""

import json

import pytest

from ingest.errors import UsageError
from ingest.export import export, file_name
from ingest.model import Lesson

TEXT = "The pump stopped.\u2028It was\x85clogged. Ça alors!"
ITEMS = [(Lesson(name, name, 5, 5 + len(TEXT)), TEXT, f"/docs/{name}.pdf") for name in ("AAR-1", "aar-1", "pump#1")]


def test_json_lines_have_a_line_for_each_record(tmp_path):
    target = tmp_path / "new folder" / "out.jsonl"
    assert export(ITEMS, target, "jsonl") == 3
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["lesson_id"] for row in rows] == ["AAR-1", "aar-1", "pump#1"]
    assert [(row["text"], row["end"]) for row in rows] == [(TEXT, len(TEXT))] * 3
    assert "Ça alors!" in target.read_text(encoding="utf-8")
    assert [path.name for path in target.parent.iterdir()] == ["out.jsonl"]


def test_markdown_has_a_file_for_each_record_also_where_case_does_not_count(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part" / "left.md").write_text("of a run that was killed")
    assert export(ITEMS, tmp_path / "out", "markdown") == 3
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len({name.lower() for name in names}) == 3
    assert {"AAR-1.md", "pump-1.md"} <= set(names)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "lesson_id", ["../../etc/passwd", "a/b\\c", "CON", "lpt1", "?", "x" * 300, ".hidden", "~$lock", "é", "a b. "]
)
def test_a_name_is_safe_on_every_system(lesson_id):
    name = file_name(lesson_id, set())
    assert name.removesuffix(".md").replace("-", "").replace("_", "").isalnum()
    assert name.isascii()
    assert len(name) < 110
    assert name.lower() not in ("con.md", "lpt1.md")


def test_ids_that_look_alike_get_files_of_their_own():
    taken: set[str] = set()
    assert len({file_name(name, taken).lower() for name in ("a#1", "a-1", "A/1", "a 1", "é", "ü")}) == 6


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [("out.txt", "jsonl", "--format markdown"), ("there.jsonl", "jsonl", "there already"),
     ("full", "markdown", "there already"), ("there.jsonl", "markdown", "there already"),
     ("there.jsonl/below/out.jsonl", "jsonl", "cannot be written")],
)  # fmt: skip
def test_nothing_is_overwritten(tmp_path, name, form, said):
    (tmp_path / "there.jsonl").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.md").write_text("mine")
    with pytest.raises(UsageError, match=said):
        export(ITEMS, tmp_path / name, form)
    assert (tmp_path / "there.jsonl").read_text() == (tmp_path / "full" / "mine.md").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "there.jsonl"]


@pytest.mark.parametrize(("name", "form"), [("out.jsonl", "jsonl"), ("out", "markdown")])
def test_no_record_and_a_failure_leave_nothing_behind(tmp_path, name, form):
    with pytest.raises(UsageError, match="no such record"):
        export([], tmp_path / name, form)

    def broken():
        yield ITEMS[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left"):
        export(broken(), tmp_path / name, form)
    assert list(tmp_path.iterdir()) == []
