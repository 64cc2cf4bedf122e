"""A lessons log inside a document: a table each row of which is a lesson."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ingest import crosswalk
from ingest.headings import section_key, term
from ingest.model import Section
from ingest.outline import ONE_EVENT, Start
from ingest.parts import RUN_IN_LEVEL, Part
from ingest.values import row_fields

LEAST_COLUMNS = 3  # of the header that must be a section or a field of a lesson
_TOLD = frozenset({"cause", "recommendation", "lesson", "improve", "sustain"})  # a timeline or a task list has none
_RULE = re.compile(r"[ \t|:+=-]*")
_LONGEST_TITLE = 120


class Row(NamedTuple):
    """A row of a log: where it begins and its title, its fields under the crosswalk's names, and its sections."""

    start: Start
    fields: Mapping[str, str]
    parts: tuple[Part, ...]


class _Cell(NamedTuple):
    text: str
    start: int


def log_rows(text: str, parts: Sequence[Part]) -> list[Row]:
    """The rows of the logs in a document; none if its headings tell of one event, of which a table is then a part."""
    if any(part.own and part.own.key in ONE_EVENT and part.depth < RUN_IN_LEVEL for part in parts):
        return []
    found = [row for table in _tables(text) if _is_log(table[0]) for row in _rows(text, table)]
    return found if len(found) >= 2 else []


def _tables(text: str) -> Iterator[list[list[_Cell]]]:
    """Runs of lines with as many cells as the first; the rule under a Markdown header is no row."""
    table: list[list[_Cell]] = []
    offset = 0
    for line in [*text.split("\n"), ""]:
        cells = _cells(line, offset)
        if len(cells) < LEAST_COLUMNS or (table and len(cells) != len(table[0])):
            if len(table) > 1:
                yield table
            table = []
        if len(cells) >= LEAST_COLUMNS and not _RULE.fullmatch(line):
            table.append(cells)
        offset += len(line) + 1


def _cells(line: str, offset: int) -> list[_Cell]:
    if "|" not in line:
        return []
    inner = line.strip(" \t")
    first = line.index(inner) + inner.startswith("|")
    last = first + len(inner) - inner.startswith("|") - (inner.endswith("|") and len(inner) > 1)
    cells, at = [], first
    for piece in line[first:last].split("|"):
        bare = piece.strip(" \t*_")
        cells.append(_Cell(bare, offset + at + (piece.index(bare) if bare else 0)))
        at += len(piece) + 1
    return cells


def _is_log(header: Sequence[_Cell]) -> bool:
    columns = [cell.text for cell in header]
    keys = {section_key(crosswalk.heading(column)) for column in columns if column and crosswalk.is_content(column)}
    fields = set(crosswalk.field_columns(columns))
    named = fields & {"id", "title", "event_date", "written_date", "project", "unit", "phase"}
    told = bool(keys & _TOLD) and (len(keys) >= 2 or ("lesson" in keys and bool(named)))
    return told and len(keys) + len(fields) >= LEAST_COLUMNS


def _rows(text: str, table: Sequence[Sequence[_Cell]]) -> Iterator[Row]:
    columns = [cell.text for cell in table[0]]
    names = crosswalk.unique(columns)
    sources = crosswalk.field_columns(names)
    for cells in table[1:]:
        content = [
            (crosswalk.heading(column), cell)
            for column, cell in zip(columns, cells, strict=True)
            if cell.text and column and crosswalk.is_content(column)
        ]
        if not content:
            continue
        values = {name: cell.text for name, cell in zip(names, cells, strict=True)}
        fields = row_fields(values, sources)
        start = text.rfind("\n", 0, cells[0].start) + 1
        line = text.find("\n", start)
        end = len(text) if line < 0 else line
        titled = next((cell for cell in cells if cell.text and cell.text == fields.get("title")), content[0][1])
        title = re.split(r"(?<=[.!?])\s", titled.text, maxsplit=1)[0].rstrip(".")[:_LONGEST_TITLE]
        ends = [*(cell.start for _, cell in content[1:]), end]
        parts = tuple(
            Part(Section(section_key(name), name, cell.start, stop), term(name), RUN_IN_LEVEL, cell.start)
            for (name, cell), stop in zip(content, ends, strict=True)
        )
        yield Row(Start(start, title, titled.start, titled.start + len(titled.text)), fields, parts)
