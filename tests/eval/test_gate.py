"""The gate itself (`test_nothing_became_worse`), and proof that it shuts."""

import json
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from eval import gate
from eval.gate import RECORD, Measured, check, gold_questions, known_scores, measure
from index.library import Library
from ingest.errors import BadDataset, PathNotFound
from ui.cli import main


@pytest.fixture(scope="module")
def measured(sample):
    return measure(sample, gold_questions())


def changed(measured, name, **scores):
    """The same with other scores of some questions."""
    return replace(measured, scores=measured.scores | {name: measured.scores[name] | scores})


def a_record(*scores):
    return Measured("2026-01-01", {}, {f"q{n}": f"What? {n}" for n in range(len(scores))}, figure(scores))


def figure(scores):
    return {"facts": {f"q{number}": score for number, score in enumerate(scores)}}


def test_nothing_became_worse(measured):
    problems = check(Measured.load(RECORD), measured).problems
    assert problems == [], "\n".join(problems)


def test_the_record_itself_is_not_bad(measured):
    """Floors under what was once measured, so that many small steps down are not recorded one by one."""
    figures = measured.figures
    assert figures["quotes_exact"] == figures["citation_precision"] == 1.0
    assert figures["verdict_right"] >= 0.75
    assert figures["gold_in_first_5"] >= 0.75
    assert figures["facts"] >= 0.45
    assert figures["ndcg@10"] >= 0.9
    assert len(measured.scores["verdict_right"]) >= 60
    assert len(measured.scores["ndcg@10"]) >= 100


def test_the_record_says_when_and_with_what_it_was_made():
    record = Measured.load(RECORD)
    assert record.made.startswith("20")
    assert record.settings["embedder"] == "packaged:all-MiniLM-L6-v2"
    assert {"dense_weight", "passage_tokens"} <= record.settings.keys()


def test_a_damaged_search_shuts_the_gate(measured, sample, monkeypatch):
    search = Library.search

    def reverse(self, *args, **options):
        found = search(self, *args, **options)
        return replace(found, hits=found.hits[::-1])

    monkeypatch.setattr(Library, "search", reverse)
    damaged, _ = known_scores(sample)
    verdict = check(measured, replace(measured, scores=measured.scores | damaged))
    assert {name for name, change in verdict.changes.items() if change.failed} == {"ndcg@10", "mrr@10"}
    assert verdict.changes["mrr@10"].p < 0.001
    assert "ndcg@10 fell from" in verdict.problems[0]
    assert "title AAR-2024-05: 1.00 → 0.00  Launching the first modular bridge at Fennick" in "\n".join(
        verdict.changes["ndcg@10"].worse
    )


def test_one_inexact_quote_shuts_the_gate_and_one_fact_does_not(measured):
    known = next(id_ for id_, score in measured.scores["facts"].items() if score == 1.0)
    assert check(measured, changed(measured, "facts", **{known: 0.0})).problems == []
    (problem,) = check(measured, changed(measured, "quotes_exact", S01=0.0)).problems
    assert "S01: 1.00 → 0.00  How long was the Dunmoor hospital" in problem


@pytest.mark.parametrize(
    ("before", "now", "shut"),
    [
        ([1.0] * 100, [0.0] * 4 + [1.0] * 96, False),  # four more misses of a hundred may be chance (p = 1/16)
        ([1.0] * 100, [0.0] * 5 + [1.0] * 95, True),  # five are not (p = 1/32)
        ([1.0, 0.0] * 50, [0.0, 1.0] * 50, False),  # as many better as worse
        ([1.0] * 100, [0.95] * 40 + [1.0] * 60, True),  # small and consistent
        ([1.0] * 10, [0.0] + [1.0] * 9, True),  # p = 1/2, and beyond the tolerance
        ([0.5] * 100, [1.0] * 100, False),
    ],
)
def test_a_drop_counts_where_it_is_more_than_chance_or_too_large(before, now, shut):
    verdict = check(a_record(*before), a_record(*now))
    assert verdict.changes["facts"].failed is shut
    assert bool(verdict.problems) is shut


def test_the_questions_that_got_most_worse_are_named_first():
    verdict = check(a_record(*[1.0] * 20), a_record(*[0.9] * 19, 0.0))
    assert verdict.changes["facts"].worse[0] == "q19: 1.00 → 0.00  What? 19"
    assert "Worse (20)" in verdict.problems[0]
    assert "and 10 more" in verdict.problems[0]


def test_other_questions_need_another_record():
    before, now = a_record(1.0, 1.0), a_record(1.0, 1.0, 1.0)
    now = replace(now, questions=now.questions | {"q0": "Another text?"})
    verdict = check(before, now)
    assert (verdict.added, verdict.removed) == (("q0", "q2"), ("q0",))
    assert all("lessons eval gate --record" in problem for problem in verdict.problems)
    assert len(verdict.problems) == 2


def test_a_figure_that_is_no_longer_measured_shuts_the_gate():
    before = a_record(0.5, 0.5)
    assert check(before, replace(before, scores={})).changes["facts"].failed


def test_a_question_with_another_text_is_not_compared():
    before, now = a_record(1.0, 1.0), a_record(0.0, 1.0)
    now = replace(now, questions=now.questions | {"q0": "Another text?"})
    change = check(before, now).changes["facts"]
    assert (change.before, change.now, change.failed) == (1.0, 1.0, False)


def test_a_record_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "gate.json"
    with pytest.raises(PathNotFound, match="--record"):
        Measured.load(path)
    a_record(0.25, 1.0).save(path)
    assert Measured.load(path) == a_record(0.25, 1.0)
    path.write_text('{"made": 1}')
    with pytest.raises(BadDataset, match="no record"):
        Measured.load(path)


def test_the_command_records_checks_and_fails(tmp_path, monkeypatch, capsys):
    now = [a_record(1.0, 1.0, 1.0)]

    @contextmanager
    def nothing():
        yield None

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["lessons", "eval", "gate", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, capsys.readouterr().out

    monkeypatch.setattr(gate, "RECORD", tmp_path / "gate.json")
    monkeypatch.setattr(gate, "sample_library", nothing)
    monkeypatch.setattr(gate, "measure", lambda library, gold: replace(now[0], settings={"embedder": "fake:hash"}))
    assert call()[0] == 2  # no record yet
    status, out = call("--record", "--json")
    assert (status, json.loads(out)["figures"]) == (0, {"facts": 1.0})
    status, out = call("--json")
    assert (status, json.loads(out)["passed"]) == (0, True)
    now[0] = a_record(1.0, 0.0, 1.0)
    status, out = call()
    assert status == 1
    assert "FAIL facts" in out
    assert "q1: 1.00 → 0.00" in out
    status, out = call("--json")
    assert status == 1
    found = json.loads(out)
    assert not found["passed"]
    assert found["record"]["settings"] == {"embedder": "fake:hash"}
    assert found["figures"]["facts"]["worse"] == ["q1: 1.00 → 0.00  What? 1"]
    assert "facts" in call("--record")[1]
    assert call()[0] == 0
