"""What a document states about itself: when, where, who, which record, with what outcome, and how each was found.

For every field the first source that has it wins: the file's own fields, a labelled line at the top, and for the date
then a dated heading, the file name, the title, the first lines and the earliest time stamp. The time at which a file
was last written says nothing about the event and is never used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple, get_args

from ingest.dates import find_date, infer_day_first, parse_date
from ingest.model import NOT_LESSONS, Document, Kind, Method, Outcome, Provenance


class Found(NamedTuple):
    """A field's value and where it came from."""

    value: str
    provenance: Provenance


class _Statement(NamedTuple):
    label: str
    value: str
    provenance: Provenance


HEADER_LINES = 40  # non-blank lines in which labels are looked for
LONGEST_NAME = 100  # characters of a project, unit or owner: anything longer is a sentence
OPENING = 1000  # characters at the start of a lesson whose words tell what kind of event it was
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
        r"date (written|published|submitted|created|of report|reported)|written( on)?|published( on)?|submitted( on)?",
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
}
_COMPILED = {field: tuple(re.compile(each) for each in patterns) for field, patterns in _LABELS.items()}

_EMPTY = re.compile(
    r"\W*|\[[A-Za-z][^\]'\"]*\]|(none|n/?a|null|nil|nan|tb[dcas](\b.{0,20})?|unknown|blank|see abstract|"
    r"no comments( added)?|"
    r"not (applicable|specified|available|known|yet)|to be (determined|confirmed|added|completed))\W*",
    re.I,
)
_LABELLED = re.compile(
    r"[ \t>#*_+|•-]*(?P<label>[A-Za-z][\w &/().'-]{0,40}?)[ \t*_]*[:|][ \t*_]*(?P<value>[^|\n]*?)[ \t*_|]*"
)
_INLINE_ID = re.compile(r"\b(?:lesson|report|incident|accident|record) (?:id|no\.?|number)\s*:[ \t*_]*(\S+)", re.I)
_SUPERSESSION = re.compile(
    r"\b(?:(?P<by>superseded by)|(?P<of>supersedes)):?[ \t*_]+(?P<id>[A-Z]*[\w./-]*\d[\w-]*)", re.I
)
_ID = re.compile(r"(?=.*\d|.*-)\w[\w./#-]{0,39}")
_FILE_ID = re.compile(r"[A-Z]{2,8}[-_]?(?P<year>(?:19|20)\d\d)-\d{2,4}(?![\d-])|[A-Z]{2,8}-\d{1,6}$")
_FILE_DATE = re.compile(r"^\W*(?:\d{4}[-_. ]\d\d(?:[-_. ]\d\d)?|\d{8})(?:[\W_]+|$)")
_TIMESTAMP = re.compile(r"(?:19|20)\d\d-\d\d-\d\d[ T]\d{1,2}:\d\d")
_ROLE = re.compile(
    r"\b(manager|officer|lead(er)?|engineer(ing)?|director|chief|head|commander|coordinator|team|office|desk|group|"
    r"department|supervisor|administrator|specialist|boss|captain|secretary|board|committee)\b",
    re.I,
)
_TITLE_PROJECT = re.compile(
    r"\b(?:[A-Z][\w.&-]* (?:\([A-Z]+\) )?){1,4}(?:Program(?:me)?|Project|Mission|Exercise)\b(?! Man)"
)
_OUTCOMES: tuple[tuple[Outcome, str], ...] = (
    ("near_miss", r"near[- _]?miss|close call"),
    ("mixed", r"mixed|both"),
    ("failure", r"fail|negative|incident|accident|mishap|problem|\bred\b|\byellow\b|improve|loss"),
    ("success", r"success|positive|best practice|good (work )?practice|\bgreen\b|sustain|strength"),
)

INCIDENT = re.compile(r"post-?\s?mortem|incident|outage|accident|mishap|\bcrash\b|root cause", re.I)
_NEAR_MISS = re.compile(r"\bnear[- ]miss|\bclose call", re.I)
_SUCCESS = re.compile(
    r"\b(best|good|preferred|reliability|recommended) practices?\b|\bmaintainability technique|\bworked (very )?well\b|"
    r"\bsuccess (story|factor)",
    re.I,
)
_FAILURE = re.compile(
    r"\b(fail(ed|ures?|s|ing)?|mishaps?|accidents?|incidents?|anomal\w+|damag\w+|injur\w+|fatal\w*|outages?|explo\w+|"
    r"leak\w*|ruptur\w+|loss|lost|crash\w*|broken?|malfunction\w*|overruns?|delay\w*|contaminat\w+|errors?|problems?|"
    r"unable|violat\w+|inadvertent\w*|deficien\w+|burn(ed|s)?|unsafe)\b",
    re.I,
)


def is_empty(value: str) -> bool:
    """Whether the value only says that there is none (`n/a`, `TBD`, `not specified`, a dash)."""
    return bool(_EMPTY.fullmatch(value))


def metadata(document: Document, path: Path, today: date | None = None) -> dict[str, Found]:
    """The fields a document states, by `Lesson` field name; a field nothing states is left out."""
    text = document.text
    day_first = infer_day_first(text)
    statements = [*_stated(document.fields, "frontmatter"), *_labelled(text)]
    found = _pick(statements, today, day_first)
    if "event_date" not in found and (when := _dated(document, path, today, day_first)):
        found["event_date"] = when
    found.update({key: value for key, value in _loose(document, path).items() if key not in found})
    return found


