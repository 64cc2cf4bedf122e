"""Pages of what is in a library, for reading without a question: records in order, and what stands near a record."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from index.catalogue import Catalogue
from index.columns import Order, columns_of
from index.filters import Filters
from index.mentioned import Mentioned
from ingest.errors import BadQuestion
from ingest.model import Kind, Maturity, Outcome

T = TypeVar("T")
MOST = 500  # rows of a page
SNIPPET = 200  # characters
_TOLD = ("summary", "lesson", "event", "recommendation")
"""The section a record is introduced by: the first of these it has."""
_SUPERSEDED = """
coalesce(l.superseded_by, (SELECT min(n.lesson_id) FROM lessons n
                           WHERE n.supersedes = l.lesson_id AND n.archived = 0)) AS superseded_by"""
_FIELDS = "lesson_id, title, kind, outcome, maturity, unit, project, owner, collection, access, source_id, start"
_ROWS = f"""
SELECT l.id, {", ".join(f"l.{name}" for name in _FIELDS.split(", "))}, l."end", l.topics, l.sections, s.path,
       coalesce(l.event_date, l.written_date) AS date, {_SUPERSEDED}
FROM lessons l JOIN sources s ON s.id = l.source_id WHERE l.id IN ({{}})"""
_PASSAGES = 'SELECT lesson, start, "end", text FROM passages WHERE lesson IN ({}) ORDER BY lesson, start'
_MARKS = " \t\r\n:.*_|#>-"  # what stands between a heading and what it heads


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of `total`: those from `offset` on."""

    total: int
    offset: int
    rows: tuple[T, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """A record in a list. `date` is that of its event, or else of its writing; `start:end` is it in its source.

    `snippet` is exactly the source's text from `snippet_start` on, up to 200 characters of what introduces the record,
    "" where it has no passage. `similar` is how many records it nearly copies, `repeats` how many tell of the same kind
    of event at another time.
    """

    lesson_id: str
    title: str
    kind: Kind
    outcome: Outcome
    maturity: Maturity
    date: str | None
    unit: str | None
    project: str | None
    owner: str | None
    collection: str | None
    access: str | None
    topics: tuple[str, ...]
    path: str
    source_id: int
    start: int
    end: int
    snippet: str
    snippet_start: int
    similar: int
    repeats: int
    superseded_by: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def browse(
    catalogue: Catalogue,
    filters: Filters,
    found: Mentioned | None,
    order: Order,
    offset: int,
    most: int,
) -> Page[Row]:
    """The records that pass the filters and are among those `found`, in order; for `best`, named ones come first.

    Raises `BadFilter`, or `BadQuestion` for a page that cannot be.
    """
    check_page(offset, most)
    with catalogue.snapshot():
        columns = columns_of(catalogue)
        masks = [*columns.masks(catalogue, filters).values(), *([found.anywhere] if found else [])]
        among = columns.all_of(masks)
        if order != "best":
            numbers = columns.ordered(among, order).tolist()
        else:
            parts = (among & found.named, among & ~found.named) if found else (among,)
            numbers = [number for part in parts for number in columns.ordered(part, "newest").tolist()]
        return Page(len(numbers), offset, tuple(_rows(catalogue, numbers[offset : offset + most])))


def check_page(offset: int, most: int) -> None:
    """Raises `BadQuestion` for a page that cannot be."""
    if offset < 0 or not 1 <= most <= MOST:
        raise BadQuestion(f"There are no {most} rows from {offset} on.", f"Ask for 1 to {MOST} rows, from 0 on.")


def _rows(catalogue: Catalogue, numbers: Sequence[int]) -> list[Row]:
    rows = {row["id"]: row for some in catalogue.rows_of(_ROWS, numbers) for row in some}
    passages: dict[int, list[sqlite3.Row]] = {}
    for some in catalogue.rows_of(_PASSAGES, numbers):
        for passage in some:
            passages.setdefault(passage["lesson"], []).append(passage)
    similar, repeats = (_linked(catalogue, table, numbers) for table in ("links", "repeats"))
    return [_row(rows[one], passages.get(one, []), similar.get(one, 0), repeats.get(one, 0)) for one in numbers]


def _row(row: sqlite3.Row, passages: Sequence[sqlite3.Row], similar: int, repeats: int) -> Row:
    at, snippet = _snippet(row, passages)
    return Row(
        **{name: row[name] for name in (*_FIELDS.split(", "), "end", "date", "path", "superseded_by")},
        topics=tuple(tag["name"] for tag in json.loads(row["topics"])),
        snippet=snippet,
        snippet_start=at,
        similar=similar,
        repeats=repeats,
    )


def _linked(catalogue: Catalogue, table: str, numbers: Sequence[int]) -> dict[int, int]:
    """How many records each of these is linked with, where it is with any."""
    among = ",".join("?" * len(numbers))
    sql = (
        f"SELECT one, count(*) FROM (SELECT lesson AS one FROM {table} WHERE lesson IN ({among}) "
        f"UNION ALL SELECT other AS one FROM {table} WHERE other IN ({among})) GROUP BY one"
    )
    return {row[0]: row[1] for row in catalogue.rows(sql, [*numbers, *numbers])} if numbers else {}


def _snippet(row: sqlite3.Row, passages: Sequence[sqlite3.Row]) -> tuple[int, str]:
    """Where what introduces the record begins in its source, and its first words.

    From the passages: a source may be a log of many megabytes.
    """
    sections = json.loads(row["sections"])
    told = next((one for key in _TOLD for one in sections if one["key"] == key), None)
    start, end, heading = (told["start"], told["end"], told["heading"]) if told else (row["start"], row["end"], "")
    for passage in passages:
        first, last = max(start, passage["start"]), min(end, passage["end"])
        if first < last:
            text = passage["text"][first - passage["start"] : last - passage["start"]]
            skipped = _after_heading(text, heading)
            if snippet := _cut(text[skipped:]):
                return first + skipped, snippet
    return row["start"], ""


def _after_heading(text: str, heading: str) -> int:
    at = text.find(heading, 0, len(heading) + len("###### ")) if heading else -1
    rest = text[at + len(heading) :] if at >= 0 else text
    return len(text) - len(rest.lstrip(_MARKS))


def _cut(text: str) -> str:
    """At most `SNIPPET` characters, up to the end of a word where one ends in their second half."""
    if len(text) <= SNIPPET:
        return text.rstrip()
    cut = text[:SNIPPET]
    ends = [found.start() for found in re.finditer(r"(?<=\S)\s", text[: SNIPPET + 1])]
    return cut[: ends[-1]] if ends and ends[-1] > SNIPPET // 2 else cut
