"""How a library is: what it holds, how old that is, what is told twice, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from statistics import median
from typing import TYPE_CHECKING, Any

from index.catalogue import Catalogue
from index.columns import Columns, columns_of
from index.connected import connected_by
from index.documents import all_empty_pages
from index.filters import NONE
from index.records import IS_RECORD, OUTCOME_READ
from ingest.model import Outcome

if TYPE_CHECKING:
    from index.readable import ReadableLibrary

COUNTED = ("year", "unit", "outcome", "kind", "maturity", "collection")
WORST = 20  # documents named
WENT_WRONG: tuple[Outcome, ...] = ("failure", "near_miss")
UNDECIDED: Outcome = "neutral"  # no outcome is told
ADVISES = ("recommendation", "action")
"""The sections in which a record says what is to be done."""
_YEAR = 365.25  # days
_LIVING = f"FROM lessons l WHERE l.archived = 0 AND l.{IS_RECORD}"


@dataclass(frozen=True, slots=True)
class Age:
    """Of the records in years, by the date of the event or else of the writing; shares are of those `dated`.

    What is known to the month or year counts from the middle of it.
    """

    dated: int
    undated: int
    median_years: float | None
    older_than_5: float | None
    older_than_10: float | None


@dataclass(frozen=True, slots=True)
class Linked:
    """`groups` of records that are linked by `pairs`, and how many records are in them."""

    pairs: int
    groups: int
    records: int


@dataclass(frozen=True, slots=True)
class EmptyPages:
    """Pages without text: in all, in how many documents, and the worst of these by path with how many they have."""

    pages: int
    documents: int
    worst: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Making:
    """What the library is made with.

    `embedded` is how many of the passages the serving model has embedded; `tuned` whether ranking or verdict were
    fitted to the library; `layout` is the catalogue's.
    """

    engine: str
    embedder: str
    generation: int
    revision: int
    layout: int
    embedded: int
    tuned: bool


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of what can be found now. `guidance` are guides, templates and reference works, no records.

    `by` counts the records by field, most frequent first and years newest first, `none` last. `with_outcome` is how
    many tell how it went, `outcomes_read` how many of these do not state it, so that it was read from their words, and
    `went_wrong` the share of failures and near misses among them. `duplicates` links records that nearly copy each
    other, `repeated` those of like events at different times. `unread` are documents without a passage.
    """

    documents: int
    records: int
    guidance: int
    passages: int
    by: dict[str, list[tuple[str, int]]]
    with_outcome: int
    outcomes_read: int
    went_wrong: float | None
    age: Age
    duplicates: Linked
    repeated: Linked
    superseded: int
    without_owner: int
    without_recommendation: int
    empty_pages: EmptyPages
    unread: int
    unread_worst: tuple[str, ...]
    updated_at: str
    made: Making

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def health(library: ReadableLibrary, today: date) -> Health:
    """Of the state that is read; ages are those on that day."""
    catalogue = library.catalogue
    with catalogue.snapshot():
        stats = library.stats()
        columns = columns_of(catalogue)
        outcomes = columns.facets["outcome"]
        told = catalogue.kept("told", lambda: _told(catalogue))
        wrong = int((outcomes.having(WENT_WRONG) & columns.lessons).sum())
        unread = [row[0] for row in catalogue.rows(_UNREAD)]
        return Health(
            documents=stats.documents,
            records=stats.records,
            guidance=stats.guidance,
            passages=stats.passages,
            by={name: _by(columns, name) for name in COUNTED},
            with_outcome=told["with_outcome"],
            outcomes_read=told["outcomes_read"],
            went_wrong=wrong / told["with_outcome"] if told["with_outcome"] else None,
            age=_age(columns, today),
            duplicates=_linked(catalogue, columns, "links"),
            repeated=_linked(catalogue, columns, "repeats"),
            superseded=told["superseded"],
            without_owner=told["without_owner"],
            without_recommendation=told["without_recommendation"],
            empty_pages=_empty(all_empty_pages(catalogue)),
            unread=len(unread),
            unread_worst=tuple(unread[:WORST]),
            updated_at=stats.updated_at,
            made=_making(library, stats.engine),
        )


