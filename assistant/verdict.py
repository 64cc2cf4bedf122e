"""Decide whether the evidence answers the question, before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.answer import Verdict
from assistant.evidence import Evidence
from index.library import Library

Features = tuple[float, float, float]
"""The best passage's similarity to the question and its share of the question's words, and the best sentence's
similarity; each 0 to 1."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression on the `Features`; the verdict is `none` below one probability, `partial` below the other.

    The weights belong to the similarities of one embedder; `lessons eval verdict` fits and reports them.
    """

    bias: float
    near: float
    covered: float
    sentence: float
    none_below: float
    sure_from: float


def calibration_of(library: Library) -> Calibration:
    """What `lessons tune` fitted to the library, or else the default."""
    fitted = library.tuned().get("verdict")
    return Calibration(**fitted) if fitted else PACKAGED


PACKAGED = Calibration(bias=-8.0, near=7.97, covered=3.48, sentence=6.2, none_below=0.448, sure_from=0.787)


def features(evidence: Evidence) -> Features:
    """What the verdict rests on; all 0 where there is no evidence."""
    return evidence.near, evidence.covered, max((sentence.near for sentence in evidence.sentences), default=0.0)


def answerable(found: Features, calibration: Calibration = PACKAGED) -> float:
    """The probability, 0 to 1, that evidence with these features answers its question."""
    near, covered, sentence = found
    score = calibration.near * near + calibration.covered * covered + calibration.sentence * sentence
    return 1 / (1 + math.exp(-calibration.bias - score))


def decide(evidence: Evidence, calibration: Calibration = PACKAGED) -> Verdict:
    """`answered`, `partial` where the evidence comes near without being sure to answer, or `none`."""
    likely = answerable(features(evidence), calibration) if evidence.sentences else 0.0
    if likely < calibration.none_below:
        return "none"
    return "answered" if likely >= calibration.sure_from else "partial"
