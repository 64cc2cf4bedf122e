"""Score answers against a gold file: verdicts, sources, facts, quotes, conflicts, duplicates, abstention."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from time import monotonic
from typing import Any, get_args

from assistant.answer import Answer, Cited, Conflict, Draft, Verdict
from assistant.assistant import Assistant
from assistant.proof import support
from assistant.quotable import readable
from index.library import Library
from ingest.errors import BadDataset, PathNotFound

FIRST = 5  # sources in which a gold record must be
CONFLICT = "conflict"  # the type of questions whose gold records contradict each other

Total = dict[str, float | int | None]
Expected = int | dict[str, Any]


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and what a right answer has: one of the `gold` (or `also_ok`) records, text matching `must_mention`.

    `verdict` is `answered`, `partial` or `none`; `history` holds the questions asked before it. `expected` is what is
    to be counted: a number, a number for each value, or the most frequent value as `{"category": …, "count": …}`.
    """

    id: str
    type: str
    question: str
    gold: tuple[str, ...]
    also_ok: tuple[str, ...]
    must_mention: tuple[str, ...]
    verdict: str
    history: tuple[str, ...]
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """One question's answer, scored. A figure is None where the gold file asks nothing of it.

    `facts` is the share of the required mentions that the answer or its quotes hold. `cited_right` counts the
    citations whose quote supports its claim, `proven` the claims with at least one such citation. Where gold records
    contradict each other, `both_sides` says whether all are among the sources and `conflict_said` whether one of the
    answer's `conflicts` names them all. Of the `quotes`, `duplicates` repeat an earlier one or come from a record that
    nearly repeats an earlier one's. `counted_right` says whether what was to be counted was counted right; claims that
    state such figures are in no other figure. `ms` is what the answer took, `first_ms` what its first sentence took.
    """

    id: str
    type: str
    question: str
    expected: str
    verdict: str
    verdict_right: bool
    sources: tuple[str, ...]
    gold_found: bool | None
    facts: float | None
    quotes_exact: bool
    citations: int
    cited_right: int
    claims: int
    proven: int
    both_sides: bool | None
    conflict_said: bool | None
    conflicts: int
    quotes: int
    duplicates: int
    counted_right: bool | None
    ms: float
    first_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """All questions, the figures over them, and those of each type; a figure is None where no question bears on it."""

    questions: tuple[Scored, ...]
    total: Total
    kinds: dict[str, Total]


def load_questions(path: Path) -> list[GoldQuestion]:
    """Raises `PathNotFound`, or `BadDataset` naming the line."""
    if not path.is_file():
        raise PathNotFound(f"{path} is not a file.", "Give a file with one question, a JSON object, a line.")
    questions = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                questions.append(_question(json.loads(line.decode("utf-8-sig"))))
            except (ValueError, KeyError, TypeError, AttributeError, re.error) as error:
                reason = f"{path}, line {number} is not a gold question: {error}."
                raise BadDataset(reason, "Each line needs at least: id, question, gold.") from error
    return questions


def evaluate_answers(assistant: Assistant, questions: Sequence[GoldQuestion]) -> Score:
    """Ask every question and score its answer."""
    scored = [_asked(assistant, gold) for gold in questions]
    types = dict.fromkeys(one.type for one in scored)
    return Score(
        tuple(scored), _total(scored), {type_: _total([o for o in scored if o.type == type_]) for type_ in types}
    )


def _asked(assistant: Assistant, gold: GoldQuestion) -> Scored:
    """The answer, scored, with the time until its first sentence was known."""
    begun, first = monotonic(), None
    for event in assistant.stream(gold.question, history=gold.history):
        if isinstance(event, Draft | Answer) and first is None:
            first = 1000 * (monotonic() - begun)
        if isinstance(event, Answer):
            return replace(_score(assistant.library, gold, event), first_ms=first or 0.0)
    raise AssertionError("a stream ends with its answer")


def _question(row: dict[str, Any]) -> GoldQuestion:
    lists = {name: row.get(name, []) for name in ("gold", "also_ok", "must_mention_regex", "history")}
    for name, value in lists.items():
        if not isinstance(value, list):
            raise ValueError(f"{name} is to be a list")
    verdict = row.get("verdict", "none" if row.get("behaviour") == "abstain" else "answered")
    if verdict not in get_args(Verdict):
        raise ValueError(f"the verdict {verdict!r} is none of {', '.join(get_args(Verdict))}")
    for pattern in lists["must_mention_regex"]:
        re.compile(pattern)
    return GoldQuestion(
        id=row["id"],
        type=row.get("type", ""),
        question=row["question"],
        gold=tuple(row["gold"]),
        also_ok=tuple(lists["also_ok"]),
        must_mention=tuple(lists["must_mention_regex"]),
        verdict=verdict,
        history=tuple(lists["history"]),
        expected=row.get("expected"),
    )


