"""Sheets of a workbook: a lessons log becomes records, any other table its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import PurePath
from typing import NamedTuple

from ingest import crosswalk
from ingest.crosswalk import unique
from ingest.errors import UnreadableFile
from ingest.headings import section_key
from ingest.model import Document, Record
from ingest.readers.rendering import rows_document
from ingest.readers.writer import Writer

_HEADER_WITHIN = 25  # rows with text: titles and remarks stand above the header
_LONGEST_VALUE = 6  # words of a cell that lists a value
_SENTENCE_END = re.compile(r"[.!?]$")
_TELLING = frozenset("event cause impact improve sustain luck lesson recommendation".split())
_DEFAULT_NAME = re.compile(r"(sheet|tabelle|feuil|hoja|foglio|planilha|blad|ark|arkusz|лист)\s*\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its title and its rows of cells as they are shown; rows may differ in length."""

    title: str
    rows: Sequence[Sequence[str]]


class _Other(NamedTuple):
    """A sheet that is no log, and the span of its text."""

    sheet: Sheet
    start: int
    end: int


def sheets_document(sheets: Sequence[Sheet], name: str, title: str, warnings: Sequence[str] = ()) -> Document:
    """A document with a page for each sheet that holds text. `name` is the file's.

    Beside a log, every other sheet is a record of the kind `reference`; those that only list the values that cells may
    have come last, and are one.
    """
    sheets = _in_order(sheets)
    logs = [_header(sheet.rows) for sheet in sheets]
    writer = Writer()
    found = list(warnings)
    others: list[_Other] = []
    for sheet, header in zip(sheets, logs, strict=True):
        writer.page(f"sheet {sheet.title}")
        opens = writer.length + (2 if writer.length else 0)
        if header is None:
            if len(sheets) > 1 and not _DEFAULT_NAME.fullmatch(sheet.title) and any(map(any, sheet.rows)):
                writer.heading(1, sheet.title)
            _table(writer, sheet.rows)
            if writer.length > opens:
                others.append(_Other(sheet, opens, writer.length))
            continue
        _table(writer, sheet.rows[:header])
        series = name if sum(log is not None for log in logs) == 1 else f"{PurePath(name).stem} {sheet.title}"
        try:
            log = rows_document(_rows(sheet.rows[header:]), series)
        except UnreadableFile:  # a log that nobody has written in yet
            _table(writer, sheet.rows[header : header + 1])
            others.append(_Other(sheet, opens, writer.length))
            continue
        first = len(writer.records)
        writer.append(log)
        writer.records[first] = replace(writer.records[first], start=opens)
        found += (f"Sheet {sheet.title}: {warning}" for warning in log.warnings)
    made = writer.document(title, warnings=found)
    if not writer.records:
        return made
    records = sorted([*writer.records, *_references(others, writer, name)], key=attrgetter("start"))
    return replace(made, records=tuple(records))


def _in_order(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Lists of values after all other sheets, where there is a log that they belong to."""
    if all(_header(sheet.rows) is None for sheet in sheets):
        return list(sheets)
    return sorted(sheets, key=lambda sheet: _is_lookup(sheet.rows))


def _is_lookup(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a sheet holds a few words in each cell and no sentence."""
    cells = [cell for row in rows for cell in row if cell]
    return _header(rows) is None and all(
        len(cell.split()) <= _LONGEST_VALUE and not _SENTENCE_END.search(cell) for cell in cells
    )


def _references(others: Sequence[_Other], writer: Writer, name: str) -> Iterator[Record]:
    """The records of the sheets that are no logs, called after the sheets and the file."""
    prose = [[other] for other in others if not _is_lookup(other.sheet.rows)]
    lists = [other for other in others if _is_lookup(other.sheet.rows)]
    for group in (*prose, lists):
        if group:
            start, end = group[0].start, group[-1].end
            title = f"{', '.join(other.sheet.title for other in group)} ({name})"
            own = tuple(heading for heading in writer.headings if start <= heading.start < end)
            yield Record(start, end, {"title": title, "kind": "reference"}, own)


def _header(rows: Sequence[Sequence[str]]) -> int | None:
    """The row that names the columns of a lessons log: what happened or was learned, and two more that are known."""
    best, most = None, 2
    filled = [number for number, row in enumerate(rows) if any(row)]
    for number in filled[:_HEADER_WITHIN]:
        names = [" ".join(cell.split()) for cell in rows[number] if cell]
        fields = {column for columns in crosswalk.field_columns(names).values() for column in columns}
        content = {column for column in names if crosswalk.is_content(column)}
        telling = any(section_key(crosswalk.heading(column)) in _TELLING for column in content)
        if telling and len(fields | content) > most:
            best, most = number, len(fields | content)
    return best


def _rows(table: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    width = max(map(len, table))
    header = [*table[0], *[""] * (width - len(table[0]))]
    return [dict(zip(unique(header), row, strict=False)) for row in table[1:] if any(row)]


def _table(writer: Writer, rows: Sequence[Sequence[str]]) -> None:
    """Rows without the columns that are empty throughout; an empty row ends a table, one cell alone is a line."""
    used = sorted({column for row in rows for column, cell in enumerate(row) if cell})
    for row in rows:
        cells = [row[column] if column < len(row) else "" for column in used]
        if sum(map(bool, cells)) == 1 and len(used) > 1:
            writer.write(next(filter(None, cells)))
        elif any(cells):
            writer.row(cells)
        else:
            writer.part()
    writer.part()
