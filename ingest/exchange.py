"""The exchange format: records written out whole, as JSON Lines or Markdown, and read back without losing a field.

A JSON Lines file holds one object a record: the fields of `ingest.model.Lesson` with spans into its own `text`. A
Markdown file is one record: front matter that a person can edit, what restores the rest exactly under `record`, and
the record's text. `source` names the file a record came from; it is for people and is not read back.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath
from typing import Any, get_args

from ingest.dates import parse_date
from ingest.errors import UnreadableFile
from ingest.metadata import as_outcome
from ingest.model import Document, Heading, Kind, Lesson, Maturity, Provenance, Severity, Tag
from ingest.spans import fits, own, shifted
from ingest.values import as_access

MARKER = "lessons_export"
VERSION = 1

_REQUIRED = ("lesson_id", "title", "kind", "outcome", "maturity")
_SINGLE = {"id": "lesson_id"} | {
    name: name
    for name in (*_REQUIRED[1:], "event_date", "written_date", "project", "unit", "owner", "phase", "severity",
                 "supersedes", "superseded_by", "url", "collection", "access")
}  # fmt: skip
_LISTS = ("topics", "causes", "contributors")
_CHOICES = {"kind": get_args(Kind), "maturity": get_args(Maturity), "severity": get_args(Severity)}

_LINE_END = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # a file with many of these is taken for binary data


@dataclass(frozen=True, slots=True)
class _Kept:
    """What restores a record from Markdown: its lesson with spans into its text, and a check on the body.

    `length` and `sha256` are of the body as written; `text` is there where a text file cannot hold the record's own.
    """

    sha256: str
    length: int
    lesson: Lesson
    text: str | None = None


# -- writing


def to_row(lesson: Lesson, text: str, source: str) -> dict[str, Any]:
    """A record as the JSON object of its line."""
    fields: dict[str, Any] = _adapter(Lesson).dump_python(own(lesson), mode="json")
    return {MARKER: VERSION, **fields, "text": text, "source": PurePath(source).name}


def to_markdown(lesson: Lesson, text: str, source: str) -> str:
    """A record as the content of its file."""
    import yaml

    body = _CONTROL.sub("\ufffd", _LINE_END.sub("\n", text))
    kept = _Kept(_sha256(body), len(body), own(lesson), None if body == text else text)
    shown = {key: _line(getattr(lesson, name)) for key, name in _SINGLE.items()}
    lists = {name: [_line(tag.name) for tag in getattr(lesson, name)] for name in _LISTS}
    head: dict[str, Any] = {MARKER: VERSION}
    head |= {key: value for key, value in (shown | lists).items() if value}
    head["source"] = PurePath(source).name
    # In ASCII and one string: YAML's own line breaks and escapes cannot touch it.
    head["record"] = json.dumps(_adapter(_Kept).dump_python(kept, mode="json", exclude_defaults=True))
    front = yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=sys.maxsize)
    return f"---\n{front}---\n{body}" + ("" if body.endswith("\n") else "\n")


# -- reading


def from_json_rows(rows: Sequence[Mapping[str, Any]]) -> Document | None:
    """The document of an exported JSON Lines file; None where no row bears the marker.

    Rows that are damaged are named in a warning. Raises `UnreadableFile` if all are.
    """
    if not any(MARKER in row for row in rows):
        return None
    parts: list[str] = []
    lessons: list[Lesson] = []
    warnings: list[str] = []
    taken: set[str] = set()
    start = 0
    for number, row in enumerate(rows, 1):
        try:
            lesson, text = _from_row(row)
        except ValueError as error:
            warnings.append(f"Record {number} was skipped: {error}.")
            continue
        lesson = replace(lesson, lesson_id=_unique(lesson.lesson_id, taken))
        lessons.append(shifted(lesson, start))
        parts.append(text)
        start += len(text) + 2
    if not lessons:
        raise UnreadableFile(f"No record of the export can be read. {warnings[0]}", "Export the records again.")
    return Document("\n\n".join(parts), lessons=tuple(lessons), warnings=tuple(warnings))


def from_front_matter(values: Mapping[str, Any], body: str, headings: Sequence[Heading] = ()) -> Document | None:
    """The document of an exported Markdown file; None where the marker is missing.

    `values` is the front matter as parsed, scalars as strings; `headings` are those of `body`. A body that was not
    edited restores the record as it was; one that was is recognised anew. Either way the plain fields hold.
    """
    if MARKER not in values:
        return None
    kept = _read_kept(values.get("record"))
    if kept and _is_unedited(kept, body):
        text = body[: kept.length] if kept.text is None else kept.text
        if fits(kept.lesson, text):
            lesson, warnings = _edited(kept.lesson, values, anew=False)
            return Document(text, title=lesson.title, lessons=(lesson,), warnings=warnings)
    stated = _line(values.get("id")) or (kept.lesson.lesson_id if kept else "")
    if not stated:
        return None
    found = _recognised(Document(body, title=_line(values.get("title")), headings=tuple(headings)))
    if found is None:
        return Document(body)
    lesson, warnings = _edited(found, {**values, "id": stated}, anew=True)
    return Document(body, title=lesson.title, headings=tuple(headings), lessons=(lesson,), warnings=warnings)


def _from_row(row: Mapping[str, Any]) -> tuple[Lesson, str]:
    """Raises `ValueError`, which says what is wrong with the row."""
    if row.get(MARKER) != VERSION:
        raise ValueError(f"it is not marked with {MARKER!r}: {VERSION}, as this version of the program writes it")
    try:
        lesson: Lesson = _adapter(Lesson).validate_json(json.dumps(row))  # which half characters do not pass
    except ValueError as error:
        raise ValueError(_why(error)) from error
    text = row.get("text")
    if not isinstance(text, str) or not fits(lesson, text):
        raise ValueError("its text was changed, and the places that its fields name are no longer in it")
    return lesson, text


def _read_kept(value: object) -> _Kept | None:
    try:
        kept: _Kept = _adapter(_Kept).validate_json(str(value))
    except ValueError:
        return None
    return kept


def _is_unedited(kept: _Kept, body: str) -> bool:
    """Whether the body is as it was written; white space at its very end is what editors add."""
    return _sha256(body[: kept.length]) == kept.sha256 and not body[kept.length :].strip()


def _recognised(document: Document) -> Lesson | None:
    """The one record that an edited body is; None where it has no text."""
    from ingest.recognise import recognise  # here, as readers call this module and recognition comes after them

    lessons = recognise(document, Path("record.md"))
    if not lessons:
        return None
    sections = tuple(section for lesson in lessons for section in lesson.sections)
    return replace(lessons[0], start=0, end=len(document.text), sections=sections)


def _edited(lesson: Lesson, values: Mapping[str, Any], *, anew: bool) -> tuple[Lesson, tuple[str, ...]]:
    """The lesson with the plain fields of the front matter where they differ, and warnings of values it cannot have.

    A field that is not stated is one that somebody took out, unless the lesson was recognised `anew`.
    """
    warnings: list[str] = []
    changes: dict[str, Any] = {}
    provenance = dict(lesson.provenance)
    for key, name in _SINGLE.items():
        had, said = getattr(lesson, name), _line(values.get(key))
        if said == _line(had) or (not said and (anew or name in _REQUIRED)):
            continue
        value = _value(name, said)
        if said and value is None:
            warnings.append(f"{key} cannot be {said!r}; {had or 'nothing'} was kept.")
            continue
        changes[name] = value
        provenance.pop(name, None)
        if value:
            provenance[name] = Provenance("frontmatter")
    for name in _LISTS:
        tags: tuple[Tag, ...] = getattr(lesson, name)
        said_names = _lines(values.get(name))
        if said_names != [_line(tag.name) for tag in tags] and not (anew and name not in values):
            known = {_line(tag.name): tag for tag in tags}
            changes[name] = tuple(known.get(each) or Tag(each, "frontmatter") for each in said_names if each)
    return replace(lesson, **changes, provenance=provenance), tuple(warnings)


def _value(name: str, said: str) -> str | None:
    """What a field's value stands for; None for one that the field cannot have."""
    if name in ("event_date", "written_date"):
        return parse_date(said)
    if name == "outcome":
        return as_outcome(said)
    if name == "access":
        return as_access(said, field=True)
    if name in _CHOICES:
        word = said.lower().replace(" ", "_").replace("-", "_")
        return word if word in _CHOICES[name] else None
    return said or None


# -- both


@cache
def _adapter(kind: type[Any]) -> Any:
    """What turns a dataclass to JSON and back, each value checked against its type."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _why(error: ValueError) -> str:
    """The first thing that validation found."""
    from pydantic import ValidationError

    assert isinstance(error, ValidationError)
    first = error.errors(include_url=False)[0]
    return ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))


def _line(value: object) -> str:
    """A value of the front matter on one line; empty where there is none, or something deeper than a list."""
    if isinstance(value, list):
        return ", ".join(filter(None, (_line(each) for each in value if isinstance(each, str))))
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "" if text in ("~", "null") else text


def _lines(value: object) -> list[str]:
    """A list in the front matter, or what somebody wrote with commas instead."""
    if isinstance(value, list):
        return [_line(each) for each in value if isinstance(each, str)]
    return [each.strip() for each in _line(value).split(",") if each.strip()]


def _unique(lesson_id: str, taken: set[str]) -> str:
    number, name = 1, lesson_id
    while name.lower() in taken:
        number += 1
        name = f"{lesson_id}~{number}"
    taken.add(name.lower())
    return name


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
