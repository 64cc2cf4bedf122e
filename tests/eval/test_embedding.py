import json
from pathlib import Path

import pytest

from eval import embedding
from eval.beir import Collection
from eval.embedding import BACKENDS, available, compare, quality
from index.embedder import PACKAGED

TEXTS = [f"The pump of station {number} failed because {'its filter was blocked ' * number}." for number in range(12)]


def test_each_backend_is_timed_and_compared():
    parts: list[str] = []
    costs = compare(TEXTS, rounds=1, on_part=parts.append)
    assert tuple(cost.backend for cost in costs) == BACKENDS
    assert parts == [f"{backend}, round {number} of 1" for number in range(2) for backend in BACKENDS]
    torch, fast, small = costs
    assert torch.cosine_min == pytest.approx(1, abs=1e-5)
    assert 0.999 < fast.cosine_min <= fast.cosine_mean
    assert 0.99 < small.cosine_min <= small.cosine_mean < fast.cosine_mean
    for cost in costs:
        assert cost.passages_a_second > 0
        assert cost.cpu_seconds > 0
        assert cost.peak_mb > 50
    assert fast.peak_mb < torch.peak_mb  # a process of its own: without torch
    assert fast.load_seconds < torch.load_seconds


def test_the_right_record_is_found_by_every_backend(tmp_path):
    records = {"a": "Pumps fail when filters clog.", "b": "The choir sang.", "c": "Bridges need inspection."}
    queries = {"q1": ("why do pumps fail", "b"), "q2": ("who sang", "a")}
    write(tmp_path / "corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in records.items()])
    write(
        tmp_path / "queries.jsonl",
        [{"_id": name, "text": text, "metadata": {"source_lesson": own}} for name, (text, own) in queries.items()],
    )
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t1\nq2\tb\t1\n")
    parts: list[str] = []
    results = quality(Collection.load(tmp_path), on_part=parts.append)
    assert tuple(results) == tuple(parts) == BACKENDS
    assert all(measures["ndcg@10"] == 1 for measures in results.values())


def test_a_model_that_only_torch_runs_has_one_backend(tmp_path, monkeypatch):
    assert available(str(tmp_path)) == ("torch",)
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    assert available(PACKAGED) == ("torch",)


def test_memory_is_left_out_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert embedding.peak_mb() == 0


def write(path: Path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
