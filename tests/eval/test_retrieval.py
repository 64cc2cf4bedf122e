import json
import math
import re
import shutil
import sys

import pytest

from eval.beir import TITLE, Collection
from eval.measures import evaluate, means
from eval.retrieval import arguments, ensure, load_into, run
from eval.runs import Run, find
from index.library import Library
from ingest.errors import BadDataset, BadSettings, PathNotFound
from tests.fakes import a_library, prepared
from ui.cli import main

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
    assert (outcome.found["q1"][0], outcome.found["q2"][0]) == ("d1", "d2")
    assert "d1" not in outcome.found["q3"]


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


def test_a_setting_is_named_by_its_mode_and_whether_it_reranks(collection, tmp_path, monkeypatch):
    assert arguments("dense") == {"mode": "dense", "rerank": False}
    assert arguments("hybrid+rerank") == {"mode": "hybrid", "rerank": True}
    for name in ("", "magic", "hybrid+", "hybrid+magic", "hybrid+rerank+rerank", "rerank"):
        with pytest.raises(BadSettings, match=re.escape("+rerank")):
            arguments(name)
    plain, asked = Library.search, []

    def search(self, query, k=10, *, rerank=False, **more):
        asked.append(rerank)
        return plain(self, query, k, **more)

    monkeypatch.setattr(Library, "search", search)
    with a_library(tmp_path / "library") as library:
        load_into(library, loaded := Collection.load(collection))
        assert run(library, loaded, "lexical+rerank").setting == "lexical+rerank"
    assert asked == [True] * 4


def test_a_kept_index_is_used_if_it_holds_the_corpus(collection, tmp_path):
    loaded = Collection.load(collection)
    with a_library(tmp_path / "library") as library:
        assert ensure(library, loaded)
        assert ensure(library, loaded) is None
        with (collection / "corpus.jsonl").open("a") as file:
            file.write('\n{"_id": "d4", "title": "New", "text": "One more."}')
        with pytest.raises(BadDataset, match="does not hold toy as it is now"):
            ensure(library, loaded)


