"""Run a test collection through the library, as a user's documents would go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

import numpy as np

from eval.beir import Collection
from eval.measures import evaluate, means
from index.library import Library, Mode
from ingest.cut import cut
from ingest.model import Prepared, Source

DEPTH = 100  # records a query: recall@100 needs no more
AT_ONCE = 512  # records a commit


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one mode: the mean of each measure, its value per query, and the latency of a search in ms."""

    mode: Mode
    metrics: dict[str, float]
    per_query: dict[str, dict[str, float]]
    latency_ms: dict[str, float]


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
    return perf_counter() - started


def run(library: Library, collection: Collection, mode: Mode) -> Figures:
    """Search every judged query and measure what comes back."""
    found: dict[str, dict[str, float]] = {}
    took: list[float] = []
    library.search("warm up", mode=mode)
    for query in collection.queries:
        started = perf_counter()
        hits = library.search(query.text, DEPTH + 1, mode=mode, per_lesson=1).hits
        took.append(1000 * (perf_counter() - started))
        kept = [hit for hit in hits if hit.lesson_id != query.leave_out][:DEPTH]
        # Ranks, not scores: trec_eval breaks ties by name, and fused scores do tie.
        found[query.query_id] = {hit.lesson_id: float(DEPTH - at) for at, hit in enumerate(kept)}
    per_query = evaluate(collection.qrels, found)
    p50, p95 = np.percentile(took, [50, 95])
    return Figures(mode, means(per_query), per_query, {"p50": round(float(p50), 1), "p95": round(float(p95), 1)})
