"""What the local engine finds at one generation: in the FAISS file, in what came since, and among the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from index.catalogue import Catalogue
from index.encoder import Vectors
from index.engine import Ids, Ranked
from index.filters import Selection
from index.local.base import Base, Mask, positions
from index.local.tail import Tail
from index.local.words import State

REMEMBERED = 16  # selections
ENOUGH = 2.0  # times as many hits are fetched as will probably do
FETCHED_A_RECORD = 9
"""Hits that are fetched in the time in which the word index is given one record: `lessons eval index` shows it."""


class Chosen(NamedTuple):
    """The records selected: a flag for each record number and for each vector of both parts; how many passages."""

    lessons: Ids
    records: Mask
    base: Mask
    tail: Mask
    passages: int


class LocalView:
    """See `index.engine.View`. Safe for several threads."""

    def __init__(self, catalogue: Catalogue, base: Base | None, tail: Tail, words: State, base_alive: Mask) -> None:
        self.base = base
        self.tail = tail
        self.words = words
        self.base_alive = base_alive
        self._catalogue = catalogue
        self._chosen: dict[tuple[Selection, str], Chosen] = {}

    @property
    def stale(self) -> int:
        """How many vectors came since the file was made, or are dead in it."""
        died = int(np.count_nonzero(alive_in(self.base)) - np.count_nonzero(self.base_alive))
        return len(self.tail.ids) + died

    def ids(self) -> Ids:
        """Of all vectors that are alive, ascending."""
        in_base = self.base.ids[self.base_alive] if self.base else np.empty(0, np.int64)
        return np.concatenate([in_base, self.tail.ids[self.tail.alive]])

    def near(self, vector: Vectors, k: int, selection: Selection | None = None) -> Ranked:
        in_base, in_tail = self.base_alive, self.tail.alive
        if selection is not None:
            chosen = self._select(selection)
            in_base, in_tail = chosen.base, chosen.tail
        at, scores = self.tail.search(vector, k, in_tail)
        ids = self.tail.ids[at]
        if self.base:
            at, more = self.base.search(vector, k, in_base)
            ids, scores = np.concatenate([ids, self.base.ids[at]]), np.concatenate([scores, more])
        best = np.argsort(-scores, kind="stable")[:k]
        return Ranked(ids[best], scores[best])

    def matching(self, words: Sequence[str], k: int, selection: Selection | None = None) -> Ranked:
        if selection is None:
            return self.words.search(words, k)[0]
        chosen = self._select(selection)
        if not chosen.passages:
            return Ranked(np.empty(0, np.int64), np.empty(0, np.float32))
        fetched = max(k, int(ENOUGH * k * len(self.words) / chosen.passages))
        if fetched <= FETCHED_A_RECORD * len(chosen.lessons):
            found, lessons = self.words.search(words, fetched)
            wanted = np.flatnonzero(chosen.records[np.minimum(lessons, len(chosen.records) - 1)])[:k]
            if len(wanted) == k or len(lessons) < fetched:
                return Ranked(found.ids[wanted], found.scores[wanted])
        return self.words.search_among(words, k, chosen.lessons)

    def rarity(self, words: Sequence[str]) -> Mapping[str, float]:
        return self.words.rarity(words)

    def _select(self, selection: Selection) -> Chosen:
        # Fields change without a passage that comes or goes: a file is renamed.
        key = selection, self._catalogue.meta("revision")
        chosen = self._chosen.get(key) or self._choose(selection)
        if len(self._chosen) >= REMEMBERED:
            self._chosen = {}
        self._chosen[key] = chosen
        return chosen

    def _choose(self, selection: Selection) -> Chosen:
        lessons = self._catalogue.selected(selection)
        highest = int(max(lessons.max(initial=0), self.tail.lessons.max(initial=0), self._highest_in_base))
        records = np.zeros(highest + 2, np.bool_)  # the last one stands for all that are not known, and for none (-1)
        records[lessons] = True
        base = self.base_alive & records[self.base.lessons] if self.base else self.base_alive
        tail = self.tail.alive & records[self.tail.lessons]
        return Chosen(lessons, records, base, tail, int(np.count_nonzero(base) + np.count_nonzero(tail)))

    @property
    def _highest_in_base(self) -> int:
        return int(self.base.lessons.max(initial=0)) if self.base else 0


def alive_in(base: Base | None) -> Mask:
    """A flag for each vector of the file that was alive when it was made."""
    return np.empty(0, np.bool_) if base is None else np.asarray(base.lessons >= 0)


def without(alive: Mask, base: Base | None, gone: Sequence[int]) -> Mask:
    """The flags without those of passages that are gone since."""
    if base is None or not gone:
        return alive
    alive = alive.copy()
    alive[positions(base.ids, gone)] = False
    return alive
