"""Questions made from a library's own records, by rules: what is asked, which records are right, what does not count.

The records are taken in the order of a hash of their ids: the same on every run, whatever was indexed first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal, get_args
from zlib import crc32

from assistant.quotable import readable
from eval.citations import citations, mentions
from index.hit import Hit
from index.library import Library
from ingest.errors import LibraryMissing
from ingest.model import Lesson, Section
from ingest.sentences import sentence_spans

ItemKind = Literal["title", "lead", "cross-reference"]
KINDS: tuple[ItemKind, ...] = get_args(ItemKind)

LEAST_BYTES = 60  # of a sentence worth asking: ten words of English, twenty characters of Chinese
LEAST_SIGNS = 8  # different ones: a line of dashes says nothing, in whatever script
LONGEST = 400  # characters
EDGE = 4  # words at either end of a sentence
FIRST_LEADS = 3  # of each record, among which what is said by a form is looked for
FORM = 3  # sentences with the same words at one end: a form says it, nobody would ask it
PASSAGES = 200  # of one record: more than any has that is asked about

Lead = tuple[str, tuple[int, int]]
"""A sentence, and its span in the source."""

_FIRST = ("summary", "event")
NEVER = ("meta", "people", "refs")
"""Sections that do not tell what happened."""
_LABELLED = re.compile(r"\W*[\w /&'-]{1,30}:\s")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A question made from the record `lesson_id`, and the records that are `relevant` to it.

    `leave_out` are records that are neither right nor wrong: those that nearly repeat it, and itself where others are
    asked for. `taken` is the span in its source of the sentence it is asked with: no passage that holds some of this
    span, or the same sentence elsewhere, counts. `related` are the records that repeat it, cite it or are cited by it.
    """

    kind: ItemKind
    lesson_id: str
    title: str
    query: str
    relevant: tuple[str, ...]
    leave_out: tuple[str, ...] = ()
    taken: tuple[int, int] | None = None
    related: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.kind} {self.lesson_id}"

    def counts(self, hit: Hit) -> bool:
        """Whether a passage may stand in the results."""
        if hit.lesson_id in self.leave_out:
            return False
        if self.taken is None:
            return True
        start, end = self.taken
        taken = hit.lesson_id == self.lesson_id and hit.start < end and start < hit.end
        return not taken and self.query not in readable(hit.text)


def known_items(
    library: Library,
    limit: int,
    kinds: Sequence[ItemKind] = KINDS,
    on_skip: Callable[[str], None] = lambda _: None,
) -> list[KnownItem]:
    """At most `limit` questions of each kind; `on_skip` is called for a record that cannot be asked about, with why.

    `title`: a record's title. `lead`: the first sentence of its summary or event that says something; another of its
    passages has to be found. `cross-reference`: the title and lead of a record; those that it names have to be found.
    Raises `LibraryMissing` for a library without records.
    """
    maker = _Maker(library, on_skip)
    if not maker.records:
        raise LibraryMissing(
            f"The library in {library.folder} holds no records to make questions of.",
            "Fill it with: lessons index FOLDER",
        )
    make: Mapping[ItemKind, Callable[[str], KnownItem | None]] = {
        "title": maker.title,
        "lead": maker.lead,
        "cross-reference": maker.cross_reference,
    }
    order = sorted(maker.records, key=lambda id_: (crc32(id_.encode()), id_))
    return [item for kind in kinds for item in islice(filter(None, map(make[kind], order)), limit)]


def ranked(hits: Iterable[Hit], item: KnownItem) -> list[str]:
    """The ids of the records found, best first, without what does not count."""
    return list(dict.fromkeys(hit.lesson_id for hit in hits if item.counts(hit)))


