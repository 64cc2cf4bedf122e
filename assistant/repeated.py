"""What is recommended again and again, and which events happened again: lessons identified, not learned."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from assistant.quotable import readable, stands_alone
from index.connected import connected
from index.filters import Filters
from index.hit import LessonView
from index.library import Library
from index.records import Record
from ingest.sentences import sentence_spans

TIMES = 3  # independent records that recommend the same
SAME_WORDS, SAME_MEANING = 0.22, 0.7
"""The least cosines of two sentences' words, by rarity, and of their vectors, that recommend the same."""
COMMON = 200  # sentences: what more of them have brings none together
LONGEST = 50  # words
_ADVICE = ("recommendation", "action")

Get = Callable[[str], LessonView]
"""Reads a record by its id."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a record, as it stands there."""

    lesson_id: str
    text: str

    def to_json(self) -> dict[str, Any]:
        return {"lesson_id": self.lesson_id, "text": self.text}


@dataclass(frozen=True, slots=True)
class Recommended:
    """What `records` independent records recommend in their own words, the most typical first."""

    records: int
    said: tuple[Said, ...]

    def to_json(self) -> dict[str, Any]:
        return {"records": self.records, "said": [one.to_json() for one in self.said]}


class Telling(NamedTuple):
    """A record that tells of an event; `date` and `unit` are "" where it states none."""

    lesson_id: str
    title: str
    date: str
    unit: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """Records that tell of the same kind of event at different times, the earliest first."""

    records: tuple[Telling, ...]

    @property
    def text(self) -> str:
        """When it happened, and which records tell it."""
        return ", ".join(f"“{one.title}” ({one.lesson_id}, {one.date[:4] or 'undated'})" for one in self.records)

    def to_json(self) -> dict[str, Any]:
        return {"records": [one._asdict() for one in self.records]}


class _Sentence(NamedTuple):
    record: Record
    text: str


def recommended(library: Library, records: Sequence[Record], filters: Filters | None = None) -> list[Recommended]:
    """What at least `TIMES` independent ones of the records recommend, most often first.

    `filters` may say which they are, so that no others are read.
    """
    among = {record.lesson_id: record for record in records}
    sentences = [
        _Sentence(among[lesson.lesson_id], text)
        for lesson, body, _ in library.lessons(filters or {})
        if lesson.lesson_id in among
        for section in lesson.sections
        if section.key in _ADVICE
        for text in _advice(body[section.start - lesson.start : section.end - lesson.start], section.heading)
    ]
    near = _alike(library, sentences)
    found, used = list[Recommended](), set[int]()
    for at in sorted(near, key=lambda at: (-len(near[at]), at)):
        group = [at, *sorted(near[at] - used)]
        independent = len({sentences[each].record.copies for each in group})
        if at not in used and independent >= TIMES:
            used.update(group)
            said = tuple(Said(sentences[each].record.lesson_id, sentences[each].text) for each in group)
            found.append(Recommended(independent, said))
    return sorted(found, key=lambda one: -one.records)


def repeated(library: Library, records: Sequence[Record]) -> list[Repeated]:
    """Events that happened again, the most often repeated first; one of the records at least is among each."""
    wanted = {record.number for record in records}
    chosen = [group for group in library.repeats() if wanted.intersection(group)]
    known = {record.number: record for record in (library.records() if chosen else ())}
    groups = [sorted((known[number] for number in group if number in known), key=_time) for group in chosen]
    return [
        Repeated(tuple(Telling(one.lesson_id, one.title, one.date, one.unit) for one in group))
        for group in sorted(groups, key=lambda group: (-len(group), _time(group[0])))
    ]


def repeated_with(get: Get, lesson_ids: Sequence[str]) -> list[Repeated]:
    """Events that happened again, of which one of these records tells, directly or through others."""
    groups = connected(lesson_ids, lambda lesson_id: [other for other, _ in get(lesson_id).repeats])
    return [
        Repeated(tuple(sorted((_telling(get(lesson_id)) for lesson_id in group), key=lambda one: one.date)))
        for group in groups
        if len(group) > 1
    ]


def independent(get: Get, lesson_ids: Sequence[str]) -> int:
    """How many of the records stand by themselves: those that nearly copy each other count as one."""

    def copies(lesson_id: str) -> list[str]:
        return [other for other, _ in get(lesson_id).similar if other in lesson_ids]

    return len(connected(lesson_ids, copies))


def _telling(view: LessonView) -> Telling:
    return Telling(view.lesson_id, view.title, view.fields["event_date"] or "", view.fields["unit"] or "")


def _time(record: Record) -> tuple[str, str]:
    return record.date, record.lesson_id


def _advice(text: str, heading: str) -> list[str]:
    text = text.strip().removeprefix(heading)
    lines = (text[start:end] for start, end in sentence_spans(text))
    return [readable(line) for line in lines if "|" not in line and stands_alone(line) and len(line.split()) <= LONGEST]


def _alike(library: Library, sentences: Sequence[_Sentence]) -> Mapping[int, set[int]]:
    """For each sentence, those of independent records that say the same: by words first, since vectors take longer."""
    words = [set(library.words_of(sentence.text)) for sentence in sentences]
    pairs = [
        (one, other) for one, other in _sharing(words) if sentences[one].record.copies != sentences[other].record.copies
    ]
    places = sorted({at for pair in pairs for at in pair})
    near: defaultdict[int, set[int]] = defaultdict(set)
    if places:
        rows = dict(zip(places, library.embedder.sentences([sentences[at].text for at in places]), strict=True))
        for one, other in pairs:
            if rows[one] @ rows[other] >= SAME_MEANING:
                near[one].add(other)
                near[other].add(one)
    return near


def _sharing(words: Sequence[set[str]]) -> list[tuple[int, int]]:
    """The pairs of sentences that share words, by the cosine of their rarity."""
    held: defaultdict[str, list[int]] = defaultdict(list)
    for at, own in enumerate(words):
        for word in own:
            held[word].append(at)
    weight = {word: math.log(1 + len(words) / len(places)) for word, places in held.items()}
    length = [math.sqrt(sum(weight[word] ** 2 for word in own)) or 1.0 for own in words]
    shared: Counter[tuple[int, int]] = Counter()
    for word, places in held.items():
        if len(places) <= COMMON:
            for pair in combinations(places, 2):
                shared[pair] += weight[word] ** 2  # type: ignore[assignment]
    return [pair for pair, sum_ in shared.items() if sum_ >= SAME_WORDS * length[pair[0]] * length[pair[1]]]
