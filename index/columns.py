"""What every living record states, a field at a time and in memory: to filter, count and order at once.

Among 100,000 records SQL takes tens of milliseconds for each field that is counted, and most of a second where a filter
looks into lists; these arrays take a fraction of that. They are made once for each revision of the catalogue.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from index.catalogue import Catalogue
from index.filters import NONE, TAGS, Filters, check_filters, values_of
from index.passages import Ids
from ingest.model import NOT_LESSONS

Mask = NDArray[np.bool_]
Order = Literal["newest", "oldest", "title", "id", "best"]

FACETS = (
    "outcome", "kind", "unit", "project", "collection", "year", "maturity", "severity", "phase", "topic", "cause",
)  # fmt: skip
YEAR = "year"
MOST = 50  # values of a facet
_NOTHING, _UNASKABLE = -1, -2  # no value; a value `none`, which as a filter stands for no value
_LIST: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])  # three times as fast as `json`
_DATE = "coalesce(event_date, written_date, '')"
_ROWS = f"""
SELECT id, lesson_id, title, outcome, kind, unit, project, collection, maturity, severity, phase,
       topics AS topic, causes AS cause, {_DATE} AS date, substr({_DATE}, 1, 4) AS year
FROM lessons WHERE archived = 0 ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Facet:
    """A field of all records: the record at place `at[i]` has the value `values[codes[i]]`; shapes (m,).

    `values` are in their commonest spelling, case aside; `stated` flags the records that have any, shape (n,).
    """

    values: tuple[str, ...]
    at: Ids
    codes: Ids
    stated: Mask

    def having(self, wanted: Collection[str]) -> Mask:
        """The records with one of the values, whatever the case; `none` for those without any."""
        folded = {one.casefold() for one in wanted}
        codes = [code for code, value in enumerate(self.values) if value.casefold() in folded]
        found = ~self.stated if NONE in folded else np.zeros(len(self.stated), np.bool_)
        found[self.at[np.isin(self.codes, codes)]] = True
        return found

    def counts(self, among: Mask, most: int | None = None) -> list[tuple[str, int]]:
        """The `most` frequent values with how many of these records have them, then how many have none, if any do."""
        counted = np.bincount(self.codes[among[self.at]], minlength=len(self.values)).tolist()
        there = [pair for pair in zip(self.values, counted, strict=True) if pair[1]]
        without = int(np.count_nonzero(among & ~self.stated))
        return sorted(there, key=lambda pair: (-pair[1], pair[0]))[:most] + ([(NONE, without)] if without else [])


@dataclass(frozen=True, slots=True)
class Columns:
    """All living records by their numbers, ascending; every list and array has an item for each, in that order.

    `dates` are those of the event, or else of the writing, "" for none; `lessons` flags what is no guide, template or
    reference work.
    """

    numbers: Ids
    lesson_ids: list[str]
    titles: list[str]
    dates: list[str]
    lessons: Mask
    facets: Mapping[str, Facet]
    _orders: dict[str, Ids] = field(default_factory=dict)

    def masks(self, catalogue: Catalogue, filters: Filters) -> dict[str, Mask]:
        """For each filter, the records that pass it. Raises `BadFilter`."""
        check_filters(filters)
        return {name: self._passing(catalogue, name, value) for name, value in filters.items()}

    def _passing(self, catalogue: Catalogue, name: str, value: str) -> Mask:
        if name in self.facets and name != YEAR:
            return self.facets[name].having(values_of(name, value))
        return self.flags(catalogue.selected(catalogue.select({name: value})))

    def flags(self, numbers: Ids) -> Mask:
        """A flag for each record, set for those of these numbers."""
        return np.isin(self.numbers, numbers)

    def all_of(self, masks: Collection[Mask]) -> Mask:
        """The records that pass them all."""
        return reduce(np.logical_and, masks, np.ones(len(self.numbers), np.bool_))

    def ordered(self, among: Mask, order: Order) -> Ids:
        """The numbers of these records in order, those without a date last; records of one date by their titles."""
        at = self.places(order)
        return self.numbers[at[among[at]]]

    def places(self, order: Order) -> Ids:
        """The places of all records in that order."""
        if order not in self._orders:
            self._orders[order] = np.array(_ORDERS[order](self), np.int64)
        return self._orders[order]


