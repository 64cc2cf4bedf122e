"""Decide whether the evidence answers the question, before anything is written.

Two things are asked apart: whether the library has anything on the question at all, and whether what it has states
what is asked. Questions of another world fail the first and are declined; a missing detail or a false premise fails the
second, and what comes near is shown as such.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

from assistant.answer import Verdict
from assistant.evidence import Evidence
from assistant.facts import Facts
from index.library import Library

CERTAIN = 0.998  # the reader's word counts no further
UNNAMED = 3  # names and numbers that are missing count no further


class Features(NamedTuple):
    """What the verdict rests on.

    `near`, `covered` and `sentence`, each 0 to 1: the best passage's similarity to the question and its share of the
    question's words, and the best sentence's similarity. `answers` is the highest log odds of a sentence to answer, as
    the reader sees it. Of the sentence that is best in all, `states` is its log odds and `denies` the probability that
    it contradicts the question. `unnamed` is how many of the question's names and numbers are in no passage found.
    """

    near: float
    covered: float
    sentence: float
    answers: float
    states: float
    denies: float
    unnamed: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Two logistic regressions on the `Features`, and where their probabilities decide.

    The verdict is `none` where the library has nothing on the question (`none_below`), and `answered` where it surely
    has something (`sure_from`) and states what is asked (`stated_from`), else `partial`. The weights belong to one
    embedder and the packaged reader; `lessons eval verdict` fits and reports them.
    """

    bias: float
    near: float
    covered: float
    sentence: float
    answers: float
    none_below: float
    sure_from: float
    detail_bias: float
    states: float
    denies: float
    unnamed: float
    stated_from: float


def calibration_of(library: Library) -> Calibration:
    """What `lessons tune` fitted to the library, or else the default."""
    fitted = library.tuned().get("verdict") or {}
    known = {field.name for field in fields(Calibration)}  # an earlier version may have kept others
    return replace(PACKAGED, **{name: value for name, value in fitted.items() if name in known})


PACKAGED = Calibration(
    bias=-7.51,
    near=9.78,
    covered=3.63,
    sentence=3.42,
    answers=0.46,
    none_below=0.415,
    sure_from=0.671,
    detail_bias=0.76,
    states=0.11,
    denies=-4.42,
    unnamed=-0.21,
    stated_from=0.35,
)


def features(evidence: Evidence, query: str) -> Features:
    """What the verdict rests on; all 0 where there is no evidence."""
    read = [sentence for sentence in evidence.sentences if sentence.answers is not None]
    best = max(read, key=lambda sentence: sentence.score, default=None)
    return Features(
        evidence.near,
        evidence.covered,
        max((sentence.near for sentence in evidence.sentences), default=0.0),
        max((_log_odds(sentence.answers or 0) for sentence in read), default=0.0),
        _log_odds(best.answers or 0) if best else 0.0,
        (best.denies or 0.0) if best else 0.0,
        _unnamed(query, evidence),
    )


def _log_odds(probability: float) -> float:
    likely = min(max(probability, 1 - CERTAIN), CERTAIN)
    return math.log(likely / (1 - likely))


def _unnamed(query: str, evidence: Evidence) -> int:
    """How many of the question's names and numbers are in no passage found, nor in its record's title."""
    asked = Facts(query)
    if not asked.names and not asked.numbers:
        return 0
    told = Facts("\n".join(f"{hit.title}\n{hit.text}" for hit in evidence.hits))
    numbers = {value for value, _ in told.numbers}
    missing = [value for value, _ in asked.numbers if value not in numbers]
    return min(UNNAMED, len(missing) + len(asked.names - told.stems))


def answerable(found: Features, calibration: Calibration = PACKAGED) -> float:
    """The probability, 0 to 1, that the library has something on the question."""
    score = calibration.near * found.near + calibration.covered * found.covered
    score += calibration.sentence * found.sentence + calibration.answers * found.answers
    return 1 / (1 + math.exp(-calibration.bias - score))


def stated(found: Features, calibration: Calibration = PACKAGED) -> float:
    """The probability, 0 to 1, that what it has states what is asked."""
    score = calibration.states * found.states + calibration.denies * found.denies + calibration.unnamed * found.unnamed
    return 1 / (1 + math.exp(-calibration.detail_bias - score))


def verdict_of(evidence: Evidence, query: str, calibration: Calibration = PACKAGED) -> Verdict:
    """What `decide` says of the evidence for a question; `none` where nothing can be quoted."""
    return decide(features(evidence, query), calibration) if evidence.sentences else "none"


def decide(found: Features, calibration: Calibration = PACKAGED) -> Verdict:
    """`answered`, `partial` where the evidence comes near without being sure to answer, or `none`."""
    likely, said = answerable(found, calibration), stated(found, calibration)
    if likely < calibration.none_below:
        return "none"
    return "answered" if likely >= calibration.sure_from and said >= calibration.stated_from else "partial"
