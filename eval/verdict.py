"""Calibrate the verdict: tell questions a library answers from questions it cannot.

The judged queries of a collection are answerable from its own corpus and, as the collections are about different
worlds, from no other one. Half of them (by a hash of the query's id) fit the weights, the other half tests them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from assistant.evidence import gather
from assistant.question import understand
from assistant.settings import AssistantSettings
from assistant.verdict import Calibration, Features, answerable, features
from eval.beir import Collection
from index.library import Library
from ingest.errors import BadDataset

UNSURE = 0.1  # of the answerable questions in the fitting half get no better than `partial`


@dataclass(frozen=True, slots=True)
class Case:
    """A question asked of a library: what the verdict rests on, and whether it can be answered there."""

    asked: str
    of: str
    fits: bool
    answerable: bool
    features: Features


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of a calibration on the testing half; `pairs` has the share declined for each questions → library."""

    calibration: Calibration
    cases: int
    auroc: float
    balanced_accuracy: float
    refused_answerable: float
    declined_unanswerable: float
    pairs: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def cases(libraries: Sequence[tuple[Collection, Library]], limit: int) -> list[Case]:
    """Ask every library up to `limit` questions of each collection, those with the lowest hashes."""
    out = []
    for collection, _ in libraries:
        queries = sorted(collection.queries, key=lambda query: crc32(query.query_id.encode()))[:limit]
        for other, library in libraries:
            for query in queries:
                evidence = gather(library, understand(query.text, (), AssistantSettings()))
                fits = crc32(f"half {query.query_id}".encode()) % 2 == 0
                out.append(Case(collection.name, other.name, fits, collection is other, features(evidence)))
    return out


def _both_kinds(half: list[Case]) -> list[Case]:
    if {case.answerable for case in half} != {True, False}:
        reason = "A half of the questions lacks answerable or unanswerable ones."
        raise BadDataset(reason, "Give two or more collections about different worlds, with more questions each.")
    return half


def fit(found: Sequence[Case]) -> Calibration:
    """A logistic regression on the fitting half; it declines where that gives the best balanced accuracy.

    Raises `BadDataset` when a half has questions of one kind only.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_curve

    used = _both_kinds([case for case in found if case.fits])
    inputs, wanted = np.array([case.features for case in used]), np.array([case.answerable for case in used])
    model = LogisticRegression(class_weight="balanced", C=10).fit(inputs, wanted)
    bias, *weights = (round(float(value), 2) for value in (model.intercept_[0], *model.coef_[0]))
    near, covered, sentence = weights
    fitted = Calibration(bias, near, covered, sentence, none_below=0.5, sure_from=0.5)
    scores = np.array([answerable(case.features, fitted) for case in used])
    refused, passed, thresholds = roc_curve(wanted, scores)
    least = float(thresholds[np.argmax(passed - refused)])
    none_below = float(least + max(scores[scores < least], default=least)) / 2  # as far from both sorts
    sure_from = max(none_below, float(np.quantile(scores[wanted], UNSURE)))
    return replace(fitted, none_below=none_below, sure_from=sure_from)


def report(found: Sequence[Case], calibration: Calibration) -> Report:
    """How a calibration does on the testing half."""
    from sklearn.metrics import roc_auc_score

    held = _both_kinds([case for case in found if not case.fits])
    scores = np.array([answerable(case.features, calibration) for case in held])
    wanted = np.array([case.answerable for case in held])
    declined = scores < calibration.none_below
    pairs: dict[str, list[bool]] = {}
    for case, no in zip(held, declined, strict=True):
        pairs.setdefault(f"{case.asked} → {case.of}", []).append(bool(no))
    refused, right = float(declined[wanted].mean()), float(declined[~wanted].mean())
    return Report(
        calibration,
        len(held),
        round(float(roc_auc_score(wanted, scores)), 3),
        round((1 - refused + right) / 2, 3),
        round(refused, 3),
        round(right, 3),
        {name: round(float(np.mean(values)), 3) for name, values in pairs.items()},
    )
