"""Lessons that stand below a heading "Lessons learned": in a document of their own, or in a chapter of a report."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.headings import Term, normalise, section_key
from ingest.outcome import OPENING
from ingest.outline import ONE_EVENT, Outline, Start, with_text
from ingest.parts import RUN_IN_LEVEL, Part

_PROJECT = re.compile(
    r"\b(?:project|programme?|closure|close-?out|completion|final report|annual report|evaluation|campaign)s?\b", re.I
)
_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})*[.)]?\s+(?=\D)")
_ONE_REVIEW = re.compile(r"\baars?\b|after[- ]action|hot ?wash|\bdebrief|retrospective", re.I)
_BULLET = re.compile(r"^[-*+•][ \t]+(?:\*\*|__)(?P<title>[^*_\n]{3,120}?)[.:!]?(?:\*\*|__)[.:!]?(?P<rest>[^\n]*)", re.M)
_ANY_BULLET = re.compile(r"^[-*+•][ \t]+\S", re.M)
_LEAD_IN = re.compile(r"^[-*+•][ \t]+(?P<title>[^\W\d_][^*_\n:.!?]{3,80})(?:[:.!]| [–—-])[ \t]+\S", re.M)
_INTRODUCTION = re.compile(
    r"(?:introduction|background|context|scope|purpose|about|how to|foreword|preface|contents?|table of contents|"
    r"abbreviations|glossary|acronyms|thanks|credits|conclusions?|closing)\b",
    re.I,
)


def _head(outline: Outline) -> int | None:
    """The heading below which the lessons stand, in a document of nothing else or in a report."""
    alone = _lessons(outline)
    return _chapter(outline) if alone is None else alone


def _lessons(outline: Outline) -> int | None:
    """The heading "Lessons learned" of a document that is about nothing else."""
    heads = [at for at, part in enumerate(outline.parts) if part.own and part.own.key == "lesson" and part.depth <= 2]
    if len(heads) != 1 or outline.parts[heads[0]].own != Term("lesson", True) or outline.one_incident:
        return None
    keys = {part.own.key for part in outline.parts if part.own and part.depth < RUN_IN_LEVEL}
    return None if keys & (ONE_EVENT | {"event", "action", "recommendation"}) else heads[0]


def report_lessons(text: str, parts: Sequence[Part], name: str) -> bool:
    """Whether it is a report of something else with a chapter "Lessons learned" that holds several."""
    outline = Outline(text, parts, name)
    head = _chapter(outline)
    return head is not None and any(
        len(with_text(text[: outline.end(head)], rule(outline))) >= 2 for rule in (bullets, children)
    )


def _chapter(outline: Outline) -> int | None:
    """The chapter "Lessons learned" of a project's report: nothing beside it tells of one event."""
    if not _PROJECT.search(outline.name) and not _PROJECT.search(outline.text[:OPENING]):
        return None
    heads = [at for at, part in enumerate(outline.parts) if part.own == Term("lesson", True) and part.depth <= 2]
    heads = [at for at in heads if not any(head < at <= outline.last[head] for head in heads)]
    if len(heads) != 1 or outline.one_incident or _ONE_REVIEW.search(outline.name):
        return None
    head, last = heads[0], outline.last[heads[0]]
    chapters = [at for at, part in enumerate(outline.parts) if part.depth and not head <= at <= last]
    if all(at < head <= outline.last[at] for at in chapters):
        return None
    beside = [outline.parts[at] for at in chapters]
    keys = {part.own.key for part in beside if part.own}
    clear = {part.own.key for part in beside if part.own and part.own.clear} & (ONE_EVENT | {"event"})
    symptoms = keys & {"timeline", "impact", "cause", "detection", "response"}
    return None if clear - {"timeline"} or len(symptoms) > 1 or keys >= {"sustain", "improve"} else head


def children(outline: Outline) -> list[Start]:
    """The headings below "Lessons learned": each is a lesson's title; where they only sort, those below them."""
    head = _head(outline)
    starts = [] if head is None else [outline.start(at) for at in _titles(outline, head)]
    return [start._replace(title=_unnumbered(start.title)) for start in starts]


def with_rest(outline: Outline, starts: list[Start]) -> list[Start]:
    """With what stands before and after a report's chapter of lessons, which are no lessons but stay to be found."""
    chapter = _chapter(outline)
    if chapter is None:
        return starts
    begin, end = outline.offsets[chapter], outline.end(chapter)
    if not all(begin <= start.offset < end for start in starts):
        return starts
    after = [outline.start(at) for at in range(outline.last[chapter] + 1, len(outline.parts))][:1]
    title = next((outline.start(at) for at in range(chapter) if outline.parts[at].depth), None)
    before = [title] if title and outline.text[title.title_end : begin].strip() else []
    rest = [
        *(start._replace(offset=0, kind="reference") for start in before),
        *(start._replace(title=_unnumbered(start.title), kind="reference") for start in after),
    ]
    return sorted([*starts, *rest], key=lambda start: start.offset)


def _unnumbered(title: str) -> str:
    number = _NUMBER.match(title)
    return title[number.end() :] if number else title


def _titles(outline: Outline, head: int) -> list[int]:
    named = [
        at
        for at in range(head + 1, outline.last[head] + 1)
        if outline.parts[at].depth < RUN_IN_LEVEL
        and (outline.parts[at].own is None or outline.parts[at].section.key == "lesson")
        and not _INTRODUCTION.match(normalise(outline.parts[at].section.heading))
    ]
    depths = sorted({outline.parts[at].depth for at in named})
    outer, inner = ([at for at in named if outline.parts[at].depth == depth] for depth in [*depths, 0, 0][:2])
    sorting = [at for at in outer if sum(outline.above[each] == at for each in inner) >= 2]
    return inner if outer and len(sorting) * 5 >= len(outer) * 4 else outer


def bullets(outline: Outline) -> list[Start]:
    """Bullets that open with a title, below "Lessons learned" or below headings that only sort them.

    A title is in bold or, as some readers drop that, what every bullet opens with, up to a colon or full stop.
    """
    head = _head(outline)
    if head is None:
        return []
    titles = _titles(outline, head)
    if any(len(normalise(outline.parts[at].section.heading).split()) > 3 for at in titles):
        return []
    body, end = outline.parts[head].body, outline.end(head)
    count = len(_ANY_BULLET.findall(outline.text, body, end))
    plain = list(_LEAD_IN.finditer(outline.text, body, end))
    found = [
        Start(match.start(), match["title"].strip(), match.start("title"), match.end("title"))
        for match in (plain if len(plain) == count else _BULLET.finditer(outline.text, body, end))
        if section_key(match["title"]) is None and len(match["title"].split()) >= 2
    ]
    return found if len(found) >= 2 * max(1, len(titles)) else []
