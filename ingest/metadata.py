"""What a document states about itself: when, where, who, which record, with what outcome, and how each was found.

For every field the first source that has it wins: the file's own fields, a labelled line at the top, and for the date
then a dated heading, the file name, the title, the first lines and the earliest time stamp. The time at which a file
was last written says nothing about the event and is never used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ingest import crosswalk
from ingest.dates import FoundDate, find_date, infer_day_first, parse_date
from ingest.model import Document, Heading, Method, Provenance
from ingest.outcome import INCIDENT, OPENING, outcome
from ingest.roles import is_role
from ingest.values import (
    Found,
    as_access,
    as_id,
    as_name,
    as_outcome,
    as_severity,
    as_topics,
    as_url,
    is_empty,
    joined_access,
)

__all__ = [
    "INCIDENT", "OPENING", "Found", "as_outcome", "file_title", "is_empty", "metadata", "outcome", "record_metadata",
    "with_all_labels",
]  # fmt: skip


class _Statement(NamedTuple):
    label: str
    value: str
    provenance: Provenance


HEADER_LINES = 40  # non-blank lines in which labels are looked for
OPENING_LINES = 15  # non-blank lines in which a date in running text still is the document's own

# Patterns over a lower-case label, the most telling first.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "lesson_id": (r"id|identifier|(lesson|report|incident|accident|record|document|case|native) (id|no|number|#)",),
    "event_date": (
        r"(date|time) of (event|incident|accident|occurrence|outage|exercise|activity)|"
        r"(event|incident|accident|exercise|outage|lesson|activity)( start)? (dates?|time)|(date )?occurred( on)?|"
        r"date (lesson )?occurred|impact time",
        r"dates?( ?(&|and|/) ?times?)?|when",
    ),
    "written_date": (
        r"(report|publish|publication|published|written|submission|create|creation|review) ?date|"
        r"date (written|published|submitted|created|of (this )?report|reported|of issue|issued)|(report )?issued( on)?|"
        r"written( on)?|published( on)?|submitted( on)?",
        r"(\w+ )?create date|created( at| on)?|creationdate|authored date",
    ),
    "project": (r"(project|program(me)?|exercise|operation|mission|service|incident)( name)?|services? affected",),
    "unit": (
        r"(submitting )?(organi[sz]ation(al)?|org)( unit)?|unit|team|department|division|cent(er|re)|command|agency|"
        r"(\w+ )?jurisdiction|company",
    ),
    "owner": (
        r"(\w+ )?owner( role)?|opr|action (officer|body)|poc|point of contact|contact|responsible( role)?|"
        r"(incident|exercise) (lead|commander|manager|director)|facilitator",
        r"authors?|submitted by|prepared by|written by|originator|submitter",
    ),
    "outcome": (r"outcome|valence|result type|lesson type|type of lesson|(report )?type|colou?r( code)?",),
    "supersedes": (r"supersedes|replaces|obsoletes",),
    "superseded_by": (r"superseded by|replaced by|obsoleted by",),
    "url": (r"(source |lesson |record )?(url|link|permalink|uri)",),
    "collection": (r"(document |source )?collection( name)?|(document|lessons) library",),
    "access": (
        r"access( (label|level|class|rights))?|accessrights|(security|information|data) classification|"
        r"(security|protective) marking|sensitivity label|dissemination controls?|distribution statement|"
        r"handling caveats?|releasability|traffic light protocol|tlp",
        r"(document )?classification( level)?|sensitivity|confidentiality|distribution|dissemination|"
        r"handling( instructions)?|access restrictions?|visibility|marking",
    ),
    "phase": (
        r"(program(me)? |project |mission |life ?cycle )*phase( of (project|flight|work|operation))?",
        r"(event |incident |project )?stage",
    ),
    "severity": (
        r"(impact |incident |event )?sev(erity)?( level| rating| class)?|(highest )?injury level",
        r"impact level|priority( level| descriptor)?|colou?r( code)?",
    ),
    "topics": (
        r"(lesson |nasa )?topics?|(key ?words?|tags?)( and topics)?|additional key ?words?\(?s?\)?",
        r"labels|categor(y|ies)|subjects|hazards?|hazard category|core capabilit(y|ies)",
    ),
}
_DATES = ("event_date", "written_date")
_COMPILED = {field: tuple(re.compile(each) for each in patterns) for field, patterns in _LABELS.items()}

_LABELLED = re.compile(
    r"[ \t>#*_+|•-]*(?P<label>[A-Za-z][\w &/().'-]{0,40}?)[ \t*_]*[:|][ \t*_]*(?P<value>[^|\n]*?)[ \t*_|]*"
)
_INLINE_ID = re.compile(r"\b(?:lesson|report|incident|accident|record) (?:id|no\.?|number)\s*:[ \t*_]*(\S+)", re.I)
_SUPERSESSION = re.compile(
    r"\b(?:(?P<by>superseded by)|(?P<of>supersedes)):?[ \t*_]+(?P<id>[A-Z]*[\w./-]*\d[\w-]*)", re.I
)
_VALUE_LINE = re.compile(r"[ \t>*_|]*(?P<value>[^\s#][^\n]{0,99}?)[ \t*_|]*")
_FILE_ID = re.compile(r"[A-Z]{2,8}[-_]?(?P<year>(?:19|20)\d\d)-\d{2,4}(?![\d-])|[A-Z]{2,8}-\d{1,6}$")
_FILE_DATE = re.compile(r"^\W*(?:\d{4}[-_. ]\d\d(?:[-_. ]\d\d)?|\d{8})(?:[\W_]+|$)")
_TIMESTAMP = re.compile(r"(?:19|20)\d\d-\d\d-\d\d[ T]\d{1,2}:\d\d")
_OF_WRITING = re.compile(
    r"\b(?:version|revision|rev\.|copyright|printed|issued?|published|updated|approved|prepared|drafted|template|"
    r"(?:reporting|review) period|date of (?:this )?report|report date|valid (?:from|until))\b|©",
    re.I,
)
_FOLDER_PROJECT = re.compile(
    r"(?:Project|Operation|Exercise|Program(?:me)?|Mission)[ _-]+(?!(?i:files?|documents?|docs|management|reports?|"
    r"lessons?|data|archives?|records?|plans?|reviews?|office|team|support|folders?|closure|closed|old)\b)[A-Z0-9].*"
)
_TITLE_PROJECT = re.compile(
    r"\b(?!(?:End|Final|Post|Clos(?:ing|ed)|Mid|Annual|Joint|Interim|Draft|Lessons) )"
    r"(?:[A-Z][\w.&-]* (?:\([A-Z]+\) )?){1,4}(?:Program(?:me)?|Project|Mission|Exercise)\b(?! Man)"
)


def metadata(document: Document, path: Path, today: date | None = None, root: Path | None = None) -> dict[str, Found]:
    """The fields a document states, by `Lesson` field name; a field nothing states is left out.

    `topics` has them all in one value, parted by `; `; `phase` is as stated. `root` is the folder that was indexed:
    its name is that of the collection, and a project's name is looked for from it down; without it only in the name of
    the folder that the file lies in.
    """
    text = document.text
    day_first = infer_day_first(text)
    statements = [*_stated(document.fields, "frontmatter"), *_labelled(text)]
    found = _pick(statements, today, day_first)
    if "event_date" not in found and (when := _dated(document, path, today, day_first)):
        found["event_date"] = when
    found.update({key: value for key, value in _loose(document, path, root).items() if key not in found})
    return found


def record_metadata(fields: Mapping[str, str], today: date | None = None) -> dict[str, Found]:
    """The same for a row of a record file, whose fields name everything."""
    return _pick(list(_stated(fields, "native")), today, None)


def with_all_labels(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The pairs as a mapping; a name of the access label that comes again has a list of all its values."""
    made: dict[str, object] = {}
    for name, value in pairs:
        made[name] = [made[name], value] if name in made and names_label(name) else value
    return made


