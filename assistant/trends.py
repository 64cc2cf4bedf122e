"""A survey of all records that match: counts by field and year, and what is recommended or happens again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.repeated import Recommended, Repeated, recommended, repeated
from assistant.tally import Tally, Terms, matching, tallies
from index.filters import Filters
from index.library import Library

SURVEYED = ("year", "unit", "outcome", "topic", "cause")


@dataclass(frozen=True, slots=True)
class Trends:
    """Tallies of the same records by several fields, and what those that match the filters repeat."""

    tallies: tuple[Tally, ...]
    recommended: tuple[Recommended, ...]
    repeated: tuple[Repeated, ...]

    def to_json(self) -> dict[str, Any]:
        first = self.tallies[0]
        return {
            "filters": dict(first.filters),
            "mentioning": [" ".join(words) for words in first.terms],
            "total": first.total,
            "of": first.of,
            "copies": first.copies,
            "tallies": [each.to_json() for each in self.tallies],
            "recommended": [each.to_json() for each in self.recommended],
            "repeated": [each.to_json() for each in self.repeated],
        }


def trends(library: Library, by: Sequence[str] = SURVEYED, filters: Filters | None = None, terms: Terms = ()) -> Trends:
    """Counts by each of the fields, which are among `assistant.tally.FIELDS`. Raises `BadFilter`."""
    records = matching(library, filters, terms)
    counted = tallies(library, records, by, filters, terms)
    return Trends(counted, tuple(recommended(library, records, filters)), tuple(repeated(library, records)))
