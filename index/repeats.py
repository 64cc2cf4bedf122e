"""Repeats: an event that happened again, told in other words, at another time.

What a record tells of its event and its cause is compared sentence by sentence with what others tell of theirs: the two
best pairs by meaning, and the words both have, rare ones counting more. Records that nearly copy each other are
`similar`, no repeats; neither are records that tell one and the same event, by its date.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from index.analysis import words_of
from index.connected import connected_by
from index.database import Database
from index.embedder import Embedder, Vectors
from index.filters import Selection
from index.records import IS_RECORD
from ingest.sentences import sentence_spans

if TYPE_CHECKING:
    from index.catalogue import Catalogue
    from index.engine import View

LINKED, STANDS_OUT = 0.33, 0.1
"""The least score of a repeat, and by how much it is above that of the middle one of either record's candidates: where
all tell of much the same, none repeats another. On the sample library both together leave the planted repeats alone."""
SAME_EVENT, SAME_NAMED = 0.8, 0.65
"""Between sentences of one event told by two records, and where both name the same thing; unless they name days."""
SENTENCES = 8  # of a record that are compared
SHORTEST, LONGEST = 6, 60  # words of a sentence that tells something
CANDIDATES, PASSAGES = 10, 40  # records compared with one, and passages they are found by
NEAREST = 2  # of a record's candidates, those that it may repeat
REMEMBERED = 5000  # records whose sentences' vectors are kept while many are compared
_TOLD = ("cause", "summary", "event", "detection")
_WENT_WRONG = ("failure", "near_miss", "mixed")
RARE = 0.6  # of the weight of a record's rarest word: a name that tells one thing from all others
_NAME = re.compile(r"(?<=[\w,] )(?:[A-Z][\w-]*\d[\w-]*|[A-Z][A-Za-z]{2,})")
_DATE = re.compile(
    r"\b(?:\d{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?:\d{1,2},? )?(?:19|20)\d\d\b"
    r"|\b(?:19|20)\d\d-\d\d-\d\d\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Two records, by number, that tell of the same kind of event at different times; `score` is 0 to 1."""

    lesson: int
    other: int
    score: float


@dataclass(slots=True)
class _Event:
    """What a record tells of its event: sentences, their vectors of shape (n, dimension), and rare words by weight."""

    number: int
    source: int
    date: str
    dates: set[str]
    names: set[str]
    sentences: list[str]
    vectors: Vectors = field(default_factory=lambda: np.empty((0, 0), np.float32))
    weights: Mapping[str, float] = field(default_factory=dict)


class Radar:
    """Finds the repeats of events; holds what was read of the records compared last."""

    def __init__(self, catalogue: Catalogue, embedder: Embedder) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self._events: OrderedDict[int, _Event] = OrderedDict()

    def repeats_of(self, numbers: Sequence[int], view: View) -> list[Repeat]:
        """What the events of these records repeat among all, each pair once: both are nearest to each other."""
        found: dict[tuple[int, int], Repeat] = {}
        for event in self._read(numbers, view):
            for other, score in self._standing_out(event, view):
                pair = min(event.number, other.number), max(event.number, other.number)
                back = self._standing_out(other, view) if pair not in found else ()
                if any(one.number == event.number for one, _ in back) and self._may_repeat(event, other):
                    found[pair] = Repeat(*pair, round(score, 3))
        return list(found.values())

    def _standing_out(self, event: _Event, view: View) -> list[tuple[_Event, float]]:
        """The one or two records whose events are by far the likest, with their scores."""
        others = self._read(self._candidates(event, view), view)
        scores = [_score(event, other) for other in others]
        least = max(LINKED, float(np.median(scores)) + STANDS_OUT) if scores else LINKED
        ranked = sorted(zip(others, scores, strict=True), key=lambda pair: -pair[1])
        return [(other, score) for other, score in ranked[:NEAREST] if score >= least]

    def _read(self, numbers: Sequence[int], view: View) -> list[_Event]:
        """The events that the records tell, from memory where they were read before."""
        missing = [number for number in numbers if number not in self._events]
        events = read_events(self._catalogue, missing)
        sentences = list(chain.from_iterable(event.sentences for event in events))
        vectors = self._embedder.documents(sentences) if sentences else np.empty((0, 0), np.float32)
        at = 0
        for event in events:
            event.vectors = vectors[at : at + len(event.sentences)]
            at += len(event.sentences)
            event.weights = view.rarity(sorted({word for each in event.sentences for word in words_of(each)}))
            rare = RARE * max(event.weights.values(), default=0)
            event.names = {name for name in event.names if event.weights.get(name, 0) >= rare}
            self._events[event.number] = event
        known = [self._events[number] for number in numbers if number in self._events]
        while len(self._events) > REMEMBERED:
            self._events.popitem(last=False)
        return known

    def _candidates(self, event: _Event, view: View) -> list[int]:
        middle = event.vectors.mean(axis=0)
        middle /= max(float(np.linalg.norm(middle)), 1e-9)
        wrong = Selection(one_of=(("outcome", _WENT_WRONG),))
        passages = view.near(middle, PASSAGES, wrong).ids.tolist()
        rows = self._catalogue.passages(passages)
        lessons = dict.fromkeys(rows[number]["lesson"] for number in passages if number in rows)
        return [number for number in lessons if number != event.number][:CANDIDATES]

    def _may_repeat(self, one: _Event, other: _Event) -> bool:
        """Not copies, and not one event told twice: in parts of one document, or of one day."""
        same_day = one.date == other.date and (len(one.date) == len("2021-03-14") or one.source == other.source)
        if same_day or one.dates & other.dates:
            return False
        alike = float((one.vectors @ other.vectors.T).max())
        told_apart = bool(one.dates) and bool(other.dates)
        if not told_apart and alike >= (SAME_NAMED if one.names & other.names else SAME_EVENT):
            return False
        sql = "SELECT 1 FROM links WHERE lesson = ? AND other = ?"
        return not self._catalogue.rows(sql, (min(one.number, other.number), max(one.number, other.number)))


