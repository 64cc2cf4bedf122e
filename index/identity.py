"""Ids of records whose source gives them none: a record keeps its id when others around it come and go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Named(NamedTuple):
    """A record of a source: its id, what it is called and its text."""

    lesson_id: str
    title: str
    text: str


def keep_ids(earlier: Sequence[Named], now: Sequence[Named]) -> list[str]:
    """The ids of a source's records `now`: those they had `earlier`, else their own, none of them twice.

    The same text keeps its id, then the same title, then the same place among what is left on both sides.
    """
    ids: list[str] = [""] * len(now)
    left = list(earlier)

    def match(same: Callable[[Named, Named], bool]) -> None:
        for at, record in enumerate(now):
            found = next((one for one in left if not ids[at] and same(one, record)), None)
            if found:
                ids[at] = found.lesson_id
                left.remove(found)

    match(lambda before, after: before.text == after.text)
    match(lambda before, after: before.title == after.title)
    match(lambda before, after: before.lesson_id == after.lesson_id)
    taken = {*ids, *(one.lesson_id for one in earlier)}
    for at, record in enumerate(now):
        if not ids[at]:
            ids[at] = _free(record.lesson_id, taken)
            taken.add(ids[at])
    return ids


def _free(wanted: str, taken: set[str]) -> str:
    """The id, or one with the next number that none of `taken` has."""
    if wanted not in taken:
        return wanted
    stem = re.sub(r"#\d+$", "", wanted)
    numbers = [int(one[len(stem) + 1 :]) for one in taken if re.fullmatch(rf"{re.escape(stem)}#\d+", one)]
    return f"{stem}#{max(numbers, default=0) + 1}"
