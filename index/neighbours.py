"""What stands near a record: those it nearly copies or repeats, what replaced it, and the rest of its document."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from index.catalogue import Catalogue
from index.hit import LessonView
from ingest.model import Kind, Outcome

AROUND = 10  # records of the same document before and behind one, at most
_ROWS = (
    "SELECT lesson_id, title, kind, outcome, coalesce(event_date, written_date) AS date, unit FROM lessons WHERE "
    "archived = 0 AND {}"
)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A record named beside another; one that is not `there` is only named, it has no title.

    `alike` is the share of the shorter one's text that similar records have in common, or how alike two events are, 0
    to 1; None for the others.
    """

    lesson_id: str
    title: str = ""
    kind: Kind | None = None
    outcome: Outcome | None = None
    date: str | None = None
    unit: str | None = None
    alike: float | None = None
    there: bool = True


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The records near one.

    `document` has those of its document that stand nearest to it, in order; there are `in_document` others in all.
    """

    lesson_id: str
    similar: tuple[Neighbour, ...]
    repeats: tuple[Neighbour, ...]
    superseded_by: tuple[Neighbour, ...]
    supersedes: tuple[Neighbour, ...]
    document: tuple[Neighbour, ...]
    in_document: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def neighbours(catalogue: Catalogue, lesson_id: str) -> Neighbours:
    """Of a record, whatever the case of its id; archived ones have few. Raises `NotInLibrary`."""
    with catalogue.snapshot():
        record = catalogue.lesson(lesson_id)
        document, in_document = _document(catalogue, record)
        return Neighbours(
            record.lesson_id,
            tuple(_named(catalogue, other, share) for other, share in record.similar),
            tuple(_named(catalogue, other, score) for other, score in record.repeats),
            _replaced(catalogue, record, "superseded_by", "supersedes"),
            _replaced(catalogue, record, "supersedes", "superseded_by"),
            document,
            in_document,
        )


def _replaced(catalogue: Catalogue, record: LessonView, name: str, back: str) -> tuple[Neighbour, ...]:
    """The record that it names in the field, and those that name it in the field `back`."""
    own = [record.fields[name]] if record.fields[name] else []
    said = catalogue.kept(f"saying {back}", lambda: _saying(catalogue, back))
    others = said.get(record.lesson_id.casefold(), [])
    found = {each.lesson_id: each for each in (_named(catalogue, one) for one in (*own, *others))}
    return tuple(found.values())


def _saying(catalogue: Catalogue, column: str) -> dict[str, list[str]]:
    """By the id that they name in the column, whatever its case, the ids of living records; no index has them."""
    found: dict[str, list[str]] = {}
    sql = f"SELECT lesson_id, {column} FROM lessons WHERE archived = 0 AND {column} <> '' ORDER BY id"
    for lesson_id, named in catalogue.rows(sql):
        found.setdefault(named.casefold(), []).append(lesson_id)
    return found


def _named(catalogue: Catalogue, lesson_id: str, alike: float | None = None) -> Neighbour:
    rows = catalogue.rows(_ROWS.format("lesson_id = ? COLLATE NOCASE LIMIT 1"), (lesson_id,))
    return _neighbour(rows[0], alike) if rows else Neighbour(lesson_id, alike=alike, there=False)


def _neighbour(row: sqlite3.Row, alike: float | None = None) -> Neighbour:
    return Neighbour(**{name: row[name] for name in row.keys()}, alike=alike)  # noqa: SIM118 - a row is no mapping


def _document(catalogue: Catalogue, record: LessonView) -> tuple[tuple[Neighbour, ...], int]:
    """The records of its document that stand nearest to it, in order, and how many others there are."""
    sql = "SELECT id, lesson_id FROM lessons WHERE source_id = ? AND (archived = 0 OR lesson_id = ?) ORDER BY ordinal"
    rows = catalogue.rows(sql, (record.source_id, record.lesson_id))
    at = next(at for at, row in enumerate(rows) if row["lesson_id"] == record.lesson_id)
    near = [*rows[max(0, at - AROUND) : at], *rows[at + 1 : at + 1 + AROUND]]
    return tuple(_named(catalogue, row["lesson_id"]) for row in near), len(rows) - 1
