"""The catalogue: sources, lessons, passages and their vectors. The one truth of a library."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from index import repeats, similar
from index.filters import Filters, Selection
from index.hit import Hit, LessonView, SourceView
from index.passages import Ids
from index.records import IS_RECORD
from index.selection import fields, lessons_of, select, values_in, where
from index.store import LESSON, LESSON_ROWS, LISTS, Store
from ingest.errors import NotInLibrary
from ingest.model import Lesson, Section

T = TypeVar("T")
NAMED = 3  # records at most that a query names
_LIVING = "FROM lessons WHERE archived = 0"
_NO_ID = 2**63  # SQLite numbers rows below it
_FACETS = ("outcome", "kind", "unit", "project", "maturity", "phase", "severity")


class Known(NamedTuple):
    """What the catalogue remembers of a living file, to tell whether it changed."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    reading: int


class Counts(NamedTuple):
    """Of what can be found; `guidance` are guides, templates and reference works, which are no records."""

    documents: int
    records: int
    guidance: int
    passages: int
    updated_at: str


class Catalogue(Store):
    """Everything that is asked of it; what changes it is in `Store`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._remembered: dict[str, tuple[str, list[tuple[int, str]]]] = {}
        self._facets: tuple[str, dict[str, list[tuple[str, int]]]] = ("", {})
        self._kept: dict[str, tuple[str, Any]] = {}

    def known(self) -> dict[str, Known]:
        """The living files, by path."""
        rows = self.rows("SELECT path, sha256, size, mtime_ns, reading FROM sources WHERE archived = 0")
        return {row["path"]: Known(*row) for row in rows}

    def selection(self, filters: Filters | None) -> Selection | None:
        """What a search is restricted to; None where it is not. Raises `BadFilter`."""
        return self.select(filters) if filters else None

    def select(self, filters: Filters) -> Selection:
        """What the filters ask for, in the catalogue's words. Raises `BadFilter`."""
        revision = self.meta("revision")
        return select(filters, lambda column, wanted: self._values(column, wanted, revision))

    def _values(self, column: str, wanted: str, revision: str) -> list[tuple[int, str]]:
        """Remembered until something changes: among 200,000 records it takes 20 ms to collect them."""
        if column == "lesson_id":  # too many to collect
            sql = "SELECT id, lesson_id FROM lessons WHERE lesson_id = ? COLLATE NOCASE"
            return [(row[0], row[1]) for row in self.rows(sql, (wanted,))]
        known, values = self._remembered.get(column, ("", []))
        if known != revision:
            values = values_in(self, column)
            self._remembered[column] = (revision, values)
        return values

    def selected(self, selection: Selection) -> Ids:
        """The numbers of the records selected."""
        return lessons_of(self, selection)

    def fields(self, lessons: Sequence[int]) -> dict[int, dict[str, Any]]:
        """By the number of a record, the values that selections look at: "" or an empty list where there is none."""
        return fields(self, lessons)

    def passages(self, ids: Sequence[int]) -> dict[int, sqlite3.Row]:
        """Passages with their lesson and source, by id; an id that is gone is left out."""
        sql = f"{_PASSAGE_ROWS} WHERE p.id IN ({{}})"
        return {row["id"]: row for rows in self.rows_of(sql, ids) for row in rows}

    def passages_of(self, lesson_ids: Sequence[str]) -> list[Hit]:
        """The passages of these records as hits without rank and scores, by record and place."""
        sql = "SELECT p.id FROM passages p JOIN lessons l ON l.id = p.lesson WHERE l.lesson_id IN ({})"
        rows = self.passages([row[0] for some in self.rows_of(sql, lesson_ids) for row in some])
        sections = self.sections(list({row["lesson"] for row in rows.values()}))
        ordered = sorted(rows.values(), key=lambda row: (row["lesson"], row["start"]))
        return [Hit.from_row(row, sections[row["lesson"]], 0, 0.0, 0.0, 0.0) for row in ordered]

    def sections(self, lessons: Sequence[int]) -> dict[int, tuple[Section, ...]]:
        """The sections of lessons, by number."""
        return {
            row["id"]: tuple(Section(**section) for section in json.loads(row["sections"]))
            for rows in self.rows_of("SELECT id, sections FROM lessons WHERE id IN ({})", lessons)
            for row in rows
        }

    def lessons(self, filters: Filters) -> Iterator[tuple[Lesson, str, str]]:
        """The living lessons that match, by file and place: each with its text and its source's path."""
        condition, parameters = where(self.select(filters))
        with self.snapshot():  # the text must be that of the same revision
            sql = f"SELECT l.* FROM lessons l WHERE {condition} ORDER BY l.source_id, l.ordinal"
            rows = self.rows(sql, parameters)
            sources = list({row["source_id"] for row in rows})
            found = self.rows_of("SELECT id, path, text FROM sources WHERE id IN ({})", sources)
            texts = {row["id"]: (row["path"], row["text"]) for some in found for row in some}
        for row in rows:
            path, text = texts[row["source_id"]]
            yield LESSON.validate_python(_lesson_values(row)), text[row["start"] : row["end"]], path

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
            repeats=tuple(repeats.repeats_of(self, row["id"])),
            **{name: values.pop(name) for name in ("lesson_id", "title", "start", "end", "provenance")},
            sections=tuple(values.pop("sections")),
            fields=values,
        )

    def record_at(self, source_id: int, at: int) -> str | None:
        """The id of the record of a source that the character at that offset belongs to."""
        sql = (
            'SELECT lesson_id FROM lessons WHERE source_id = ? AND start <= ? AND "end" > ? ORDER BY start DESC LIMIT 1'
        )
        found = self.rows(sql, (source_id, at, at))
        return str(found[0][0]) if found else None

    def named(self, query: str, selection: Selection | None, most: int = 2) -> list[int]:
        """The first passages of the records whose id or title the query is, `most` of each."""
        sql = "SELECT id FROM lessons WHERE {} = ? COLLATE NOCASE LIMIT 200"
        found = [row[0] for name in ("lesson_id", "title") for row in self.rows(sql.format(name), (query.strip(),))]
        if not found:
            return []
        # Apart from the look-up, whose index the planner would pass over for one on a field.
        condition, parameters = where(selection or Selection())
        among = f"SELECT l.id FROM lessons l WHERE l.id IN ({','.join('?' * len(found))}) AND {condition}"
        allowed = {row[0] for row in self.rows(among, [*found, *parameters])}
        first = "SELECT id FROM passages WHERE lesson = ? ORDER BY id LIMIT ?"
        records = [lesson for lesson in dict.fromkeys(found) if lesson in allowed][:NAMED]
        return [row[0] for lesson in records for row in self.rows(first, (lesson, most))]

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
        rows = self.rows("SELECT * FROM sources WHERE id = ?", (source_id,)) if source_id < _NO_ID else []
        if not rows:
            raise NotInLibrary(f"No document has the number {source_id}.", "Ask again for a fresh citation.")
        values = {name: rows[0][name] for name in ("path", "sha256", "media_type", "title", "text")}
        pages = tuple(json.loads(rows[0]["page_starts"]))
        return SourceView(source_id=source_id, page_starts=pages, archived=bool(rows[0]["archived"]), **values)

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """For each filter field, its values with the number of records, most frequent first; years newest first.

        Remembered until something changes: every question asks.
        """
        revision = self.meta("revision")
        known, facets = self._facets
        if known != revision:
            facets = {name: self._counted(name) for name in (*_FACETS, "year")}
            self._facets = revision, facets
        return facets

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What `make` made of the sources, records and passages of this state; made once until they change."""
        with self.snapshot():  # nobody changes anything in between
            revision = self.meta("revision")
            known, made = self._kept.get(name, ("", None))
            if known != revision:
                made = make()
                self._kept[name] = revision, made
            return cast(T, made)

    def _counted(self, name: str) -> list[tuple[str, int]]:
        column, order = (name, "2 DESC, 1") if name in _FACETS else ("substr(event_date, 1, 4)", "1 DESC")
        sql = f"SELECT {column}, count(*) {_LIVING} AND {column} IS NOT NULL GROUP BY 1 ORDER BY {order}"
        return [(row[0], row[1]) for row in self.rows(sql)]

    def counts(self) -> Counts:
        """What there is to find, and when the last source was indexed."""
        return Counts(
            *self.rows(
                "SELECT (SELECT count(*) FROM sources WHERE archived = 0), "
                f"(SELECT count(*) {_LIVING} AND {IS_RECORD}), (SELECT count(*) {_LIVING} AND NOT ({IS_RECORD})), "
                "(SELECT count(*) FROM passages), (SELECT coalesce(max(indexed_at), '') FROM sources)"
            )[0]
        )


def _lesson_values(row: sqlite3.Row) -> dict[str, Any]:
    """The fields of a `Lesson`, as plain values."""
    names = [each.name for each in fields_of(Lesson)]
    return {name: json.loads(row[name]) if name in LISTS else row[name] for name in names}


_PASSAGE_ROWS = """
SELECT p.id, p.start, p."end", p.header, p.text, p.section, p.page, p.place, p.lesson, l.lesson_id, l.title, l.kind,
       l.outcome, l.maturity, l.event_date, l.project, l.unit, l.owner, l.collection, l.url,
       coalesce(l.superseded_by,
           (SELECT n.lesson_id FROM lessons n WHERE n.supersedes = l.lesson_id AND n.archived = 0)) AS superseded_by,
       s.id AS source_id, s.path
FROM passages p JOIN lessons l ON l.id = p.lesson JOIN sources s ON s.id = l.source_id"""
