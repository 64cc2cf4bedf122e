"""Pairs of texts that belong together, as a library's own records give them: what its embedder can be trained on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from eval.citations import citations, mentions, without
from eval.known_item import LEAST_BYTES, NEVER, without_heading
from index.library import Library
from ingest.model import Lesson

PairKind = Literal["title", "advice", "citation"]

SEED = 20_070_906
WENT = ("summary", "event", "improve", "impact", "timeline")
ADVICE = ("recommendation", "lesson", "action", "sustain", "response")
EACH = 2  # sections at most that stand for what a record advises, or for a record that is cited


class Pair(NamedTuple):
    """`records` are those the texts are of, and those that nearly repeat these."""

    kind: PairKind
    asked: str
    answer: str
    records: frozenset[str]


class Record(NamedTuple):
    """A record's title and, without its title and headings, its sections with their keys."""

    title: str
    sections: tuple[tuple[str | None, str], ...]

    def among(self, keys: Sequence[str]) -> list[str]:
        return [text for key, text in self.sections if key in keys]


def pairs_of(library: Library, limit: int, leave_out: Callable[[str], bool]) -> list[Pair]:
    """At most `limit` pairs, drawn at random, the same ones each time.

    A title and a section of its record; what happened and what is advised; a record and one that it cites. Nothing is
    taken from a record whose id is left out, nor from one that nearly repeats such a record.
    """
    texts = {one.lesson_id: (one, text) for one, text, _ in library.lessons() if one.kind != "template"}
    alike = {id_: (id_, *(other for other, _ in library.get(id_).similar)) for id_ in texts}
    records = {id_: _record(*texts[id_]) for id_, group in alike.items() if not any(leave_out(each) for each in group)}
    cited = citations({id_: (one.title, text) for id_, (one, text) in texts.items()})
    shared = Counter(record.title for record in records.values())
    made = [pair for id_ in records for pair in _pairs(id_, records, alike, cited.get(id_, ()))]
    made = [pair for pair in made if pair.kind != "title" or shared[pair.asked] == 1]  # else it has several answers
    made.sort(key=lambda pair: (pair.kind, pair.asked, pair.answer))  # whatever was indexed first
    random.Random(SEED).shuffle(made)  # noqa: S311
    return made[:limit]


def batches(pairs: Sequence[Pair], size: int) -> list[list[Pair]]:
    """The pairs in batches, no record twice in one: what stands beside a pair is held to be a wrong answer to it.

    A rest of less than half a batch is left out: among few wrong answers it is easy to be right.
    """
    made: list[tuple[set[str], list[Pair]]] = []
    for pair in pairs:
        held, batch = next((each for each in made if len(each[1]) < size and not each[0] & pair.records), (set(), []))
        if not batch:
            made.append((held, batch))
        held |= pair.records
        batch.append(pair)
    return [batch for _, batch in made if 2 * len(batch) >= size]


def _pairs(
    id_: str, records: Mapping[str, Record], alike: Mapping[str, tuple[str, ...]], cited: Sequence[str]
) -> Iterator[Pair]:
    own, group = records[id_], frozenset(alike[id_])
    if own.title.strip():
        yield from (Pair("title", own.title, text, group) for _, text in own.sections)
    for happened in own.among(WENT)[:1]:
        yield from (Pair("advice", happened, text, group) for text in own.among(ADVICE)[:EACH])
    for other in cited:
        if other in records:
            first = without(own.sections[0][1], records[other].title) if own.sections else ""
            asked, both = f"{own.title.rstrip('.')}. {first}", group.union(alike[other])
            if not mentions(asked, records[other].title):
                yield from (Pair("citation", asked, text, both) for _, text in records[other].sections[:EACH])


def _record(lesson: Lesson, text: str) -> Record:
    spans = [(each.key, without_heading(each, lesson, text)) for each in lesson.sections if each.key not in NEVER]
    sections = []
    for key, (start, end) in spans or [(None, (lesson.start, lesson.end))]:
        part = " ".join(without(text[start - lesson.start : end - lesson.start], lesson.title).split())
        if len(part.encode()) >= LEAST_BYTES:
            sections.append((key, part))
    return Record(lesson.title, tuple(sections))
