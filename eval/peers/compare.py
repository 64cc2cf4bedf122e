"""Run a peer's recipe in its environment, and measure what it found as everything here is measured."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import eval as floor
from eval.beir import Collection
from eval.measures import evaluate, means
from eval.peers import harness, portion
from eval.peers.catalogue import Peer
from eval.peers.company import Company
from eval.peers.environments import CannotRun, Environments, last_line
from index.embedder import PACKAGED, locate

SHOWN = 10  # documents: about what a person looks at
DEPTH = 100  # documents: recall@100 needs no more
PATIENCE = 3 * 3600.0  # seconds for one peer and collection

QUIET = {
    # Nothing is fetched and nobody is told.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
}
COUNTED = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Row:
    """One peer on one collection; with `failed`, the reason why there are no figures.

    `index_seconds` hold cutting, embedding and building, not the loading of libraries and model (`load_seconds`).
    `query_ms` are for the ten best documents, `deep_query_ms` for the hundred that are measured. `peak_mb` is the most
    memory its process held. `fewest` is the smallest number of documents it found for a question. `others` is the share
    of the cores' time that other processes took meanwhile.
    """

    peer: str
    version: str = ""
    metrics: dict[str, float] = field(default_factory=dict)
    load_seconds: float = 0.0
    index_seconds: float = 0.0
    query_ms: dict[str, float] = field(default_factory=dict)
    deep_query_ms: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    passages: int = 0
    fewest: int = 0
    others: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    per_query: dict[str, dict[str, float]] = field(default_factory=dict)
    failed: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(peer: Peer, collection: Collection, environments: Environments) -> Row:
    """The figures of one peer on a collection that `portion.write` has written."""
    try:
        python = environments.python(peer)
        with tempfile.TemporaryDirectory(prefix="lessons-eval-") as scratch:
            company = Company()
            told = run(peer, python, collection, Path(scratch))
            others = company.share()
    except CannotRun as error:
        return Row(peer.name, failed=str(error))
    per_query = evaluate(collection.qrels, ranked(collection, told["run"]))
    return Row(
        peer=peer.name,
        version=told["versions"][peer.packages[0]],
        metrics=means(per_query),
        load_seconds=round(told["load_seconds"], 2),
        index_seconds=round(told["index_seconds"], 2),
        query_ms=_percentiles(told["query_ms"]),
        deep_query_ms=_percentiles(told["deep_query_ms"]),
        peak_mb=round(told["peak_mb"]),
        passages=told["passages"],
        fewest=min(map(len, told["run"].values())),
        others=round(others, 3),
        versions=told["versions"],
        per_query=per_query,
    )


def run(peer: Peer, python: Path, collection: Collection, scratch: Path) -> dict[str, Any]:
    """What the harness tells of the peer. Raises `CannotRun` with the last line of its standard error."""
    job = {
        "documents": str(collection.folder / portion.DOCUMENTS),
        "questions": str(collection.folder / portion.QUESTIONS),
        "folder": str(collection.folder),
        "weights": locate(PACKAGED),
        "scratch": str(scratch),
        "shown": SHOWN,
        "depth": DEPTH + 1,  # one of them may be the record that the question was made from
        "packages": peer.packages,
        "options": dict(peer.options),
    }
    # `-P`: a recipe is named as its library and must not be taken for it.
    command = [str(python), "-P", harness.__file__, str(peer.recipe)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job),
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=scratch,
            env=surroundings(own=peer.own),
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotRun(f"not done after {PATIENCE / 60:.0f} minutes") from error
    except OSError as error:
        raise CannotRun(f"{command[0]}: {error.strerror}; remove its environment to have it made anew") from error
    if done.returncode < 0:
        raise CannotRun(f"it was killed (signal {-done.returncode}), most often for lack of memory")
    if done.returncode:
        raise CannotRun(last_line(done.stderr) or f"it ended with status {done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def surroundings(*, own: bool) -> dict[str, str]:
    """The environment variables of a run: nobody reaches out, all have the same number of threads.

    Only this program may import what lies beside it.
    """
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    if own:
        kept["PYTHONPATH"] = str(Path(str(floor.__file__)).parents[1])
    return kept | QUIET | dict.fromkeys(COUNTED, str(os.cpu_count() or 1))


def ranked(collection: Collection, found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The run as it is measured: without the record a question was made from, by ranks.

    Ranks, not scores: trec_eval breaks ties by name, and scores do tie.
    """
    out = {}
    for query in collection.queries:
        scores = found.get(query.query_id, {})
        kept = [id_ for id_ in sorted(scores, key=lambda id_: -scores[id_]) if id_ != query.leave_out][:DEPTH]
        out[query.query_id] = {id_: float(DEPTH - at) for at, id_ in enumerate(kept)}
    return out


def _percentiles(took: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(took, [50, 95])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}
