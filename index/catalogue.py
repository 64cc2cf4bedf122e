"""The catalogue: sources, lessons, passages and their vectors. The one truth of a library."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index import similar
from index.embedder import Vectors
from index.filters import Filters, where
from index.hit import LessonView, SourceView
from index.store import LESSON, LESSON_ROWS, LISTS, Store
from ingest.errors import NotInLibrary
from ingest.model import Lesson, Passage, Section

SOFT_HYPHEN = "\u00ad"  # what PDF readers put where a line break divides a word
_BATCH = 500  # SQLite's oldest limit on the parameters of a statement is 999
_LIVING = "FROM lessons WHERE archived = 0"
_FACETS = ("outcome", "kind", "unit", "project", "maturity", "phase", "severity")


class Known(NamedTuple):
    """What the catalogue remembers of a living file, to tell whether it changed."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    reading: int


class Catalogue(Store):
    """Everything that is asked of it; what changes it is in `Store`."""

    def known(self) -> dict[str, Known]:
        """The living files, by path."""
        rows = self.rows("SELECT path, sha256, size, mtime_ns, reading FROM sources WHERE archived = 0")
        return {row["path"]: Known(*row) for row in rows}

    def allowed(self, filters: Filters) -> list[int]:
        """The ids of the passages whose record matches."""
        condition, parameters = where(filters)
        tables = "passages p JOIN lessons l ON l.id = p.lesson JOIN sources s ON s.id = l.source_id"
        return [row["id"] for row in self.rows(f"SELECT p.id FROM {tables} WHERE {condition}", parameters)]

    def passages(self, ids: Iterable[int]) -> dict[int, sqlite3.Row]:
        """Passages with their lesson and source, by id; an id that is gone is left out."""
        wanted, found = list(ids), {}
        for at in range(0, len(wanted), _BATCH):
            batch = wanted[at : at + _BATCH]
            for row in self.rows(f"{_PASSAGE_ROWS} WHERE p.id IN ({','.join('?' * len(batch))})", batch):
                found[row["id"]] = row
        return found

    def passage_ids(self) -> NDArray[np.int64]:
        """The ids of all passages."""
        return np.array([row[0] for row in self.rows("SELECT id FROM passages ORDER BY id")], np.int64)

    def sections(self, lessons: Sequence[int]) -> dict[int, tuple[Section, ...]]:
        """The sections of lessons, by number."""
        sql = f"SELECT id, sections FROM lessons WHERE id IN ({','.join('?' * len(lessons))})"
        return {
            row["id"]: tuple(Section(**section) for section in json.loads(row["sections"]))
            for row in self.rows(sql, lessons)
        }

    def embeddings(self, ids: Sequence[int]) -> Iterator[tuple[list[int], list[str], Vectors]]:
        """Passages in batches: ids, searchable texts, vectors of shape (n, dimension)."""
        for at in range(0, len(ids), _BATCH):
            batch = [int(number) for number in ids[at : at + _BATCH]]
            sql = f"SELECT id, header, text, embedding FROM passages WHERE id IN ({','.join('?' * len(batch))})"
            if rows := self.rows(sql, batch):
                vectors = np.stack([np.frombuffer(row["embedding"], dtype=np.float32) for row in rows])
                yield [row["id"] for row in rows], [_joined(row["header"], row["text"]) for row in rows], vectors

    def vectors_of(self, path: str) -> dict[str, Vectors]:
        """The vectors of a living source's passages, by searchable text."""
        rows = self.rows(
            "SELECT p.header, p.text, p.embedding FROM passages p JOIN lessons l ON l.id = p.lesson "
            "JOIN sources s ON s.id = l.source_id WHERE s.path = ? AND s.archived = 0",
            (path,),
        )
        return {_joined(row["header"], row["text"]): np.frombuffer(row["embedding"], np.float32) for row in rows}

    def lessons(self, filters: Filters) -> Iterator[tuple[Lesson, str, str]]:
        """The living lessons that match, by file and place: each with its text and its source's path."""
        condition, parameters = where(filters)
        sql = "SELECT l.* FROM lessons l JOIN sources s ON s.id = l.source_id"
        source: sqlite3.Row | None = None
        for row in self.rows(f"{sql} WHERE {condition} ORDER BY l.source_id, l.ordinal", parameters):
            if source is None or source["id"] != row["source_id"]:
                source = self.rows("SELECT id, path, text FROM sources WHERE id = ?", (row["source_id"],))[0]
            yield LESSON.validate_python(_lesson_values(row)), source["text"][row["start"] : row["end"]], source["path"]

    def lesson(self, lesson_id: str) -> LessonView:
        """A whole record. Raises `NotInLibrary`."""
        sql = f"{LESSON_ROWS} WHERE l.lesson_id = ? COLLATE NOCASE ORDER BY l.lesson_id = ? DESC, l.archived LIMIT 1"
        rows = self.rows(sql, (lesson_id, lesson_id))
        if not rows:
            raise NotInLibrary(f"No record has the id {lesson_id!r}.", "Find it with: lessons search WORDS")
        row = rows[0]
        values = _lesson_values(row)
        start, body = row["start"], row["body"]
        for tag in (*values["topics"], *values["causes"]):
            if tag["start"] is not None:
                tag["quote"] = body[tag["start"] - start : tag["end"] - start]
        return LessonView(
            text=body,
            source=row["path"],
            source_id=row["source_id"],
            archived=bool(row["archived"]),
            similar=tuple(similar.linked(self, row["id"])),
            **{name: values.pop(name) for name in ("lesson_id", "title", "start", "end", "provenance")},
            sections=tuple(values.pop("sections")),
            fields=values,
        )

    def find_ids(self, names: Sequence[str], numbers: Sequence[str]) -> list[str]:
        """The ids of living records that are one of `names` (case and separators aside) or end in `-` and a number."""
        bare = "replace(replace(replace(lower(lesson_id), '-', ''), '_', ''), ' ', '')"
        found: list[str] = []
        for name in names:
            wanted = "".join(character for character in name.lower() if character not in "-_ ")
            found += [row[0] for row in self.rows(f"SELECT lesson_id {_LIVING} AND {bare} = ?", (wanted,))]
        for number in numbers:
            found += [row[0] for row in self.rows(f"SELECT lesson_id {_LIVING} AND lesson_id LIKE ?", (f"%-{number}",))]
        return list(dict.fromkeys(found))

    def source(self, source_id: int) -> SourceView:
        """A source as it was indexed. Raises `NotInLibrary`."""
        rows = self.rows("SELECT * FROM sources WHERE id = ?", (source_id,))
        if not rows:
            raise NotInLibrary(f"No document has the number {source_id}.", "Ask again for a fresh citation.")
        values = {name: rows[0][name] for name in ("path", "sha256", "media_type", "title", "text")}
        pages = tuple(json.loads(rows[0]["page_starts"]))
        return SourceView(source_id=source_id, page_starts=pages, archived=bool(rows[0]["archived"]), **values)

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """For each filter field, its values with the number of records, most frequent first; years newest first."""
        columns = {name: (name, "2 DESC, 1") for name in _FACETS} | {"year": ("substr(event_date, 1, 4)", "1 DESC")}
        return {
            name: [
                (row[0], row[1])
                for row in self.rows(
                    f"SELECT {column}, count(*) FROM lessons WHERE archived = 0 AND {column} IS NOT NULL "
                    f"GROUP BY 1 ORDER BY {order}"
                )
            ]
            for name, (column, order) in columns.items()
        }

    def counts(self) -> tuple[int, int, int, str]:
        """Living sources, lessons and passages, and when the last source was indexed."""
        return tuple(
            self.rows(
                "SELECT (SELECT count(*) FROM sources WHERE archived = 0), "
                "(SELECT count(*) FROM lessons WHERE archived = 0), (SELECT count(*) FROM passages), "
                "(SELECT coalesce(max(indexed_at), '') FROM sources)"
            )[0]
        )


def searchable(passage: Passage) -> str:
    """The text that is embedded and whose words are indexed: the header, then the passage."""
    return _joined(passage.header, passage.text)


def _joined(header: str, text: str) -> str:
    return f"{header}\n{text}".replace(SOFT_HYPHEN, "")


def _lesson_values(row: sqlite3.Row) -> dict[str, Any]:
    """The fields of a `Lesson`, as plain values."""
    return {
        name: json.loads(row[name]) if name in LISTS else row[name] for name in (each.name for each in fields(Lesson))
    }


_PASSAGE_ROWS = """
SELECT p.id, p.start, p."end", p.text, p.section, p.page, p.place, p.lesson, l.lesson_id, l.title, l.kind, l.outcome,
       l.maturity, l.event_date, l.project, l.unit, l.owner, l.url,
       coalesce(l.superseded_by,
           (SELECT n.lesson_id FROM lessons n WHERE n.supersedes = l.lesson_id AND n.archived = 0)) AS superseded_by,
       s.id AS source_id, s.path
FROM passages p JOIN lessons l ON l.id = p.lesson JOIN sources s ON s.id = l.source_id"""
