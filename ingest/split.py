"""Where the records of a document begin: a file may hold one lesson or several.

Several are dated entries, numbered lessons, observations one after another, blocks with the same sections, the
headings or bullets under "Lessons learned", or the rows of a log. One event stays one record: its timeline by day, its
causes each with an impact, its phases each with a review are parts of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ingest.dates import find_date
from ingest.headings import Term, normalise, section_key
from ingest.model import Kind
from ingest.outcome import INCIDENT, OPENING
from ingest.parts import CONTENT, RUN_IN_LEVEL, Part

ONE_EVENT = frozenset("planned timeline cause impact detection response sustain luck improve".split())
"""Sections that speak of one event: beside them, and not inside, the blocks of a document are parts of that event."""

_MANY = re.compile(
    r"\b(?:incidents|accidents|outages|near[- ]misses|events|lessons|observations|issues|mishaps|failures|reports|"
    r"post-?mortems|log|logbook|register|journal|diary|collection|digest)\b",
    re.I,
)
_NUMBERED = re.compile(
    r"\W*(?:lesson(?: learned| learnt)?|observation|issue|finding|incident|event|problem|near[- ]miss|topic|item|case|"
    r"entry|record)\s*(?:#|no\.?|number)?\s*(?:\d{1,3}|[ivx]{1,5})\b",
    re.I,
)
_LEAD = re.compile(
    r"^[ \t>*_+•#-]*(?:\(?[\da-z]{1,2}[.)]\s+)?(?P<word>topic|observation|issue|subject|problem|lesson|event|incident|"
    r"finding)[ \t]*(?:#|no\.?[ \t]*)?\d{0,3}[ \t]*[*_]*[ \t]*(?:[:.–—-][ \t*_]*(?P<title>[^\n]*)|$)",
    re.I | re.M,
)
_ID = re.compile(
    r"^[ \t>*_|•-]*(?:lesson|record|report|observation|incident|near[- ]miss|case)[ \t]*(?:id|no\.?|number|#)"
    r"[ \t*_]*[:|][ \t*_|]*(?P<id>[\w./#-]*\d[\w./#-]*)",
    re.I | re.M,
)
_OWN_DATE = re.compile(
    r"^[ \t>*_|•-]*(?:date of (?:the )?(?:event|incident|accident|occurrence)|(?:event|incident|accident)? ?date|"
    r"occurred(?: on)?|when)[ \t*_]*[:|]",
    re.I | re.M,
)
_PROJECT = re.compile(
    r"\b(?:project|programme?|closure|close-?out|completion|final report|annual report|evaluation|campaign)s?\b", re.I
)
_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})*[.)]?\s+(?=\D)")
_ONE_REVIEW = re.compile(r"\baars?\b|after[- ]action|hot ?wash|\bdebrief|retrospective", re.I)
_PHASE = re.compile(
    r"\W*(?:phase|day|week|stage|part|shift|session|step|serial|inject|objective|task|period|sprint|capability|mission|"
    r"section|annex|appendix|chapter|attachment)\b",
    re.I,
)
_BULLET = re.compile(r"^[-*+•][ \t]+(?:\*\*|__)(?P<title>[^*_\n]{3,120}?)[.:!]?(?:\*\*|__)[.:!]?(?P<rest>[^\n]*)", re.M)
_ANY_BULLET = re.compile(r"^[-*+•][ \t]+\S", re.M)
_LEAD_IN = re.compile(r"^[-*+•][ \t]+(?P<title>[^\W\d_][^*_\n:.!?]{3,80})(?:[:.!]| [–—-])[ \t]+\S", re.M)
_INTRODUCTION = re.compile(
    r"(?:introduction|background|context|scope|purpose|about|how to|foreword|preface|contents?|table of contents|"
    r"abbreviations|glossary|acronyms|thanks|credits|conclusions?|closing)\b",
    re.I,
)
_LABEL_LINE = re.compile(r"[ \t>*_|•-]*[A-Z][\w &/().'-]{0,40}?[ \t*_]*[:|][^\n]*")
_LONGEST_TITLE = 120
_OPENING = 400  # characters of a block in which a date label is its own


class Start(NamedTuple):
    """Where a record begins, its title, which stands at `title_start:title_end`, and its kind where that is known."""

    offset: int
    title: str
    title_start: int
    title_end: int
    kind: Kind | None = None


def record_starts(text: str, parts: Sequence[Part], name: str) -> list[Start]:
    """The starts of the records of a document that has several, in order; none where it is one record."""
    outline = _Outline(text, parts, name)
    for rule in (_identified, _dated, _numbered, _led, _blocks, _bullets, _children):
        starts = _with_text(text, rule(outline))
        if len(starts) >= 2:
            return _with_rest(outline, starts)
    return []


class _Outline:
    """The document's headings as a tree: part `at` holds those up to `last[at]` and lies directly in `above[at]`."""

    def __init__(self, text: str, parts: Sequence[Part], name: str) -> None:
        self.text = text
        self.parts = parts
        self.name = name
        self.many = bool(_MANY.search(name))
        self.one_incident = bool(INCIDENT.search(name)) and not self.many
        self.offsets = [part.section.start for part in parts]
        self.above: list[int | None] = []
        self.last = list(range(len(parts)))
        under: list[int] = []
        for at, part in enumerate(parts):
            under = [each for each in under if parts[each].depth < part.depth]
            for each in under:
                self.last[each] = at
            self.above.append(under[-1] if under else None)
            if part.depth:
                under.append(at)

    def levels(self) -> list[list[int]]:
        """The numbers of the headings of each level, outermost first; labels are no level."""
        depths = sorted({part.depth for part in self.parts if 0 < part.depth < RUN_IN_LEVEL})
        return [[at for at, part in enumerate(self.parts) if part.depth == depth] for depth in depths]

    def apart(self, blocks: Sequence[int]) -> bool:
        """Whether the blocks are not parts of one event: nothing outside them tells what happened in one."""
        inside = {each for at in blocks for each in range(at, self.last[at] + 1)}
        outside = {part.own.key for at, part in enumerate(self.parts) if part.own and at not in inside}
        return not outside & ONE_EVENT and all(self.free(at) for at in blocks)

    def free(self, at: int) -> bool:
        """Whether the heading above opens no section, or lists events or lessons."""
        above = self.above[at]
        return above is None or self.parts[above].section.key in (None, "event", "lesson")

    def end(self, at: int) -> int:
        return self.parts[self.last[at]].section.end

    def keys(self, at: int) -> set[str]:
        return {part.own.key for part in self.parts[at + 1 : self.last[at] + 1] if part.own}

    def start(self, at: int) -> Start:
        part = self.parts[at]
        return Start(part.section.start, part.section.heading, part.section.start, part.body)

    def at(self, offset: int) -> int:
        """The number of the part that holds `offset`."""
        return max(0, bisect_right(self.offsets, offset) - 1)


