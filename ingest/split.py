"""Where the records of a document begin: a file may hold one lesson or several.

Several are dated entries, numbered lessons, observations one after another, blocks with the same sections, the
headings or bullets under "Lessons learned", or the rows of a log. One event stays one record: its timeline by day, its
causes each with an impact, its phases each with a review are parts of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from ingest.chapters import bullets, children, with_rest
from ingest.dates import find_date
from ingest.headings import Term, normalise
from ingest.outline import ONE_EVENT, Outline, Start, with_text
from ingest.parts import CONTENT, RUN_IN_LEVEL, Part

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
_PHASE = re.compile(
    r"\W*(?:phase|day|week|stage|part|shift|session|step|serial|inject|objective|task|period|sprint|capability|mission|"
    r"section|annex|appendix|chapter|attachment)\b",
    re.I,
)
_LABEL_LINE = re.compile(r"[ \t>*_|•-]*[A-Z][\w &/().'-]{0,40}?[ \t*_]*[:|][^\n]*")
_LONGEST_TITLE = 120
_OPENING = 400  # characters of a block in which a date label is its own


def record_starts(text: str, parts: Sequence[Part], name: str) -> list[Start]:
    """The starts of the records of a document that has several, in order; none where it is one record."""
    outline = Outline(text, parts, name)
    for rule in (_identified, _dated, _numbered, _led, _blocks, bullets, children):
        starts = with_text(text, rule(outline))
        if len(starts) >= 2:
            return with_rest(outline, starts)
    return []


def _identified(outline: Outline) -> list[Start]:
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


def _dated(outline: Outline) -> list[Start]:
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


def _numbered(outline: Outline) -> list[Start]:
    """Headings that number what they tell: "Lesson 3: Cable routing", "Observation 2"."""
    for level in outline.levels():
        named = {at: found for at in level if (found := _NUMBERED.match(outline.parts[at].section.heading))}
        kinds = {found.group().split()[0].lower() for found in named.values()}
        different = len({found.group().lower() for found in named.values()}) == len(named)
        alike = len(named) >= 2 and len(kinds) == 1 and different
        if alike and not outline.one_incident and outline.apart(list(named)):
            return [outline.start(at) for at in named]
    return []


def _led(outline: Outline) -> list[Start]:
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


def _lead_start(outline: Outline, match: re.Match[str], offsets: Sequence[int]) -> Start:
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


def _blocks(outline: Outline) -> list[Start]:
    """Headings of one level that each hold the sections of a record."""
    for level in outline.levels():
        blocks = [at for at in level if outline.parts[at].own is None and outline.keys(at) & CONTENT]
        whole = [at for at in blocks if _is_record(outline, at)]
        phases = sum(bool(_PHASE.match(outline.parts[at].section.heading)) for at in blocks)
        if len(whole) >= 2 and len(whole) * 5 >= len(blocks) * 3 and phases * 2 < len(blocks) and outline.apart(blocks):
            return [outline.start(at) for at in whole]
    return []


def _is_record(outline: Outline, at: int) -> bool:
    keys = outline.keys(at)
    opening = outline.text[outline.parts[at].body : outline.end(at)][:_OPENING]
    own = bool(_OWN_DATE.search(opening)) or find_date(outline.parts[at].section.heading) is not None
    observed = ("event" in keys and keys & {"cause", "recommendation", "lesson", "action"}) or (
        "lesson" in keys and keys & {"cause", "recommendation"}
    )
    if observed and not outline.one_incident:
        return own or "planned" not in keys
    return (own or outline.many) and len(keys & CONTENT) >= 2
