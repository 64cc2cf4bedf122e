"""From filters to the records they select: in the spelling of the catalogue, and as SQL over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from index.database import Database
from index.filters import CHOICES, LABELS, NONE, TAGS, TEXT, Filters, Selection, check_filters, period, values_of
from index.passages import Ids
from ingest.encodable import encodable

ONE_VALUE = (*CHOICES, *LABELS, *TEXT)
"""Columns with one value, which filters compare."""
_MORE = (*TAGS.values(), "first_day", "last_day", "source_id")


def select(filters: Filters, values: Callable[[str, str], Sequence[tuple[int, str]]]) -> Selection:
    """What the filters ask for, values as the catalogue spells them. Raises `BadFilter`.

    `values` gives those of a column that may be the one wanted, each with the number of a row that has it; for `source`
    the paths of all.
    """
    check_filters(filters)
    one_of: list[tuple[str, tuple[str, ...]]] = []
    sources: tuple[int, ...] | None = None
    for name, given in filters.items():
        value = encodable(given)  # half characters are in no record
        if name == "source":
            sources = tuple(number for number, path in values(name, value) if value.casefold() in path.casefold())
        elif name in ONE_VALUE or name in TAGS:
            wanted = values_of(name, value)
            column = TAGS.get(name, name)
            folded = {one.casefold() for one in wanted}
            named = folded - {NONE}
            found = named if name in CHOICES else [one for _, one in values(column, value) if one.casefold() in named]
            one_of.append((column, (*found, *([""] if NONE in folded else ()))))
    since, until = period(filters)
    return Selection(tuple(one_of), since, until, sources)


def values_in(database: Database, column: str) -> list[tuple[int, str]]:
    """The values of a column in living records, each with the number of a row that has it; the paths for `source`."""
    if column == "source":
        sql = "SELECT id, path FROM sources WHERE archived = 0"
    elif column in TAGS.values():
        name = "json_extract(value, '$.name')"
        sql = f"SELECT min(l.id), {name} FROM lessons l, json_each(l.{column}) WHERE archived = 0 GROUP BY {name}"
    else:
        sql = f"SELECT min(id), {column} FROM lessons WHERE archived = 0 AND {column} IS NOT NULL GROUP BY {column}"
    return [(row[0], row[1]) for row in database.rows(sql)]


def where(selection: Selection) -> tuple[str, list[Any]]:
    """The SQL condition over `lessons l`, and its parameters."""
    conditions, parameters = ["l.archived = 0"], list[Any]()
    for column, values in selection.one_of:
        among = f"IN ({','.join('?' * len(values))})"
        if column in TAGS.values():
            found = f"EXISTS (SELECT 1 FROM json_each(l.{column}) WHERE json_extract(value, '$.name') {among})"
            conditions.append(f"({found} OR l.{column} = '[]')" if "" in values else found)
        else:
            conditions.append(f"(l.{column} {among} OR l.{column} IS NULL)" if "" in values else f"l.{column} {among}")
        parameters += values
    for condition, limit in (("l.last_day >= ?", selection.since), ("l.first_day <= ?", selection.until)):
        if limit:
            conditions.append(condition)
            parameters.append(limit)
    if selection.sources is not None:
        # As one JSON value: a statement may have a thousand parameters or so.
        conditions.append("l.source_id IN (SELECT value FROM json_each(?))")
        parameters.append(json.dumps(selection.sources))
    return " AND ".join(conditions), parameters


def lessons_of(database: Database, selection: Selection) -> Ids:
    """The numbers of the records selected."""
    condition, parameters = where(selection)
    # Joined by SQLite: a row for each of a hundred thousand takes Python ten times as long.
    found = database.rows(f"SELECT group_concat(l.id) FROM lessons l WHERE {condition}", parameters)[0][0]
    return np.fromstring(found, np.int64, sep=",") if found else np.empty(0, np.int64)


def fields(database: Database, lessons: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By the number of a record, the values that selections look at: "" or an empty list where there is none."""
    sql = f"SELECT id, {', '.join((*ONE_VALUE, *_MORE))} FROM lessons WHERE id IN ({{}})"
    return {
        row["id"]: {name: row[name] or "" for name in (*ONE_VALUE, "first_day", "last_day")}
        | {name: [tag["name"] for tag in json.loads(row[name])] for name in TAGS.values()}
        | {"source_id": row["source_id"]}
        for rows in database.rows_of(sql, lessons)
        for row in rows
    }