def record_metadata(fields: Mapping[str, str], today: date | None = None) -> dict[str, Found]:
    """The same for a row of a record file, whose fields name everything."""
    return _pick(list(_stated(fields, "native")), today, None)


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
    """`Label: value` at the top, as plain text, list item, bold, heading or two-column table row."""
    for start, end in _lines(text, HEADER_LINES):
        if match := _LABELLED.fullmatch(text, start, end):
            yield _Statement(_label(match["label"]), match["value"], Provenance("label", *match.span("value")))
        for match in _INLINE_ID.finditer(text, start, end):
            yield _Statement("id", match[1], Provenance("label", *match.span(1)))
        for match in _SUPERSESSION.finditer(text, start, end):
            label = match["by"] or match["of"]
            yield _Statement(label.lower(), match["id"], Provenance("label", *match.span("id")))


def _pick(statements: list[_Statement], today: date | None, day_first: bool | None) -> dict[str, Found]:
    as_date = partial(parse_date, today=today, day_first=day_first)
    read: dict[str, Callable[[str], str | None]] = {
        "lesson_id": _as_id, "event_date": as_date, "written_date": as_date, "outcome": as_outcome, "url": _as_url,
    }  # fmt: skip
    found = {}
    for field, patterns in _COMPILED.items():
        candidates = [
            Found(value, statement.provenance)
            for pattern in patterns
            for statement in statements
            if pattern.fullmatch(statement.label) and not is_empty(statement.value)
            if (value := read.get(field, _as_name)(statement.value))
        ]
        if field == "owner":
            candidates.sort(key=lambda each: not _ROLE.search(each.value))
        if candidates:
            found[field] = candidates[0]
    return found


def _as_name(value: str) -> str | None:
    name = value.strip()
    return name if len(name) <= LONGEST_NAME else None


def _as_id(value: str) -> str | None:
    match = _ID.fullmatch(value.strip().rstrip(".,;"))
    return match.group() if match else None


def _as_url(value: str) -> str | None:
    match = re.search(r"https?://[^\s<>\")\]]+", value)
    return match.group() if match else None


def as_outcome(value: str) -> Outcome | None:
    """The outcome that a source's own word stands for ("Near miss", "Green", "Good work practice")."""
    normal = value.strip().lower().replace(" ", "_")
    words = {name: name for name in get_args(Outcome)}
    return words.get(normal) or next((name for name, cues in _OUTCOMES if re.search(cues, value, re.I)), None)


def _dated(document: Document, path: Path, today: date | None, day_first: bool | None) -> Found | None:
    """The first date beyond fields and labels; one with less than a day is completed by a later one that agrees."""
    dates = list(_dates(document, path, partial(find_date, today=today, day_first=day_first), today))
    if not dates:
        return None
    return max((each for each in dates if each.value.startswith(dates[0].value)), key=lambda each: len(each.value))


def _dates(
    document: Document, path: Path, find: Callable[[str], tuple[str, int, int] | None], today: date | None
) -> Iterator[Found]:
    text = document.text

    def within(spans: Iterable[tuple[int, int]], method: Method) -> Iterator[Found]:
        for start, end in spans:
            if found := find(text[start:end]):
                yield Found(found[0], Provenance(method, start + found[1], start + found[2]))

    def elsewhere(name: str, method: Method) -> Iterator[Found]:
        if found := find(name):
            yield Found(found[0], Provenance(method))

    yield from within(((heading.start, heading.end) for heading in document.headings), "heading")
    if (native := _FILE_ID.match(path.stem)) and native["year"]:
        if year := parse_date(native["year"], today):
            yield Found(year, Provenance("filename"))
    else:
        yield from elsewhere(path.stem, "filename")
    yield from elsewhere(document.title, "heading")
    in_brackets = re.search(r"\((\d{4})\)", document.title)
    if in_brackets and (year := parse_date(in_brackets[1], today)):
        yield Found(year, Provenance("heading"))
    yield from within(_lines(text, OPENING_LINES), "text")
    stamps = sorted(_TIMESTAMP.finditer(text), key=lambda stamp: stamp.group())
    yield from within((stamp.span() for stamp in stamps), "text")


def _loose(document: Document, path: Path) -> dict[str, Found]:
    """Fields that the file's name and title give away."""
    found = {}
    if native := _FILE_ID.match(path.stem):
        found["lesson_id"] = Found(native.group(), Provenance("filename"))
    if project := _TITLE_PROJECT.search(document.title):
        found["project"] = Found(project.group(), Provenance("heading"))
    return found


def outcome(
    text: str, span: tuple[int, int], title: str, kind: Kind, sections: Mapping[str, Provenance]
) -> Found | None:
    """The outcome that nobody stated and what shows it: the kind of event, the `sections` there are, the opening words.

    None where nothing shows one. A report of an incident is a failure even where it says what went well.
    """
    if kind in NOT_LESSONS:
        return None
    opening = min(span[1], span[0] + OPENING)

    def cue(pattern: re.Pattern[str], least: int = 1) -> Provenance | None:
        matches = list(pattern.finditer(text, span[0], opening))
        if len({match.group().lower() for match in matches}) >= least:
            return Provenance("text", *matches[0].span())
        return Provenance("heading") if pattern.search(title) else None

    def section(*keys: str) -> Provenance | None:
        return next((sections[key] for key in keys if key in sections), None)

    rules: tuple[tuple[Outcome, Provenance | None], ...] = (
        ("near_miss", cue(_NEAR_MISS)),
        ("failure", section("cause", "impact", "timeline") if kind == "postmortem" else None),
        ("failure", cue(INCIDENT) if kind in ("postmortem", "narrative") else None),
        ("mixed", section("improve") if sections.keys() >= {"sustain", "improve"} else None),
        ("failure", section("cause", "impact", "improve")),
        ("success", section("sustain") or cue(_SUCCESS)),
        ("failure", cue(_FAILURE, least=2)),
    )
    return next((Found(name, shown) for name, shown in rules if shown), None)
