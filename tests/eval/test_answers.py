import json
from dataclasses import replace

import pytest

from assistant.answer import Answer, Claim, Conflict
from assistant.assistant import Assistant
from assistant.verdict import PACKAGED, Features
from eval.answers import evaluate_answers, load_questions
from eval.verdict import Case, Kind, fit, report
from ingest.errors import BadDataset, PathNotFound
from ui.commands.evaluate import _print_answers


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
    monkeypatch.setattr(assistant, "stream", lambda question, history: iter([lie]))
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"gold": "LLIS-641"},
        {"must_mention_regex": "x"},
        {"must_mention_regex": ["("]},
        {"history": "x"},
        {"verdict": "declined"},
    ],
)
def test_a_field_that_is_no_list_or_no_pattern_is_named(tmp_path, wrong):
    with pytest.raises(BadDataset, match=r"line 1 .*: (.* list|missing \)|.* is none of answered)"):
        load_questions(write(tmp_path / "q.jsonl", {**ANSWERED, **wrong}))


def test_a_gold_file_in_another_encoding_is_named(tmp_path):
    file = write(tmp_path / "q.jsonl", ANSWERED)
    file.write_bytes(file.read_bytes() + b"\n" + '{"id": "2", "question": "Zürich?", "gold": []}'.encode("latin-1"))
    with pytest.raises(BadDataset, match="line 2"):
        load_questions(file)


CHLORINE = "What free chlorine level should we set at the taps?"
CONFLICT = {
    "id": "4",
    "type": "conflict",
    "question": CHLORINE,
    "gold": ["ODR-2019-012", "ODR-2021-009"],
}


