"""From what an engine finds to a ranking: candidates with both scores, the first of them in a better order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from index.catalogue import Catalogue
from index.clock import Clock
from index.embedder import Vectors
from index.engine import Ids, Ranked, View
from index.filters import Selection
from index.ranking import FIRST, Ranking, Scores, fuse, reorder

AHEAD = 1e-3
"""By which the last of the passages that were put in a better order stays before the others."""
_NOTHING = Ranked(np.empty(0, np.int64), np.empty(0, np.float32))


class Found(NamedTuple):
    """Passages that either search found: ids, numbers of their records, vectors, and three scores of shape (n,)."""

    ids: list[int]
    lessons: Ids
    vectors: Vectors
    scores: Scores
    dense: Scores
    lexical: Scores
    more: bool
    """Whether there may be others: a search gave as many as it was asked for."""


class Wanted(NamedTuple):
    """What is looked for: the vector for a dense search, the words for a lexical one, `most` candidates of each.

    `share` is that of the vectors against the words.
    """

    vector: Vectors | None
    words: Sequence[str] | None
    most: int
    share: float
    selection: Selection | None
    named: Sequence[int] = ()
    """Passages that are candidates in any case."""


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
    vectors = np.array([known[number][1] for number in ids], np.float32)
    dense = np.zeros(len(ids), np.float32)
    if wanted.vector is not None and ids:
        dense = vectors @ wanted.vector
    clock.lap("fuse")
    more = wanted.most in (len(near.ids), len(matching.ids))
    lessons = np.array([known[number][0] for number in ids], np.int64)
    return Found(ids, lessons, vectors, fuse(dense, lexical, wanted.share), dense, lexical, more)


def reranked(found: Found, judge: Callable[[list[int]], Scores], ranking: Ranking) -> Found:
    """The same with the first passages in a better order; the others stay behind them as they were."""
    first = np.argsort(-found.scores, kind="stable")[:FIRST]
    if not len(first):
        return found
    judged = judge([found.ids[at] for at in first])
    better = reorder(found.scores[first], found.vectors[first], found.lessons[first], judged, ranking)
    scores = found.scores.copy()
    scores[first] = better - better.min() + np.delete(scores, first).max(initial=0) + AHEAD
    return found._replace(scores=scores)


def behind(first: Found, wider: Found) -> Found:
    """The wider one, with the passages of the first as they were, and before all others."""
    known = dict(zip(first.ids, first.scores.tolist(), strict=True))
    kept = np.array([known.get(number, np.nan) for number in wider.ids], np.float32)
    rest = np.isnan(kept)
    below = wider.scores - wider.scores[rest].max(initial=-np.inf) + first.scores.min(initial=0) - AHEAD
    return wider._replace(scores=np.where(rest, below, kept))


def named_first(found: Found, named: Sequence[int]) -> Found:
    """The same with these passages before all others."""
    first = np.isin(found.ids, named)
    return found._replace(scores=found.scores + np.where(first, np.ptp(found.scores) + 1, 0)) if first.any() else found


def best(found: Found, k: int, per_lesson: int) -> list[int]:
    """Where the `k` best are, at most `per_lesson` of one record."""
    out: list[int] = []
    if k < 1:
        return out
    taken: Counter[int] = Counter()
    lessons = found.lessons.tolist()
    for at in np.argsort(-found.scores, kind="stable").tolist():
        if taken[lessons[at]] < per_lesson:
            taken[lessons[at]] += 1
            out.append(at)
            if len(out) == k:
                break
    return out
