import json
import math
import re

import pytest

from eval.beir import Collection
from eval.measures import evaluate, means
from eval.retrieval import load_into, run
from ingest.errors import BadDataset, PathNotFound
from tests.fakes import a_library

CORPUS = {
    "d1": ("Pump stopped", "The pump stopped because the inlet filter was blocked."),
    "d2": ("Tent blew away", "The tent was not anchored in the storm."),
    "d3": ("", "The router update was rehearsed and went well."),
}


@pytest.fixture
def collection(tmp_path):
    folder = tmp_path / "toy"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": id_, "title": title, "text": text} for id_, (title, text) in CORPUS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    queries = [
        {"_id": "q1", "text": "why did the pump stop"},
        {"_id": "q2", "text": "tent in the storm"},
        {"_id": "q3", "text": "the pump and its blocked filter", "metadata": {"source_lesson": "d1"}},
        {"_id": "unjudged", "text": "anything"},
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td3\t0\nq3\td2\t1\n")
    return folder


def test_measures_agree_with_their_definitions():
    qrels = {"q1": {"a": 2, "b": 1}, "q2": {"c": 1}, "q3": {"d": 1}}
    run_ = {"q1": {"b": 3.0, "x": 2.0, "a": 1.0}, "q2": {"y": 2.0, "c": 1.0}}
    values = evaluate(qrels, run_)
    ideal = 2 + 1 / math.log2(3)
    assert values["ndcg@10"]["q1"] == pytest.approx((1 + 2 / math.log2(4)) / ideal)
    assert values["mrr@10"] == pytest.approx({"q1": 1.0, "q2": 0.5, "q3": 0.0})
    assert values["map"]["q1"] == pytest.approx((1 + 2 / 3) / 2)
    assert values["recall@100"] == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    assert means(values)["mrr@10"] == pytest.approx(0.5)


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_a_collection_is_indexed_and_searched(collection, tmp_path, mode):
    loaded = Collection.load(collection)
    steps: list[int] = []
    with a_library(tmp_path / "library") as library:
        assert load_into(library, loaded, steps.append) > 0
        assert sum(steps) == library.stats().passages == 3
        outcome = run(library, loaded, mode)
    assert outcome.per_query["ndcg@10"]["q1"] == outcome.per_query["ndcg@10"]["q2"] == 1.0
    assert set(outcome.per_query["map"]) == {"q1", "q2", "q3"}
    assert outcome.latency_ms["p95"] >= outcome.latency_ms["p50"] > 0


def test_the_record_a_query_was_made_from_is_left_out(collection, tmp_path):
    with a_library(tmp_path / "library") as library:
        load_into(library, loaded := Collection.load(collection))
        assert run(library, loaded, "hybrid").per_query["mrr@10"]["q3"] > 0.4  # d1 would be first


def test_a_folder_in_another_layout_is_refused(collection, tmp_path):
    with pytest.raises(PathNotFound):
        Collection.load(tmp_path / "none")
    (collection / "qrels/test.tsv").rename(collection / "qrels/dev.tsv")
    with pytest.raises(BadDataset, match=re.escape("qrels/test.tsv")):
        Collection.load(collection)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("queries.jsonl", '{"_id": "q1"}', "line 1"),
        ("queries.jsonl", '{"_id": "other", "text": "x"}', "judgment"),
        ("corpus.jsonl", "no json", "line 1"),
        ("qrels/test.tsv", "q1\td1", "2 columns"),
    ],
)
def test_a_broken_line_is_named(collection, name, text, said):
    (collection / name).write_text(text)
    with pytest.raises(BadDataset, match=re.escape(said)):
        list(Collection.load(collection).documents())