def _with_text(text: str, starts: Sequence[Start]) -> list[Start]:
    """In order, without those that have nothing but their title, as the entries of a table of contents."""
    ordered = sorted({each.offset: each for each in starts}.values())
    ends = [*(start.offset for start in ordered[1:]), len(text)]
    return [each for each, end in zip(ordered, ends, strict=False) if text[each.title_end : end].strip(" \t\n*_:.|#-")]


def _identified(outline: _Outline) -> list[Start]:
    """Records with a number of their own: each begins at the heading above it, else at the line that states it."""
    found: dict[str, Start] = {}
    for match in _ID.finditer(outline.text):
        at = outline.at(match.start())
        part = outline.parts[at]
        if part.section.key not in (None, "event", "lesson") or part.own == Term("refs", False):
            continue
        between = outline.text[part.body : match.start()].split("\n")
        heads = 0 < part.depth < RUN_IN_LEVEL and not (part.own and part.own.clear)
        first = heads and all(not line.strip() or _LABEL_LINE.fullmatch(line) for line in between)
        line = Start(match.start(), match["id"], match.start(), match.start())
        found.setdefault(match["id"].lower(), outline.start(at) if first else line)
    return list(found.values())


def _dated(outline: _Outline) -> list[Start]:
    """Dated headings of one level, each with more words or sections of its own."""
    for level in outline.levels():
        blocks, worded = [], 0
        for at in level:
            title = outline.parts[at].section.heading
            when = find_date(title)
            if when and not title[: when.start].strip(" [(*_#") and outline.parts[at].section.key in (None, "lesson"):
                blocks.append(at)
                worded += bool(normalise(title[when.end :])) or bool(outline.keys(at))
        if len(blocks) >= 2 and (worded * 2 > len(blocks) or outline.many) and outline.apart(blocks):
            return [outline.start(at) for at in blocks]
    return []


def _numbered(outline: _Outline) -> list[Start]:
    """Headings that number what they tell: "Lesson 3: Cable routing", "Observation 2"."""
    for level in outline.levels():
        named = {at: found for at in level if (found := _NUMBERED.match(outline.parts[at].section.heading))}
        kinds = {found.group().split()[0].lower() for found in named.values()}
        different = len({found.group().lower() for found in named.values()}) == len(named)
        alike = len(named) >= 2 and len(kinds) == 1 and different
        if alike and not outline.one_incident and outline.apart(list(named)):
            return [outline.start(at) for at in named]
    return []