def names_label(name: str) -> bool:
    """Whether a field of that name may say who may read a record."""
    return _is_label(_label(name), ("access",)) or bool({"access", "marking"} & crosswalk.field_columns([name]).keys())


def file_title(stem: str) -> str:
    """A title made of a file's name: without its date, its record number and its separators."""
    bare = _FILE_DATE.sub("", _FILE_ID.sub("", stem, count=1))
    words = re.sub(r"[\s_-]+", " ", re.sub(r"^0\d*\W", "", bare)).strip()
    return words[:1].upper() + words[1:] or stem


def _stated(fields: Mapping[str, str], method: Method) -> Iterator[_Statement]:
    for name, value in fields.items():
        yield _Statement(_label(name), value, Provenance(method))


def _label(name: str) -> str:
    return re.sub(r"[\s_.-]+", " ", name.replace("(s)", "s")).strip().lower()


def _lines(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Spans of the first `limit` lines that are not blank."""
    filled = (match for match in re.finditer(r"[^\r\n]*\S[^\r\n]*", text))
    for match, _ in zip(filled, range(limit), strict=False):
        yield match.span()


def _labelled(text: str) -> Iterator[_Statement]:
    """`Label: value` at the top, as plain text, list item, bold, heading or two-column table row.

    The value may stand on the next line.
    """
    lines = list(_lines(text, HEADER_LINES + 1))
    for index, (start, end) in enumerate(lines[:HEADER_LINES]):
        match = _LABELLED.fullmatch(text, start, end)
        if match and match["value"]:
            yield _Statement(_label(match["label"]), match["value"], Provenance("label", *match.span("value")))
        elif index + 1 < len(lines):
            yield from _over_two_lines(text, match, (start, end), lines[index + 1])
        for found in _INLINE_ID.finditer(text, start, end):
            yield _Statement("id", found[1], Provenance("label", *found.span(1)))
        for found in _SUPERSESSION.finditer(text, start, end):
            label = found["by"] or found["of"]
            yield _Statement(label.lower(), found["id"], Provenance("label", *found.span("id")))


def _over_two_lines(
    text: str, match: re.Match[str] | None, line: tuple[int, int], following: tuple[int, int]
) -> Iterator[_Statement]:
    """A label that ends in a colon, or the bare label of a date, and the value on the line below it."""
    label = _label(match["label"] if match else text[slice(*line)].strip(" \t>#*_+|•-"))
    value = _VALUE_LINE.fullmatch(text, *following)
    if not value or _LABELLED.fullmatch(text, *following) or _is_label(_label(value["value"])):
        return
    if match or (_is_label(label, _DATES) and find_date(value["value"])):
        yield _Statement(label, value["value"], Provenance("label", *value.span("value")))


def _is_label(label: str, fields: Iterable[str] = tuple(_LABELS)) -> bool:
    return any(pattern.fullmatch(label) for field in fields for pattern in _COMPILED[field])


def _pick(statements: list[_Statement], today: date | None, day_first: bool | None) -> dict[str, Found]:
    as_date = partial(parse_date, today=today, day_first=day_first)
    read: dict[str, Callable[[str], str | None]] = {
        "lesson_id": as_id, "event_date": as_date, "written_date": as_date, "outcome": as_outcome, "url": as_url,
        "severity": as_severity, "topics": as_topics,
    }  # fmt: skip
    found = {}
    for field, patterns in _COMPILED.items():
        candidates = [
            Found(value, statement.provenance)
            for pattern in patterns
            for statement in statements
            if pattern.fullmatch(statement.label) and not is_empty(statement.value)
            if (value := _access(statement) if field == "access" else read.get(field, as_name)(statement.value))
        ]
        if field == "owner":
            candidates.sort(key=lambda each: not is_role(each.value))
        if field == "access":
            candidates.sort(key=lambda each: each.provenance.method == "label")
            label = joined_access(each.value for each in candidates)
            candidates[:1] = [each._replace(value=label) for each in candidates[:1]]
        if candidates:
            found[field] = candidates[0]
    return found


def _access(statement: _Statement) -> str | None:
    """The label, where its name says outright what it is; "Access:" in a text may be about a road."""
    in_text = statement.provenance.method == "label"
    outright = bool(_COMPILED["access"][0].fullmatch(statement.label)) and not (in_text and statement.label == "access")
    return as_access(statement.value, outright=outright, field=not in_text)


def _dated(document: Document, path: Path, today: date | None, day_first: bool | None) -> Found | None:
    """The first date beyond fields and labels; one with less than a day is completed by a later one that agrees."""
    dates = list(_dates(document, path, partial(find_date, today=today, day_first=day_first), today))
    if not dates:
        return None
    return max((each for each in dates if each.value.startswith(dates[0].value)), key=lambda each: len(each.value))


def _dates(
    document: Document, path: Path, find: Callable[[str], FoundDate | None], today: date | None
) -> Iterator[Found]:
    text = document.text

    def within(spans: Iterable[tuple[int, int]], method: Method) -> Iterator[Found]:
        for start, end in spans:
            if found := find(text[start:end]):
                yield Found(found[0], Provenance(method, start + found[1], start + found[2]))

    def elsewhere(name: str, method: Method) -> Iterator[Found]:
        if found := find(name):
            yield Found(found[0], Provenance(method))

    others = _entries(document.headings, find)
    own = (each for each in document.headings if each not in others)
    yield from within(((heading.start, heading.end) for heading in own), "heading")
    if (native := _FILE_ID.match(path.stem)) and native["year"]:
        if year := parse_date(native["year"], today):
            yield Found(year, Provenance("filename"))
    else:
        yield from elsewhere(path.stem, "filename")
    yield from elsewhere(document.title, "heading")
    in_brackets = re.search(r"\((\d{4})\)", document.title)
    if in_brackets and (year := parse_date(in_brackets[1], today)):
        yield Found(year, Provenance("heading"))
    until = min((heading.start for heading in others), default=len(text))
    opening = (line for line in _lines(text, OPENING_LINES) if line[1] <= until and not _OF_WRITING.search(text, *line))
    yield from within(opening, "text")
    stamps = sorted(_TIMESTAMP.finditer(text), key=lambda stamp: stamp.group())
    yield from within((stamp.span() for stamp in stamps), "text")


def _entries(headings: Sequence[Heading], find: Callable[[str], FoundDate | None]) -> frozenset[Heading]:
    """Dated headings of one level with different dates: each is the date of its own entry, none the document's."""
    dated = [(heading, found.iso) for heading in headings if (found := find(heading.title))]
    days: dict[int, set[str]] = defaultdict(set)
    for heading, iso in dated:
        days[heading.level].add(iso)
    return frozenset(heading for heading, _ in dated if len(days[heading.level]) > 1)


def _loose(document: Document, path: Path, root: Path | None) -> dict[str, Found]:
    """Fields that the title, the file's name and its folder's give away."""
    found = {}
    if native := _FILE_ID.match(path.stem):
        found["lesson_id"] = Found(native.group(), Provenance("filename"))
    if project := _TITLE_PROJECT.search(document.title):
        found["project"] = Found(project.group(), Provenance("heading"))
    elif folder := _folder_project(path, root):
        found["project"] = Found(folder, Provenance("folder"))
    if root and root.name:
        found["collection"] = Found(root.name, Provenance("folder"))
    return found


def _folder_project(path: Path, root: Path | None) -> str | None:
    """The project that the nearest folder, `root` the last, names outright ("Project Juno", "Exercise Trident 2")."""
    folders = path.relative_to(root.parent).parts[:-1] if root and path.is_relative_to(root) else path.parts[-2:-1]
    named = (folder for folder in reversed(folders) if _FOLDER_PROJECT.fullmatch(folder))
    return next((re.sub(r"[ _-]+", " ", folder) for folder in named), None)
