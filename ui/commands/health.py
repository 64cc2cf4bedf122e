"""The command about how the library is: `health`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from ui.commands.options import Json, LibraryFolder, console, load_settings, opened, print_json, short

if TYPE_CHECKING:
    from index.health import Health

_VALUES = 5  # of a field
_LONGEST = 28  # characters of a value
_NAMED = 5  # documents


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)


def health(library: LibraryFolder = None, as_json: Json = False) -> None:
    """Say how the library is: what it holds, how old that is, what is told twice, and what is missing."""
    from datetime import date

    with opened(load_settings(library)) as opened_library:
        found = opened_library.health(date.today())
    if as_json:
        print_json(found.to_json())
        return
    out = console()
    for heading, lines in _parts(found):
        out.print(heading, style="bold", markup=False)
        for line in lines:
            out.print(f"  {line}", markup=False)


def _parts(found: Health) -> Iterator[tuple[str, list[str]]]:
    from index.hit import held

    size = f"{held(found.records, found.guidance)} in {_of(found.documents, 'document')}"
    yield (
        f"{size}, {_of(found.passages, 'passage')}",
        [f"{f'by {name}':<14} {_values(pairs)}" for name, pairs in found.by.items() if pairs],
    )
    yield "Balance and age", [*_balance(found), _age(found)]
    yield "Told more than once", _linked(found)
    yield "Missing", _missing(found)
    yield "Made with", _making(found)


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _values(pairs: list[tuple[str, int]]) -> str:
    shown = [f"{short(value, _LONGEST)} {count:,}" for value, count in pairs[:_VALUES]]
    return ", ".join(shown) + (f" and {len(pairs) - _VALUES:,} more" if len(pairs) > _VALUES else "")


def _balance(found: Health) -> list[str]:
    if found.went_wrong is None:
        return ["no record tells how it went"]
    return [
        f"{found.went_wrong:.0%} failures and near misses among the {found.with_outcome:,} that tell how it went",
        f"{found.outcomes_read:,} of these {found.with_outcome:,} do not state it: it was read from their words",
    ]


def _age(found: Health) -> str:
    age = found.age
    if age.older_than_5 is None or age.older_than_10 is None:
        return f"{age.undated:,} without a date"
    older = f"{age.older_than_5:.0%} over 5 years, {age.older_than_10:.0%} over 10"
    return f"median age {age.median_years} years; {older}; {age.undated:,} without a date"


def _linked(found: Health) -> list[str]:
    return [
        f"{_of(found.duplicates.pairs, 'pair')} of near-copies among {_of(found.duplicates.records, 'record')}",
        f"{_of(found.repeated.groups, 'kind')} of event that happened again, told in "
        f"{_of(found.repeated.records, 'record')}",
        f"{_of(found.superseded, 'record')} superseded by another",
    ]


def _missing(found: Health) -> list[str]:
    empty = found.empty_pages
    return [
        f"{_of(found.without_owner, 'record')} without an owner, {found.without_recommendation:,} without a "
        "recommendation",
        f"{_of(empty.pages, 'page')} without text in {_of(empty.documents, 'document')}",
        *(f"  {count:,} in {path}" for path, count in empty.worst[:_NAMED]),
        f"{_of(found.unread, 'document')} without any passage",
        *(f"  {path}" for path in found.unread_worst[:_NAMED]),
    ]


def _making(found: Health) -> list[str]:
    made = found.made
    whole = "all" if made.embedded == found.passages else f"{made.embedded:,} of the"
    indexed = f"; last indexed {found.updated_at}" if found.updated_at else ""
    return [
        f"searched by {made.engine}; {'tuned' if made.tuned else 'not tuned'}",
        f"{whole} passages embedded by {made.embedder}",
        f"generation {made.generation:,}, revision {made.revision:,}, layout {made.layout}{indexed}",
    ]
