"""The catalogue: sources, lessons, passages and their vectors. The one truth of a library."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from index import similar
from index.database import Database
from index.embedder import Vectors
from index.filters import Filters, where
from index.hit import LessonView, SourceView
from ingest.errors import NotInLibrary
from ingest.model import Lesson, Passage, Prepared, Reading, Section, Source
from ingest.prepare import READING

SOFT_HYPHEN = "\u00ad"  # what PDF readers put where a line break divides a word
_BATCH = 500  # SQLite's oldest limit on the parameters of a statement is 999
_SOURCE = ("path", "sha256", "size", "mtime_ns", "media_type", "title", "text", "reading")
_LISTS = ("sections", "provenance", "topics", "causes", "actions", "contributors")
"""The columns of a lesson that hold JSON."""
_LIVING = "FROM lessons WHERE archived = 0"
_FACETS = ("outcome", "kind", "unit", "project", "maturity", "phase", "severity")
LESSON: TypeAdapter[Lesson] = TypeAdapter(Lesson)


class Known(NamedTuple):
    """What the catalogue remembers of a living file, to tell whether it changed."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    reading: int


class Catalogue(Database):
    """Methods that write belong inside `transaction()`."""

    # -- writing

    def put(self, prepared: Prepared, vectors: Vectors) -> int:
        """Store a source in place of its earlier revision; `vectors` has a row for each passage, in order.

        Returns the number of its lessons' near-duplicates.
        """
        source_id = self._put_source(prepared.source)
        self._retire(source_id)
        at = linked = 0
        for ordinal, (lesson, passages) in enumerate(prepared.lessons, 1):
            number = self._put_lesson(source_id, ordinal, lesson)
            linked += similar.link(self, number, prepared.source.text[lesson.start : lesson.end])
            for passage in passages:
                self._put_passage(number, passage, vectors[at])
                at += 1
        self.unstage(prepared.source.path)
        return linked

    def archive(self, path: str) -> None:
        """Take a source out of search; its text and lessons stay, for old citations."""
        for row in self.rows("UPDATE sources SET archived = 1 WHERE path = ? RETURNING id", (path,)):
            self._retire(row["id"])

    def stage(self, reading: Reading) -> None:
        """Keep what was read until it is embedded and stored."""
        row = (reading.source.path, reading.source.mtime_ns, READING.dump_json(reading).decode())
        self._connection.execute("INSERT OR REPLACE INTO staged VALUES (?, ?, ?)", row)

    def staged(self, revision: int) -> dict[str, int]:
        """The modification time of each file that is staged and was read in this way, by path."""
        sql = "SELECT path, mtime_ns FROM staged WHERE json_extract(reading, '$.source.reading') = ?"
        return {row["path"]: row["mtime_ns"] for row in self.rows(sql, (revision,))}

    def take_staged(self, path: str) -> Reading:
        """What was read of a file that is staged."""
        return READING.validate_json(self.rows("SELECT reading FROM staged WHERE path = ?", (path,))[0][0])

    def unstage(self, path: str | None = None) -> None:
        """Forget what was read of one file, or of all."""
        self._connection.execute("DELETE FROM staged WHERE path = coalesce(?, path)", (path,))

    def move(self, old: str, new: str) -> None:
        """A file was renamed: its records, ids and passages stay. An archived file at `new` gives up the path."""
        self._connection.execute("UPDATE sources SET path = path || ' (archived ' || id || ')' WHERE path = ?", (new,))
        self._connection.execute("UPDATE sources SET path = ? WHERE path = ?", (new, old))

    def touch(self, path: str, mtime_ns: int) -> None:
        """The file's time changed, its content did not."""
        self._connection.execute("UPDATE sources SET mtime_ns = ? WHERE path = ?", (mtime_ns, path))

    def _retire(self, source_id: int) -> None:
        """Archive a source's lessons and drop their passages."""
        rows = self.rows("UPDATE lessons SET archived = 1 WHERE source_id = ? RETURNING id", (source_id,))
        gone = [row["id"] for row in rows]
        similar.unlink(self, gone)
        self.execute_many("DELETE FROM passages WHERE lesson = ?", [(number,) for number in gone])

    def _put_source(self, source: Source) -> int:
        values: dict[str, Any] = {name: getattr(source, name) for name in _SOURCE}
        values |= {
            "page_starts": json.dumps(source.page_starts),
            "warnings": json.dumps(source.warnings),
            "indexed_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "archived": 0,
        }
        return self.insert("sources", values, key="path")

    def _put_lesson(self, source_id: int, ordinal: int, lesson: Lesson) -> int:
        values: dict[str, Any] = LESSON.dump_python(lesson)
        values |= {name: json.dumps(values[name]) for name in _LISTS}
        values |= {
            "lesson_id": self._stable_id(lesson, source_id, ordinal),
            "source_id": source_id,
            "ordinal": ordinal,
            "archived": 0,
        }
        return self.insert("lessons", values, key="lesson_id")

    def _stable_id(self, lesson: Lesson, source_id: int, ordinal: int) -> str:
        """The id the record had before, if it was made from a file name; else its own.

        An id that another living source holds gets the number of this source behind it.
        """
        lesson_id = lesson.lesson_id
        if "lesson_id" not in lesson.provenance:
            sql = "SELECT lesson_id, provenance FROM lessons WHERE source_id = ? AND ordinal = ?"
            for earlier in self.rows(sql, (source_id, ordinal)):
                if "lesson_id" not in json.loads(earlier["provenance"]):
                    return str(earlier["lesson_id"])
        sql = "SELECT 1 FROM lessons WHERE lesson_id = ? AND source_id != ? AND archived = 0"
        return f"{lesson_id}~{source_id}" if self.rows(sql, (lesson_id, source_id)) else lesson_id

    def _put_passage(self, lesson: int, passage: Passage, vector: Vectors) -> int:
        values: dict[str, Any] = asdict(passage)
        values |= {"lesson": lesson, "embedding": np.ascontiguousarray(vector, dtype=np.float32).tobytes()}
        return self.insert("passages", values)

    # -- reading

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
        """The living lessons that match, in the order they came: each with its text and its source's path."""
        condition, parameters = where(filters)
        sql = f"SELECT l.id FROM lessons l JOIN sources s ON s.id = l.source_id WHERE {condition} ORDER BY l.id"
        for row in self.rows(sql, parameters):
            found = self.rows(f"{_LESSON_ROWS} WHERE l.id = ?", (row["id"],))[0]
            yield LESSON.validate_python(_lesson_values(found)), found["body"], found["path"]

    def lesson(self, lesson_id: str) -> LessonView:
        """A whole record. Raises `NotInLibrary`."""
        rows = self.rows(f"{_LESSON_ROWS} WHERE l.lesson_id = ? COLLATE NOCASE", (lesson_id,))
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
        name: json.loads(row[name]) if name in _LISTS else row[name] for name in (each.name for each in fields(Lesson))
    }


_LESSON_ROWS = """
SELECT l.*, s.path, substr(s.text, l.start + 1, l."end" - l.start) AS body
FROM lessons l JOIN sources s ON s.id = l.source_id"""
_PASSAGE_ROWS = """
SELECT p.id, p.start, p."end", p.text, p.section, p.page, p.place, p.lesson, l.lesson_id, l.title, l.kind, l.outcome,
       l.maturity, l.event_date, l.project, l.unit, l.owner, l.url,
       coalesce(l.superseded_by,
           (SELECT n.lesson_id FROM lessons n WHERE n.supersedes = l.lesson_id AND n.archived = 0)) AS superseded_by,
       s.id AS source_id, s.path
FROM passages p JOIN lessons l ON l.id = p.lesson JOIN sources s ON s.id = l.source_id"""
