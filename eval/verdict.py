"""Calibrate the verdict: tell questions a library answers from questions it cannot.

Two tasks, apart. *Off-library*: the judged queries of a collection are answerable from its own corpus and, as the
collections are about different worlds, from no other one; with them the questions that a collection itself marks as
answered by nothing in it. *Near miss*: questions about a record that is there and lacks the detail. Half of the
questions fit the weights, the other half tests them; questions about one article are in one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assistant.evidence import gather
from assistant.question import understand
from assistant.settings import AssistantSettings
from assistant.verdict import PACKAGED, Calibration, Features, answerable, decide, features, stated
from eval.beir import Collection, Query
from index.library import Library
from ingest.errors import BadDataset

REFUSED = 0.04  # of the answerable questions in the fitting half are declined, by choice
UNSURE = 0.1  # of them get no better than `partial`, for either reason
Kind = Literal["own", "foreign", "absent", "near"]
TASKS: dict[str, tuple[Kind, ...]] = {"off_library": ("foreign", "absent"), "near_miss": ("near",)}


@dataclass(frozen=True, slots=True)
class Case:
    """A question asked of a library: what the verdict rests on, and what kind of question it is there.

    `own` is answerable; `foreign` is another collection's, `absent` one that the collection says it does not answer,
    and `near` one about a record of it that lacks the detail.
    """

    asked: str
    of: str
    fits: bool
    kind: Kind
    features: Features

    @property
    def answerable(self) -> bool:
        return self.kind == "own"


@dataclass(frozen=True, slots=True)
class Task:
    """How well answerable questions are told from unanswerable ones, on the testing half.

    `auroc` and `balanced_accuracy` are of what decides the task (of `none` off the library, of `answered` for a near
    miss); `none_precision` and `none_recall` of the verdict `none`; `refused` is the share of answerable questions that
    it takes, `answered_wrong` that of unanswerable ones which are `answered`. `pairs` has the share of `none` for each
    questions → library.
    """

    answerable: int
    unanswerable: int
    auroc: float
    balanced_accuracy: float
    none_precision: float
    none_recall: float
    refused: float
    answered_outright: float
    answered_wrong: float
    pairs: dict[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of a calibration by task; a task that no question bears on is left out."""

    calibration: Calibration
    tasks: dict[str, Task]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def cases(libraries: Sequence[tuple[Collection, Library]], limit: int) -> list[Case]:
    """Ask every library up to `limit` questions of each collection and kind, those with the lowest hashes."""
    out = []
    for collection, own in libraries:
        for query in _some(collection.queries, limit):
            for other, library in libraries:
                kind: Kind = "own" if collection is other else "foreign"
                out.append(_case(query, collection.name, kind, other.name, library))
        out += [
            _case(query, collection.name, "near" if query.about else "absent", collection.name, own)
            for query in _some(collection.unanswerable, limit)
        ]
    return out


def _some(queries: Sequence[Query], limit: int) -> list[Query]:
    return sorted(queries, key=lambda query: crc32(query.query_id.encode()))[:limit]


def _case(query: Query, asked: str, kind: Kind, of: str, library: Library) -> Case:
    found = features(gather(library, understand(query.text, (), AssistantSettings())), query.text)
    article = query.about.rpartition("#")[0] or query.about or query.query_id
    return Case(asked, of, crc32(f"half {article}".encode()) % 2 == 0, kind, found)


