"""What contradicts a record: advice of the records nearest to it that cannot hold beside its own, and itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant.answer import Conflict
from assistant.citing import Citations
from assistant.conflicts import conflicts
from assistant.evidence import ADVICE, Evidence, Sentence, section_at
from assistant.quotable import quotable, readable
from index.hit import Hit
from index.library import Library

NEAREST = 8  # records that are read
LOOKED_AT = 40  # passages among which they are found
ASKED_WITH = 120  # words of the record's title and advice


def contradicting(library: Library, lesson_id: str) -> tuple[Conflict, ...]:
    """The conflicts between this record and the records nearest to it, and inside it; both sides are quoted.

    An archived record has none. Raises `NotInLibrary`.
    """
    lesson_id = library.get(lesson_id).lesson_id
    own = library.passages_of([lesson_id])
    told = _sentences(own)
    advice = [one for one in told if one.section in ADVICE]
    if advice:
        others = library.passages_of(_nearest(library, own[0], advice))
        told += [one for one in _sentences(filter(_advises, others)) if one.section in ADVICE]
    evidence = Evidence(tuple(own), tuple(told), _words(library, advice), covered=1.0, near=1.0, took_ms={})
    return tuple(conflicts(library, evidence, Citations(library), [lesson_id], of=lesson_id))


def _words(library: Library, advice: Sequence[Sentence]) -> dict[str, float]:
    """The words of the record's advice, all of one weight: every deed that it advises or forbids is asked about."""
    return dict.fromkeys((word for one in advice for word in library.words_of(one.text)), 1.0)


def _advises(hit: Hit) -> bool:
    return any(one.key in ADVICE and one.start < hit.end and hit.start < one.end for one in hit.sections)


def _sentences(hits: Iterable[Hit]) -> list[Sentence]:
    """What the passages say, all of it to the point: they are of records that were chosen for that."""
    return [
        Sentence(
            hit,
            start,
            end,
            readable(hit.text[start - hit.start : end - hit.start]),
            section_at(hit, start),
            1.0,
            1.0,
            1.0,
        )
        for hit in hits
        for start, end in quotable(hit)
    ]


def _nearest(library: Library, own: Hit, advice: Sequence[Sentence]) -> list[str]:
    """The other records that a search for the record's title and advice finds first."""
    asked = " ".join([own.title, *(one.text for one in advice)]).split()[:ASKED_WITH]
    found = library.search(" ".join(asked), LOOKED_AT, rerank=False)
    ids = dict.fromkeys(hit.lesson_id for hit in found.hits if hit.lesson_id != own.lesson_id)
    return list(ids)[:NEAREST]
