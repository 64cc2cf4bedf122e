"""From what an engine finds to a ranking: candidates with both scores, fused, at most a few passages of a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from index.catalogue import Catalogue
from index.clock import Clock
from index.embedder import Vectors
from index.engine import Ranked, View
from index.filters import Selection
from index.fusion import fuse

_NOTHING = Ranked(np.empty(0, np.int64), np.empty(0, np.float32))


class Found(NamedTuple):
    """Passages that either search found: ids, numbers of their records, and three scores of shape (n,)."""

    ids: list[int]
    lessons: list[int]
    scores: Vectors
    dense: Vectors
    lexical: Vectors
    more: bool
    """Whether there may be others: a search gave as many as it was asked for."""


class Wanted(NamedTuple):
    """What is looked for: the vector for a dense search, the words for a lexical one, `most` candidates of each.

    `named` are the passages of records whose id or title the query is: they rank first.
    """

    vector: Vectors | None
    words: Sequence[str] | None
    most: int
    weight: float
    selection: Selection | None
    named: Sequence[int] = ()


def find(view: View, catalogue: Catalogue, model: int, wanted: Wanted, clock: Clock) -> Found:
    """The candidates, each with an exact vector score; an id that the catalogue lacks is left out."""
    near, matching = _NOTHING, _NOTHING
    if wanted.vector is not None:
        near = view.near(wanted.vector, wanted.most, wanted.selection)
        clock.lap("vectors")
    if wanted.words:
        matching = view.matching(wanted.words, wanted.most, wanted.selection)
        clock.lap("words")
    every = {*wanted.named, *near.ids.tolist(), *matching.ids.tolist()}
    known = catalogue.vectors_of_passages(list(every), model)
    ids = sorted(known)  # so that equal scores are ranked alike, whatever found them first
    words = dict(zip(matching.ids.tolist(), matching.scores.tolist(), strict=True))
    lexical = np.array([words.get(number, 0.0) for number in ids], np.float32)
    dense = np.zeros(len(ids), np.float32)
    if wanted.vector is not None and ids:
        dense = np.stack([known[number][1] for number in ids]) @ wanted.vector
    scores = fuse(dense, lexical, wanted.weight)
    scores[np.isin(ids, wanted.named)] += 1
    clock.lap("fuse")
    more = wanted.most in (len(near.ids), len(matching.ids))
    return Found(ids, [known[number][0] for number in ids], scores, dense, lexical, more)


def best(found: Found, k: int, per_lesson: int) -> list[int]:
    """Where the `k` best are, at most `per_lesson` of one record."""
    out: list[int] = []
    if k < 1:
        return out
    taken: Counter[int] = Counter()
    for at in np.argsort(-found.scores, kind="stable").tolist():
        if taken[found.lessons[at]] < per_lesson:
            taken[found.lessons[at]] += 1
            out.append(at)
            if len(out) == k:
                break
    return out
