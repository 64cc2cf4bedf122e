import json

import pytest

from assistant.answer import Answer, Claim
from assistant.assistant import Assistant
from eval.answers import evaluate_answers, load_questions
from eval.verdict import Case, fit, report
from ingest.errors import BadDataset, PathNotFound
from tests.conftest import SAMPLE


def write(path, *rows):
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


ANSWERED = {"id": "1", "type": "factual", "question": "When should generators be refuelled?", "gold": ["ODR-2023-018"]}
WRONG = {
    "id": "2",
    "question": "When should generators be refuelled?",
    "gold": ["PM-2"],
    "must_mention_regex": ["zebra"],
}
NONE = {"id": "3", "question": "Which football club won the cup in Madrid?", "gold": [], "behaviour": "abstain"}


def test_answers_are_scored_against_their_gold(sample, tmp_path):
    score = evaluate_answers(Assistant(sample), load_questions(write(tmp_path / "q.jsonl", ANSWERED, WRONG, NONE)))
    first, second, third = score.questions
    assert (first.verdict_right, first.gold_found, first.facts) == (True, True, None)
    assert (second.gold_found, second.facts) == (False, 0.0)
    assert (third.verdict, third.verdict_right, third.gold_found) == ("none", True, None)
    assert score.total["gold_in_first_5"] == 0.5
    assert score.total["abstention_f1"] == 1.0
    assert score.total["quotes_exact"] == score.total["citation_precision"] == 1.0


def test_wrong_quotes_and_unsupported_claims_cost_their_figures(sample, tmp_path, monkeypatch):
    assistant = Assistant(sample)
    true = assistant.ask("When should generators be refuelled?")
    claim = Claim("The zebra ate 97 apples.", true.claims[0].citations, 1.0)
    lie = Answer("?", "factual", "answered", (claim,), true.sources, took_ms={"total": 1.0})
    monkeypatch.setattr(assistant, "ask", lambda question, history: lie)
    score = evaluate_answers(assistant, load_questions(write(tmp_path / "q.jsonl", ANSWERED, NONE)))
    assert score.total["citation_precision"] == score.total["citation_recall"] == 0.0
    assert score.total["abstention_recall"] == 0.0
    assert score.total["verdict_right"] == 0.5


def test_a_bare_number_is_a_record_of_any_series(tmp_path):
    from eval.answers import _is

    assert _is("LLIS-641", "641")
    assert not _is("LLIS-1641", "641")


def test_broken_gold_files_are_refused(tmp_path):
    with pytest.raises(PathNotFound):
        load_questions(tmp_path / "none.jsonl")
    with pytest.raises(BadDataset, match="line 2"):
        load_questions(write(tmp_path / "q.jsonl", ANSWERED, {"id": "x"}))


def test_the_sample_library_meets_its_gold_file(sample):
    """Floors a little under what was measured; `lessons eval answers data/questions.jsonl` prints the figures."""
    questions = load_questions(SAMPLE.parent / "questions.jsonl")
    assert len(questions) >= 60
    total = evaluate_answers(Assistant(sample), questions).total
    assert total["quotes_exact"] == 1.0
    assert total["citation_precision"] == 1.0
    assert (total["verdict_right"] or 0) >= 0.7
    assert (total["gold_in_first_5"] or 0) >= 0.7


def test_a_calibration_tells_answerable_from_not_and_is_tested_on_the_other_half():
    cases = [
        Case("a", "a" if yes else "b", number % 2 == 0, yes, (0.7, 0.8, 0.7) if yes else (0.2, 0.3, 0.2))
        for number in range(40)
        for yes in (True, False)
    ]
    found = report(cases, fit(cases))
    assert (found.cases, found.auroc, found.balanced_accuracy) == (40, 1.0, 1.0)
    assert found.pairs == {"a → a": 0.0, "a → b": 1.0}
