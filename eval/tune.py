"""Fit the ranking and the verdict to a library, without labels, and keep what is better on questions held out.

The questions are the titles of records, asked of a copy that lacks them (`eval/untitled.py`), and what records say of
others they cite. On the public collections the share of the vectors that is best for such titles is near the one that
is best for people's questions; that for sentences taken from records is not, so these are not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from statistics import fmean
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from assistant.evidence import gather
from assistant.question import understand
from assistant.settings import AssistantSettings
from assistant.verdict import Calibration, answerable, calibration_of, features
from eval.auto import foreign_questions, measures
from eval.known_item import ItemKind, KnownItem, known_items
from eval.significance import LEVEL, Difference, difference
from eval.untitled import untitled
from eval.verdict import Case, Kind, fit
from index.clock import Clock
from index.library import Library
from index.ranking import Ranking, Scores, fuse
from index.search import Found, Wanted, best, find, reranked
from index.settings import IndexSettings

KINDS: tuple[ItemKind, ...] = ("title", "cross-reference")
DENSE = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
RERANK = (0.0, 0.2, 0.4, 0.6)
"""What is tried, beside what holds now and as far as the settings leave a choice. The neighbours' share stays: a
question with one right record cannot show what they give."""
FEWEST = 40  # questions of which a half can tell anything
FEWEST_EACH = 8  # answerable and foreign ones in each half, for the verdict


class Asked(NamedTuple):
    """A question with its candidates and what was judged of each of them; None where none are put in another order."""

    item: KnownItem
    found: Found
    judged: Scores | None
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A part of the tuning: the mean on the questions held out before and after, and whether it was taken over."""

    before: dict[str, float]
    after: dict[str, float]
    questions: int
    mean_before: float
    mean_after: float
    difference: Difference
    taken: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Of the ranking nDCG@10, of the verdict the share of right ones; None where too few questions could be made."""

    asked: dict[ItemKind, int]
    ranking: Change | None
    verdict: Change | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def tune(library: Library, questions: int, on_part: Callable[[str], None] = lambda _: None) -> Report:
    """Tune with at most `questions` questions of each kind; what is better is kept in the library.

    Raises `LibraryMissing` for a library without records, `LibraryBusy`, `EmbedderMismatch` if another embedder came
    to serve meanwhile.
    """
    model = library.manifest.model
    on_part("making questions")
    items = known_items(library, questions, KINDS)
    asked = {kind: sum(item.kind == kind for item in items) for kind in KINDS}
    if len(items) < FEWEST:
        return Report(asked, None, None)
    on_part("embedding records without their titles")
    with untitled(library, [item for item in items if item.kind == "title"]) as copy:
        on_part(f"searching with {len(items)} questions")
        ranking = _tuned_ranking([ask(copy, item) for item in items], library.ranking(), library.settings)
        if ranking.taken:
            copy.tune({"ranking": ranking.after})
        on_part("fitting the verdict")
        verdict = _tuned_verdict(copy, items, calibration_of(library))
    kept = {name: part.after for name, part in (("ranking", ranking), ("verdict", verdict)) if part and part.taken}
    if kept:
        library.tune(kept, model)
    return Report(asked, ranking, verdict)


def held_out(item_id: str) -> bool:
    """Which half a question belongs to."""
    return crc32(f"half {item_id}".encode()) % 2 == 1


def ask(library: Library, item: KnownItem) -> Asked:
    """Search once, so that any weights can be tried on what is found."""
    serving = library.serving()
    with library.snapshot() as view:
        wanted = Wanted(
            serving.ready().query(item.query), library.words_sought(item.query, view), library.settings.candidates,
            0.5, None,
        )  # fmt: skip
        found = find(view, library.catalogue, serving.manifest.model, wanted, Clock())
        names = {number: row["lesson_id"] for number, row in library.catalogue.passages(found.ids).items()}
        if not library.settings.rerank:
            return Asked(item, found, None, names)
        order = np.argsort(-found.scores, kind="stable")
        judged = np.empty(len(order), np.float32)
        judged[order] = library.judge(item.query, [found.ids[at] for at in order], serving)
        return Asked(item, found, judged, names)


def ndcg(asked: Asked, ranking: Ranking) -> float:
    """nDCG@10 of the question with these weights."""
    found = asked.found._replace(scores=fuse(asked.found.dense, asked.found.lexical, ranking.dense))
    if asked.judged is not None:
        judged = dict(zip(found.ids, asked.judged.tolist(), strict=True))
        found = reranked(found, lambda ids: np.array([judged[number] for number in ids], np.float32), ranking)
    order = [asked.names[found.ids[at]] for at in best(found, len(found.ids), 1)]
    return measures([name for name in order if name not in asked.item.leave_out], asked.item.relevant)["ndcg@10"]


def _tuned_ranking(asked: Sequence[Asked], now: Ranking, settings: IndexSettings) -> Change:
    fitting = [one for one in asked if not held_out(one.item.id)]
    choice = (
        DENSE if settings.dense_weight is None else (now.dense,),
        RERANK if settings.rerank else (now.rerank,),
    )
    tried = [now, *(replace(now, dense=dense, rerank=rerank) for dense, rerank in product(*choice))]
    # Of equally good ones the nearest to what holds now.
    found = max(tried, key=lambda one: (round(fmean(ndcg(each, one) for each in fitting), 4), -_apart(one, now)))
    testing = [one for one in asked if held_out(one.item.id)]
    scores = [{one.item.id: ndcg(one, ranking) for one in testing} for ranking in (now, found)]
    return _change(asdict(now), asdict(found), *scores)


def _apart(one: Ranking, other: Ranking) -> float:
    return abs(one.dense - other.dense) + abs(one.rerank - other.rerank)


def _tuned_verdict(copy: Library, items: Sequence[KnownItem], now: Calibration) -> Change | None:
    """Titles whose record is there are answerable, questions about foreign worlds are not."""
    questions = [(item.query, True) for item in items if item.kind == "title"]
    questions += [(question, False) for question in foreign_questions(copy)[0]]
    cases = []
    for text, right in questions:
        found = features(gather(copy, understand(text, (), AssistantSettings())), text)
        kind: Kind = "own" if right else "foreign"
        cases.append(Case(kind, "own", not held_out(text), kind, found))
    sizes = Counter((case.fits, case.answerable) for case in cases)
    if any(sizes[half, kind] < FEWEST_EACH for half, kind in product((True, False), repeat=2)):
        return None
    fitted = fit(cases)
    testing = [(text, case) for (text, _), case in zip(questions, cases, strict=True) if not case.fits]
    scores = [{text: _right(case, calibration, testing) for text, case in testing} for calibration in (now, fitted)]
    return _change(asdict(now), asdict(fitted), *scores)


def _right(case: Case, calibration: Calibration, among: Sequence[tuple[str, Case]]) -> float:
    """Whether it is told what it is, counted so that both sorts weigh the same."""
    told = (answerable(case.features, calibration) >= calibration.none_below) == case.answerable
    same = sum(other.answerable == case.answerable for _, other in among)
    return told * len(among) / (2 * same)


def _change(
    before: dict[str, float], after: dict[str, float], old: Mapping[str, float], new: Mapping[str, float]
) -> Change:
    found = difference(old, new)
    taken = before != after and found.mean > 0 and found.p < LEVEL
    return Change(before, after, len(old), round(fmean(old.values()), 4), round(fmean(new.values()), 4), found, taken)
