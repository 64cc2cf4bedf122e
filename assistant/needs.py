"""The questions that the library could not answer: the map of what the organisation still has to learn.

They are kept beside the library, in a file of their own, so that asking never waits for indexing. No one's name is
kept, and of the time only the day. With a question go the labels of the records that whoever asked may read: who may
not read all of them does not see the question.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answer import Answer
from assistant.settings import AssistantSettings
from assistant.standing import owners
from index.analysis import words_of
from index.beside import beside
from index.embedder import Embedder
from index.library import Library

FILE = "questions.sqlite"
SAME = 0.75  # the least cosine similarity of two questions that ask for the same
RECENT = timedelta(days=31)
FADES = 90  # days after which a question that was not asked again counts half
_WEIGHTS = {"none": 1.0, "partial": 0.4}
_COLUMNS = "(day, question, words, verdict, filters, nearest, who, labels)"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL,
    question TEXT NOT NULL,
    words TEXT NOT NULL,
    verdict TEXT NOT NULL,
    filters TEXT NOT NULL,
    nearest TEXT NOT NULL,
    who TEXT NOT NULL,
    labels TEXT NOT NULL DEFAULT '[]'
)"""
_LABELLED = "ALTER TABLE asked ADD COLUMN labels TEXT NOT NULL DEFAULT '[]'"
_COLUMN = "SELECT 1 FROM pragma_table_info('asked') WHERE name = 'labels'"

Labels = frozenset[str] | None
"""The labels of the records that somebody may read, beside those without one; None for who may read everything."""
Carried = Callable[[], frozenset[str]]
"""Tells the labels that records carry now: what somebody leaves is kept with those of them that they hold."""
Sees = Callable[[str], bool]
"""Whether the reader may see the record with this id."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gap:
    """A need: what was asked, in the words asked last; `questions` are all of them, latest first.

    `weight` ranks gaps: each time counts 1 where nothing was found and less where something came near, fading with its
    age. `nearest` are the ids of records that came near, `who` the roles and units to ask.
    """

    question: str
    times: int
    unanswered: int
    first: str
    last: str
    weight: float
    questions: tuple[str, ...]
    nearest: tuple[str, ...]
    who: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        out = {name: getattr(self, name) for name in self.__slots__}
        return (
            out
            | {name: list(out[name]) for name in ("questions", "nearest", "who")}
            | {"weight": round(self.weight, 3)}
        )


def needs_of(
    library: Library, settings: AssistantSettings, labels: Labels = None, carried: Carried | None = None
) -> Needs | None:
    """Where the library's questions are kept, for somebody with these labels; None if they are not to be."""
    return Needs(library.folder, labels, carried) if settings.keep_questions else None


def within(labels: Labels) -> tuple[str, list[str]]:
    """The SQL condition on a row's `labels`, and its parameters, that they are all among the reader's."""
    if labels is None:
        return "1", []
    sql = "NOT EXISTS (SELECT 1 FROM json_each(labels) WHERE value NOT IN (SELECT value FROM json_each(?)))"
    return sql, [listed(labels)]


def left_with(labels: Labels, carried: Carried | None) -> frozenset[str]:
    """The labels that what somebody leaves is kept with."""
    if carried is None:
        return labels or frozenset()
    return carried() if labels is None else carried() & labels


def listed(labels: frozenset[str]) -> str:
    """The labels as a row keeps them."""
    return json.dumps(sorted(labels))


