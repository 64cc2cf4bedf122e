"""What readers say of answers: the review list of those who look after the records.

It is kept beside the library, in a file of its own. No one's name is kept, and of the time only the day.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from assistant.answer import Answer
from assistant.needs import Labels, listed, within
from index.beside import beside
from index.database import REMEDY
from ingest.encodable import encodable
from ingest.errors import LibraryError, NotInLibrary, UsageError

FILE = "feedback.sqlite"
LONGEST = 2000  # characters of a comment
Reason = Literal["useful", "wrong", "outdated", "not_applicable", "incomplete"]
Settled = Literal["corrected", "no_change", "withdrawn"]
_VALUES = "day, reason, comment, role, question, answer, lesson_ids, labels, key"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL,
    reason TEXT NOT NULL,
    comment TEXT NOT NULL,
    role TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    lesson_ids TEXT NOT NULL,
    labels TEXT NOT NULL,
    key TEXT UNIQUE,
    settled TEXT,
    settled_day TEXT
)"""
_OPEN = "settled IS NULL AND reason != 'useful'"
_REPEATED = "marks.reason = excluded.reason AND marks.comment = excluded.comment"
_NOTE = f"""
INSERT INTO marks ({_VALUES}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    ({_VALUES}) = (excluded.day, excluded.reason, excluded.comment, excluded.role, excluded.question, excluded.answer,
        excluded.lesson_ids, excluded.labels, excluded.key),
    settled = CASE WHEN {_REPEATED} THEN settled END,
    settled_day = CASE WHEN {_REPEATED} THEN settled_day END
RETURNING id"""
_COUNTS = """
SELECT cited.value AS lesson_id, count(*) AS times, sum(reason = 'useful') AS useful
FROM marks, json_each(marks.lesson_ids) AS cited
WHERE cited.value IN (SELECT value FROM json_each(?)) GROUP BY cited.value"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """An objection to an answer: the question and the answer's text as they were, and the records it cited.

    `role` is the role of whoever objects, "" where it is not told; `day` is ISO 8601.
    """

    id: int
    day: str
    reason: Reason
    comment: str
    role: str
    question: str
    answer: str
    lesson_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """How often answers that cite a record were found useful, and how often they were objected to."""

    useful: int = 0
    objected: int = 0


class Feedback:
    """Keeps what readers say of a library's answers. Where its folder cannot be written nothing is kept."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def note(
        self,
        answer: Answer,
        reason: Reason,
        comment: str,
        labels: frozenset[str],
        today: date,
        *,
        key: str = "",
        role: str = "",
    ) -> int:
        """Keep a mark and the first `LONGEST` characters of its comment; returns its number, 0 where it is not kept.

        `labels` are those of the reader. A mark with the `key` of an earlier one, a text that stands for one reader's
        turn, replaces it; one that says something else than before is open again. Raises `UsageError` for a reason
        that there is not.
        """
        _check(reason, get_args(Reason))
        row = (
            today.isoformat(),
            reason,
            encodable(comment[:LONGEST]),
            encodable(role),
            encodable(answer.question),
            encodable(answer.answer),
            json.dumps(list(dict.fromkeys(source.lesson_id for source in answer.sources))),
            listed(labels),
            encodable(key) or None,
        )
        try:
            with self._open() as database, database:
                return int(database.execute(_NOTE, row).fetchone()["id"])
        except (sqlite3.Error, OSError) as error:
            logger.warning("%s: a mark was not kept: %s", self._path, error)
            return 0

    def open_items(self, labels: Labels) -> list[Item]:
        """The objections that are not settled and whose labels are all among the reader's, newest first."""
        if not self._path.exists():
            return []
        mine, parameters = within(labels)
        sql = f"SELECT * FROM marks WHERE {_OPEN} AND {mine} ORDER BY day DESC, id DESC"
        with self._open() as database:
            rows = database.execute(sql, parameters).fetchall()
        values = ({name: row[name] for name in Item.__slots__} for row in rows)
        return [Item(**value | {"lesson_ids": tuple(json.loads(value["lesson_ids"]))}) for value in values]

    def settle(self, number: int, how: Settled, labels: Labels = None) -> None:
        """Take an objection off the list; how and on which day it was settled is kept.

        Raises `NotInLibrary` if there is none with this number that a reader with these labels sees, `UsageError` for
        a way that there is not, and `LibraryError` if it cannot be kept.
        """
        _check(how, get_args(Settled))
        mine, parameters = within(labels)
        sql = f"UPDATE marks SET settled = ?, settled_day = ? WHERE id = ? AND {_OPEN} AND {mine}"
        found = 0
        if self._path.exists():
            try:
                with self._open() as database, database:
                    found = database.execute(sql, (how, date.today().isoformat(), number, *parameters)).rowcount
            except (sqlite3.Error, OSError) as error:
                raise LibraryError(f"{self._path} cannot be written: {error}.", REMEDY) from error
        if not found:
            raise NotInLibrary(f"There is no open item {number}.", "Look at the list again: it may be settled.")

    def counts(self, lesson_ids: Sequence[str]) -> dict[str, Marks]:
        """For each of the records how answers that cite it were marked, settled or not."""
        rows = []
        if self._path.exists():
            with self._open() as database:
                rows = database.execute(_COUNTS, (json.dumps(list(lesson_ids)),)).fetchall()
        found = {row["lesson_id"]: Marks(row["useful"], row["times"] - row["useful"]) for row in rows}
        return {lesson_id: found.get(lesson_id, Marks()) for lesson_id in lesson_ids}

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return beside(self._path, _SCHEMA)


def _check(value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"An answer cannot be marked {value!r}.", f"Choose from: {', '.join(allowed)}.")
