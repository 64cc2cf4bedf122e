import json
from pathlib import Path

import pytest

from eval.runs import compare, default_folder, find, labels, save
from ingest.errors import BadDataset, PathNotFound
from tests.eval.made_runs import a_run


def test_runs_come_back_as_they_were_the_oldest_first(tmp_path):
    late = a_run([0.1, 1 / 3], id="a", when="2026-02-01T00:00:00+00:00")
    early = a_run([0.5, 1.0], id="b", when="2026-01-01T00:00:00+00:00", queries={"q0": "Größe?", "q1": "\x00"})
    folder = tmp_path / "new" / "runs"
    for run in (late, early):
        save(run, folder)
    assert find(folder) == [early, late]
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "b.json"]
    assert json.loads((folder / "b.json").read_text("utf-8"))["queries"]["q0"] == "Größe?"
    assert find(tmp_path / "none") == []


def test_a_run_is_named_by_a_part_of_its_id_that_is_its_own(tmp_path):
    for id_ in ("x-dense-1", "x-hybrid-2", "x-hybrid-2b"):
        save(a_run([0.5, 1.0], id=id_), tmp_path)
    assert [run.id for run in find(tmp_path, ["2b", "dense", "x-hybrid-2"])] == [
        "x-hybrid-2b",
        "x-dense-1",
        "x-hybrid-2",
    ]
    with pytest.raises(PathNotFound, match="names 2 runs"):
        find(tmp_path, ["hybrid"])
    with pytest.raises(PathNotFound, match=r"names no run.*lessons eval runs"):
        find(tmp_path, ["lexical"])


def test_a_run_that_is_cut_short_in_writing_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("killed"))
    with pytest.raises(pytest.fail.Exception):
        save(a_run([0.5]), tmp_path)
    assert find(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{}", "no json", '{"id": 1}'])
def test_a_file_that_is_no_run_is_named(tmp_path, text):
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(BadDataset, match=r"broken\.json"):
        find(tmp_path)


def test_runs_are_compared_query_by_query_on_one_collection_only():
    first, second = a_run([0.0] * 10), a_run([1.0] * 10, id="second")
    (tests,) = compare([first, second])
    assert (tests["map"].mean, tests["map"].wins) == (1.0, 10)
    assert tests["map"].significant
    with pytest.raises(BadDataset, match="lessons eval retrieval"):
        compare([first, second, a_run([1.0] * 10, fingerprint="other")])


def test_labels_say_in_what_runs_differ():
    def settings(**changed):
        return {"mode": "hybrid", "dense_weight": 0.5, "library": "a"} | changed

    plain, dense = a_run([1.0]), a_run([1.0], setting="dense", settings=settings(mode="dense", library="b"))
    weighted = a_run([1.0], settings=settings(dense_weight=0.7))
    again = a_run([1.0], when="2026-01-02T10:10:10+00:00")
    assert labels([plain, dense]) == ["hybrid", "dense"]
    assert labels([plain, weighted]) == ["hybrid, dense_weight 0.5", "hybrid, dense_weight 0.7"]
    assert labels([plain, again]) == ["hybrid, 2026-01-01 10:10:10", "hybrid, 2026-01-02 10:10:10"]


def test_runs_are_kept_in_the_state_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_folder() == Path(tmp_path, "lessons", "runs")