def _score(library: Library, gold: GoldQuestion, answer: Answer) -> Scored:
    sources = tuple(dict.fromkeys(source.lesson_id for source in answer.sources))
    wanted = (*gold.gold, *gold.also_ok)
    said = "\n".join([answer.answer, *(source.quote for source in answer.sources)])
    exact = all(library.source(s.source_id).text[s.start : s.end] == s.quote for s in answer.sources)
    quotes = {source.n: source for source in answer.sources}
    stated = [claim for claim in answer.claims if not claim.computed]
    right = [[_holds(claim.text, quotes[n]) for n in claim.citations] for claim in stated]
    sides = [[source for source in answer.sources if _is(source.lesson_id, id_)] for id_ in gold.gold]
    opposed = gold.type == CONFLICT
    return Scored(
        id=gold.id,
        type=gold.type,
        question=gold.question,
        expected=gold.verdict,
        verdict=answer.verdict,
        verdict_right=(answer.verdict == "none") == (gold.verdict == "none"),
        sources=sources,
        gold_found=any(_is(one, id_) for one in sources[:FIRST] for id_ in wanted) if wanted else None,
        facts=_share(re.search(pattern, said, re.I) is not None for pattern in gold.must_mention),
        quotes_exact=exact,
        citations=sum(map(len, right)),
        cited_right=sum(map(sum, right)),
        claims=len(right),
        proven=sum(map(any, right)),
        both_sides=all(sides) if opposed else None,
        conflict_said=any(_both_named(one, sides) for one in answer.conflicts) if opposed else None,
        conflicts=len(answer.conflicts),
        quotes=len(answer.sources),
        duplicates=_duplicates(library, answer.sources),
        counted_right=None if gold.expected is None else _counted_right(answer, gold.expected),
        ms=answer.took_ms["total"],
    )


def _holds(claim: str, source: Cited) -> bool:
    """Whether the quote supports the claim; one that is the quote itself needs no rules to tell."""
    return claim == readable(source.quote) or support(claim, source.quote, context=source.title).supported


def _is(lesson_id: str, gold: str) -> bool:
    """Gold files may leave out the series: `641` is `LLIS-641`."""
    return lesson_id == gold or (gold.isdigit() and lesson_id.endswith(f"-{gold}"))


def _both_named(conflict: Conflict, sides: Sequence[Sequence[Cited]]) -> bool:
    """Whether a conflict quotes a record of each side."""
    quoted = {side.lesson_id for side in conflict.sides}
    return all(any(one.lesson_id in quoted for one in side) for side in sides)


def _counted_right(answer: Answer, expected: Expected) -> bool:
    """Whether the tally has the number, or each value's number, or the most frequent value with its number."""
    found = answer.tally
    if found is None or isinstance(expected, int):
        return found is not None and found.total == expected
    groups = {group.value: group.count for group in found.groups}
    if "category" in expected:
        return bool(found.groups) and (found.groups[0].value, found.groups[0].count) == tuple(expected.values())
    return groups == expected


def _duplicates(library: Library, sources: Sequence[Cited]) -> int:
    found = 0
    for at, source in enumerate(sources):
        similar = {other for other, _ in library.get(source.lesson_id).similar}
        quote = source.quote.split()
        found += any(one.quote.split() == quote or one.lesson_id in similar for one in sources[:at])
    return found


def _total(scored: Sequence[Scored]) -> Total:
    declined = [one for one in scored if one.verdict == "none"]
    unanswerable = [one for one in scored if one.expected == "none"]
    right = len([one for one in declined if one.expected == "none"])
    precision = right / len(declined) if declined else None
    recall = right / len(unanswerable) if unanswerable else None
    times, firsts = (sorted(getattr(one, name) for one in scored) for name in ("ms", "first_ms"))
    return {
        "questions": len(scored),
        "verdict_right": _share(one.verdict_right for one in scored),
        "gold_in_first_5": _share(one.gold_found for one in scored if one.gold_found is not None),
        "facts": _mean(one.facts for one in scored if one.facts is not None),
        "quotes_exact": _share(one.quotes_exact for one in scored),
        "citation_precision": _ratio(sum(one.cited_right for one in scored), sum(one.citations for one in scored)),
        "citation_recall": _ratio(sum(one.proven for one in scored), sum(one.claims for one in scored)),
        "conflict_sides": _share(one.both_sides for one in scored if one.both_sides is not None),
        "conflict_said": _share(one.conflict_said for one in scored if one.conflict_said is not None),
        "conflicts_elsewhere": sum(one.conflicts > 0 for one in scored if one.type != CONFLICT),
        "duplicates": _ratio(sum(one.duplicates for one in scored), sum(one.quotes for one in scored)),
        "counts_right": _share(one.counted_right for one in scored if one.counted_right is not None),
        "abstention_precision": precision,
        "abstention_recall": recall,
        "abstention_f1": 2 * precision * recall / (precision + recall) if precision and recall else None,
        "ms_p50": times[len(times) // 2] if times else None,
        "ms_p95": _p95(times),
        "first_ms_p95": _p95(firsts),
    }


def _p95(times: Sequence[float]) -> float | None:
    return round(times[int(0.95 * (len(times) - 1))], 2) if times else None


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _share(values: Iterable[bool | None]) -> float | None:
    return _mean(float(bool(value)) for value in values)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
