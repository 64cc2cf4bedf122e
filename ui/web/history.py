"""The conversations of each person, kept beside the library, in a file of their own.

What is forgotten is overwritten in the file. A person is an opaque id; nobody reads or changes what is another's.
"""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from index.analysis import words_of
from index.beside import beside
from index.database import REMEDY
from ingest.encodable import encodable
from ingest.errors import LibraryError, NotInLibrary
from ui.web.kept import KeptTurn, Sight, moment, now, pack, pack_answer, readable, unpack, unpack_answer

__all__ = ["History", "Kept", "KeptTurn", "Sight", "now", "readable"]

FILE = "history.sqlite"
_MOST_WORDS = 20  # of a search
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA foreign_keys = ON;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, person TEXT NOT NULL, started TEXT NOT NULL, updated TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS of_person ON conversations (person, updated);
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    question BLOB NOT NULL,
    filters BLOB NOT NULL,
    ignored BLOB NOT NULL,
    answer BLOB,
    feedback BLOB NOT NULL,
    words TEXT NOT NULL,
    UNIQUE (conversation, number)
);"""
_ADD = """
INSERT INTO turns (conversation, number, at, question, filters, ignored, answer, feedback, words)
SELECT ?, coalesce(max(number) + 1, 0), ?, ?, ?, ?, ?, ?, ? FROM turns WHERE conversation = ?"""
_LIST = """
SELECT c.id, c.started, c.updated, count(*) AS turns, max(t.id) AS last,
    (SELECT question FROM turns WHERE conversation = c.id ORDER BY number LIMIT 1) AS title
FROM conversations c JOIN turns t ON t.conversation = c.id
WHERE c.person = ?{} GROUP BY c.id ORDER BY c.updated DESC, last DESC LIMIT ?"""
_OWN = "conversation = (SELECT id FROM conversations WHERE id = ? AND person = ?)"
_SAYS = " AND EXISTS (SELECT 1 FROM turns WHERE conversation = c.id AND ({}))"

logger = logging.getLogger(__name__)
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation: its first question as the title, when it was started and last added to (ISO 8601, UTC)."""

    id: str
    title: str
    started: str
    updated: str
    turns: int