def test_an_index_that_was_cut_short_or_is_of_other_texts_is_refused(collection, tmp_path):
    loaded = Collection.load(collection)
    with a_library(tmp_path / "library") as library:

        def stop(_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load_into(library, loaded, stop)
        library.add([prepared(library, "d1.md", "# Pump\n\nIt stopped.\n")])
        with pytest.raises(BadDataset, match="not all of it"):
            ensure(library, loaded)
    with a_library(tmp_path / "other") as library:
        load_into(library, loaded)
        corpus = collection / "corpus.jsonl"
        corpus.write_text(corpus.read_text().replace("blocked", "cleared"))
        with pytest.raises(BadDataset, match="toy as it is now"):
            ensure(library, loaded)


def test_grades_are_read_and_what_is_none_is_named(collection):
    judgments = collection / "qrels/test.tsv"
    first = judgments.read_text().splitlines()[0]
    judgments.write_text(f"{first}\nq1\td1\t2.0\n\nq2\td2\t1\n")
    assert Collection.load(collection).qrels == {"q1": {"d1": 2}, "q2": {"d2": 1}}
    judgments.write_text(f"{first}\nq1\td1\tgood\n")
    with pytest.raises(BadDataset, match="'good'"):
        Collection.load(collection)


def test_a_record_of_the_query_s_id_is_left_out_only_if_the_query_was_made_from_it(collection):
    corpus, queries, judgments = (collection / name for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"))
    corpus.write_text('{"_id": "1", "title": "", "text": "The pump  in winter."}\n{"_id": "2", "text": "A tent."}')
    queries.write_text('{"_id": "1", "text": "pump in winter"}\n{"_id": "2", "text": "pump"}')
    judgments.write_text("1\t2\t1\n2\t2\t1\n")
    assert [query.leave_out for query in Collection.load(collection).queries] == ["1", ""]


def test_a_query_without_text_and_a_corpus_without_records_are_named(collection):
    queries, judgments = collection / "queries.jsonl", collection / "qrels/test.tsv"
    whole = queries.read_text()
    queries.write_text(whole + '\n{"_id": "q9", "text": " "}')
    with judgments.open("a") as file:
        file.write("\nq9\td1\t1\n")
    with pytest.raises(BadDataset, match="'q9' has no text"):
        Collection.load(collection)
    queries.write_text(whole)
    (collection / "corpus.jsonl").write_text("")
    with pytest.raises(BadDataset, match="holds no record"):
        Collection.load(collection)


@pytest.mark.parametrize("missing", ["metrics", "latency_ms", "per_query"])
def test_a_damaged_run_is_named(collection, tmp_path, missing):
    with a_library(tmp_path / "library") as library:
        load_into(library, loaded := Collection.load(collection))
        made = Run.of(run(library, loaded, "lexical"), loaded, library, {}, 1.0)
    (tmp_path / "made.json").write_text(json.dumps(made.model_dump(mode="json")))
    assert find(tmp_path) == [made]
    (tmp_path / "made.json").write_text(json.dumps(made.model_dump(mode="json") | {missing: {}}))
    with pytest.raises(BadDataset, match=re.escape("made.json is no run")):
        find(tmp_path)


def test_odd_rows_are_read_or_named(collection):
    corpus, queries = collection / "corpus.jsonl", collection / "queries.jsonl"
    first = corpus.read_text()
    corpus.write_text("\ufeff" + first + '\n{"_id": 7, "title": null, "text": "One\u2028more."}')
    queries.write_text(queries.read_text().replace('{"_id": "q1"', '{"metadata": null, "_id": "q1"'))
    documents = {lesson.lesson_id: document for document, lesson in Collection.load(collection).documents()}
    assert documents["7"].text == "One\u2028more."
    assert documents["7"].title == ""
    assert len(documents) == 4
    corpus.write_bytes(first.encode() + '\n{"_id": "d5", "text": "Zürich"}'.encode("latin-1"))
    with pytest.raises(BadDataset, match="line 4"):
        list(Collection.load(collection).documents())


def test_a_fingerprint_is_of_corpus_queries_and_judgments(collection):
    shutil.copy(collection / "qrels/test.tsv", collection / "qrels/dev.tsv")
    first = Collection.load(collection).fingerprint()
    assert re.fullmatch("[0-9a-f]{16}", first)
    assert Collection.load(collection, "dev").fingerprint() == first
    seen = {first}
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        with (collection / name).open("a") as file:
            file.write("\n")
        seen.add(Collection.load(collection, "dev").fingerprint())
    assert len(seen) == 3  # the other split's judgments do not count


def test_another_split_has_its_own_judgments(collection):
    (collection / "qrels/dev.tsv").write_text("q2\td2\t1\n")
    loaded = Collection.load(collection, "dev")
    assert (loaded.split, loaded.qrels) == ("dev", {"q2": {"d2": 1}})
    with pytest.raises(BadDataset, match=re.escape("qrels/train.tsv")):
        Collection.load(collection, "train")


def test_a_run_has_all_that_a_report_shows(collection, tmp_path):
    with (collection / "corpus.jsonl").open("a") as file:
        file.write("\n" + json.dumps({"_id": "d4", "text": "A  tent\nwithout a title. " + "x" * 200}))
    queries = collection / "queries.jsonl"
    queries.write_text(queries.read_text().replace("in the storm", r"in the storm \ud800"))
    loaded = Collection.load(collection)
    with a_library(tmp_path / "library") as library:
        seconds = load_into(library, loaded)
        figures = run(library, loaded, "lexical")
        made = Run.of(figures, loaded, library, {"embedder": "fake"}, seconds)
    assert (made.titles["d1"], made.titles["d3"]) == ("Pump stopped", "The router update was rehearsed and went well.")
    assert made.titles["d4"].startswith("A tent without a title. xxx")
    assert len(made.titles["d4"]) == TITLE
    assert made.queries["q1"] == "why did the pump stop"
    assert made.queries["q2"] == "tent in the storm ?"
    assert (made.judged, made.found, made.per_query) == (loaded.qrels, figures.found, figures.per_query)
    assert made.settings == {"embedder": "fake", "mode": "lexical", "rerank": False}
    assert (made.documents, made.passages, made.fingerprint) == (4, 4, loaded.fingerprint())
    assert all(low <= made.metrics[measure] <= high for measure, (low, high) in made.intervals.items())
    assert made.disk_mb > 0
    assert re.fullmatch(r"\d{8}-\d{6}-toy-lexical-[0-9a-f]{4}", made.id)


def test_experiments_from_the_command_line_to_the_report(collection, tmp_path, monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["lessons", "eval", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    other, kept, runs = tmp_path / "other", tmp_path / "kept", tmp_path / "runs"
    shutil.copytree(collection, other)
    (other / "qrels/test.tsv").write_text("q2\td3\t1\n")
    options = ("--keep", kept, "--runs", runs, "--compare", "lexical, dense", "--json")
    status, out, _ = call("retrieval", collection, other, *options)
    found = json.loads(out)["runs"]
    assert (status, [one["dataset"] for one in found]) == (0, ["toy", "other"])
    assert sorted(path.name for path in kept.iterdir()) == ["other", "toy"]
    assert list(found[0]["compared"]) == ["lexical", "dense"]
    assert list(found[0]["tests"]) == ["dense"]
    assert found[0]["settings"]["mode"] == "lexical"
    again = json.loads(call("retrieval", collection, "--keep", kept / "toy", *options[2:])[1])
    assert again["index_seconds"] is None
    assert (again["metrics"], again["tests"]) == (found[0]["metrics"], found[0]["tests"])

    listed = json.loads(call("runs", "--runs", runs, "--json")[1])["runs"]
    assert [one["setting"] for one in listed] == ["lexical", "dense"] * 3
    assert listed[0]["id"] == found[0]["run"] == find(runs)[0].id
    assert "per_query" not in listed[0]
    assert f"\n{listed[0]['id']} " in call("runs", "--runs", runs)[1]

    toy, dense = found[0]["run"], found[0]["compared"]["dense"]["run"]
    status, out, _ = call("compare", toy, dense, "--runs", runs, "--json")
    assert json.loads(out) == {"baseline": toy, "tests": {dense: found[0]["tests"]["dense"]}}
    assert "ndcg@10" in call("compare", toy, dense, "--runs", runs)[1]
    status, _, said = call("compare", toy, found[1]["run"], "--runs", runs)
    assert status == 2
    assert "lessons eval retrieval" in said
    assert call("compare", toy, "--runs", runs)[0] == 2
    assert call("compare", toy, toy, "--runs", runs)[0] == 2
    assert list(json.loads(call("compare", toy, dense, dense, "--runs", runs, "--json")[1])["tests"]) == [dense]
    assert found[0]["settings"]["ranking"] == {"dense": 0.5, "rerank": 0.5, "neighbours": 0.2}

    report = tmp_path / "report.html"
    assert call("report", "--runs", runs, "--output", report)[0] == 0
    assert "dense" in report.read_text("utf-8")
    assert call("report", toy, "--runs", runs, "--output", report)[1].startswith("1 run in ")
    assert call("report", "--runs", tmp_path / "none", "--output", report)[0] == 2
    assert call("retrieval", collection, tmp_path / "other" / ".." / "toy", "--runs", runs)[0] == 2