def repeats_of(catalogue: Database, number: int) -> list[tuple[str, float]]:
    """The ids of the lessons that tell of the same kind of event, the likest first, with their scores."""
    rows = catalogue.rows(
        "SELECT l.lesson_id, r.score FROM repeats r JOIN lessons l ON l.id = r.lesson + r.other - ? "
        "WHERE r.lesson = ? OR r.other = ? ORDER BY r.score DESC, l.lesson_id",
        (number, number, number),
    )
    return [(row["lesson_id"], row["score"]) for row in rows]


def groups(catalogue: Database) -> list[list[int]]:
    """The numbers of living records that repeat each other, directly or through others."""
    return connected_by((row["lesson"], row["other"]) for row in catalogue.rows("SELECT lesson, other FROM repeats"))


def named(catalogue: Database, pairs: Sequence[Repeat]) -> list[tuple[str, str]]:
    """The ids of the records of each pair, the later event first."""
    numbers = sorted({number for pair in pairs for number in (pair.lesson, pair.other)})
    sql = "SELECT id, lesson_id, coalesce(event_date, '') AS date FROM lessons WHERE id IN ({})"
    known = {row["id"]: (row["date"], row["lesson_id"]) for rows in catalogue.rows_of(sql, numbers) for row in rows}
    ordered = (sorted((known[pair.lesson], known[pair.other]), reverse=True) for pair in pairs)
    return [(later[1], earlier[1]) for later, earlier in ordered]


def unexamined(catalogue: Catalogue) -> list[int]:
    """The numbers of the living records that tell of something that went wrong and were not compared yet."""
    sql = (
        f"SELECT id FROM lessons WHERE archived = 0 AND outcome IN ({', '.join('?' * len(_WENT_WRONG))}) "
        f"AND {IS_RECORD} AND id NOT IN (SELECT lesson FROM examined) ORDER BY id"
    )
    return [row["id"] for row in catalogue.rows(sql, _WENT_WRONG)]


def keep(catalogue: Catalogue, examined: Sequence[int], found: Sequence[Repeat]) -> None:
    """Remember what was compared, and what was found."""
    catalogue.execute_many("INSERT OR REPLACE INTO examined VALUES (?)", [(number,) for number in examined])
    rows = [(each.lesson, each.other, each.score) for each in found]
    catalogue.execute_many("INSERT OR REPLACE INTO repeats VALUES (?, ?, ?)", rows)


def read_events(catalogue: Catalogue, numbers: Sequence[int]) -> list[_Event]:
    """What records tell of their events: at most `SENTENCES` sentences each, of the cause first."""
    events = []
    sections = catalogue.sections(numbers)
    sql = (
        'SELECT l.id, l.source_id, l.event_date, l.start, substr(s.text, l.start + 1, l."end" - l.start) AS body '
        "FROM lessons l JOIN sources s ON s.id = l.source_id WHERE l.id IN ({})"
    )
    for row in (row for rows in catalogue.rows_of(sql, numbers) for row in rows):
        parts: dict[str, list[str]] = {}
        for section in sections[row["id"]]:
            if section.key in _TOLD:
                text = row["body"][section.start - row["start"] : section.end - row["start"]]
                parts.setdefault(section.key, []).extend(_sentences(text.removeprefix(section.heading)))
        sentences = _chosen(parts) if parts else _sentences(row["body"])[:SENTENCES]
        if sentences:
            dates = {" ".join(found.lower().split()) for each in sentences for found in _DATE.findall(each)}
            names = {stem for each in sentences for name in _NAME.findall(each) for stem in words_of(name)}
            events.append(_Event(row["id"], row["source_id"], row["event_date"] or "", dates, names, sentences))
    order = {number: at for at, number in enumerate(numbers)}
    return sorted(events, key=lambda event: order[event.number])


def _chosen(parts: Mapping[str, Sequence[str]]) -> list[str]:
    """Half of the sentences from the cause, where there are as many; the others in order."""
    cause = list(parts.get("cause", ()))
    others = [each for key in _TOLD if key != "cause" for each in parts.get(key, ())]
    first = cause[: max(SENTENCES // 2, SENTENCES - len(others))]
    return [*first, *others[: SENTENCES - len(first)]]


def _sentences(text: str) -> list[str]:
    lines = (" ".join(text[start:end].split()) for start, end in sentence_spans(text))
    return [line for line in lines if SHORTEST <= len(line.split()) <= LONGEST]


def _score(one: _Event, other: _Event) -> float:
    """Half by meaning, half by rare words in common."""
    alike = one.vectors @ other.vectors.T
    best = [np.sort(alike.max(axis=axis))[::-1][:2].mean() for axis in (0, 1)]
    return 0.5 * float(np.mean(best)) + 0.5 * _in_common(one.weights, other.weights)


def _in_common(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The cosine of two bags of words, each word by its rarity."""
    shared = sum(one[word] * other[word] for word in one.keys() & other.keys())
    lengths = (sum(weight**2 for weight in bag.values()) ** 0.5 for bag in (one, other))
    return shared / max(1e-9, float(np.prod(list(lengths))))


def forget(catalogue: Database, numbers: Sequence[int]) -> None:
    """Forget records that are gone."""
    for statement in (
        "DELETE FROM examined WHERE lesson = ?",
        "DELETE FROM repeats WHERE lesson = ?",
        "DELETE FROM repeats WHERE other = ?",
    ):
        catalogue.execute_many(statement, [(number,) for number in numbers])
