"""Retrieval measures, by ir-measures (which runs trec_eval's own code)."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import TypeVar

T = TypeVar("T")

Run = Mapping[str, Mapping[str, float]]
"""For each query id, the records found and their scores."""

NAMES = {"ndcg@10": "nDCG@10", "recall@5": "R@5", "recall@100": "R@100", "mrr@10": "RR@10", "map": "AP"}


def evaluate(qrels: Mapping[str, Mapping[str, int]], run: Run) -> dict[str, dict[str, float]]:
    """For each measure, its value per query; a query without results counts as 0."""
    import ir_measures

    measures = {ir_measures.parse_measure(name): ours for ours, name in NAMES.items()}
    values: dict[str, dict[str, float]] = {ours: dict.fromkeys(qrels, 0.0) for ours in NAMES}
    for found in ir_measures.iter_calc(list(measures), _plain(qrels), _plain(run)):
        values[measures[found.measure]][found.query_id] = float(found.value)
    return values


def means(values: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean of each measure over its queries."""
    return {name: round(fmean(per_query.values()), 4) for name, per_query in values.items()}


def _plain(table: Mapping[str, Mapping[str, T]]) -> dict[str, dict[str, T]]:
    return {key: dict(inner) for key, inner in table.items()}
