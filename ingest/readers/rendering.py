"""Rows of a table as records: one row is one lesson, rendered as text with headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ingest import crosswalk
from ingest.dates import infer_day_first, parse_date
from ingest.errors import UnreadableFile
from ingest.model import Document, Heading, Record
from ingest.readers.cells import cell_text
from ingest.values import as_id, as_name, as_url, row_fields

Row = dict[str, str]

_LONG = 200  # characters: a longer value of an unknown column is a section of its own
_LONGEST_TITLE = 90
_LONGEST_ID = 64
_IN_FIELDS_ONLY: Mapping[str, Callable[[str], str | None]] = {
    "id": as_id, "title": str, "url": as_url, "event_date": str, "written_date": str, "project": as_name,
    "unit": as_name, "owner": as_name, "superseded_by": as_id, "collection": as_name,
}  # fmt: skip
"""Fields that show a value as it stands, and how it is read; None where the field would not take it."""
_DATES = ("event_date", "written_date")


def rows_document(raw: Sequence[object], name: str, warnings: Sequence[str] = ()) -> Document:
    """Rows (mappings from column to value; anything else is passed over) as a document of records.

    `name` is the file's, put before ids that are bare numbers. Raises `UnreadableFile` if no row holds a value.
    """
    rows = [{str(key): cell_text(value) for key, value in row.items()} for row in raw if isinstance(row, dict)]
    empty = [number for number, row in enumerate(rows, 1) if not any(row.values())]
    rows = [row for row in rows if any(row.values())]
    if not rows:
        raise UnreadableFile("The file holds no rows.", "Give a file with a header and at least one row.")
    if empty:
        warnings = [*warnings, f"Empty records were skipped: {numbers(empty)}."]
    sources = crosswalk.field_columns(dict.fromkeys(column for row in rows for column in row))
    fields = _fields(rows, sources, _series(rows, name))
    counts = Counter(found["id"] for found in fields if "id" in found)
    repeated = sorted(key for key, count in counts.items() if count > 1)
    if repeated:
        warnings = [*warnings, f"Ids used more than once; later records go without: {', '.join(repeated[:20])}."]
    parts: list[str] = []
    records: list[Record] = []
    start, seen = 0, set[str]()
    for row, found in zip(rows, fields, strict=True):
        if found.get("id") in seen:
            del found["id"]
        seen.add(found.get("id", ""))
        text, headings = _render(row, found, sources, start)
        parts.append(text)
        records.append(Record(start, start + len(text), found, headings))
        start += len(text) + 2
    return Document("\n\n".join(parts), records=tuple(records), warnings=tuple(warnings))


def _series(rows: Sequence[Row], name: str) -> str:
    """The name of the collection, put before ids that are bare numbers."""
    columns = {crosswalk.normal(column) for row in rows[:1] for column in row}
    if {"driving event", "mission directorate"} <= columns:
        return "LLIS"
    return re.sub(r"\W+", "-", PurePath(name).stem.upper()).strip("-")


def _fields(rows: Sequence[Row], sources: Mapping[str, list[str]], series: str) -> list[dict[str, str]]:
    """The crosswalk's fields of each row; dates are read by column."""
    dated = [column for field in _DATES for column in sources.get(field, ())]
    dates = {column: _dates([row.get(column, "") for row in rows]) for column in dated}
    found = []
    for number, row in enumerate(rows):
        values = row_fields(row, sources)
        for field in _DATES:
            values[field] = next((dates[column][number] for column in sources.get(field, ()) if row.get(column)), "")
        values["id"] = _id(values.get("id", ""), series)
        values["title"] = _title(row, values, sources)
        found.append({field: value for field, value in values.items() if value})
    return found


def _dates(column: Sequence[str]) -> list[str]:
    """Dates in ISO 8601; whether `03/04/2021` is in March or April is told by the column's other rows."""
    day_first = infer_day_first("\n".join(column))
    return [parse_date(value, day_first=day_first) or "" if value else "" for value in column]


def _id(value: str, series: str) -> str:
    """An id as it stands if it holds a letter, else after the series; empty if it is a text and no id."""
    value = re.sub(r"(?<=\d)\.0$", "", value)  # spreadsheets write whole numbers as 431.0
    if len(value) > _LONGEST_ID or "\n" in value or not value:
        return ""
    return value if any(map(str.isalpha, value)) else f"{series}-{value}"


def _title(row: Row, values: Mapping[str, str], sources: Mapping[str, list[str]]) -> str:
    """The title column, else the opening of the first section, else the first short text that is no id or date."""
    if values.get("title"):
        return " ".join(values["title"].split())
    for column, value in row.items():
        if value and crosswalk.is_content(column):
            return _opening(value)
    known = {column for field in ("id", "url", *_DATES) for column in sources.get(field, ())}
    texts = [value for column, value in row.items() if value and column not in known]
    return _opening(next((value for value in texts if len(value) <= _LONG and not _bare(value)), (*texts, "Record")[0]))


def _bare(value: str) -> bool:
    return not re.search(r"[^\W\d_]{3}", value)


def _opening(text: str) -> str:
    """The first sentence or line of a text, cut at a word."""
    line = re.split(r"(?<=[.!?])\s|\n", text, maxsplit=1)[0].strip().rstrip(".")
    if len(line) <= _LONGEST_TITLE:
        return line
    return line[:_LONGEST_TITLE].rpartition(" ")[0].rstrip(",;:") + " …" if " " in line[:_LONGEST_TITLE] else line[:90]


@dataclass
class _Page:
    """The text of one record and its headings; `start` is its offset in the document."""

    start: int
    text: str = ""

    def heading(self, level: int, title: str) -> Heading:
        """Append a heading line."""
        start = self.start + len(self.text)
        self.text += title
        return Heading(level, title, start, start + len(title))


def _render(
    row: Row, fields: Mapping[str, str], sources: Mapping[str, list[str]], start: int
) -> tuple[str, tuple[Heading, ...]]:
    """The record as text: title, sections in the order of the columns, and under `Details` whatever is left."""
    page = _Page(start)
    headings = [page.heading(1, fields["title"])]
    shown = _shown(row, fields, sources)
    short = {column for columns in sources.values() for column in columns}
    details = []
    for column, value in row.items():
        if not value or column in shown:
            continue
        if crosswalk.is_content(column) or (len(value) > _LONG and column not in short):
            page.text += "\n\n"
            headings.append(page.heading(2, crosswalk.heading(column)))
            page.text += f"\n{value}"
        else:
            details.append(f"{crosswalk.heading(column)}: {value}")
    if details:
        page.text += "\n\n"
        headings.append(page.heading(2, "Details"))
        page.text += "\n" + "\n".join(details)
    return page.text, tuple(headings)


def _shown(row: Row, fields: Mapping[str, str], sources: Mapping[str, list[str]]) -> set[str]:
    """The columns whose value the lesson shows in a field of its own, and loses nothing by it."""
    used = {field: next((column for column in columns if row.get(column)), "") for field, columns in sources.items()}
    return {
        column
        for field, column in used.items()
        if field in _IN_FIELDS_ONLY
        and field in fields
        and _IN_FIELDS_ONLY[field](fields[field])
        and (field not in _DATES or len(fields[field]) == len("2021-03-14") or fields[field] == row[column])
    }


def numbers(numbers: Sequence[int]) -> str:
    """Numbers for a message, at most ten."""
    return ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
