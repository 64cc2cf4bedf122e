"""OpenDocument files: texts, presentations and spreadsheets."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import chain, repeat
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.archive import open_archive, parse_xml
from ingest.readers.properties import real_title
from ingest.readers.sheets import Sheet, sheets_document
from ingest.readers.writer import Writer

if TYPE_CHECKING:
    from lxml.etree import _Element

_NS = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TEXT, _TABLE, _DRAW = (_NS % name for name in ("office", "text", "table", "drawing"))
_META, _STAGE = _NS % "meta", _NS % "presentation"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_SKIPPED = frozenset({
    _TEXT + "tracked-changes", _TEXT + "table-of-content", _OFFICE + "annotation", _OFFICE + "forms",
    _TEXT + "note-citation", _TEXT + "sequence-decls", _TEXT + "ruby-text", _STAGE + "notes",
})  # fmt: skip
_SPACES = {_TEXT + "tab": "\t", _TEXT + "line-break": "\n"}
_MOST_REPEATED = 1000  # cells or rows with something in them; empty ones are repeated by the million


def read_odt(data: bytes, name: str) -> Document:
    """A text (`.odt`). Raises `UnreadableFile`."""
    body, title, fields = _opened(data, "text", ".odt")
    writer = Writer()
    _blocks(writer, body)
    first = next((heading.title for heading in writer.headings if heading.level == 1), "")
    return writer.document(title or first, fields)


def read_odp(data: bytes, name: str) -> Document:
    """A presentation (`.odp`): a page for each slide. Raises `UnreadableFile`."""
    body, title, fields = _opened(data, "presentation", ".odp")
    writer = Writer()
    for number, slide in enumerate(body.iterchildren(_DRAW + "page"), 1):
        writer.page(f"slide {number}")
        frames = list(slide.iter(_DRAW + "frame"))
        titles = [frame for frame in frames if frame.get(_STAGE + "class") == "title"]
        for frame in titles:
            if words := " ".join(map(_words, frame.iter(_TEXT + "p"))).strip():
                writer.heading(1 if number == 1 else 2, words)
        for shape in slide:
            if shape not in titles:
                _blocks(writer, [shape])
        notes = [line for page in slide.iterchildren(_STAGE + "notes") for line in map(_words, page.iter(_TEXT + "p"))]
        if any(map(str.strip, notes)):
            writer.write("Notes\n" + "\n".join(notes).strip())
    return writer.document(title, fields)


def read_ods(data: bytes, name: str) -> Document:
    """A spreadsheet (`.ods`): a page for each sheet. Raises `UnreadableFile`."""
    body, title, _ = _opened(data, "spreadsheet", ".ods")
    sheets = [
        Sheet(table.get(_TABLE + "name", ""), [row for row, times in _rows(table) for _ in range(times)])
        for table in body.iterchildren(_TABLE + "table")
    ]
    return sheets_document(sheets, name, title)


def _opened(data: bytes, kind: str, suffix: str) -> tuple[_Element, str, dict[str, str]]:
    """The body, the title, and the date of creation."""
    archive = open_archive(data, f"OpenDocument {kind}", suffix)
    names = set(archive.namelist())
    if "content.xml" not in names:
        raise UnreadableFile(f"The file is no OpenDocument {kind}.", "Give it the suffix of its real format.")
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise UnreadableFile("The document is protected by a password.", "Save a copy without a password.")
    body = parse_xml(archive.read("content.xml")).find(f"{_OFFICE}body/{_OFFICE}{kind}")
    if body is None:
        raise UnreadableFile(f"The file is no OpenDocument {kind}.", "Give it the suffix of its real format.")
    title, created = _properties(archive) if "meta.xml" in names else ("", "")
    return body, title, {"created": created} if created else {}


def _properties(archive: zipfile.ZipFile) -> tuple[str, str]:
    meta = parse_xml(archive.read("meta.xml"))
    created = meta.findtext(f".//{_META}creation-date") or ""
    return real_title(meta.findtext(f".//{_TITLE}")), created.partition("T")[0]


def _blocks(writer: Writer, parent: _Element | list[_Element], depth: int = -1) -> None:
    """Write the headings, paragraphs, lists and tables under an element; `depth` is that of the list around it."""
    for element in parent:
        if element.tag == _TEXT + "h" and (title := _words(element).strip()):
            writer.heading(int(element.get(_TEXT + "outline-level", "1")), title)
            _boxes(writer, element)
        elif element.tag == _TEXT + "p":
            if text := _words(element).strip():
                writer.write(text) if depth < 0 else writer.item(text, depth)
            _boxes(writer, element)
        elif element.tag == _TEXT + "list":
            _blocks(writer, element, depth + 1)
            if depth < 0:
                writer.part()
        elif element.tag == _TABLE + "table":
            _table(writer, element)
        elif element.tag not in _SKIPPED:
            _blocks(writer, element, depth)


def _table(writer: Writer, table: _Element) -> None:
    for cells, times in _rows(table):
        for _ in range(times):
            if len(cells) == 1:
                writer.write(cells[0])
            else:
                writer.row(cells)
    writer.part()


def _boxes(writer: Writer, paragraph: _Element) -> None:
    """Write the text boxes and footnotes anchored in a paragraph."""
    for box in paragraph.iter(_DRAW + "text-box", _TEXT + "note-body"):
        if not any(above.tag in (_DRAW + "text-box", _TEXT + "note-body") for above in _between(box, paragraph)):
            _blocks(writer, box)


def _between(element: _Element, top: _Element) -> Iterator[_Element]:
    for above in element.iterancestors():
        if above is top:
            return
        yield above


def _words(element: _Element) -> str:
    return "".join(_pieces(element))


def _pieces(element: _Element) -> Iterator[str]:
    """The text of a paragraph without its notes, comments and text boxes."""
    yield element.text or ""
    for child in element:
        if child.tag == _TEXT + "s":
            yield " " * min(int(child.get(_TEXT + "c", "1")), _MOST_REPEATED)
        elif child.tag in _SPACES:
            yield _SPACES[child.tag]
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED | {_TEXT + "note", _DRAW + "frame"}:
            yield from _pieces(child)
        yield child.tail or ""


def _rows(table: _Element) -> Iterator[tuple[list[str], int]]:
    """The rows of a table and how often each is repeated; empty ones at most once, in tables in a cell none."""
    for row in table.iter(_TABLE + "table-row"):
        if next(row.iterancestors(_TABLE + "table")) is not table:
            continue
        cells = list(chain.from_iterable(map(_cell, row)))
        while cells and not cells[-1]:
            cells.pop()
        times = int(row.get(_TABLE + "number-rows-repeated", "1"))
        yield cells, min(times, _MOST_REPEATED) if cells else 1


def _cell(cell: _Element) -> Iterator[str]:
    """A cell as often as it is repeated."""
    if cell.tag not in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
        return iter(())
    text = "\n".join(map(_words, cell.iter(_TEXT + "p", _TEXT + "h"))).strip()
    if cell.get(_OFFICE + "value-type") == "date":
        text = cell.get(_OFFICE + "date-value", text).removesuffix("T00:00:00")
    return repeat(text, min(int(cell.get(_TABLE + "number-columns-repeated", "1")), _MOST_REPEATED))
