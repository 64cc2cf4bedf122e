"""Who is signed in: sessions on the server's side, which survive its restart.

Only the SHA-256 of a token is kept, so that who reads the file can use none of them.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from index.beside import beside

FILE = "sessions.sqlite"
LONGEST = 7 * 24 * 3600  # seconds a session lasts in any case
_TOUCHED = 60  # seconds between two notes that a session is in use
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    token TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mark TEXT NOT NULL,
    created REAL NOT NULL,
    seen REAL NOT NULL
) WITHOUT ROWID"""


@dataclass(frozen=True, slots=True)
class Session:
    """Whose it is, and the mark of what the people file said of the person when it started."""

    name: str
    mark: str


class Sessions:
    """The sessions in `folder`; each ends after `hours` without use, and after 7 days in any case.

    Methods raise `sqlite3.Error` or `OSError` where the folder cannot be written.
    """

    def __init__(self, folder: Path, hours: int = 12, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE
        self._idle = hours * 3600
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True)
        with self._open():
            self._path.chmod(0o600)

    def start(self, name: str, mark: str = "") -> str:
        """The token of a new session."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._open() as database:
            database.execute("DELETE FROM sessions WHERE seen < ? OR created < ?", (now - self._idle, now - LONGEST))
            database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", (_kept(token), name, mark, now, now))
        return token

    def of(self, token: str) -> Session | None:
        """The session of a token, unless it is over."""
        now, key = self._clock(), _kept(token)
        with self._open() as database:
            row = database.execute(
                "SELECT name, mark, seen FROM sessions WHERE token = ? AND seen >= ? AND created >= ?",
                (key, now - self._idle, now - LONGEST),
            ).fetchone()
            if row and now - row[2] > _TOUCHED:
                with suppress(sqlite3.OperationalError):  # where nothing can be written, it ends sooner
                    database.execute("UPDATE sessions SET seen = ? WHERE token = ?", (now, key))
        return Session(row[0], row[1]) if row else None

    def name_of(self, token: str) -> str | None:
        """Whose token this is; None when its session is over."""
        session = self.of(token)
        return session.name if session else None

    def end(self, token: str) -> None:
        """Sign out."""
        with self._open() as database:
            database.execute("DELETE FROM sessions WHERE token = ?", (_kept(token),))

    def end_all(self, name: str) -> None:
        """End all sessions of a person."""
        with self._open() as database:
            database.execute("DELETE FROM sessions WHERE name = ?", (name,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with beside(self._path, _SCHEMA) as database, database:
            yield database


def _kept(token: str) -> str:
    return sha256(token.encode()).hexdigest()
