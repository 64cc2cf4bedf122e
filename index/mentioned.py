"""The records that a user means who types a few words to find them: exactly those that hold all of the words.

`Library.search` would find the nearest two hundred to anything, so that no count, no order by date and no page number
would mean much. Here a record is found when its passages hold each of the words in one of its forms, wherever, or when
its id and title hold each as it was typed, be it a part of a word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.analysis import words_of
from index.catalogue import Catalogue
from index.columns import Columns, Mask, columns_of
from index.engine import View
from index.passages import Ids

_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A flag for each living record: whether it holds the words, and whether its id and title do."""

    anywhere: Mask
    named: Mask


def mentioned(catalogue: Catalogue, view: View, words: str) -> Mentioned:
    """The records that hold all of the words; all records where there is no word."""
    known: dict[str, Mentioned] = catalogue.kept("mentioned", dict)
    found = known.get(words) or _looked_for(catalogue, view, words)
    if len(known) >= _REMEMBERED:
        known.clear()
    known[words] = found
    return found


def _looked_for(catalogue: Catalogue, view: View, words: str) -> Mentioned:
    columns = columns_of(catalogue)
    typed = words.casefold().split()
    names = (f"{one} {title}".casefold() for one, title in zip(columns.lesson_ids, columns.titles, strict=True))
    named = np.array([all(word in name for word in typed) for name in names], np.bool_)
    stems = dict.fromkeys(words_of(words))
    said = columns.all_of([_saying(catalogue, columns, view, stem) for stem in stems]) if stems else named
    return Mentioned(named | said, named)


def _saying(catalogue: Catalogue, columns: Columns, view: View, stem: str) -> Mask:
    """The records with a passage that holds the stemmed word."""
    passages, records = catalogue.kept("passages", lambda: _records_of_passages(catalogue))
    found = view.matching([stem], max(1, len(passages))).ids
    return columns.flags(np.unique(records[np.isin(passages, found)]))


def _records_of_passages(catalogue: Catalogue) -> tuple[Ids, Ids]:
    """The numbers of all passages, and of the record of each."""
    # Joined by SQLite: a row for each of half a million takes Python ten times as long.
    row = catalogue.rows("SELECT group_concat(id), group_concat(lesson) FROM passages")[0]
    passages, records = (np.fromstring(one, np.int64, sep=",") if one else np.empty(0, np.int64) for one in row)
    return passages, records
