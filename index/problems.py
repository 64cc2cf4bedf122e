"""What a library's owner should know of files: those that could not be read, and what was noted of the others.

What was noted while a file was read lies with its source and goes with it; the table has what no source can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from index.database import Database
from ingest.encodable import encodable
from ingest.scan import Problem


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """A file or folder and what is wrong with it; `failed` if it could not be read, `at` is when that was found."""

    path: str
    reason: str
    remedy: str
    failed: bool
    at: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def problems_of(catalogue: Database) -> list[KnownProblem]:
    """All of them, what could not be read first, by path."""
    rows = catalogue.rows(
        "SELECT path, reason, remedy, failed, at FROM problems UNION "
        "SELECT s.path, noted.value, '', 0, s.indexed_at FROM sources s, json_each(s.warnings) noted "
        "WHERE s.archived = 0 AND s.warnings <> '[]' ORDER BY failed DESC, path, reason"
    )
    return [KnownProblem(path, reason, remedy, bool(failed), at) for path, reason, remedy, failed, at in rows]


def note(
    catalogue: Database, failed: Sequence[Problem], warnings: Sequence[Problem], covered: Callable[[str], bool]
) -> None:
    """Put these in place of what was known of the same paths and of those that are `covered`."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    new = [
        (*map(encodable, (one.path, one.reason, one.remedy)), is_failure, now)
        for is_failure, problems in ((0, warnings), (1, failed))
        for one in problems
    ]
    known = [row["path"] for row in catalogue.rows("SELECT DISTINCT path FROM problems")]
    forget(catalogue, {path for path in known if covered(path)} | {str(row[0]) for row in new})
    catalogue.execute_many("INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?, ?)", new)


def forget(catalogue: Database, paths: Iterable[str]) -> None:
    """Forget the problems of files that are gone, or were read well."""
    catalogue.execute_many("DELETE FROM problems WHERE path = ?", [(path,) for path in paths])