@pytest.mark.parametrize(
    ("sides", "said"), [((), False), (("ODR-2019-012",), False), (("ODR-2019-012", "ODR-2021-009"), True)]
)
def test_a_conflict_is_reported_where_it_quotes_both_sides(sample, tmp_path, monkeypatch, sides, said):
    assistant = Assistant(sample)
    true = assistant.ask(CHLORINE)
    first, second = (next(s for s in true.sources if s.lesson_id == id_) for id_ in CONFLICT["gold"])
    sources = (replace(first, n=1), replace(second, n=2))
    claims = (Claim(first.quote, (1,), 1.0),)
    conflicts = (Conflict("figure", "x", tuple(one for one in sources if one.lesson_id in sides)),) if sides else ()
    answer = Answer("?", "factual", "answered", claims, sources, conflicts=conflicts, took_ms={"total": 1.0})
    monkeypatch.setattr(assistant, "stream", lambda question, history: iter([answer]))
    total = evaluate_answers(assistant, load_questions(write(tmp_path / "q.jsonl", CONFLICT, ANSWERED))).total
    assert (total["conflict_sides"], total["conflict_said"]) == (1.0, float(said))
    assert total["conflicts_elsewhere"] == (1 if conflicts else 0)
    one_sided = replace(answer, sources=sources[:1])
    monkeypatch.setattr(assistant, "stream", lambda question, history: iter([one_sided]))
    total = evaluate_answers(assistant, load_questions(tmp_path / "q.jsonl")).total
    assert (total["conflict_sides"], total["conflict_said"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("question", "expected", "right"),
    [
        ("How many lessons come from Operation Curlew?", 6, 1.0),
        ("How many lessons come from Operation Curlew?", 7, 0.0),
        ("How many post-mortems each year since 2024?", {"2024": 1, "2025": 1}, 1.0),
        ("What is the most frequent kind of near miss in 2024?", {"category": "Vehicle movement", "count": 4}, 1.0),
        ("What went wrong with the pumps?", 1, 0.0),
    ],
)
def test_counts_are_scored_and_are_no_citations(sample, tmp_path, question, expected, right):
    gold = write(tmp_path / "q.jsonl", {"id": "1", "question": question, "gold": [], "expected": expected})
    score = evaluate_answers(Assistant(sample), load_questions(gold))
    assert score.total["counts_right"] == right
    assert right == 0.0 or score.questions[0].citations == 0


def test_sources_that_repeat_others_are_counted(sample, tmp_path, monkeypatch):
    """Two units tell of one incident in nearly the same words."""
    assistant = Assistant(sample)
    true = assistant.ask("Why was the tetanus vaccine frozen on the way to Lowmarsh?")
    of = {source.lesson_id: source for source in true.sources}
    one, near = of["ODR-2020-015"], of["ODR-2020-016"]
    other = assistant.ask("When should generators be refuelled?").sources[0]
    sources = tuple(replace(each, n=n) for n, each in enumerate((one, near, other, other), 1))
    answer = Answer("?", "factual", "answered", (), sources, took_ms={"total": 1.0})
    monkeypatch.setattr(assistant, "stream", lambda question, history: iter([answer]))
    score = evaluate_answers(assistant, load_questions(write(tmp_path / "q.jsonl", ANSWERED)))
    assert (score.questions[0].duplicates, score.questions[0].quotes) == (2, 4)
    assert score.total["duplicates"] == 0.5


def test_each_kind_of_question_has_its_figures(sample, tmp_path):
    gold = write(
        tmp_path / "q.jsonl", ANSWERED, ANSWERED | {"id": "2", "gold": ["PM-2"]}, NONE | {"type": "unanswerable"}
    )
    score = evaluate_answers(Assistant(sample), load_questions(gold))
    assert list(score.kinds) == ["factual", "unanswerable"]
    assert (score.kinds["factual"]["questions"], score.kinds["factual"]["gold_in_first_5"]) == (2, 0.5)
    assert score.kinds["unanswerable"]["abstention_recall"] == 1.0
    assert score.kinds["unanswerable"]["duplicates"] is None
    assert score.kinds["factual"].keys() == score.total.keys()


def test_kinds_are_printed_as_they_are_written(sample, tmp_path, capsys):
    gold = write(tmp_path / "q.jsonl", NONE | {"type": "[b]odd[/b]\x1b[31m"})
    _print_answers(evaluate_answers(Assistant(sample), load_questions(gold)))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert any(line.startswith("[b]odd[/b]") and "1.000" in line for line in out.splitlines())


def test_a_calibration_tells_answerable_from_not_and_is_tested_on_the_other_half():
    far, near = Features(0.2, 0.3, 0.2, -3.0, -3.0, 0.5, 2), Features(0.7, 0.8, 0.7, -3.0, -3.0, 0.6, 2)
    of: dict[Kind, Features] = {
        "own": Features(0.7, 0.8, 0.7, 2.0, 2.0, 0.1, 0),
        "foreign": far,
        "absent": far,
        "near": near,
    }
    cases = [
        Case("a", "b" if kind == "foreign" else "a", number % 2 == 0, kind, found)
        for number in range(40)
        for kind, found in of.items()
    ]
    tasks = report(cases, fit(cases)).tasks
    off, missed = tasks["off_library"], tasks["near_miss"]
    assert (off.answerable, off.unanswerable, off.auroc, off.balanced_accuracy) == (20, 40, 1.0, 1.0)
    assert off.pairs == {"a → a": 0.0, "a → b": 1.0, "a, absent": 1.0}
    assert (missed.unanswerable, missed.auroc, missed.balanced_accuracy) == (20, 1.0, 1.0)
    assert (missed.answered_outright, missed.answered_wrong) == (1.0, 0.0)


def test_without_near_misses_the_part_of_a_detail_stays_as_it_is():
    far, own = Features(0.2, 0.3, 0.2, -3.0, -3.0, 0.5, 2), Features(0.7, 0.8, 0.7, 2.0, 2.0, 0.1, 0)
    cases = [Case("a", "a", number % 2 == 0, "own", own) for number in range(20)]
    cases += [Case("b", "a", number % 2 == 0, "foreign", far) for number in range(20)]
    fitted = fit(cases)
    assert (fitted.states, fitted.stated_from) == (PACKAGED.states, PACKAGED.stated_from)
    assert set(report(cases, fitted).tasks) == {"off_library"}


def test_the_first_sentence_is_timed_apart(sample, tmp_path):
    score = evaluate_answers(Assistant(sample), load_questions(write(tmp_path / "q.jsonl", ANSWERED)))
    assert score.questions[0].first_ms > 0
    assert score.total["first_ms_p95"] == round(score.questions[0].first_ms, 2)
