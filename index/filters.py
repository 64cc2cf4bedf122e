"""Filters over record fields, as a mapping of names to values: `{"outcome": "failure", "since": "2015"}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import get_args

from ingest.errors import BadFilter
from ingest.model import Kind, Maturity, Outcome, Severity

Filters = Mapping[str, str]

_CHOICES: dict[str, tuple[str, ...]] = {
    "outcome": get_args(Outcome),
    "kind": get_args(Kind),
    "maturity": get_args(Maturity),
    "severity": get_args(Severity),
}
_TEXT = ("project", "unit", "owner", "phase")
_TAGS = {"topic": "topics", "cause": "causes"}
NAMES = (*_CHOICES, *_TEXT, *_TAGS, "year", "since", "until", "source", "lesson_id")


def parse_filters(pairs: Iterable[str]) -> dict[str, str]:
    """`["outcome=failure", "since=2015"]` as a mapping. Raises `BadFilter`."""
    filters: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not value.strip():
            raise BadFilter(f"The filter {pair!r} is not of the form name=value.", _REMEDY)
        filters[name.strip()] = value.strip()
    check_filters(filters)
    return filters


def check_filters(filters: Filters) -> None:
    """Raises `BadFilter` for an unknown name or a value that the field cannot have."""
    for name, value in filters.items():
        if name not in NAMES:
            raise BadFilter(f"There is no filter {name!r}.", _REMEDY)
        if name in _CHOICES and not set(value.split(",")) <= set(_CHOICES[name]):
            raise BadFilter(f"{name} cannot be {value!r}.", f"Choose from: {', '.join(_CHOICES[name])}.")
        if name in ("year", "since", "until") and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", value):
            raise BadFilter(f"{name} cannot be {value!r}.", "Give a year or a date: 2021, 2021-03 or 2021-03-14.")


def where(filters: Filters) -> tuple[str, list[str]]:
    """The SQL condition over `lessons l` and `sources s`, and its parameters.

    A record that tells no date of its event counts by the date it was written on; one without either matches no date.
    Several values of one field are joined by commas. Text fields match whole values, case-insensitively; `source`
    matches a part of the path. `until` includes the whole of the period it names.
    """
    check_filters(filters)
    conditions, parameters = ["l.archived = 0"], []
    for name, value in filters.items():
        if name in _CHOICES or name in _TEXT:
            values = value.split(",") if name in _CHOICES else [value]
            conditions.append(f"l.{name} COLLATE NOCASE IN ({','.join('?' * len(values))})")
            parameters += values
        elif name in _TAGS:
            tags = f"json_each(l.{_TAGS[name]})"
            conditions.append(f"EXISTS (SELECT 1 FROM {tags} WHERE json_extract(value, '$.name') = ? COLLATE NOCASE)")
            parameters.append(value)
        elif name == "lesson_id":
            conditions.append("l.lesson_id = ?")
            parameters.append(value)
        elif name == "source":
            conditions.append("instr(lower(s.path), lower(?)) > 0")
            parameters.append(value)
        else:
            size = len(value)
            comparison = {"year": "=", "since": ">=", "until": "<="}[name]
            # A record known only to the year counts as its whole year, so it is compared at the shorter precision.
            column = f"substr(coalesce(l.event_date, l.written_date), 1, {size})"
            conditions.append(f"{column} {comparison} substr(?, 1, length({column}))")
            parameters.append(value)
    return " AND ".join(conditions), parameters


_REMEDY = f"Filters are name=value with one of: {', '.join(NAMES)}."