def _led(outline: _Outline) -> list[Start]:
    """Observations one after another: the same label again, each time with a discussion or a remedy after it."""
    text, parts = outline.text, outline.parts
    remedies = [part.section.start for part in parts if part.own and part.own.key in CONTENT - {"event"}]
    leads: dict[str, list[re.Match[str]]] = {}
    for match in _LEAD.finditer(text):
        leads.setdefault(match["word"].lower(), []).append(match)
    for matches in sorted(leads.values(), key=lambda each: (-len(each), each[0].start())):
        numbers = [outline.at(match.start()) for match in matches]
        depth = max(parts[at].depth for at in numbers)
        around = {part.own.key for part in parts if part.own and part.depth < min(depth, RUN_IN_LEVEL)}
        if len(matches) < 2 or around & ONE_EVENT or not all(outline.free(at) for at in numbers):
            continue
        offsets = [match.start() for match in matches]
        starts = [_lead_start(outline, match, offsets) for match in matches]
        ends = [*(start.offset for start in starts[1:]), len(text)]
        full = sum(
            bisect_left(remedies, match.end()) < bisect_left(remedies, end)
            for match, end in zip(matches, ends, strict=True)
        )
        if full >= 2 and full * 5 >= len(matches) * 4:
            return starts
    return []


def _lead_start(outline: _Outline, match: re.Match[str], offsets: Sequence[int]) -> Start:
    """The heading above the label if none of the others, at `offsets`, lies below it too, else the label's line."""
    at = outline.at(match.start())
    part = outline.parts[at]
    above = outline.above[at] if match.start() < part.body else at
    if above is not None and outline.parts[above].own is None and outline.parts[above].depth:
        start, end = outline.parts[above].section.start, outline.end(above)
        if bisect_left(offsets, end) - bisect_left(offsets, start) == 1:
            return outline.start(above)
    words = (match["title"] or "").strip(" *_").split(". ")[0][:_LONGEST_TITLE].strip()
    start = match.start("title") if words else match.start()
    return Start(match.start(), words or match.group().strip(" \t#*_:.>-"), start, start)


def _blocks(outline: _Outline) -> list[Start]:
    """Headings of one level that each hold the sections of a record."""
    for level in outline.levels():
        blocks = [at for at in level if outline.parts[at].own is None and outline.keys(at) & CONTENT]
        whole = [at for at in blocks if _is_record(outline, at)]
        phases = sum(bool(_PHASE.match(outline.parts[at].section.heading)) for at in blocks)
        if len(whole) >= 2 and len(whole) * 5 >= len(blocks) * 3 and phases * 2 < len(blocks) and outline.apart(blocks):
            return [outline.start(at) for at in whole]
    return []


def _is_record(outline: _Outline, at: int) -> bool:
    keys = outline.keys(at)
    opening = outline.text[outline.parts[at].body : outline.end(at)][:_OPENING]
    own = bool(_OWN_DATE.search(opening)) or find_date(outline.parts[at].section.heading) is not None
    observed = ("event" in keys and keys & {"cause", "recommendation", "lesson", "action"}) or (
        "lesson" in keys and keys & {"cause", "recommendation"}
    )
    if observed and not outline.one_incident:
        return own or "planned" not in keys
    return (own or outline.many) and len(keys & CONTENT) >= 2


def _head(outline: _Outline) -> int | None:
    """The heading below which the lessons stand, in a document of nothing else or in a report."""
    alone = _lessons(outline)
    return _chapter(outline) if alone is None else alone


def _lessons(outline: _Outline) -> int | None:
    """The heading "Lessons learned" of a document that is about nothing else."""
    heads = [at for at, part in enumerate(outline.parts) if part.own and part.own.key == "lesson" and part.depth <= 2]
    if len(heads) != 1 or outline.parts[heads[0]].own != Term("lesson", True) or outline.one_incident:
        return None
    keys = {part.own.key for part in outline.parts if part.own and part.depth < RUN_IN_LEVEL}
    return None if keys & (ONE_EVENT | {"event", "action", "recommendation"}) else heads[0]


def report_lessons(text: str, parts: Sequence[Part], name: str) -> bool:
    """Whether it is a report of something else with a chapter "Lessons learned" that holds several."""
    outline = _Outline(text, parts, name)
    head = _chapter(outline)
    return head is not None and any(
        len(_with_text(text[: outline.end(head)], rule(outline))) >= 2 for rule in (_bullets, _children)
    )


def _chapter(outline: _Outline) -> int | None:
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


def _children(outline: _Outline) -> list[Start]:
    """The headings below "Lessons learned": each is a lesson's title; where they only sort, those below them."""
    head = _head(outline)
    starts = [] if head is None else [outline.start(at) for at in _titles(outline, head)]
    return [start._replace(title=_unnumbered(start.title)) for start in starts]


def _with_rest(outline: _Outline, starts: list[Start]) -> list[Start]:
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


def _titles(outline: _Outline, head: int) -> list[int]:
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


def _bullets(outline: _Outline) -> list[Start]:
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
    bullets = len(_ANY_BULLET.findall(outline.text, body, end))
    plain = list(_LEAD_IN.finditer(outline.text, body, end))
    found = [
        Start(match.start(), match["title"].strip(), match.start("title"), match.end("title"))
        for match in (plain if len(plain) == bullets else _BULLET.finditer(outline.text, body, end))
        if section_key(match["title"]) is None and len(match["title"].split()) >= 2
    ]
    return found if len(found) >= 2 * max(1, len(titles)) else []
