"""Measure a library on itself, without labels: that what it holds is found, and what it does not hold declined.

Questions about records are made of the records (`eval.known_item`); those that no record answers come with the program.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from statistics import fmean
from typing import Any, cast

from assistant.evidence import gather
from assistant.question import understand
from assistant.settings import AssistantSettings
from assistant.verdict import calibration_of, verdict_of
from eval.known_item import KINDS, ItemKind, KnownItem, known_items, ranked
from eval.retrieval import arguments
from eval.significance import interval
from index.filters import Filters
from index.hit import Hit, Hits
from index.library import Library

DEPTH = 100  # passages a search: what is not among them counts as not found
PER_RECORD = 3  # so that another passage is left where one or two hold the sentence that was asked with
WORST = 20
JUDGED = 50  # questions of each sort whose verdict is asked: each reads a hundred sentences
SPARE, SPARE_EACH = 50, 2  # passages more than asked for, in all and of each record, in place of those left out

LIMITS = (
    "A title is indexed with each passage of its record, and one asked word for word is looked up: that it is found "
    "shows that nothing is broken, no more.",
    "A sentence taken from a record shares its words, which favours the search by words. People ask in other words: "
    "expect less of their questions, and do not choose between the two searches by these figures alone.",
    "Only records that are known to be right count. Others that were found may be as good, and a record that is cited "
    "need not be the nearest: figures of cross-references are low for that reason too.",
    "The questions to decline are in English, about foreign worlds. That they are declined does not show that one of "
    "your own field is when it has no answer.",
    "A sentence asked without its passage may rightly be declined, and one whose record is hidden rightly answered by "
    "others: the one share declined bounds wrong refusals from above, what is left of the other one false answers.",
    "An interval without width means that all n questions went the same way; up to 300 / n of the next 100 may not.",
    "For figures of your own questions, write down fifty and the records that answer them: lessons eval answers FILE",
)
"""What such a test cannot show."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over `questions` questions with its 95 % interval; all 0 where there is none."""

    mean: float
    low: float
    high: float
    questions: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        return cls(round(fmean(values), 4), *interval(values), len(values)) if values else cls(0.0, 0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Miss:
    """A question to look at: the record wanted, its rank (None where it was not found) and the one that came first."""

    kind: str
    query: str
    wanted: str
    title: str
    rank: int | None
    first: str | None
    first_title: str


@dataclass(frozen=True, slots=True)
class Abstention:
    """Shares of questions that were declined.

    `foreign` ones should be, few `answerable` ones should; `hidden` ones are about a record that was hidden together
    with those that repeat it, cite it or are cited by it. `answered` are the foreign questions that were not declined,
    `refused` the answerable ones that were; `skipped` foreign ones were not asked, since the library may answer them.
    """

    foreign: Figure
    answerable: Figure
    hidden: Figure
    answered: tuple[str, ...]
    refused: tuple[str, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class Report:
    """By setting and kind of question the figure of each measure, then the worst questions of the first setting.

    `skipped` counts the records that were looked at and could not be asked about, by reason.
    """

    records: int
    skipped: dict[str, int]
    settings: dict[str, dict[ItemKind, dict[str, Figure]]]
    abstention: Abstention
    worst: tuple[Miss, ...]
    limits: tuple[str, ...] = LIMITS

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_auto(
    library: Library,
    questions: int,
    settings: Sequence[str] = ("hybrid+rerank",),
    on_part: Callable[[str], None] = lambda _: None,
) -> Report:
    """At most `questions` of each kind, searched with each setting (`eval.retrieval.arguments`).

    Raises `LibraryMissing` for a library without records, `BadSettings` for an unknown setting.
    """
    hows = {name: arguments(name) for name in settings}
    skipped: Counter[str] = Counter()
    on_part("making questions")
    items = known_items(library, questions, on_skip=lambda reason: skipped.update([reason]))
    found = {}
    for name, how in hows.items():
        on_part(f"searching with {len(items)} questions, {name}")
        found[name] = [search(library, item, how) for item in items]
    return Report(
        library.stats().lessons,
        dict(skipped),
        {name: {kind: _figures(items, ids, kind) for kind in KINDS} for name, ids in found.items()},
        abstention(library, items, on_part),
        worst_of(library, items, found[settings[0]]),
    )


def search(library: Library, item: KnownItem, how: dict[str, Any]) -> list[str]:
    """The ids of the records found for a question, best first, without what does not count."""
    return ranked(library.search(item.query, DEPTH, per_lesson=PER_RECORD, **how).hits, item)


def measures(found: Sequence[str], relevant: Sequence[str]) -> dict[str, float]:
    """Of one question. Hit, reciprocal rank and nDCG with binary gains (Järvelin and Kekäläinen, 2002), each 0 to 1."""
    ranks = [found.index(id_) + 1 for id_ in relevant if id_ in found]
    near = [rank for rank in ranks if rank <= 10]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(relevant)) + 1))
    return {
        "hit@1": float(1 in ranks),
        "recall@5": sum(rank <= 5 for rank in ranks) / len(relevant),
        "recall@10": len(near) / len(relevant),
        "mrr@10": 1 / min(near) if near else 0.0,
        "ndcg@10": sum(1 / math.log2(rank + 1) for rank in near) / ideal,
    }


