"""The text of a document as a reader writes it, block by block, with the offsets of its headings, pages and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from ingest.model import Document, Heading, Record

Block = Literal["text", "heading", "item", "row"]

DEEPEST = 6  # heading levels
_LONGEST_TITLE = 90


class Writer:
    """Blocks are parted by a blank line; rows of a table and items of a list follow each other without one."""

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self.records: list[Record] = []
        self.length = 0
        self._parts: list[str] = []
        self._kind: Block | None = None
        self._starts: list[int] = []
        self._names: list[str] = []
        self._page: str | None = None

    @property
    def pages(self) -> int:
        """How many pages there are so far."""
        return len(self._starts)

    def page(self, name: str) -> None:
        """The next block opens a page called `name`; a page nothing is written on is none."""
        self._page = name

    def write(self, text: str, kind: Block = "text") -> int:
        """Append a block; the offset of its end."""
        joined = kind == self._kind and kind in ("row", "item") and self._page is None
        gap = "" if not self._parts else "\n" if joined else "\n\n"
        if self._page is not None:
            self._starts.append(self.length + len(gap))
            self._names.append(self._page)
            self._page = None
        self._parts += [gap, text]
        self.length += len(gap) + len(text)
        self._kind = kind
        return self.length

    def heading(self, level: int, title: str) -> None:
        """Append a heading line."""
        title = " ".join(title.split())
        end = self.write(title, "heading")
        self.headings.append(Heading(min(level, DEEPEST), title, end - len(title), end))

    def item(self, text: str, level: int = 0) -> None:
        """Append an item of a list; `level` is 0 for the outermost."""
        self.write(f"{'  ' * level}- {text}", "item")

    def row(self, cells: Sequence[str]) -> None:
        """Append a row of a table, on a line of its own; a row without text is left out."""
        cells = [" ".join(cell.split()) for cell in cells]
        if any(cells):
            self.write(" | ".join(cells), "row")

    def part(self) -> None:
        """End a table or list: the next row or item follows after a blank line."""
        self._kind = None

    def append(self, document: Document, name: str = "") -> None:
        """Append another document; with a `name` it is a page, or its pages are, called after both."""
        if name:
            self.page(name)
        start = self.write(document.text) - len(document.text)
        if name and document.page_starts:
            self._starts[-1:] = [start, *(start + offset for offset in document.page_starts[1:])]
            own = document.page_names or [f"page {number}" for number, _ in enumerate(document.page_starts, 1)]
            self._names[-1:] = [f"{name}, {each}" for each in own]
        self.headings += _moved(document.headings, start)
        self.records += [
            Record(record.start + start, record.end + start, record.fields, tuple(_moved(record.headings, start)))
            for record in document.records
        ]

    def document(self, title: str, fields: Mapping[str, str] | None = None, warnings: Sequence[str] = ()) -> Document:
        """All that was written. Beside records, every other stretch of text is a record of the kind `reference`."""
        text = "".join(self._parts)
        made = Document(
            text, title, tuple(self._starts), tuple(self._names), fields=fields or {}, warnings=tuple(warnings)
        )
        if self.records:
            return replace(
                made, records=tuple(sorted([*self.records, *self._between(text)], key=lambda each: each.start))
            )
        return replace(made, headings=tuple(self.headings))

    def _between(self, text: str) -> list[Record]:
        """Text that no record holds would be found by nobody: only records are searched where there are any."""
        edges = sorted(
            {0, *self._starts, *(edge for each in self.records for edge in (each.start, each.end)), len(text)}
        )
        held = {record.start for record in self.records}
        found = []
        for start, end in pairwise(edges):
            stretch = text[start:end]
            if start in held or not stretch.strip():
                continue
            start, end = start + len(stretch) - len(stretch.lstrip()), end - len(stretch) + len(stretch.rstrip())
            own = tuple(heading for heading in self.headings if start <= heading.start < end)
            title = text[start:end].partition("\n")[0][:_LONGEST_TITLE].strip("- ")
            found.append(Record(start, end, {"title": title, "kind": "reference"}, own))
        return found


def _moved(headings: Sequence[Heading], offset: int) -> list[Heading]:
    return [replace(each, start=each.start + offset, end=each.end + offset) for each in headings]
