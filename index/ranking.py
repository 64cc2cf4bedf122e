"""From scores to a ranking: two searches joined, and the first passages put in a better order.

What is compared is standardised over the candidates of one query (Montague and Aslam, "Relevance score normalization
for metasearch", 2001): a search whose best stands out from the rest weighs more than one that finds all alike, which
ranks do not show, and the share of each that is best differs less between libraries than with scaling to 0…1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

FIRST = 100
"""Passages that are put in a better order: 50 do nearly as well, on the data named below."""
NEAREST = 5  # neighbours of each passage among them
ALIKE = 1e-6  # deviation: what differs less is taken for rounding


@dataclass(frozen=True, slots=True)
class Ranking:
    """How scores are weighed, each weight 0 to 1.

    `dense` is the vectors' share against the words, `rerank` that of late interaction (or of a cross-encoder) against
    both, `neighbours` that of a passage's neighbours against its own score. The defaults were chosen on SciFact's
    training queries alone; `lessons tune` finds a library's own.
    """

    dense: float = 0.5
    rerank: float = 0.5
    neighbours: float = 0.2


def standard(scores: Scores) -> Scores:
    """The scores with mean 0 and deviation 1; all 0 where they are alike."""
    deviation = float(scores.std()) if scores.size else 0.0
    if deviation < ALIKE:
        return np.zeros_like(scores)
    return np.asarray((scores - scores.mean()) / deviation, np.float32)


def fuse(first: Scores, second: Scores, share: float) -> Scores:
    """`share` of the first scores, the rest of the second, both standardised; shape (n,), one entry a candidate."""
    return share * standard(first) + (1 - share) * standard(second)


def among_neighbours(scores: Scores, vectors: Scores, records: NDArray[np.int64], share: float) -> Scores:
    """Each score with a share of those of its nearest passages in other records, weighed by their similarity.

    Passages about the same should rank alike, so that one which says it in other words than the question is carried by
    those around it (Diaz, "Regularizing ad hoc retrieval scores", 2005). `vectors` have shape (n, dimension).
    """
    likeness = np.maximum(vectors @ vectors.T, 0)
    likeness[records[:, None] == records[None, :]] = 0
    if len(scores) > NEAREST:
        likeness[likeness < np.partition(likeness, -NEAREST, axis=1)[:, -NEAREST, None]] = 0
    total = likeness.sum(axis=1)
    around = np.divide(likeness @ scores, total, out=scores.copy(), where=total > 0)
    return np.asarray((1 - share) * scores + share * around, np.float32)


def reorder(scores: Scores, vectors: Scores, records: NDArray[np.int64], judged: Scores, ranking: Ranking) -> Scores:
    """New scores for passages, by what was judged of them, shape (n,), and by their neighbours.

    A passage that was not judged (NaN) keeps what it had; the others, together, neither gain nor lose by that.
    """
    own = standard(scores)
    known = ~np.isnan(judged)
    by_judge = own.copy()
    if known.any():
        deviation = float(own[known].std())
        by_judge[known] = own[known].mean() + standard(judged[known]) * (deviation if deviation > ALIKE else 1)
    mixed = (1 - ranking.rerank) * own + ranking.rerank * by_judge
    return among_neighbours(np.asarray(mixed, np.float32), vectors, records, ranking.neighbours)