def fit(found: Sequence[Case]) -> Calibration:
    """Logistic regressions on the fitting half; few answerable questions are declined there, by choice.

    Without near misses the part of a missing detail stays as it is. Raises `BadDataset` when there are questions of one
    kind only.
    """
    used = [case for case in found if case.fits]
    off = _both([case for case in used if case.kind != "near"])
    bias, near, covered, sentence, answers = _regression(off, 0, 4)
    fitted = replace(PACKAGED, bias=bias, near=near, covered=covered, sentence=sentence, answers=answers)
    scores, wanted = _scores(off, fitted, "off_library")
    none_below, sure_from = (float(np.quantile(scores[wanted], share)) for share in (REFUSED, UNSURE))
    fitted = replace(fitted, none_below=none_below, sure_from=sure_from)
    own = {case.of for case in used if case.kind == "near"}
    if not own:
        return fitted
    detail = _both([case for case in used if case.kind == "near" or (case.kind == "own" and case.of in own)])
    bias, states, denies, unnamed = _regression(detail, 4, 7)
    fitted = replace(fitted, detail_bias=bias, states=states, denies=denies, unnamed=unnamed)
    scores, wanted = _scores(detail, fitted, "near_miss")
    return replace(fitted, stated_from=float(np.quantile(scores[wanted], UNSURE)))


def crossed(found: Sequence[Case]) -> list[Report]:
    """Two reports: what was fitted on either half, tested on the other. Articles differ much: one half may mislead."""
    halves = (found, [replace(case, fits=not case.fits) for case in found])
    return [report(half, fit(half)) for half in halves]


def report(found: Sequence[Case], calibration: Calibration) -> Report:
    """How a calibration does on the testing half."""
    held = [case for case in found if not case.fits]
    tasks = {}
    for name, kinds in TASKS.items():
        against = [case for case in held if case.kind in kinds]
        of = {case.of for case in against} if name == "near_miss" else None
        own = [case for case in held if case.answerable and (of is None or case.of in of)]
        if own and against:
            tasks[name] = _task(name, own, against, calibration)
    if not tasks:
        _both(held)
    return Report(calibration, tasks)


def _task(name: str, own: Sequence[Case], against: Sequence[Case], calibration: Calibration) -> Task:
    from sklearn.metrics import roc_auc_score

    scores, wanted = _scores([*own, *against], calibration, name)
    verdicts = {case: decide(case.features, calibration) for case in {*own, *against}}
    refused, declined = (_share(verdicts[case] == "none" for case in some) for some in (own, against))
    outright, wrong = (_share(verdicts[case] == "answered" for case in some) for some in (own, against))
    kept, caught = (1 - refused, declined) if name == "off_library" else (outright, 1 - wrong)
    none = refused * len(own) + declined * len(against)
    pairs: dict[str, list[bool]] = {}
    for case in (*own, *against):
        label = f"{case.asked} → {case.of}" if case.kind in ("own", "foreign") else f"{case.asked}, {case.kind}"
        pairs.setdefault(label, []).append(verdicts[case] == "none")
    figures = {
        "auroc": float(roc_auc_score(wanted, scores)),
        "balanced_accuracy": (kept + caught) / 2,
        "none_precision": declined * len(against) / none if none else 0.0,
        "none_recall": declined,
        "refused": refused,
        "answered_outright": outright,
        "answered_wrong": wrong,
    }
    rounded = {name: round(value, 3) for name, value in figures.items()}
    return Task(len(own), len(against), pairs={name: round(_share(each), 3) for name, each in pairs.items()}, **rounded)


def _scores(
    found: Sequence[Case], calibration: Calibration, task: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    probability = answerable if task == "off_library" else stated
    scores = [probability(case.features, calibration) for case in found]
    return np.array(scores), np.array([case.answerable for case in found])


def _regression(found: Sequence[Case], first: int, last: int) -> tuple[float, ...]:
    """The bias and the weights of some of the features."""
    from sklearn.linear_model import LogisticRegression

    inputs = np.array([case.features[first:last] for case in found], float)
    model = LogisticRegression(class_weight="balanced", C=10).fit(inputs, [case.answerable for case in found])
    return tuple(round(float(value), 2) for value in (model.intercept_[0], *model.coef_[0]))


def _both(found: list[Case]) -> list[Case]:
    if {case.answerable for case in found} != {True, False}:
        reason = "A half of the questions lacks answerable or unanswerable ones."
        raise BadDataset(reason, "Give two or more collections about different worlds, with more questions each.")
    return found


def _share(values: Any) -> float:
    return float(np.mean([float(value) for value in values]))