def _told(catalogue: Catalogue) -> dict[str, int]:
    """How many records tell this and that: read from all of them, once until something changes."""
    read = f"json_extract(l.provenance, '$.outcome.method') IN ({_marks(OUTCOME_READ)})"
    conditions: dict[str, tuple[str, tuple[str, ...]]] = {
        "with_outcome": ("l.outcome <> ?", (UNDECIDED,)),
        "outcomes_read": (f"l.outcome <> ? AND {read}", (UNDECIDED, *OUTCOME_READ)),
        "superseded": (_REPLACED, ()),
        "without_owner": ("coalesce(l.owner, '') = ''", ()),
        "without_recommendation": (f"NOT {_HAS_SECTION}", ADVISES),
    }
    return {
        name: catalogue.rows(f"SELECT count(*) {_LIVING} AND {condition}", parameters)[0][0]
        for name, (condition, parameters) in conditions.items()
    }


def _marks(values: Sequence[str]) -> str:
    return ",".join("?" * len(values))


def _by(columns: Columns, name: str) -> list[tuple[str, int]]:
    found = columns.facets[name].counts(columns.lessons)
    if name != "year":
        return found
    return [*sorted((pair for pair in found if pair[0] != NONE), reverse=True), *found[-1:]] if found else []


def _age(columns: Columns, today: date) -> Age:
    told = [known for known, counts in zip(columns.dates, columns.lessons.tolist(), strict=True) if counts]
    years = [(today - _middle(known)).days / _YEAR for known in told if known]
    return Age(
        dated=len(years),
        undated=len(told) - len(years),
        median_years=round(median(years), 1) if years else None,
        older_than_5=_share(years, 5),
        older_than_10=_share(years, 10),
    )


def _share(years: Sequence[float], limit: float) -> float | None:
    return sum(age > limit for age in years) / len(years) if years else None


def _middle(known: str) -> date:
    """The day in the middle of a year or a month: `2021` gives 2 July."""
    return date.fromisoformat(known + "-07-02"[len(known) - 4 :] if len(known) == 4 else (known + "-15")[:10])


def _linked(catalogue: Catalogue, columns: Columns, table: str) -> Linked:
    """Of pairs of which both are records."""
    records = set(columns.numbers[columns.lessons].tolist())
    rows = catalogue.rows(f"SELECT lesson, other FROM {table}")
    pairs = [(one, other) for one, other in rows if one in records and other in records]
    groups = connected_by(pairs)
    return Linked(len(pairs), len(groups), sum(map(len, groups)))


def _empty(found: dict[str, tuple[int, ...]]) -> EmptyPages:
    counted = sorted(((path, len(pages)) for path, pages in found.items()), key=lambda pair: (-pair[1], pair[0]))
    return EmptyPages(sum(count for _, count in counted), len(counted), tuple(counted[:WORST]))


def _making(library: ReadableLibrary, engine: str) -> Making:
    catalogue, manifest = library.catalogue, library.manifest
    return Making(
        engine=engine,
        embedder=manifest.embedder,
        generation=library.generation(),
        revision=int(catalogue.meta("revision")),
        layout=int(catalogue.rows("PRAGMA user_version")[0][0]),
        embedded=int(catalogue.rows(_EMBEDDED, (manifest.model,))[0][0]),
        tuned=bool(library.tuned()),
    )


_UNREAD = """
SELECT s.path FROM sources s WHERE s.archived = 0 AND NOT EXISTS (
    SELECT 1 FROM lessons l JOIN passages p ON p.lesson = l.id WHERE l.source_id = s.id) ORDER BY s.path"""
_REPLACED = """(coalesce(l.superseded_by, '') <> '' OR EXISTS (
    SELECT 1 FROM lessons n WHERE n.supersedes = l.lesson_id AND n.archived = 0))"""
_HAS_SECTION = f"""EXISTS (
    SELECT 1 FROM json_each(l.sections) WHERE json_extract(value, '$.key') IN ({_marks(ADVISES)}))"""
_EMBEDDED = """
SELECT count(*) FROM passages p WHERE EXISTS (SELECT 1 FROM embeddings e WHERE e.passage = p.id AND e.model = ?)"""
