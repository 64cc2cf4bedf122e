"""Run a test collection through the library, as a user's documents would go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any, get_args

import numpy as np

from eval.beir import Collection
from eval.measures import evaluate, means
from index.library import Library, Mode
from ingest.cut import cut
from ingest.errors import BadDataset, BadSettings
from ingest.model import Prepared, Source

DEPTH = 100  # records a query: recall@100 needs no more
TOP = 10  # records a query are kept to be read
AT_ONCE = 512  # records a commit
RERANK = "rerank"
CORPUS = "corpus"
"""Under this name a library remembers the digest of the corpus that it holds, once it holds all of it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one setting did.

    The mean of each measure, its value per query, the ids of the ten best records found for each query, and the latency
    of a search in ms.
    """

    setting: str
    metrics: dict[str, float]
    per_query: dict[str, dict[str, float]]
    found: dict[str, tuple[str, ...]]
    latency_ms: dict[str, float]


def named(settings: str) -> list[str]:
    """The names of settings, which commas join, each once."""
    return list(dict.fromkeys(name.strip() for name in settings.split(",")))


def arguments(setting: str) -> dict[str, Any]:
    """What a setting's name (`hybrid`, `hybrid+rerank`, …) adds to a call of `Library.search`. Raises `BadSettings`."""
    mode, *more = setting.split("+")
    if mode not in get_args(Mode) or more not in ([], [RERANK]):
        known = f"{', '.join(get_args(Mode))}, each alone or with +{RERANK}"
        raise BadSettings(f"There is no setting {setting!r} to compare.", f"Choose from: {known}.")
    return {"mode": mode, "rerank": bool(more)}


def load_into(library: Library, collection: Collection, on_step: Callable[[int], None] | None = None) -> float:
    """Index the collection's corpus; returns the seconds it took. `on_step` gets the passages embedded."""
    started = perf_counter()
    tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
    documents = collection.documents()
    while batch := list(islice(documents, AT_ONCE)):
        prepared = []
        for document, lesson in batch:
            path = f"{collection.folder}/{lesson.lesson_id}"
            source = Source(path, lesson.lesson_id, len(document.text), 0, "text/plain", document.title, document.text)
            prepared.append(Prepared(source, ((lesson, cut(document, lesson, tokens, limit)),)))
        library.add(prepared, on_step)
    with library.storing(), library.catalogue.transaction():
        library.catalogue.set_meta({CORPUS: collection.corpus()})
    return perf_counter() - started


def ensure(library: Library, collection: Collection, on_step: Callable[[int], None] | None = None) -> float | None:
    """Index the corpus as `load_into` does, or return None where that was done before.

    Raises `BadDataset` where the library holds another corpus, or a part of this one.
    """
    if library.stats().documents == 0:
        return load_into(library, collection, on_step)
    if library.catalogue.meta(CORPUS) != collection.corpus():
        reason = f"{library.folder} does not hold {collection.name} as it is now, or not all of it."
        raise BadDataset(reason, "Delete that folder, or keep the index in another one.")
    return None


def run(library: Library, collection: Collection, setting: str) -> Figures:
    """Search every judged query and measure what comes back. Raises `BadSettings`, as `arguments` does."""
    scores: dict[str, dict[str, float]] = {}
    found: dict[str, tuple[str, ...]] = {}
    took: list[float] = []
    how = arguments(setting)
    library.search("warm up", **how)
    for query in collection.queries:
        started = perf_counter()
        hits = library.search(query.text, DEPTH + 1, per_lesson=1, **how).hits
        took.append(1000 * (perf_counter() - started))
        kept = [hit.lesson_id for hit in hits if hit.lesson_id != query.leave_out][:DEPTH]
        # Ranks, not scores: trec_eval breaks ties by name, and fused scores do tie.
        scores[query.query_id] = {lesson_id: float(DEPTH - at) for at, lesson_id in enumerate(kept)}
        found[query.query_id] = tuple(kept[:TOP])
    per_query = evaluate(collection.qrels, scores)
    p50, p95 = (round(float(value), 1) for value in np.percentile(took, [50, 95]))
    return Figures(setting, means(per_query), per_query, found, {"p50": p50, "p95": p95})
