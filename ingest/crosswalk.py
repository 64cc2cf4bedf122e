"""The columns of lessons systems → our fields, and the headings their texts stand under.

Covers NASA LLIS, JLLIS and Army observations, Army after-action reviews, NATO, DOE OPEX, HSEEP, PRINCE2 logs,
blameless post-mortems, SAFENET and NTSB. Which section a heading opens is said in `ingest.headings`; here are only
the column names that it does not know. Names are compared in their normal form (`normal`).

The columns under `access` say who may read a record. Those under `marking` say it only where a marking stands in them
(`ingest.values.as_access`): in some logs they hold a taxonomy, a list of addressees or the weather.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ingest.headings import section_key

FIELDS: dict[str, tuple[str, ...]] = {
    "id": (
        "lesson id", "lesson number", "lesson no", "safenet id", "ntsb no", "record id", "observation id", "oil id",
        "incident id", "report id", "issue key", "log id", "reference number", "identifier", "id", "number", "no",
        "ref",
    ),
    "title": (
        "title", "lesson title", "topic", "subject", "headline", "incident name", "event name", "exercise name", "name",
    ),
    "url": ("url", "link", "permalink", "web address", "docket url", "source url"),
    "event_date": (
        "event date", "date occurred", "date lesson occurred", "occurred", "occurred on", "event start date",
        "incident date", "date of event", "date of incident", "accident date", "observation date", "exercise dates",
        "start date", "date",
    ),
    "written_date": (
        "written date", "publish date", "published", "publication date", "original publish date", "date published",
        "lesson date", "date logged", "logged", "date identified", "date submitted", "submitted", "report date",
        "date raised", "raised", "raised on", "date recorded", "date entered", "safenet create date", "create date",
        "created", "created at", "date created",
    ),
    "project": (
        "project", "project name", "program", "programme", "program project", "mission", "exercise", "operation",
        "service", "product", "system",
    ),
    "unit": (
        "unit", "organization", "organisation", "submitting organization", "submitting unit", "org unit", "center",
        "centre", "nasa center", "department", "team", "office", "site", "facility", "event jurisdiction",
        "jurisdiction", "command",
    ),
    "owner": (
        "owner", "lesson owner", "opr", "action officer", "action body", "poc", "point of contact", "responsible",
        "action owner", "assignee", "author", "submitted by", "logged by", "raised by", "incident lead",
    ),
    "outcome": (
        "outcome", "valence", "rating", "success or failure", "positive negative", "positive or negative",
        "lesson type", "type",
    ),
    "kind": ("kind", "doc kind", "record type", "document type"),
    "severity": (
        "severity", "severity level", "priority", "priority descriptor", "impact level", "highest injury level", "sev",
    ),
    "status": ("status", "lesson status", "currency"),
    "supersedes": ("supersedes", "replaces"),
    "superseded_by": ("superseded by", "replaced by"),
    "phase": ("phase", "program phase", "project phase", "lifecycle phase", "event incident stage", "stage"),
    "topics": ("topics", "topic s", "tags", "keywords", "labels", "categories", "category", "hazards", "capability"),
    "maturity": ("maturity", "lesson maturity"),
    "collection": ("collection", "collection name", "document collection", "document library", "lessons library"),
    "access": (
        "access label", "access level", "access class", "access rights", "security classification",
        "information classification", "data classification", "security marking", "protective marking",
        "sensitivity label", "dissemination control", "dissemination controls", "distribution statement",
        "handling caveat", "handling caveats", "releasability", "traffic light protocol", "tlp", "access",
    ),
    "marking": (
        "sensitivity", "classification", "confidentiality", "document classification", "classification level",
        "distribution", "dissemination", "handling", "handling instructions", "access restriction",
        "access restrictions", "visibility", "marking",
    ),
}  # fmt: skip

HEADINGS: dict[str, str] = {
    "description": "Event description",
    "factual narrative": "Narrative",
    "discussion of activities": "What happened",
    "statement": "Lesson learned",
    "lesson statement": "Lesson learned",
    "key points": "Lessons learned",
    "evaluation": "Effectiveness check",
    "why": "Why did it happen",
    "what to do differently": "What should be done differently",
}
"""Columns of text whose own name the heading vocabulary does not know, and the heading they stand under."""

CODES: frozenset[str] = frozenset({"event task", "purpose of flight"})
"""Columns that sound like a section and hold a code or two words."""

_LABELS = ("access", "marking")
_AGAIN = re.compile(r" \(\d+\)$")  # behind a column's name that comes again, by `unique`
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def normal(name: str) -> str:
    """A name for comparison: `DrivingEvent`, `driving_event` and `Driving event:` are all `driving event`."""
    plain = name.replace("'", "").replace("’", "")
    return " ".join(re.sub(r"[\W_]+", " ", _CAMEL.sub(" ", plain)).lower().split())


def unique(header: Sequence[str]) -> list[str]:
    """Column names, none empty and none twice."""
    names: list[str] = []
    for position, cell in enumerate(header, 1):
        name = " ".join(cell.split()) or f"Column {position}"
        names.append(name if name not in names else f"{name} ({position})")
    return names


def field_columns(columns: Iterable[str]) -> dict[str, list[str]]:
    """For each of our fields the columns that give it, the most specific first.

    Of columns of the same name the first, but all that say who may read a record.
    """
    named: dict[str, str] = {}
    labels: dict[str, list[str]] = {}
    for column in columns:
        named.setdefault(normal(column), column)
        labels.setdefault(normal(_AGAIN.sub("", column)), []).append(column)
    found = {field: [named[name] for name in names if name in named] for field, names in FIELDS.items()}
    found |= {field: [column for name in FIELDS[field] for column in labels.get(name, ())] for field in _LABELS}
    return {field: given for field, given in found.items() if given}


@lru_cache(maxsize=1024)
def heading(column: str) -> str:
    """The heading a column's text stands under: `driving_event` → `Driving event`."""
    words = " ".join(column.split())
    words = HEADINGS.get(normal(column)) or (normal(column) if words.isidentifier() else words)
    return words[:1].upper() + words[1:]


@lru_cache(maxsize=1024)
def is_content(column: str) -> bool:
    """Whether the column tells part of the lesson: what happened, why, what was learned."""
    if normal(column) in CODES:
        return False
    return section_key(heading(column)) not in (None, "meta", "people", "refs", "questions")
