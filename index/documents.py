"""The documents of a library as a list: what became of each, and which of its pages have no text."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from index.browse import Page, check_page
from index.catalogue import Catalogue
from index.records import IS_RECORD

_ROWS = f"""
SELECT s.id, s.path, s.title, s.media_type, s.page_starts, s.warnings, s.indexed_at, length(s.text) AS characters,
       iif(s.page_starts = '[]', '', s.text) AS text,
       (SELECT count(*) FROM lessons WHERE source_id = s.id AND archived = 0 AND {IS_RECORD}) AS records,
       (SELECT count(*) FROM lessons WHERE source_id = s.id AND archived = 0 AND NOT {IS_RECORD}) AS guidance,
       (SELECT count(*) FROM passages p JOIN lessons l ON l.id = p.lesson WHERE l.source_id = s.id) AS passages,
       (SELECT json_group_array(DISTINCT collection) FROM lessons
        WHERE source_id = s.id AND archived = 0 AND collection IS NOT NULL) AS collections
FROM sources s WHERE s.id IN ({{}})"""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list. `pages` is 0 where its format has none; `empty_pages` are numbers of pages, from 1.

    `guidance` counts its guides, templates and reference works, which are no records. `indexed_at` is ISO 8601 in UTC;
    `warnings` is what was noted when it was read.
    """

    source_id: int
    path: str
    title: str
    media_type: str
    pages: int
    characters: int
    records: int
    guidance: int
    passages: int
    indexed_at: str
    collections: tuple[str, ...]
    empty_pages: tuple[int, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def documents(catalogue: Catalogue, offset: int, most: int, words: str = "") -> Page[DocumentRow]:
    """The documents by path; those whose path or title has each of the words, be it a part of one.

    Raises `BadQuestion` for a page that cannot be.
    """
    check_page(offset, most)
    wanted = words.casefold().split()
    with catalogue.snapshot():
        rows = catalogue.rows("SELECT id, path, title FROM sources WHERE archived = 0")
        named = ((f"{row['path']}\n{row['title']}".casefold(), row["path"], row["id"]) for row in rows)
        found = sorted(
            (path.casefold(), path, number) for name, path, number in named if all(w in name for w in wanted)
        )
        numbers = [number for *_, number in found[offset : offset + most]]
        by_number = {row["id"]: row for some in catalogue.rows_of(_ROWS, numbers) for row in some}
    return Page(len(found), offset, tuple(_document(by_number[number]) for number in numbers))


def empty_pages(text: str, page_starts: Sequence[int]) -> tuple[int, ...]:
    """The numbers, from 1, of the pages that have no text."""
    pages = pairwise((*page_starts, len(text)))
    return tuple(number for number, (start, end) in enumerate(pages, 1) if not text[start:end].strip())


def all_empty_pages(catalogue: Catalogue) -> dict[str, tuple[int, ...]]:
    """By path, the pages without text of each document that has some; made once until something changes."""

    def read() -> dict[str, tuple[int, ...]]:
        rows = catalogue.each("SELECT path, text, page_starts FROM sources WHERE archived = 0 AND page_starts <> '[]'")
        found = {row["path"]: empty_pages(row["text"], json.loads(row["page_starts"])) for row in rows}
        return {path: pages for path, pages in found.items() if pages}

    return catalogue.kept("empty pages", read)


def _document(row: sqlite3.Row) -> DocumentRow:
    starts = json.loads(row["page_starts"])
    names = "path title media_type characters records guidance passages indexed_at".split()
    return DocumentRow(
        source_id=row["id"],
        **{name: row[name] for name in names},
        pages=len(starts),
        collections=tuple(sorted(json.loads(row["collections"]))),
        empty_pages=empty_pages(row["text"], starts),
        warnings=tuple(json.loads(row["warnings"])),
    )
