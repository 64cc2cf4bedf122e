"""The catalogue's writing side: sources, lessons and passages come, change, move and retire; ids stay."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from index import acronyms, problems, repeats, similar
from index.identity import Named, keep_ids
from index.passages import Embedded, Passages
from ingest.model import Lesson, Prepared, Reading, Source
from ingest.prepare import READING
from ingest.values import access_parts, joined_access

_SOURCE = ("path", "sha256", "size", "mtime_ns", "media_type", "title", "text", "reading")
LISTS = ("sections", "provenance", "topics", "causes", "actions", "contributors")
"""The columns of a lesson that hold JSON."""
LESSON: TypeAdapter[Lesson] = TypeAdapter(Lesson)
LESSON_ROWS = """
SELECT l.*, s.path, substr(s.text, l.start + 1, l."end" - l.start) AS body
FROM lessons l JOIN sources s ON s.id = l.source_id"""
_REVISION = "(s.archived AND s.path >= ? || ' (revision ' AND s.path < ? || ' (revision!')"
"""The earlier revisions of a file that some lessons are still cited from; its path is bound twice.

A range of the index over paths (`!` follows the blank), since every file that is stored asks.
"""


class Store(Passages):
    """Its methods belong inside `transaction()`."""

    def put(self, prepared: Prepared, embedded: Sequence[Embedded], model: int) -> int:
        """Store a source in place of its earlier revision; `embedded` is each passage, in order, by `model`.

        Returns the number of its lessons' near-duplicates.
        """
        ids = self._ids(prepared)
        earlier = self._set_aside(prepared.source.path)
        source_id = self._put_source(prepared.source)
        own = {
            row["id"] for row in self.rows(f"SELECT id FROM sources s WHERE {_REVISION}", (prepared.source.path,) * 2)
        }
        numbers: list[int] = []
        linked = 0
        for ordinal, ((lesson, passages), kept) in enumerate(zip(prepared.lessons, ids, strict=True), 1):
            lesson_id = self._own_id(kept, lesson, source_id, own)
            number = self._put_lesson(source_id, ordinal, lesson, lesson_id)
            body = prepared.source.text[lesson.start : lesson.end]
            linked += similar.link(self, number, body)
            acronyms.note(self, number, body)
            numbers += [self.insert("passages", asdict(passage) | {"lesson": number}) for passage in passages]
        self.put_vectors(model, zip(numbers, embedded, strict=True))
        if earlier is not None:
            # Lessons that came again moved to the new revision; those that did not keep the text they were cited from.
            sql = "DELETE FROM sources WHERE id = ? AND NOT EXISTS (SELECT 1 FROM lessons WHERE source_id = sources.id)"
            self._connection.execute(sql, (earlier,))
        self._close_earlier(own, source_id)
        self.unstage(prepared.source.path)
        problems.forget(self, [prepared.source.path])
        return linked

    def _set_aside(self, path: str) -> int | None:
        """Retire the lessons of a file's earlier revision to a copy of its source; the file's own number stays."""
        rows = self.rows("SELECT * FROM sources WHERE path = ?", (path,))
        if not rows:
            return None
        number = rows[0]["id"]
        self._retire(number)
        copy = {name: rows[0][name] for name in rows[0].keys() if name != "id"}  # noqa: SIM118 - a row is no mapping
        earlier = self.insert("sources", copy | {"path": f"{path} (set aside)", "archived": 1})
        sql = "UPDATE sources SET path = ? WHERE id = ?"
        self._connection.execute(sql, (f"{path} (revision {earlier})", earlier))
        self._connection.execute("UPDATE lessons SET source_id = ? WHERE source_id = ?", (earlier, number))
        return earlier

    def _close_earlier(self, earlier: Collection[int], source_id: int) -> None:
        """Close what is still cited from earlier revisions of a source by all labels that its living records carry too.

        No id lives on in the file and is archived at once, so that none of these records has a label to follow.
        """
        if not earlier:
            return
        now = [row["access"] for row in self.rows("SELECT access FROM lessons WHERE source_id = ?", (source_id,))]
        sql = "SELECT id, access FROM lessons WHERE source_id IN (SELECT value FROM json_each(?))"
        rows = self.rows(sql, (json.dumps(list(earlier)),))
        labels = ((joined_access(filter(None, (row["access"], *now))), row["id"]) for row in rows)
        self.execute_many("UPDATE lessons SET access = ? WHERE id = ?", [each for each in labels if each[0]])

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

    def move(self, old: str, new: str, collection: str = "") -> None:
        """A file was renamed: its records, ids and passages stay. An archived file at `new` gives up the path."""
        self._connection.execute("UPDATE sources SET path = path || ' (archived ' || id || ')' WHERE path = ?", (new,))
        self._connection.execute("UPDATE sources SET path = ? WHERE path = ?", (new, old))
        sql = f"UPDATE sources AS s SET path = ? || substr(path, ?) WHERE {_REVISION}"
        self._connection.execute(sql, (new, len(old) + 1, old, old))
        if collection:
            self._connection.execute(
                "UPDATE lessons SET collection = ? WHERE source_id = (SELECT id FROM sources WHERE path = ?) "
                "AND json_extract(provenance, '$.collection.method') = 'folder'",
                (collection, new),
            )
        problems.forget(self, [old])

    def touch(self, path: str, mtime_ns: int) -> None:
        """The file's time changed, its content did not."""
        self._connection.execute("UPDATE sources SET mtime_ns = ? WHERE path = ?", (mtime_ns, path))

    def _retire(self, source_id: int) -> None:
        """Archive a source's lessons and drop their passages."""
        rows = self.rows("UPDATE lessons SET archived = 1 WHERE source_id = ? RETURNING id", (source_id,))
        gone = [row["id"] for row in rows]
        similar.unlink(self, gone)
        acronyms.forget(self, gone)
        repeats.forget(self, gone)
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

    def _put_lesson(self, source_id: int, ordinal: int, lesson: Lesson, lesson_id: str) -> int:
        values: dict[str, Any] = LESSON.dump_python(lesson)
        values |= {name: json.dumps(values[name]) for name in LISTS}
        values |= {
            "lesson_id": lesson_id,
            "source_id": source_id,
            "ordinal": ordinal,
            "archived": 0,
        }
        return self.insert("lessons", values, key="lesson_id")

    def _ids(self, prepared: Prepared) -> list[str]:
        """The ids of a source's lessons; those made from the file's name are the ones they had before."""
        rows = self.rows(
            f"{LESSON_ROWS} WHERE (s.path = ? OR {_REVISION}) AND json_extract(l.provenance, '$.lesson_id') IS NULL "
            "ORDER BY l.archived, l.ordinal",
            (prepared.source.path,) * 3,
        )
        text = prepared.source.text
        lessons = [lesson for lesson, _ in prepared.lessons]
        unnamed = [lesson for lesson in lessons if "lesson_id" not in lesson.provenance]
        kept = iter(
            keep_ids(
                [Named(row["lesson_id"], row["title"], row["body"]) for row in rows],
                [Named(lesson.lesson_id, lesson.title, text[lesson.start : lesson.end]) for lesson in unnamed],
            )
        )
        return [lesson.lesson_id if "lesson_id" in lesson.provenance else next(kept) for lesson in lessons]

    def _own_id(self, lesson_id: str, lesson: Lesson, source_id: int, own: set[int]) -> str:
        """The id, with the number of this source behind it where another source's lesson has it.

        A native id of a lesson that is archived is taken over: the record moved. One made from a file's name is not,
        since it may be another record, and old citations must find theirs; nor one of a lesson that is closed by a
        label which this one does not carry, so that nothing closed gives way to whoever names its id.
        """
        native, labels = "lesson_id" in lesson.provenance, set(access_parts(lesson.access))

        def holder(wanted: str) -> sqlite3.Row | None:
            rows = self.rows("SELECT source_id, archived, access FROM lessons WHERE lesson_id = ?", (wanted,))
            return rows[0] if rows else None

        numbered = (f"{lesson_id}~{source_id}" + (f".{count}" if count else "") for count in itertools.count())
        given = holder(f"{lesson_id}~{source_id}")
        wanted = next(numbered) if given and given["source_id"] in own else lesson_id
        while held := holder(wanted):
            moved = native and labels.issuperset(access_parts(held["access"]))
            if held["archived"] and (moved or held["source_id"] in own):
                break
            wanted = next(numbered)
        return wanted
