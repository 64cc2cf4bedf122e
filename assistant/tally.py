"""Counts over all records that match, never over the best few: by a field, by time, or of what they mention."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from index.filters import Filters
from index.library import Library
from index.records import Record
from ingest.errors import BadFilter

ONE = ("unit", "project", "outcome", "kind", "maturity", "severity", "phase", "owner", "collection")
TIMES = ("year", "quarter", "month")
FIELDS = (*ONE, "topic", "cause", *TIMES)
"""What records can be counted by. A record may have several topics and causes, or none of any field."""

STATES = {"open": ("open", "in progress", "pending"), "done": ("closed", "done", "complete")}
"""What follows up a record may be, and how a row of a log says so ("Status: Open")."""

Terms = Sequence[Sequence[str]]
"""Alternatives, each of words that stand in one sentence."""


@dataclass(frozen=True, slots=True)
class Group:
    """The records with one value: near-copies of a record are counted once and all listed, newest first."""

    value: str
    count: int
    lesson_ids: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "count": self.count, "lesson_ids": list(self.lesson_ids)}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many records match, in all and for each value of `by`.

    Those that match `without` are left out. `total` counts near-copies once, `copies` is how many that leaves out; `of`
    all records of the library in the same way. `stated` says how many of `total` have a value; near-copies with
    different values count under each. Where outcomes were counted, `read` says how many of the records do not state
    theirs: it was read from their words. Groups are most frequent first, in time's order for a time.
    """

    by: str | None
    filters: Filters
    terms: Terms
    state: str | None
    total: int
    of: int
    copies: int
    stated: int
    groups: tuple[Group, ...]
    lesson_ids: tuple[str, ...] = field(repr=False)
    without: Filters = field(default_factory=dict)
    without_terms: Terms = ()
    read: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "filters": dict(self.filters),
            "without": dict(self.without),
            "not_mentioning": [" ".join(words) for words in self.without_terms],
            "mentioning": [" ".join(words) for words in self.terms],
            "state": self.state,
            "total": self.total,
            "of": self.of,
            "copies": self.copies,
            "stated": self.stated,
            "read": self.read,
            "groups": [group.to_json() for group in self.groups],
            "lesson_ids": list(self.lesson_ids),
        }


def terms_of(words: str) -> Terms:
    """`cranes OR tower hoists` as alternatives of words."""
    return tuple(tuple(part.split()) for part in words.split(" OR ") if part.strip())


def tally(
    library: Library,
    by: str | None = None,
    filters: Filters | None = None,
    terms: Terms = (),
    state: str | None = None,
    without: Filters | None = None,
    without_terms: Terms = (),
) -> Tally:
    """Count the records that match the filters, mention one of the `terms`, and have an action in that `state`.

    Those that match one of the filters `without`, or mention one of those terms, are left out. `by` is one of `FIELDS`.
    Raises `BadFilter`, also for another field.
    """
    found = matching(library, filters, terms, state)
    for name, value in (without or {}).items():
        out = {record.number for record in library.records({name: value})}
        found = [record for record in found if record.number not in out]
    if without_terms:
        there = library.mentioning(without_terms)
        found = [record for record in found if record.number not in there]
    counted = tallies(library, found, (by,), filters, terms, state)[0]
    asked = by == "outcome" or "outcome" in {**(filters or {}), **(without or {})}
    read = _once([record for record in found if record.outcome_read]) if asked else 0
    return replace(counted, without=without or {}, without_terms=without_terms, read=read)


def tallies(
    library: Library,
    found: Sequence[Record],
    fields: Sequence[str | None],
    filters: Filters | None = None,
    terms: Terms = (),
    state: str | None = None,
) -> tuple[Tally, ...]:
    """The records found, counted by each of the fields; the others say what they were found by. Raises `BadFilter`."""
    for by in fields:
        if by is not None and by not in FIELDS:
            raise BadFilter(f"Records cannot be counted by {by!r}.", f"Choose from: {', '.join(FIELDS)}.")
    total, of, newest = _once(found), _once(library.records()), _newest(found)
    return tuple(
        Tally(
            by=by,
            filters=filters or {},
            terms=tuple(tuple(words) for words in terms),
            state=state,
            total=total,
            of=of,
            copies=len(found) - total,
            stated=_once([record for members in groups.values() for record in members]),
            groups=tuple(_ordered(groups, by)),
            lesson_ids=newest,
        )
        for by in fields
        for groups in (_grouped(found, by),)
    )


def matching(
    library: Library, filters: Filters | None = None, terms: Terms = (), state: str | None = None
) -> list[Record]:
    """The records that match the filters, mention one of the `terms`, and have an action in that `state`."""
    found = library.records(filters)
    if terms:
        there = library.mentioning(terms)
        found = [record for record in found if record.number in there]
    if state:
        there = library.saying([f"status: {word}" for word in STATES[state]])
        found = [record for record in found if state in record.states or record.number in there]
    return found


def _grouped(found: Sequence[Record], by: str | None) -> Mapping[str, list[Record]]:
    """The records of each value. Topics are those that records state, where most of them do."""
    stated = by == "topic" and 2 * sum(bool(record.stated) for record in found) > len(found)
    groups: defaultdict[str, list[Record]] = defaultdict(list)
    for record in found:
        for value in _values(record, "stated" if stated else by or ""):
            groups[value].append(record)
    if by in TIMES:
        for value in _between(sorted(groups)):
            groups.setdefault(value, [])
    return groups


def _values(record: Record, by: str) -> Iterable[str]:
    if by in ("topic", "cause"):
        return dict.fromkeys(record.topics if by == "topic" else record.causes)
    if by == "stated":
        return dict.fromkeys(record.stated)
    if by in ONE:
        return [value] if (value := getattr(record, by)) else []
    return [value] if by in TIMES and (value := _time(record.date, by)) else []


def _time(date: str, by: str) -> str:
    """The part of a date that counts; "" where it is not known so closely."""
    if by == "year":
        return date[:4]
    if len(date) < len("2021-03"):
        return ""
    return date[:7] if by == "month" else f"{date[:4]}-Q{(int(date[5:7]) + 2) // 3}"


def _between(times: Sequence[str]) -> Iterable[str]:
    """The years, quarters or months from the first to the last."""
    if not times or len(times) == 1:
        return times
    first, last = times[0], times[-1]
    if len(first) == len("2021"):
        return (str(year) for year in range(int(first), int(last) + 1))
    quarters = "Q" in first
    steps = [f"-Q{n}" for n in range(1, 5)] if quarters else [f"-{n:02}" for n in range(1, 13)]
    every = (f"{year}{step}" for year in range(int(first[:4]), int(last[:4]) + 1) for step in steps)
    return (each for each in every if first <= each <= last)


def _ordered(groups: Mapping[str, list[Record]], by: str | None) -> Iterable[Group]:
    made = [Group(value, _once(found), _newest(found)) for value, found in groups.items()]
    return sorted(made, key=lambda group: group.value if by in TIMES else (-group.count, group.value))


def _once(found: Iterable[Record]) -> int:
    """How many there are, near-copies counted once."""
    return len({record.copies for record in found})


def _newest(found: Iterable[Record]) -> tuple[str, ...]:
    return tuple(record.lesson_id for record in sorted(found, key=lambda record: record.date, reverse=True))
