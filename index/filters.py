"""Filters over record fields, as a mapping of names to values: `{"outcome": "failure", "since": "2015"}`.

The values of one field are alternatives, joined by commas where no value holds one; `none` is a field that is empty.
Fields are compared whole, whatever the case; `source` with a part of the path. A record that tells no date of its
event counts by the date it was written on; one known only to the year counts as its whole year, and one without a
date matches no period. `until` includes the whole of the period it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args

from ingest.errors import BadFilter
from ingest.model import Kind, Maturity, Outcome, Severity

Filters = Mapping[str, str]

CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": get_args(Outcome),
    "kind": get_args(Kind),
    "maturity": get_args(Maturity),
    "severity": get_args(Severity),
}
LABELS = ("access",)
"""Short names that hold no comma."""
TEXT = ("collection", "project", "unit", "owner", "phase", "lesson_id")
TAGS = {"topic": "topics", "cause": "causes"}
"""Fields with any number of values, and their columns."""
PERIODS = ("year", "since", "until")
NAMES = (*CHOICES, *LABELS, *TEXT, *TAGS, *PERIODS, "source")
NONE = "none"


@dataclass(frozen=True, slots=True)
class Selection:
    """What filters ask for, in the words of the catalogue.

    `one_of` pairs a field's column with the values it may have, as they are spelt in the catalogue, "" for none; in
    `topics` and `causes` one of the record's values must be among them. A record's period, from `first_day` to
    `last_day`, must overlap that from `since` to `until` (ISO 8601 days; "" for no limit). `sources` are the numbers of
    the sources it may come from. No value in `one_of` or no number in `sources` matches no record.
    """

    one_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    since: str = ""
    until: str = ""
    sources: tuple[int, ...] | None = None


def parse_filters(pairs: Iterable[str]) -> dict[str, str]:
    """`["outcome=failure", "since=2015"]` as a mapping. Raises `BadFilter`."""
    filters: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not value.strip():
            raise BadFilter(f"The filter {pair!r} is not of the form name=value.", _REMEDY)
        if name.strip() in filters:
            raise BadFilter(f"The filter {name.strip()} is given twice.", "Join its values by commas.")
        filters[name.strip()] = value.strip()
    check_filters(filters)
    return filters


def check_filters(filters: Filters) -> None:
    """Raises `BadFilter` for an unknown name or a value that the field cannot have."""
    for name, value in filters.items():
        if name not in NAMES:
            raise BadFilter(f"There is no filter {name!r}.", _REMEDY)
        if name in CHOICES and not set(values_of(name, value)) <= {*CHOICES[name], NONE}:
            raise BadFilter(f"{name} cannot be {value!r}.", f"Choose from: {', '.join(CHOICES[name])}.")
        if (name in CHOICES or name in LABELS) and not all(values_of(name, value)):
            raise BadFilter(f"{name} cannot be {value!r}.", "Join values by single commas.")
        if name in PERIODS and not _is_date(value):
            raise BadFilter(f"{name} cannot be {value!r}.", "Give a year or a date: 2021, 2021-03 or 2021-03-14.")


def described(filters: Filters) -> str:
    """In words: `since 2015, unit JPL`."""
    return ", ".join(f"{name} {value}" for name, value in filters.items())


def values_of(name: str, value: str) -> list[str]:
    """The alternatives that a filter's value names."""
    return [one.strip() for one in value.split(",")] if name in CHOICES or name in LABELS else [value]


def period(filters: Filters) -> tuple[str, str]:
    """The first and the last day that filters ask for, "" for no limit."""
    first = max((day(filters[name], "-01-01") for name in ("year", "since") if name in filters), default="")
    last = min((day(filters[name], "-12-31") for name in ("year", "until") if name in filters), default="")
    return first, last


def day(known: str, edge: str) -> str:
    """The day at the edge of a period known to the year or month: `2021-03`, `-12-31` give `2021-03-31`.

    Every month counts as having 31 days: the days are compared, not counted.
    """
    return (known + edge[len(known) - 4 :])[:10] if len(known) < 10 else known


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", value):
        return False
    try:
        date.fromisoformat(day(value, "-01-01"))
    except ValueError:
        return False
    return True


_REMEDY = f"Filters are name=value with one of: {', '.join(NAMES)}."
