"""Files of records (CSV, TSV, JSON, JSON Lines): one row is one lesson."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

from ingest.crosswalk import unique
from ingest.errors import UnreadableFile
from ingest.exchange import from_json_rows
from ingest.metadata import with_all_labels
from ingest.model import Document
from ingest.readers.cells import cell_text
from ingest.readers.plain import decode
from ingest.readers.rendering import numbers, rows_document

_LONGEST_CELL = 2**20  # characters
_SHAPE = "Give a list of objects, one for each lesson, or an object that holds one such list."


def read_delimited(data: bytes, name: str) -> Document:
    """A CSV or TSV file whose first line names the columns. Raises `UnreadableFile` if no row can be read."""
    text = decode(data).lstrip("\n")
    delimiter = "\t" if name.lower().endswith(".tsv") else _delimiter(text.partition("\n")[0])
    table = _table(text, delimiter)
    columns = unique(table[0]) if table else []
    rows, ragged = [], []
    for number, cells in enumerate(table[1:], 2):
        if len(cells) not in (0, len(columns)):
            ragged.append(number)
        names = columns + [f"Column {position}" for position in range(len(columns) + 1, len(cells) + 1)]
        rows.append(dict(zip(names, cells, strict=False)))
    warnings = [f"Rows with more or fewer cells than the header: {numbers(ragged)}."] if ragged else []
    return rows_document(rows, name, warnings)


def _table(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)  # of the whole process; nothing else in it reads CSV
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table: list[list[str]] = []
    start, end = 0, 0  # lines of the last row
    try:
        for row in rows:
            table.append(row)
            start, end = end, rows.line_num
        if table and table[-1] and "\n" in table[-1][-1].rstrip("\n"):
            _refuse_open_quote("\n".join(text.split("\n")[start:]), delimiter)
    except csv.Error as error:
        line = (start if rows.line_num == end else end) + 1
        raise UnreadableFile(
            f"The table is broken in the row that begins in line {line}: {error}.",
            "Look there for a quotation mark that never closes; a cell may have up to a million characters.",
        ) from error
    return table


def _refuse_open_quote(row: str, delimiter: str) -> None:
    """Raise `csv.Error` if a quotation mark in the last row never closes: it has swallowed the rows after it."""
    try:
        list(csv.reader(io.StringIO(row, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise


def read_json_lines(data: bytes, name: str) -> Document:
    """A file of one JSON object a line. Lines that are none are named in a warning and skipped."""
    rows: list[dict[str, Any]] = []
    broken = []
    for number, line in enumerate(decode(data).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=with_all_labels)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            broken.append(number)
    if not rows:
        raise UnreadableFile("No line of the file is a JSON object.", "Write one JSON object a line.")
    warnings = [f"Lines that are no JSON object were skipped: {numbers(broken)}."] if broken else []
    if exported := from_json_rows(rows):
        return replace(exported, warnings=(*warnings, *exported.warnings))
    return rows_document(rows, name, warnings)


def read_json(data: bytes, name: str) -> Document:
    """A JSON file: a list of objects, an object that holds one such list, or one object, which is one record."""
    try:
        value = json.loads(decode(data), object_pairs_hook=with_all_labels)
    except ValueError as error:
        raise UnreadableFile(f"The file is not valid JSON: {error}.", "Correct it at that place.") from error
    fields: dict[str, str] = {}
    if isinstance(value, dict):
        lists = [item for item in value.values() if _objects(item)]
        if len(lists) == 1:
            stated = with_all_labels((key.lower(), item) for key, item in value.items() if not _objects(item))
            fields = {key: text for key, item in stated.items() if (text := cell_text(item))}
        value = lists[0] if len(lists) == 1 else [value]
    if not _objects(value):
        raise UnreadableFile("The JSON holds no records.", _SHAPE)
    return replace(rows_document(value, name, []), fields=fields)


def _objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _delimiter(header: str) -> str:
    """The delimiter of a header line: the sniffer is easily misled by the text of the rows."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)
