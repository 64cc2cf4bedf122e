"""The quality gate: what the program finds and answers on the sample library must not become worse unnoticed.

`gate.json` keeps the score of every question. A figure has dropped when its mean is lower and the drop is more than
chance would make of as many questions (a paired one-sided randomisation test), or is beyond a tolerance, or when the
figure allows no drop. The record is changed on purpose only: lessons eval gate --record
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np

from assistant.assistant import Assistant
from eval.answers import GoldQuestion, Scored, evaluate_answers, load_questions
from eval.auto import measures, search
from eval.known_item import known_items
from eval.retrieval import arguments
from eval.significance import LEVEL, randomisation
from index.library import Library
from index.sync import sync
from ingest.errors import BadDataset, PathNotFound

RECORD = Path(__file__).with_name("gate.json")
TOLERANCE = 0.05  # a mean may not drop by more, whatever the test says
EXACT = frozenset({"quotes_exact"})  # no question may become worse
NAMED = 10  # questions that the report of a drop names
ALL = 1_000  # known items of each kind: more than the sample library makes
_INDENT = "\n  "
_REMEDY = "If that is meant, record it: lessons eval gate --record"

Scores = dict[str, dict[str, float]]
"""By figure, the score of each question by its id, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores, the text of each question by its id, and when (ISO 8601, UTC) and with which settings they were made."""

    made: str
    settings: dict[str, Any]
    questions: dict[str, str]
    scores: Scores

    @property
    def figures(self) -> dict[str, float]:
        """The mean of each figure."""
        return {name: round(fmean(scores.values()), 4) for name, scores in self.scores.items()}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises `PathNotFound`, or `BadDataset` for a file that is no record."""
        if not path.is_file():
            raise PathNotFound(f"There is no record in {path}.", "Make one: lessons eval gate --record")
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise BadDataset(f"{path} is no record of the gate: {error}.", _REMEDY) from error

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Change:
    """A figure beside its record.

    `p` is the probability of such a drop by chance; `worse` the questions that got worse, each as a line to read.
    """

    before: float
    now: float
    p: float
    failed: bool
    worse: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What changed, by figure, and the ids of questions that only one of the two has."""

    changes: dict[str, Change]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """Why the gate is shut, one text for each reason; empty if it is open."""
        out = []
        for what, ids in (("not in the record", self.added), ("only in the record", self.removed)):
            if ids:
                out.append(f"Questions {what} ({len(ids)}): {_some(ids, ', ')}. {_REMEDY}")
        for name, change in self.changes.items():
            if change.failed:
                fall = f"{name} fell from {change.before:.4f} to {change.now:.4f} (p = {change.p:.4f})."
                out.append(f"{fall} Worse ({len(change.worse)}), the most first:\n  {_some(change.worse, _INDENT)}")
        return out


@contextmanager
def sample_library() -> Iterator[Library]:
    """The sample library, indexed with the defaults whatever the user's settings; gone at the end."""
    with (
        TemporaryDirectory(prefix="lessons-gate-") as place,
        as_file(files("data") / "library") as folder,
        Library.open(Path(place), create=True) as library,
    ):
        sync(library, [folder])
        yield library


def gold_questions() -> list[GoldQuestion]:
    """The questions that come with the sample library."""
    with as_file(files("data") / "questions.jsonl") as path:
        return load_questions(path)


def measure(library: Library, gold: Sequence[GoldQuestion]) -> Measured:
    """Ask all known items and gold questions; without a language model."""
    found, asked = known_scores(library)
    answers = evaluate_answers(Assistant(library), gold).questions
    return Measured(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=_settings(library),
        questions=asked | {one.id: one.question for one in answers},
        scores=found | _answer_scores(answers),
    )


def known_scores(library: Library) -> tuple[Scores, dict[str, str]]:
    """The scores of the questions that the library's own records make, and their texts."""
    items = known_items(library, ALL)
    found = {item.id: measures(search(library, item, arguments("hybrid+rerank")), item.relevant) for item in items}
    scores = {name: {id_: round(one[name], 4) for id_, one in found.items()} for name in ("ndcg@10", "mrr@10")}
    return scores, {item.id: item.query for item in items}


def _settings(library: Library) -> dict[str, Any]:
    stated = library.settings.model_dump(mode="json") | library.manifest.to_json()
    return {name: value for name, value in stated.items() if name not in ("token", "address", "library", "model")}


def _answer_scores(answers: Sequence[Scored]) -> Scores:
    return {
        "gold_in_first_5": {one.id: float(one.gold_found) for one in answers if one.gold_found is not None},
        "facts": {one.id: round(one.facts, 4) for one in answers if one.facts is not None},
        "verdict_right": {one.id: float(one.verdict_right) for one in answers},
        "quotes_exact": {one.id: float(one.quotes_exact) for one in answers},
        "citation_precision": {one.id: round(one.cited_right / one.citations, 4) for one in answers if one.citations},
        "citation_recall": {
            one.id: round(one.proven / one.claims, 4) if one.claims else 0.0
            for one in answers
            # What is computed, a count or whom to ask, is no claim of a document's.
            if one.verdict != "none" and one.counted_right is None and (one.claims or not one.sources)
        },
    }


def check(record: Measured, now: Measured) -> Verdict:
    """Compare with the record. A question whose text changed is another one."""
    before, after = set(record.questions.items()), set(now.questions.items())
    same = {id_ for id_, _ in before & after}

    def kept(scores: Mapping[str, float]) -> dict[str, float]:
        return {id_: score for id_, score in scores.items() if id_ in same}

    return Verdict(
        {
            name: _change(name, kept(scores), kept(now.scores.get(name, {})), now.questions)
            for name, scores in record.scores.items()
        },
        tuple(sorted(id_ for id_, _ in after - before)),
        tuple(sorted(id_ for id_, _ in before - after)),
    )


def _change(name: str, record: Mapping[str, float], now: Mapping[str, float], questions: Mapping[str, str]) -> Change:
    shared = sorted(record.keys() & now.keys())
    changes = np.array([now[id_] - record[id_] for id_ in shared])
    drop = -float(changes.mean()) if shared else 0.0
    p = randomisation(changes) / 2 if drop > 0 else 1.0
    worse = sorted((id_ for id_ in shared if now[id_] < record[id_]), key=lambda id_: now[id_] - record[id_])
    failed = bool(worse) if name in EXACT else drop > TOLERANCE or (drop > 0 and p < LEVEL)
    failed |= bool(record) and not shared  # a figure that is no longer measured
    lines = tuple(f"{id_}: {record[id_]:.2f} → {now[id_]:.2f}  {questions[id_]}" for id_ in worse)
    before, after = (round(fmean([each[id_] for id_ in shared] or [0.0]), 4) for each in (record, now))
    return Change(before, after, p, failed, lines)


def _some(lines: Sequence[str], between: str) -> str:
    more = [f"and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
    return between.join([*lines[:NAMED], *more])
