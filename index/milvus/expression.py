"""From a selection to a filter expression that Milvus evaluates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from index.filters import TAGS, Selection

LONGEST = 256  # bytes of a value as it is stored
_DIGEST = "sha256:"
_UNSAFE = frozenset("\"'\\")


def cell(value: str) -> str:
    """A value as the server stores and compares it: itself, or its digest.

    A value that is long, cannot be printed, or holds a quote or a backslash is compared by its digest, so that no value
    can end the string it stands in, and none is too long for its field.
    """
    encoded = value.encode("utf-8", "surrogatepass")
    plain = value.isprintable() and _UNSAFE.isdisjoint(value) and not value.startswith(_DIGEST)
    return value if plain and len(encoded) <= LONGEST else _DIGEST + hashlib.sha256(encoded).hexdigest()


def literal(value: str) -> str:
    """A value in an expression."""
    return f'"{cell(value)}"'


def expression(selection: Selection | None) -> str:
    """What the records selected have in common; an empty string if that is nothing.

    The selection is one that can match: see `matches_nothing`.
    """
    if selection is None:
        return ""
    terms = []
    for column, values in selection.one_of:
        wanted = f"[{', '.join(map(literal, values))}]"
        terms.append(f"array_contains_any({column}, {wanted})" if column in TAGS.values() else f"{column} in {wanted}")
    if selection.since:
        terms.append(f"last_day >= {literal(selection.since)}")
    if selection.until:
        terms.append(f'(first_day <= {literal(selection.until)} and first_day != "")')
    if selection.sources is not None:
        terms.append(_among("source_id", selection.sources))
    return " and ".join(terms)


def matches_nothing(selection: Selection | None) -> bool:
    """Whether no record can match, whatever there is."""
    return selection is not None and (selection.sources == () or any(not values for _, values in selection.one_of))


def _among(column: str, numbers: Iterable[int]) -> str:
    """A folder's sources have numbers in a row: a hundred thousand of them make a short expression."""
    runs, single = list[str](), list[str]()
    for first, last in _runs(sorted(set(numbers))):
        if last - first < 2:
            single += map(str, range(first, last + 1))
        else:
            runs.append(f"({column} >= {first} and {column} <= {last})")
    if single:
        runs.append(f"{column} in [{', '.join(single)}]")
    return f"({' or '.join(runs)})"


def _runs(numbers: Sequence[int]) -> Iterable[tuple[int, int]]:
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