class _Maker:
    """Makes the question of one kind about one record; None where there is none."""

    def __init__(self, library: Library, on_skip: Callable[[str], None]) -> None:
        self.library = library
        self.on_skip = on_skip
        self.records = {one.lesson_id: (one, text) for one, text, _ in library.lessons() if one.kind != "template"}
        self.titles = Counter(_plain(one.title) for one, _ in self.records.values())

    def title(self, id_: str) -> KnownItem | None:
        title = self.records[id_][0].title
        if self.titles[_plain(title)] > 1 or not 0 < len(title.strip()) <= LONGEST:
            return self.on_skip("title: several records have it, or it is empty or very long")
        similar = self.similar(id_)
        return KnownItem("title", id_, title, title, (id_,), similar, related=self.related(id_, similar))

    def lead(self, id_: str) -> KnownItem | None:
        lesson, text = self.records[id_]
        found = next(self.leads(lesson, text), None)
        if found is None:
            return self.on_skip("lead: no sentence of the record can stand as a question")
        query, taken = found
        similar = self.similar(id_)
        item = KnownItem("lead", id_, lesson.title, query, (id_,), similar, taken, self.related(id_, similar))
        own = self.library.search(query, PASSAGES, {"lesson_id": id_}, mode="dense", per_lesson=PASSAGES).hits
        if id_ not in ranked(own, item):
            return self.on_skip("lead: the record has no other passage by which it could be found")
        return item

    def cross_reference(self, id_: str) -> KnownItem | None:
        named = self.named.get(id_, ())
        if not named:
            return None  # most records name none
        lesson, text = self.records[id_]
        names = (*named, *(self.records[other][0].title for other in named))
        if any(mentions(lesson.title, name) for name in names):
            return self.on_skip("cross-reference: its title holds what it names")
        leads = (query for query, _ in self.leads(lesson, text))
        lead = next((lead for lead in leads if not any(mentions(lead, name) for name in names)), "")
        query = f"{lesson.title.rstrip('.')}. {lead}".strip()
        similar = self.similar(id_)
        leave_out = (id_, *(other for other in similar if other not in named))
        return KnownItem(
            "cross-reference", id_, lesson.title, query, named, leave_out, related=self.related(id_, similar)
        )

    def leads(self, lesson: Lesson, text: str) -> Iterator[Lead]:
        """`_leads` without what a form says in many records."""
        return (lead for lead in _leads(lesson, text) if all(self.edges[edge] < FORM for edge in _edges(lead[0])))

    @cached_property
    def edges(self) -> Counter[str]:
        leads = (lead for lesson, text in self.records.values() for lead in islice(_leads(lesson, text), FIRST_LEADS))
        return Counter(edge for query, _ in leads for edge in _edges(query))

    @cached_property
    def named(self) -> dict[str, tuple[str, ...]]:
        return citations({id_: (lesson.title, text) for id_, (lesson, text) in self.records.items()})

    @cached_property
    def naming(self) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {}
        for id_, others in self.named.items():
            for other in others:
                out.setdefault(other, []).append(id_)
        return out

    def similar(self, id_: str) -> tuple[str, ...]:
        return tuple(other for other, _ in self.library.get(id_).similar)

    def related(self, id_: str, similar: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*similar, *self.named.get(id_, ()), *self.naming.get(id_, ()))))


def _leads(lesson: Lesson, text: str) -> Iterator[Lead]:
    """Sentences that can stand as a question, the best first."""
    said = set(_WORD.findall(lesson.title.casefold()))
    for start, end in _parts(lesson, text):
        part = text[start - lesson.start : end - lesson.start]
        for first, last in sentence_spans(part):
            query = readable(part[first:last])
            tells = len(query.encode()) >= LEAST_BYTES and not set(_WORD.findall(query.casefold())) <= said
            tells &= len(set(query)) >= LEAST_SIGNS
            table = "|" in query or _LABELLED.match(query) or lesson.lesson_id in query
            if tells and not table and len(query) <= LONGEST:
                yield query, (start + first, start + last)


def _edges(sentence: str) -> tuple[str, str]:
    words = sentence.casefold().split()
    return " ".join(words[:EDGE]), " ".join(words[-EDGE:])


def _parts(lesson: Lesson, text: str) -> list[tuple[int, int]]:
    """The record's sections without their headings, those that say what happened first; the whole where it has none."""
    sections = [section for section in lesson.sections if section.key not in NEVER]
    sections.sort(key=lambda section: section.key not in _FIRST)
    return [without_heading(section, lesson, text) for section in sections] or [(lesson.start, lesson.end)]


def without_heading(section: Section, lesson: Lesson, text: str) -> tuple[int, int]:
    """The span of what stands under the section's heading; `text` is the lesson's own."""
    start, end = section.start, section.end
    heading = text.find(section.heading, start - lesson.start, end - lesson.start)
    after = heading + len(section.heading) if heading >= 0 else start - lesson.start
    rest = text[after : end - lesson.start].lstrip(" \t\r\n:.*_|")
    return end - len(rest), end


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
