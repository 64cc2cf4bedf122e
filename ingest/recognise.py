"""From a document to the lessons in it: sections, kind, outcome, maturity, and what it states about itself.

One lesson for each record of a record file, and one for any other document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

from ingest.headings import Term, normalise, section_key, term
from ingest.metadata import (
    INCIDENT,
    OPENING,
    Found,
    as_outcome,
    file_title,
    is_empty,
    metadata,
    outcome,
    record_metadata,
)
from ingest.model import NOT_LESSONS, Document, Heading, Kind, Lesson, Maturity, Provenance, Record, Section

CONTENT = frozenset(
    "planned event timeline impact cause detection response sustain improve luck lesson recommendation action evidence"
    .split()
)  # fmt: skip
FRONT_PAGE_SHARE = 0.3  # of the headings of a README or index that must be a lesson's
RUN_IN_LEVEL = 7  # below the six levels that headings have

_RUN_IN = re.compile(
    r"^[ \t>*_+•-]*(?P<label>(?:\(?[\da-zA-Z]{1,2}[.)]\s+)?[A-Z][^:?|*\n]{1,60}?)"
    r"(?:(?:[.:?]?\*\*[.:]?|[:?])(?P<rest>[^\n]*)|[ \t]*)$",
    re.M,
)
_REVIEW = re.compile(r"after action|\baar\b|lessons? (learn|identif)|retrospective|debrief|hot ?wash|case study", re.I)
_REPORT = re.compile(r"\b(?:accident|incident|mishap) (?:\w+ )?report\b|\bpost-?mortem\b|\bafter[- ]action re", re.I)
_METHOD = (
    r"\b(?:aar|after action(?: (?:review|report))?|post ?mortem|retrospective|lessons? learn(?:ed|t)|debrief(?:ing)?|"
    r"incident (?:review|report|response|management))s?"
)
_GUIDE = re.compile(
    rf"\b(?:how to|guide to|guid(?:ance|elines) (?:on|for)|conducting|running|writing|facilitating)(?: \w+){{0,4}} "
    rf"{_METHOD}|{_METHOD}(?: \w+){{0,2}} (?:guid(?:e|ance|elines?)|handbook|manual|checklist|playbook|policy|process|"
    r"procedure)\b",
    re.I,
)
_FORM = re.compile(rf"{_METHOD}(?: \w+){{0,2}} (?:template|form)\b|\b(?:template|form) for", re.I)
_PLACEHOLDER = re.compile(
    r"<%.*?%>|\{\{.*?\}\}|\[(?:insert|describe|list|brief|name|date|title|your|enter|who|what)\b[^\]\n]{0,80}\](?!\()|"
    r"<(?:insert|describe|name|date|title|your|enter)\b[^>\n]{0,80}>|YYYY-MM-DD|DD/MM/YYYY|lorem ipsum",
    re.I,
)
_INTERVIEW = re.compile(r"interview|oral history", re.I)
_QUESTION = re.compile(r"^\W*(?:q|question|interviewer)\d*\W*[:.]\s", re.I | re.M)
_CHECKBOX = re.compile(r"^\s*[-*] \[([ xX])\]", re.M)
_NARRATIVE_CUES = (
    re.compile(r"\b(caused by|due to|because of|root cause|led to|resulted in|result of)\b", re.I),
    re.compile(
        r"\b(should have|lessons?\b|in (the )?future|we recommend|next time|in hindsight|learned|learnt)\b", re.I
    ),
    re.compile(
        r"\b(fail(ed|ure)|accident|incident|outage|injur\w+|damaged?|crash(ed)?|mishap|went wrong|broke)\b", re.I
    ),
)


_RECORD_SHAPES: frozenset[Kind | None] = frozenset({"llis", "odr", "aar", "lessons"})  # a row of any other is a log's


class _Part(NamedTuple):
    """A section, what its own heading stands for, that heading's level and where the text after it starts."""

    section: Section
    own: Term | None
    depth: int
    body: int


def recognise(document: Document, path: Path) -> tuple[Lesson, ...]:
    """The lessons of a document in reading order, with ids that are unique in it. Empty where it has no text."""
    if document.records:
        return tuple(_from_records(document, path))
    return (_from_document(document, path),) if document.text.strip() else ()


