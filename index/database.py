"""One SQLite file: connections, transactions, and a small table of named values."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.errors import LibraryError


class Database:
    """Made from `schema.sql` when the file is not there. Each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        try:
            made = self.rows("SELECT 1 FROM sqlite_master WHERE name = 'passages'")
            if not made:
                script = files("index").joinpath("schema.sql").read_text(encoding="utf-8")
                self._connection.executescript(f"BEGIN IMMEDIATE; {script} COMMIT;")
        except sqlite3.DatabaseError as error:
            self.close()
            reason = f"The catalogue {path} cannot be read: {error}."
            raise LibraryError(reason, "Move the library's folder away and index the documents again.") from error

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
            self._all.append(connection)
        connection = self._local.connection
        assert isinstance(connection, sqlite3.Connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def insert(self, table: str, values: Mapping[str, Any], key: str = "") -> int:
        """Insert a row, or update the one with the same value of the unique column `key`; returns its id."""
        columns = [f'"{name}"' for name in values]
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(values))})"
        if key:
            updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != f'"{key}"')
            sql += f" ON CONFLICT ({key}) DO UPDATE SET {updates}"
        return int(self._connection.execute(f"{sql} RETURNING id", list(values.values())).fetchone()["id"])

    def meta(self, key: str, default: str = "") -> str:
        """A named value."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0]["value"]) if found else default

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Store named values."""
        self._connection.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", values.items()
        )
