"""Files of SQLite that are kept beside a library: what people ask, keep and mark, apart from what is indexed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A file that is its owner's alone to read, made where it is not there. Raises `sqlite3.Error` or `OSError`."""
    if not path.exists():
        path.touch(mode=0o600)  # what SQLite puts beside it takes its mode
    with closing(sqlite3.connect(path, timeout=10)) as database:
        database.row_factory = sqlite3.Row
        database.executescript(schema)
        yield database