def slug(stem: str) -> str:
    """A file's stem in lower case, every run of other characters than `a-z0-9` as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")


def _from_document(document: Document, path: Path) -> Lesson:
    text = document.text
    parts = _parts(text, _headings(document), 0, len(text))
    stated = (document.title, *(heading.title for heading in document.headings[:1]))
    title = next(filter(_is_title, stated), "").strip() or file_title(path.stem)
    found = metadata(document, path)
    announced = stated if any(stated) else _REPORT.findall(text[:OPENING])
    name = re.sub(r"[-_]+", " ", " | ".join([path.stem, *announced]))
    kind = _stated_kind(document.fields) or _kind(
        text, parts, name, front_page=path.stem.lower() in ("readme", "index")
    )
    return _lesson(text, parts, title, kind, found, (0, len(text)), _identity(found, path, 1))


def _from_records(document: Document, path: Path) -> Iterator[Lesson]:
    text = document.text
    taken: set[str] = set()
    for number, record in enumerate(document.records, 1):
        if not text[record.start : record.end].strip():
            continue
        found = record_metadata(record.fields)
        parts = _parts(text, record.headings, record.start, record.end)
        shape = _shape(parts)
        kind = _stated_kind(record.fields) or (shape if shape in _RECORD_SHAPES else None) or "log"
        if "outcome" not in found and "near miss" in slug(path.stem).replace("-", " "):
            found["outcome"] = Found("near_miss", Provenance("filename"))
        identity = _identity(found, path, number)
        identity = f"{slug(path.stem)}#{number}" if identity in taken else identity
        taken.add(identity)
        yield _lesson(text, parts, _record_title(text, record), kind, found, (record.start, record.end), identity)


def _lesson(
    text: str,
    parts: Sequence[_Part],
    title: str,
    kind: Kind,
    found: Mapping[str, Found],
    span: tuple[int, int],
    identity: str,
) -> Lesson:
    own = {part.own.key: Provenance("heading", part.section.start, part.body) for part in parts if part.own}
    if "outcome" not in found and (shown := outcome(text, span, title, kind, own)):
        found = {**found, "outcome": shown}
    values = {key: each.value for key, each in found.items()}
    return Lesson(
        lesson_id=identity,
        title=title,
        start=span[0],
        end=span[1],
        kind=kind,
        outcome=as_outcome(values.get("outcome", "")) or "neutral",
        maturity="observation" if kind in NOT_LESSONS else _maturity(text, parts),
        event_date=values.get("event_date"),
        written_date=values.get("written_date"),
        project=values.get("project"),
        unit=values.get("unit"),
        owner=values.get("owner"),
        supersedes=values.get("supersedes"),
        superseded_by=values.get("superseded_by"),
        url=values.get("url"),
        sections=tuple(part.section for part in parts),
        provenance={key: each.provenance for key, each in found.items()},
    )


def _identity(found: Mapping[str, Found], path: Path, number: int) -> str:
    """The native id; one that is a bare number says nothing outside its file and takes the file's name before it."""
    if "lesson_id" not in found:
        return f"{slug(path.stem)}#{number}"
    native = found["lesson_id"].value
    return f"{slug(path.stem).upper()}-{native}" if native.isdigit() else native


def _is_title(text: str) -> bool:
    """Whether it names this document, as "Overview" or "Title:" do not."""
    words = len(normalise(text).split())
    return words > 2 or (words > 0 and section_key(text) in (None, "lesson"))


def _record_title(text: str, record: Record) -> str:
    stated = next((value for key, value in record.fields.items() if key.lower() == "title"), "")
    return stated.strip() or text[record.start : record.end].strip().splitlines()[0][:120].strip("#* ")


def _headings(document: Document) -> Sequence[Heading]:
    """The reader's headings, with labels at the start of a line where none of the reader's is in the vocabulary."""
    if any(section_key(heading.title) for heading in document.headings):
        return document.headings
    known = {heading.start for heading in document.headings}
    run_in = (each for each in _run_in(document.text) if each.start not in known)
    return sorted((*document.headings, *run_in), key=lambda heading: heading.start)


def _run_in(text: str) -> Iterator[Heading]:
    for match in _RUN_IN.finditer(text):
        key = section_key(match["label"])
        allowed = CONTENT | {"summary"} if (match["rest"] or "").strip() else CONTENT | {"summary", "people", "refs"}
        if key in allowed:
            yield Heading(RUN_IN_LEVEL, match["label"].strip(), match.start(), match.end("label"))


def _parts(text: str, headings: Sequence[Heading], start: int, end: int) -> list[_Part]:
    """Sections that cover `start:end`; a heading outside the vocabulary continues the section it lies under."""
    first = headings[0].start if headings else end
    parts = [_Part(Section(None, "", start, first), None, 0, start)] if text[start:first].strip() else []
    under: list[tuple[int, str | None]] = []
    ends = [*(heading.start for heading in headings[1:]), end]
    for heading, stop in zip(headings, ends, strict=False):
        own = term(heading.title)
        if heading is headings[0] and own and not own.clear and _heads_all(headings):
            own = None
        under = [(level, key) for level, key in under if level < heading.level]
        key = own.key if own else (under[-1][1] if under else None)
        under.append((heading.level, key))
        parts.append(_Part(Section(key, heading.title.strip(), heading.start, stop), own, heading.level, heading.end))
    return parts


def _heads_all(headings: Sequence[Heading]) -> bool:
    """Whether the first heading is the title: every other lies under it."""
    return len(headings) > 1 and all(each.level > headings[0].level for each in headings[1:])


