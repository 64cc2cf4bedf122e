"""Runs that no search made."""

from typing import Any

from eval.runs import Run
from eval.significance import interval

MEASURES = ("ndcg@10", "map")


def a_run(scores: list[float], **changes: Any) -> Run:
    """A run whose queries q0, q1, … have these scores in each measure; each judges d1 relevant and found d1 and d2."""
    per_query = {f"q{number}": score for number, score in enumerate(scores)}
    mean = sum(scores) / len(scores)
    values = {
        "id": "20260101-101010-toy-hybrid-0001",
        "when": "2026-01-01T10:10:10.5+00:00",
        "dataset": "toy",
        "split": "test",
        "fingerprint": "0123456789abcdef",
        "setting": "hybrid",
        "settings": {"mode": "hybrid", "dense_weight": 0.5, "library": "a"},
        "documents": 3,
        "passages": 4,
        "disk_mb": 1.5,
        "index_seconds": 2.0,
        "metrics": dict.fromkeys(MEASURES, mean),
        "intervals": dict.fromkeys(MEASURES, interval(scores)),
        "latency_ms": {"p50": 10.0, "p95": 20.0},
        "per_query": dict.fromkeys(MEASURES, per_query),
        "queries": {query: f"question {query}" for query in per_query},
        "found": dict.fromkeys(per_query, ("d1", "d2")),
        "judged": {query: {"d1": 1, "d9": 2} for query in per_query},
        "titles": {"d1": "The pump", "d2": "The tent"},
    }
    return Run.model_validate(values | changes)