def _figures(items: Sequence[KnownItem], found: Sequence[Sequence[str]], kind: str) -> dict[str, Figure]:
    values = [measures(ids, item.relevant) for item, ids in zip(items, found, strict=True) if item.kind == kind]
    return {name: Figure.of([one[name] for one in values]) for name in (values[0] if values else ())}


def worst_of(library: Library, items: Sequence[KnownItem], found: Sequence[Sequence[str]]) -> tuple[Miss, ...]:
    """The questions whose record did not come first, those not found at all before the others."""
    misses = []
    for item, ids in zip(items, found, strict=True):
        wanted = min(item.relevant, key=lambda id_: ids.index(id_) if id_ in ids else DEPTH)
        rank = ids.index(wanted) + 1 if wanted in ids else None
        if rank != 1:
            misses.append((rank or math.inf, item, wanted, rank, ids[0] if ids else None))
    misses.sort(key=lambda miss: -miss[0])
    return tuple(
        Miss(item.kind, item.query, wanted, _title(library, wanted), rank, first, _title(library, first))
        for _, item, wanted, rank, first in misses[:WORST]
    )


def abstention(
    library: Library, items: Sequence[KnownItem], on_part: Callable[[str], None] = lambda _: None
) -> Abstention:
    """How often the verdict is `none`, for questions of three sorts."""
    foreign, skipped = foreign_questions(library)
    on_part(f"asking {len(foreign)} foreign questions")
    declined = [_declines(library, question) for question in foreign]
    by_kind = [[item for item in items if item.kind == kind][: JUDGED // 2] for kind in ("title", "lead")]
    known = [item for kind in by_kind for item in kind]
    on_part(f"asking {len(known)} answerable questions, then with their records hidden")
    answerable = [_declines(_Without(library, item.counts), item.query) for item in known]
    hidden = [_declines(_Without(library, _others(item)), item.query) for item in known]
    return Abstention(
        Figure.of(declined),
        Figure.of(answerable),
        Figure.of(hidden),
        tuple(question for question, no in zip(foreign, declined, strict=True) if not no),
        tuple(item.query for item, no in zip(known, answerable, strict=True) if no),
        skipped,
    )


def foreign_questions(library: Library) -> tuple[list[str], int]:
    """The packaged questions, and how many of them are left out as the library holds all of their telling words."""
    kept, skipped = [], 0
    for line in (files("eval") / "foreign.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            telling = re.findall(r"\*(.+?)\*", line)
            if all(library.search(word, 1, mode="lexical").hits for word in telling):
                skipped += 1
            else:
                kept.append(line.replace("*", ""))
    return kept, skipped


def _declines(library: Library | _Without, question: str) -> float:
    evidence = gather(cast(Library, library), understand(question, (), AssistantSettings()))
    return float(verdict_of(evidence, question, calibration_of(cast(Library, library))) == "none")


def _others(item: KnownItem) -> Callable[[Hit], bool]:
    hidden = {item.lesson_id, *item.related}
    return lambda hit: hit.lesson_id not in hidden


def _title(library: Library, lesson_id: str | None) -> str:
    return library.get(lesson_id).title if lesson_id else ""


class _Without:
    """A library as if it lacked some passages."""

    def __init__(self, library: Library, counts: Callable[[Hit], bool]) -> None:
        self._library = library
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def search(
        self, query: str, k: int = 10, filters: Filters | None = None, *, per_lesson: int = 2, **options: Any
    ) -> Hits:
        found = self._library.search(query, k + SPARE, filters, per_lesson=per_lesson + SPARE_EACH, **options)
        taken, kept = Counter[str](), list[Hit]()
        for hit in filter(self._counts, found.hits):
            taken[hit.lesson_id] += 1
            if taken[hit.lesson_id] <= per_lesson:
                kept.append(hit)
        return replace(found, hits=tuple(kept[:k]))
