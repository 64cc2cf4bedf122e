"""One SQLite file: connections, transactions, and a small table of named values."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.errors import LibraryError, SchemaMismatch

REMEDY = "Check that the disk is not full and that you may write to the library's folder."
BATCH = 500  # SQLite's oldest limit on the parameters of a statement is 999
LAYOUT = 6
"""Of the catalogue; `migrations/NNN.sql` leads to layout NNN from the one before."""


class Database:
    """Made from `schema.sql` when the file is not there, and brought to its layout when an older version made it.

    Each thread has a connection of its own. Where nothing can be written, the disk being full, say, it can be read,
    unless a process was killed and left changes beside the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.folder = path.parent
        self._local = threading.local()
        self._lock = threading.Lock()
        self._all: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._immutable = False
        try:
            try:
                self._prepare()
            except sqlite3.OperationalError as error:
                self.close()
                log = path.with_name(f"{path.name}-wal")
                if not path.exists() or (log.exists() and log.stat().st_size):
                    raise
                self._immutable = True
                try:
                    self._prepare()
                except sqlite3.OperationalError:
                    raise error from None
        except sqlite3.OperationalError as error:
            self.close()
            raise LibraryError(f"The catalogue {path} cannot be opened: {error}.", REMEDY) from error
        except sqlite3.DatabaseError as error:
            self.close()
            reason = f"The catalogue {path} cannot be read: {error}."
            raise LibraryError(reason, "Move the library's folder away and index the documents again.") from error
        except SchemaMismatch:
            self.close()
            raise

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            name = f"{self._path.absolute().as_uri()}?immutable=1" if self._immutable else str(self._path)
            connection = sqlite3.connect(
                name, timeout=30, isolation_level=None, check_same_thread=False, uri=self._immutable
            )
            connection.row_factory = sqlite3.Row
            if not self._immutable:
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self.connected(connection)
            self._local.connection = connection
            with self._lock:
                for thread, old in self._all:
                    if not thread.is_alive():
                        old.close()
                self._all = [(thread, old) for thread, old in self._all if thread.is_alive()]
                self._all.append((threading.current_thread(), connection))
        connection = self._local.connection
        assert isinstance(connection, sqlite3.Connection)
        return connection

    def connected(self, connection: sqlite3.Connection) -> None:
        """A thread's connection was made; for those who add to it."""

    def close(self) -> None:
        """Close the connections of all threads."""
        for _, connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()

    def _prepare(self) -> None:
        """Make the tables, or migrate them. Raises `SchemaMismatch` for a layout that is newer than this program."""
        if not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'passages'"):
            self._run("schema.sql", LAYOUT)
        made = self.rows("PRAGMA user_version")[0][0] or 1  # the first layout did not say
        if made > LAYOUT:
            reason = f"The catalogue {self._path} has layout {made}, this version reads up to {LAYOUT}."
            raise SchemaMismatch(reason, "Use the version of lessons that made it, or a newer one.")
        for number in range(made + 1, LAYOUT + 1):
            self._run(f"migrations/{number:03}.sql", number)

    def _run(self, script: str, layout: int) -> None:
        """A script of this package, all of it or nothing; unless another process was faster."""
        with self.transaction():
            if self.rows("PRAGMA user_version")[0][0] < layout:
                for statement in _statements(files("index").joinpath(script).read_text(encoding="utf-8")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {layout}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it
                connection.execute("ROLLBACK")
            raise

    def vacuum(self) -> None:
        """Give the room of what was deleted back to the disk."""
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What this thread reads inside is of one state, whatever others write meanwhile; may be nested."""
        connection = self._connection
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """A statement for each of `rows`."""
        self._connection.executemany(sql, rows)

    def insert(self, table: str, values: Mapping[str, Any], key: str = "") -> int:
        """Insert a row, or update the one with the same value of the unique column `key`; returns its number."""
        columns = [f'"{name}"' for name in values]
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(values))})"
        if key:
            updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != f'"{key}"')
            sql += f" ON CONFLICT ({key}) DO UPDATE SET {updates}"
        return int(self._connection.execute(f"{sql} RETURNING id", list(values.values())).fetchone()["id"])

    def each(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        """The rows of a query one by one, for many."""
        return iter(self._connection.execute(sql, parameters))

    def rows_of(self, sql: str, values: Sequence[Any], parameters: Sequence[Any] = ()) -> Iterator[list[sqlite3.Row]]:
        """The rows of a query for many values, in batches: they stand where it has `{}`, behind the `parameters`."""
        for at in range(0, len(values), BATCH):
            batch = values[at : at + BATCH]
            yield self.rows(sql.format(",".join("?" * len(batch))), [*parameters, *batch])

    def meta(self, key: str, default: str = "") -> str:
        """A named value."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0]["value"]) if found else default

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Store named values."""
        self._connection.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", values.items()
        )


def _statements(script: str) -> Iterator[str]:
    """The statements of a script: `executescript` would commit between them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