class Needs:
    """Keeps the questions of one library, and shows of them what somebody with these labels may see.

    Where its folder cannot be written nothing is kept, and asking goes on.
    """

    def __init__(self, folder: Path, labels: Labels = None, carried: Carried | None = None) -> None:
        self._path = folder / FILE
        self._labels = labels
        self._carried = carried

    def note(self, answer: Answer, today: date) -> int:
        """Keep a question that was not, or not fully, answered; returns how often it was asked in the last month.

        What others asked counts where their labels are all among one's own.
        """
        words = " ".join(sorted(set(words_of(answer.question))))
        sources = answer.nearest or answer.sources
        row = (
            today.isoformat(),
            answer.question,
            words,
            answer.verdict,
            json.dumps(dict(answer.filters)),
            json.dumps(list(dict.fromkeys(source.lesson_id for source in sources))),
            json.dumps([name for name, _ in owners(sources)]),
            listed(left_with(self._labels, self._carried)),
        )
        try:
            with self._open() as database, database:
                _add_labels(database)
                database.execute(f"INSERT INTO asked {_COLUMNS} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
                mine, parameters = within(self._labels)
                sql = f"SELECT count(*) FROM asked WHERE words = ? AND day > ? AND {mine}"
                return int(database.execute(sql, (words, (today - RECENT).isoformat(), *parameters)).fetchone()[0])
        except (sqlite3.Error, OSError) as error:
            logger.warning("%s: a question was not kept: %s", self._path, error)
            return 0

    def gaps(self, embedder: Embedder, today: date, sees: Sees | None = None) -> list[Gap]:
        """What was asked and not answered, the weightiest first; questions that ask for the same are one.

        With `sees`, records that the reader may not see are not named, nor whom to ask where they were among those
        that tell it.
        """
        rows = self._rows()
        if not rows:
            return []
        groups = _groups(embedder.sentences([row["question"] for row in rows]))
        seen = cache(sees) if sees else None
        return sorted((_gap([rows[at] for at in group], today, seen) for group in groups), key=lambda gap: -gap.weight)

    def forget(self, questions: Sequence[str]) -> int:
        """Drop these questions, word for word: they are answered now, or were none. Returns how many there were.

        Those of others whose labels are not all among one's own stay.
        """
        if not self._path.exists():
            return 0
        with self._open() as database, database:
            mine, parameters = self._mine(database)
            sql = f"DELETE FROM asked WHERE question = ? AND {mine}"
            return sum(database.execute(sql, (question, *parameters)).rowcount for question in questions)

    def _rows(self) -> list[sqlite3.Row]:
        """The questions that may be seen, latest first."""
        if not self._path.exists():
            return []
        with self._open() as database:
            mine, parameters = self._mine(database)
            return database.execute(
                f"SELECT * FROM asked WHERE {mine} ORDER BY day DESC, id DESC", parameters
            ).fetchall()

    def _mine(self, database: sqlite3.Connection) -> tuple[str, list[str]]:
        # A file that is only read is not altered: while it lacks the column, no question in it has a label.
        return within(self._labels if database.execute(_COLUMN).fetchone() else None)

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return beside(self._path, _SCHEMA)


def _add_labels(database: sqlite3.Connection) -> None:
    """To a file that an older version made."""
    if not database.execute(_COLUMN).fetchone():
        database.execute("BEGIN IMMEDIATE")
        if not database.execute(_COLUMN).fetchone():  # unless another process was faster
            database.execute(_LABELLED)


def _groups(vectors: Any) -> list[list[int]]:
    """Places of questions that are like the first of their group."""
    groups: list[list[int]] = []
    for at, vector in enumerate(vectors):
        near = [float(np.dot(vector, vectors[group[0]])) for group in groups]
        if near and max(near) >= SAME:
            groups[int(np.argmax(near))].append(at)
        else:
            groups.append([at])
    return groups


def _gap(rows: Sequence[sqlite3.Row], today: date, sees: Sees | None) -> Gap:
    weight = sum(
        _WEIGHTS.get(row["verdict"], 0) * 0.5 ** ((today - date.fromisoformat(row["day"])).days / FADES) for row in rows
    )
    return Gap(
        question=rows[0]["question"],
        times=len(rows),
        unanswered=sum(row["verdict"] == "none" for row in rows),
        first=rows[-1]["day"],
        last=rows[0]["day"],
        weight=weight,
        questions=tuple(dict.fromkeys(row["question"] for row in rows)),
        nearest=tuple(one for one in _all(rows, "nearest") if sees is None or sees(one)),
        who=_all([row for row in rows if sees is None or all(map(sees, json.loads(row["nearest"])))], "who"),
    )


def _all(rows: Sequence[sqlite3.Row], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for row in rows for value in json.loads(row[name])))
