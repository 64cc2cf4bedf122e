"""Join the scores of two searches into one ranking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def fuse(dense: Scores, lexical: Scores, dense_weight: float) -> Scores:
    """`dense_weight × dense + (1 − dense_weight) × lexical`, each scaled to 0…1 over this query's candidates.

    Both have shape (n,), one entry a candidate, 0 where the lexical search did not find it. Scaling per query
    makes the two comparable; it keeps the distances that reciprocal ranks throw away.
    """
    return (dense_weight * _scale(dense) + (1 - dense_weight) * _scale(lexical)).astype(np.float32)


def _scale(scores: Scores) -> Scores:
    if scores.size == 0:
        return scores
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