def columns_of(catalogue: Catalogue) -> Columns:
    """Those of the state that is read."""
    return catalogue.kept("columns", lambda: _made(catalogue))


def facet_counts(catalogue: Catalogue, filters: Filters, among: Mask | None = None) -> dict[str, list[tuple[str, int]]]:
    """For each facet, its values with the records that pass all filters but its own, and are `among` those given.

    Most frequent first, at most `MOST`, then `none` with how many have no value. Each pair is what the filter of that
    name and value would leave; no filter knows years that are not told, so that there is no `none` among them. Raises
    `BadFilter`.
    """
    columns = columns_of(catalogue)
    masks = columns.masks(catalogue, filters)
    always = [] if among is None else [among]
    everything = columns.all_of([*always, *masks.values()])
    found = {}
    for name, facet in columns.facets.items():
        others = [mask for other, mask in masks.items() if other != name]
        counted = facet.counts(columns.all_of([*always, *others]) if name in masks else everything, MOST)
        found[name] = [pair for pair in counted if pair[0] != NONE] if name == YEAR else counted
    return found


def _made(catalogue: Catalogue) -> Columns:
    rows = catalogue.rows(_ROWS)
    return Columns(
        np.array([row["id"] for row in rows], np.int64),
        [row["lesson_id"] for row in rows],
        [row["title"] for row in rows],
        [row["date"] for row in rows],
        np.array([row["kind"] not in NOT_LESSONS for row in rows], np.bool_),
        {name: _facet(rows, name) for name in FACETS},
    )


def _facet(rows: Sequence[sqlite3.Row], name: str) -> Facet:
    if name in TAGS:
        tagged = [(at, tag["name"]) for at, row in enumerate(rows) for tag in _LIST.validate_json(row[name])]
        places, told = [at for at, _ in tagged], [value for _, value in tagged]
    else:
        places, told = list(range(len(rows))), [row[name] for row in rows]
    values, code_of = _coded(Counter(told))
    at, codes = np.array(places, np.int64), np.array([code_of[value] for value in told], np.int64)
    stated = np.zeros(len(rows), np.bool_)
    stated[at[codes != _NOTHING]] = True
    # A record may have a value twice, or in two spellings.
    pairs = np.unique(at[codes >= 0] * max(1, len(values)) + codes[codes >= 0])
    return Facet(values, *np.divmod(pairs, max(1, len(values))), stated)


def _coded(spelt: Counter[str | None]) -> tuple[tuple[str, ...], dict[str | None, int]]:
    """The values that differ in more than case, each in its commonest spelling, and the number of each spelling's."""
    codes: dict[str, int] = {NONE: _UNASKABLE}
    values: list[str] = []
    code_of: dict[str | None, int] = {}
    for value, _ in spelt.most_common():
        folded = (value or "").casefold()
        if value and folded not in codes:
            codes[folded] = len(values)
            values.append(value)
        code_of[value] = codes[folded] if value else _NOTHING
    return tuple(values), code_of


def _by_title(columns: Columns) -> list[int]:
    keys = [(title.casefold(), natural(one)) for title, one in zip(columns.titles, columns.lesson_ids, strict=True)]
    return sorted(range(len(keys)), key=keys.__getitem__)


def _by_date(columns: Columns, *, newest: bool) -> list[int]:
    dates, by_title = columns.dates, columns.places("title").tolist()
    dated = sorted((at for at in by_title if dates[at]), key=dates.__getitem__, reverse=newest)
    return [*dated, *(at for at in by_title if not dates[at])]


def natural(text: str) -> list[tuple[int, str]]:
    """A key by which AAR-9 comes before AAR-10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text.casefold()) if part]


_ORDERS: dict[str, Callable[[Columns], Any]] = {
    "newest": lambda columns: _by_date(columns, newest=True),
    "oldest": lambda columns: _by_date(columns, newest=False),
    "title": _by_title,
    "id": lambda columns: sorted(
        range(len(columns.numbers)), key=[natural(one) for one in columns.lesson_ids].__getitem__
    ),
}
