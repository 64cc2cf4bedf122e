"""Is a difference between settings more than chance? Intervals and paired tests over a collection's queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
RESAMPLES = 9_999
AT_ONCE = 500  # resamples: bounds the memory
SEED = 20_070_906

PerQuery = Mapping[str, Mapping[str, float]]
"""For each measure, its value per query."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of a setting to the baseline, in one measure.

    The mean with its 95 % interval, `p` of the paired test, `p_holm` the same corrected for the settings compared, and
    the number of queries on which the setting did better, the same and worse.
    """

    mean: float
    low: float
    high: float
    p: float
    p_holm: float
    wins: int
    ties: int
    losses: int

    @property
    def significant(self) -> bool:
        return self.p_holm < LEVEL

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def interval(values: Iterable[float]) -> tuple[float, float]:
    """The 95 % interval of the mean: percentile bootstrap (Efron and Tibshirani, 1993), seeded."""
    from scipy.stats import bootstrap

    sample = np.fromiter(values, float)
    if len(sample) < 2:
        return round(float(sample.mean()), 4), round(float(sample.mean()), 4)
    found = bootstrap(
        (sample,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=AT_ONCE,
        confidence_level=1 - LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    low, high = found.confidence_interval
    return round(float(low), 4), round(float(high), 4)


def compare(runs: Sequence[PerQuery]) -> list[dict[str, Difference]]:
    """For each run but the first, how it differs from the first in each measure. All have the same queries."""
    baseline, *others = runs
    out: list[dict[str, Difference]] = [{} for _ in others]
    for measure in baseline:
        found = [difference(baseline[measure], other[measure]) for other in others]
        for own, one, p in zip(out, found, holm([one.p for one in found]), strict=True):
            own[measure] = replace(one, p_holm=p)
    return out


def difference(baseline: Mapping[str, float], other: Mapping[str, float]) -> Difference:
    """Of one measure, not corrected. The order of the queries does not matter; re-runs give the same figures."""
    changes = np.array([other[query] - baseline[query] for query in sorted(baseline)])
    wins, losses = int((changes > 0).sum()), int((changes < 0).sum())
    mean, p = round(float(changes.mean()), 4), round(randomisation(changes), 4)
    return Difference(mean, *interval(changes), p, p, wins, len(changes) - wins - losses, losses)


def randomisation(changes: NDArray[np.float64]) -> float:
    """The two-sided p-value of paired differences under random signs: exact for few, else of 9,999 random ones, seeded.

    Fisher's randomisation test, as Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation", 2007, advise.
    """
    from scipy.stats import permutation_test

    moved = changes[changes != 0]  # the sign of a zero changes nothing
    if len(moved) < 2:
        return 1.0
    found = permutation_test(
        (moved,),
        np.sum,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        batch=AT_ONCE,
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected for their number by the step-down procedure of Holm, 1979, in the order given."""
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = round(largest, 4)
    return corrected
