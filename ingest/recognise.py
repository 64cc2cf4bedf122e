"""From a document to the lessons in it: sections, kind, outcome, maturity, and what it states about itself.

One lesson for each record of a record file, for each record that another document holds, and else one for the whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from ingest.dates import find_date
from ingest.derive import derive
from ingest.headings import normalise, section_key
from ingest.kinds import announced, kind_of, maturity, shape, stated_kind
from ingest.metadata import file_title, metadata, record_metadata
from ingest.model import NOT_LESSONS, Document, Heading, Kind, Lesson, Provenance, Record, Section
from ingest.outcome import outcome
from ingest.outline import Start
from ingest.parts import RUN_IN_LEVEL, Part, parts, sections
from ingest.rows import Row, log_rows
from ingest.split import record_starts
from ingest.taxonomy import Taxonomy
from ingest.values import Found, as_outcome

_SHAPES: frozenset[Kind | None] = frozenset({"llis", "odr", "aar", "lessons"})  # a row of any other is a log's
_FORMS: frozenset[Kind] = frozenset({"log", "odr"})
_OF_ONE_RECORD = frozenset({"lesson_id", "supersedes", "superseded_by"})  # never inherited from the file
_OF_ALL_RECORDS = frozenset({"collection", "access"})  # what a record file states of itself holds for its rows

_Stated = tuple[Lesson, Mapping[str, Found]]
"""A lesson, and what its source states about it."""


def recognise(
    document: Document, path: Path, taxonomy: Taxonomy | None = None, root: Path | None = None
) -> tuple[Lesson, ...]:
    """The lessons of a document in reading order, with ids that are unique in it. Empty where it has no text.

    They do not overlap, and together they cover the text of a document that is not a record file. They are filed under
    `taxonomy`, by default the packaged one. `root` is the folder that was indexed, if the file lies in one.
    """
    if document.records:
        stated = _from_records(document, path, root)
    elif document.text.strip():
        stated = _from_document(document, path, root)
    else:
        return ()
    return tuple(_unique((derive(document.text, lesson, found, taxonomy) for lesson, found in stated), path))


def slug(stem: str) -> str:
    """A file's stem in lower case, every run of other characters than `a-z0-9` as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")


def _unique(lessons: Iterator[Lesson], path: Path) -> Iterator[Lesson]:
    """Each with an id of its own: a native id that comes again gives way to the file's name and a number."""
    taken: set[str] = set()
    for number, lesson in enumerate(lessons, 1):
        again = lesson.lesson_id in taken
        identity = f"{slug(path.stem)}#{number}" if again else lesson.lesson_id
        taken.add(identity)
        yield replace(lesson, lesson_id=identity) if again else lesson


def _from_document(document: Document, path: Path, root: Path | None) -> Iterator[_Stated]:
    text = document.text
    made = sections(document)
    stated = (document.title, *(heading.title for heading in document.headings[:1]))
    title = next(filter(_is_title, stated), "").strip() or file_title(path.stem)
    name = re.sub(r"[-_]+", " ", " | ".join([path.stem, *(stated if any(stated) else announced(text))]))
    kind = kind_of(text, made, name, path.stem, document.fields)
    rows = log_rows(text, made) if kind not in ("template", "guidance") else []
    starts = record_starts(text, made, name) if kind not in NOT_LESSONS and not rows else []
    if rows:
        yield from _of_rows(document, path, root, made, rows)
    elif starts:
        yield from _of_parts(document, path, root, made, starts, kind)
    else:
        found = metadata(document, path, root=root)
        yield _lesson(text, made, title, kind, found, (0, len(text)), _identity(found, path, 1))


def _of_rows(
    document: Document, path: Path, root: Path | None, made: Sequence[Part], rows: Sequence[Row]
) -> Iterator[_Stated]:
    text = document.text
    cut = _cut(made, [part for row in rows for part in (_opening([], row.start), *row.parts)], len(text))
    shared = _shared(document, path, root, rows[0].start.offset)
    for number, (row, (start, end)) in enumerate(zip(rows, _spans([row.start for row in rows], text), strict=True), 1):
        found = {**shared, **record_metadata(row.fields)}
        form = stated_kind(row.fields) or shape(row.parts)
        kind = (form if form in _SHAPES else None) or "log"
        mine = _between(cut, start, end)
        found["title"] = Found(row.start.title, Provenance("heading", row.start.title_start, row.start.title_end))
        yield _lesson(text, mine, row.start.title, kind, found, (start, end), _identity(found, path, number))


def _of_parts(
    document: Document, path: Path, root: Path | None, made: Sequence[Part], starts: Sequence[Start], kind: Kind
) -> Iterator[_Stated]:
    text = document.text
    cut = _cut(made, [_opening(made, start) for start in starts], len(text))
    shared = _shared(document, path, root, next(start.offset for start in starts if start.kind is None))
    for number, (begin, (start, end)) in enumerate(zip(starts, _spans(starts, text), strict=True), 1):
        found = _inherit(shared, _own(document, begin, end))
        mine = _between(cut, start, end)
        form = shape(_between(mine, begin.offset, end))
        found["title"] = Found(begin.title, Provenance("heading", begin.title_start, begin.title_end))
        own = begin.kind or form or kind
        yield _lesson(text, mine, _bare(begin.title), own, found, (start, end), _identity(found, path, number))