def _said(text: str, part: _Part) -> str:
    """A section's text without its heading."""
    return text[part.body : part.section.end].strip(" \t\n:*_|?=-")


def _stated_kind(fields: Mapping[str, str]) -> Kind | None:
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    return kinds.get(fields.get("kind", "").strip().lower())


def _kind(text: str, parts: Sequence[_Part], name: str, front_page: bool) -> Kind:
    if _FORM.search(name) or _is_template(text, parts):
        return "template"
    if _GUIDE.search(name):
        return "guidance"
    topic = bool(INCIDENT.search(name) or _REVIEW.search(name))
    if _has_lessons(parts, topic, front_page):
        return _shape(parts) or "narrative"
    if len(_QUESTION.findall(text)) >= 3 and _INTERVIEW.search(name + text[:OPENING]):
        return "interview"
    return "narrative" if (topic and not front_page) or _tells(text) else "reference"


def _is_template(text: str, parts: Sequence[_Part]) -> bool:
    """Placeholders to fill in, or a form most of whose sections are blank."""
    placeholders = len(_PLACEHOLDER.findall(text))
    if placeholders >= 3 and placeholders * 125 >= len(text.split()):
        return True
    leaves = [
        part
        for part, following in zip(parts, [*parts[1:], None], strict=True)
        if part.own and part.own.key in CONTENT and not (following and following.depth > part.depth)
    ]
    blank = sum(not _said(text, part) for part in leaves)
    return len(leaves) >= 4 and blank * 2 > len(leaves)


def _has_lessons(parts: Sequence[_Part], topic: bool, front_page: bool) -> bool:
    """The ambiguity guard: words that papers and READMEs use too count only beside others that they do not use."""
    content = {part.own for part in parts if part.own and part.own.key in CONTENT}
    keys, clear = {each.key for each in content}, {each.key for each in content if each.clear}
    headed = [part for part in parts if part.section.heading]
    share = sum(part.own is not None for part in headed[1:]) / max(1, len(headed) - 1)
    if front_page and share < FRONT_PAGE_SHARE:
        return False
    if _is_observation(parts):
        return True
    return len(clear) >= 2 or (len(keys) >= 2 and (topic or (bool(clear) and share >= 0.5))) or _is_list(parts)


def _is_observation(parts: Sequence[_Part]) -> bool:
    """Observation (or issue), discussion, recommendation: each word is common, the three together are not."""
    names = [normalise(part.section.heading) for part in parts]
    keys = {part.own.key for part in parts if part.own}
    observed = any(re.match(r"observation|issue", name) for name in names)
    return observed and "discussion" in names and "recommendation" in keys


def _is_list(parts: Sequence[_Part]) -> bool:
    """A document that is headed "Lessons learned" and has at least two headings below."""
    titles = [part for part in parts if part.section.heading]
    return len(titles) > 2 and titles[0].own == Term("lesson", True) and titles[0].depth <= 2


def _shape(parts: Sequence[_Part]) -> Kind | None:
    """The kind that the sections make up, the most specific first."""
    keys = {part.own.key for part in parts if part.own}
    names = {normalise(part.section.heading) for part in parts}
    symptoms = len(keys & {"timeline", "cause", "impact", "action", "detection", "response"})
    shapes: tuple[tuple[Kind, bool], ...] = (
        ("llis", "driving event" in names or keys >= {"event", "lesson", "recommendation", "evidence"}),
        ("odr", _is_observation(parts)),
        ("aar", keys >= {"planned", "event"} and bool(keys & {"sustain", "improve", "cause", "recommendation"})),
        (
            "postmortem",
            symptoms >= 3 or (symptoms == 2 and bool(keys & {"timeline", "lesson", "improve", "recommendation"})),
        ),
        ("retro", keys >= {"sustain", "improve"}),
        ("lessons", _is_list(parts) or ("lesson" in keys and bool(keys & {"event", "cause", "recommendation"}))),
    )
    return next((kind for kind, fits in shapes if fits), None)


def _tells(text: str) -> bool:
    """Whether text without sections tells what went wrong and why: all three kinds of cue, one per 150 words."""
    hits = [len(cue.findall(text)) for cue in _NARRATIVE_CUES]
    return all(hits) and sum(hits) * 150 >= len(text.split())


def _maturity(text: str, parts: Sequence[_Part]) -> Maturity:
    """Never better than the text proves: a section that only says `TBD` proves nothing."""
    filled = {part.section.key for part in parts if not is_empty(_said(text, part))}
    actions = [text[part.body : part.section.end] for part in parts if part.section.key == "action"]
    ticks = [tick for action in actions for tick in _CHECKBOX.findall(action)]
    if "evidence" in filled or (ticks and " " not in ticks):
        return "lesson_learned"
    identified = filled & {"recommendation", "lesson"} or ("action" in filled and filled & {"cause", "improve"})
    return "lesson_identified" if identified else "observation"