class History:
    """Keeps conversations. Where the folder cannot be written nothing is kept, and asking goes on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def add(self, person: str, conversation: str | None, turn: KeptTurn) -> str:
        """Append a turn to the person's conversation, or to a new one where it is None or not theirs.

        Returns the conversation's id; "" where nothing could be kept. Raises `ValueError` if `turn.at` is no moment.
        """
        at = moment(turn.at).isoformat(timespec="microseconds")  # all alike, so that they compare
        asked = (pack(turn.question), pack(dict(turn.filters)), pack(turn.ignored))
        kept = (turn.at, *asked, pack_answer(turn.answer), pack(turn.feedback or ""), _words(turn))
        try:
            with self._open() as database, database:
                sql = "UPDATE conversations SET updated = ? WHERE id = ? AND person = ?"
                own = _known(conversation)
                if not own or not database.execute(sql, (at, own, person)).rowcount:
                    own = secrets.token_urlsafe(12)
                    database.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", (own, person, at, at))
                database.execute(_ADD, (own, *kept, own))
                return own
        except (sqlite3.Error, OSError) as error:
            logger.warning("%s: a turn was not kept: %s", self._path, error)
            return ""

    def replace_from(self, person: str, conversation: str, number: int) -> None:
        """Forget the turns of the person's conversation from this number on, counted from 0: they are asked again."""
        try:
            self._write(f"DELETE FROM turns WHERE number >= ? AND {_OWN}", (number, _known(conversation), person))
        except LibraryError as error:
            logger.warning("%s", error)

    def mark(self, person: str, conversation: str, number: int, feedback: str | None) -> None:
        """Keep how the person marked the answer of this turn; None takes the mark away.

        Raises `NotInLibrary` if the person has no such turn, and `LibraryError` where the file cannot be written.
        """
        sql = f"UPDATE turns SET feedback = ? WHERE number = ? AND {_OWN}"
        if not self._write(sql, (pack(feedback or ""), number, _known(conversation), person)):
            raise _missing()

    def conversations(self, person: str, most: int = 50, search: str = "") -> list[Kept]:
        """The person's conversations, newest first; with `search`, those that hold all of its words or their starts.

        Looked through are the questions and the text of the answers.
        """
        if not self._path.exists():
            return []
        wanted = _wanted(search)
        if search.strip() and not wanted:
            return []
        says = "".join(_SAYS.format(" OR ".join(["instr(words, ?)"] * len(forms))) for forms in wanted)
        parameters = [f" {form}" for forms in wanted for form in forms]
        try:
            with self._open() as database:
                rows = database.execute(_LIST.format(says), (person, *parameters, most)).fetchall()
        except (sqlite3.Error, OSError) as error:
            logger.warning("%s: conversations cannot be read: %s", self._path, error)
            return []
        return [Kept(row["id"], unpack(row["title"], ""), row["started"], row["updated"], row["turns"]) for row in rows]

    def turns(self, person: str, conversation: str) -> list[KeptTurn]:
        """The turns of the person's conversation, in their order.

        Raises `NotInLibrary` if there is none with this id, or it is another's, or it cannot be read.
        """
        if not self._path.exists():
            raise _missing()
        try:
            with self._open() as database:
                sql = "SELECT 1 FROM conversations WHERE id = ? AND person = ?"
                if not database.execute(sql, (_known(conversation), person)).fetchone():
                    raise _missing()
                sql = "SELECT * FROM turns WHERE conversation = ? ORDER BY number"
                return [_turn(row) for row in database.execute(sql, (_known(conversation),))]
        except (sqlite3.Error, OSError) as error:
            logger.warning("%s: a conversation cannot be read: %s", self._path, error)
            raise _missing() from error

    def forget(self, person: str, conversation: str) -> int:
        """Forget the person's conversation; returns how many there were: 0 if it is not theirs.

        Raises `LibraryError`, like the two below, where the file cannot be written.
        """
        return self._write("DELETE FROM conversations WHERE id = ? AND person = ?", (_known(conversation), person))

    def forget_all(self, person: str) -> int:
        """Forget all that is the person's; returns how many conversations there were."""
        return self._write("DELETE FROM conversations WHERE person = ?", (person,))

    def prune(self, days: int) -> int:
        """Forget conversations of all people that nothing was added to for so many days; returns how many."""
        before = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
        return self._write("DELETE FROM conversations WHERE updated < ?", (before,))

    def _write(self, sql: str, parameters: Sequence[object]) -> int:
        if not self._path.exists():
            return 0
        try:
            with self._open() as database, database:
                return database.execute(sql, parameters).rowcount
        except (sqlite3.Error, OSError) as error:
            raise LibraryError(f"{self._path} cannot be written: {error}.", REMEDY) from error

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with ExitStack() as stack:
            with _making:  # two that change the journal at once do not wait for each other
                database = stack.enter_context(beside(self._path, _SCHEMA))
            yield database


def _missing() -> NotInLibrary:
    return NotInLibrary("There is no such conversation.", "It may have been forgotten; start a new one.")


def _known(conversation: str | None) -> str:
    """An id as it can be looked for, whatever a browser sent."""
    return encodable(conversation or "")


def _turn(row: sqlite3.Row) -> KeptTurn:
    return KeptTurn(
        question=unpack(row["question"], ""),
        filters=unpack(row["filters"], {}),
        ignored=tuple(unpack(row["ignored"], [])),
        answer=unpack_answer(row["answer"]),
        at=row["at"],
        feedback=unpack(row["feedback"], "") or None,
    )


def _spelt(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _words(turn: KeptTurn) -> str:
    """The words of a turn and their stems, each behind a space, so that the start of a word can be looked for."""
    spelt = set(_spelt(f"{turn.question} {turn.answer.answer if turn.answer else ''}"))
    return "".join(f" {word}" for word in sorted(spelt.union(words_of(" ".join(spelt)))))


def _wanted(search: str) -> list[list[str]]:
    """For each word of a search the forms to look for; words like "the" only where there are no others."""
    forms = [(word, words_of(word)) for word in dict.fromkeys(_spelt(search))]
    telling = [(word, stems) for word, stems in forms if stems] or forms
    return [[word, *stems] for word, stems in telling[:_MOST_WORDS]]