def _spans(starts: Sequence[Start], text: str) -> list[tuple[int, int]]:
    """What each record covers: the first also what stands before it, so that nothing is lost."""
    edges = [0, *(start.offset for start in starts[1:]), len(text)]
    return list(pairwise(edges))


def _opening(made: Sequence[Part], start: Start) -> Part:
    """The section that a record begins with where no heading stands: that of the section it lies in."""
    around = bisect_right(made, start.offset, key=_start) - 1
    key = made[around].section.key if around >= 0 else None
    named = start.title if start.title_end > start.title_start else ""
    return Part(Section(key, named, start.offset, start.offset), None, RUN_IN_LEVEL, max(start.offset, start.title_end))


def _start(part: Part) -> int:
    return part.section.start


def _between(made: Sequence[Part], start: int, end: int) -> Sequence[Part]:
    """The sections that begin in `start:end`."""
    return made[bisect_left(made, start, key=_start) : bisect_left(made, end, key=_start)]


def _cut(made: Sequence[Part], more: Sequence[Part], end: int) -> list[Part]:
    """The sections with `more` of them cut out; where two begin at once the one that was there first stays."""
    begins = {part.section.start: part for part in (*more, *made)}
    ordered = [begins[start] for start in sorted(begins)]
    stops = [*(part.section.start for part in ordered[1:]), end]
    return [part._replace(section=replace(part.section, end=stop)) for part, stop in zip(ordered, stops, strict=True)]


def _shared(document: Document, path: Path, root: Path | None, end: int) -> dict[str, Found]:
    """What the file states about all its records: its own fields, its name, and what stands before the first."""
    before = replace(
        document, text=document.text[:end], headings=tuple(each for each in document.headings if each.end <= end)
    )
    return {key: found for key, found in metadata(before, path, root=root).items() if key not in _OF_ONE_RECORD}


def _own(document: Document, begin: Start, end: int) -> dict[str, Found]:
    """What a record states about itself, with spans in the document."""
    shift = begin.offset
    first, last = (bisect_left(document.headings, edge, key=attrgetter("start")) for edge in (shift, end))
    headings = tuple(
        Heading(each.level, each.title, each.start - shift, each.end - shift) for each in document.headings[first:last]
    )
    found = metadata(Document(document.text[shift:end], begin.title, headings=headings), Path())
    return {key: each._replace(provenance=_moved(each.provenance, shift)) for key, each in found.items()}


def _moved(provenance: Provenance, shift: int) -> Provenance:
    if provenance.start is None or provenance.end is None:
        return provenance
    return replace(provenance, start=provenance.start + shift, end=provenance.end + shift)


def _inherit(shared: Mapping[str, Found], own: Mapping[str, Found]) -> dict[str, Found]:
    """A record's own statements, then the file's, then what running text suggests, again the record's own first."""
    weak = [{key: each for key, each in found.items() if each.provenance.method == "text"} for found in (shared, own)]
    firm = [{key: each for key, each in found.items() if each.provenance.method != "text"} for found in (shared, own)]
    return {**weak[0], **weak[1], **firm[0], **firm[1]}


def _bare(title: str) -> str:
    """A title without the date it opens with, if anything is left."""
    when = find_date(title)
    rest = title[when.end :].strip(" \t:,.|/)]–—-") if when and not title[: when.start].strip(" [(") else ""
    return rest if normalise(rest) else title


def _from_records(document: Document, path: Path, root: Path | None) -> Iterator[_Stated]:
    text = document.text
    of_file = metadata(Document("", fields=document.fields), path, root=root)
    shared = {key: each for key, each in of_file.items() if key in _OF_ALL_RECORDS}
    for number, record in enumerate(document.records, 1):
        if not text[record.start : record.end].strip():
            continue
        found = {**shared, **record_metadata(record.fields)}
        made = parts(text, record.headings, record.start, record.end)
        form = shape(made)
        kind = stated_kind(record.fields) or (form if form in _SHAPES else None) or "log"
        if "outcome" not in found and "near miss" in slug(path.stem).replace("-", " "):
            found["outcome"] = Found("near_miss", Provenance("filename"))
        span = record.start, record.end
        yield _lesson(text, made, _record_title(text, record), kind, found, span, _identity(found, path, number))


def _lesson(
    text: str,
    made: Sequence[Part],
    title: str,
    kind: Kind,
    found: Mapping[str, Found],
    span: tuple[int, int],
    identity: str,
) -> _Stated:
    own = {
        part.own.key: Provenance("heading", part.section.start, part.body)
        for part in made
        # The columns of a form stand over every row, whatever it tells.
        if part.own and kind not in _FORMS
    }
    if "outcome" not in found and (shown := outcome(text, span, title, kind, own)):
        found = {**found, "outcome": shown}
    values = {key: each.value for key, each in found.items()}
    lesson = Lesson(
        lesson_id=identity,
        title=title,
        start=span[0],
        end=span[1],
        kind=kind,
        outcome=as_outcome(values.get("outcome", "")) or "neutral",
        maturity="observation" if kind in NOT_LESSONS else maturity(text, made),
        event_date=values.get("event_date"),
        written_date=values.get("written_date"),
        project=values.get("project"),
        unit=values.get("unit"),
        owner=values.get("owner"),
        supersedes=values.get("supersedes"),
        superseded_by=values.get("superseded_by"),
        url=values.get("url"),
        collection=values.get("collection"),
        access=values.get("access"),
        sections=tuple(part.section for part in made),
        provenance={key: each.provenance for key, each in found.items()},
    )
    return lesson, found


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
