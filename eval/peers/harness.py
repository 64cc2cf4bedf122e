"""Runs one recipe in the environment of its peer, times it and says what it found. Needs the standard library only.

`python -P harness.py RECIPE.py` reads a job from standard input and prints one line, both JSON. The job:

- `documents`, `questions`: files of JSON Lines, `id` and `text`; `folder`: the same as a collection in the BEIR layout
- `weights`: the folder of the embedding model; `scratch`: a folder for whatever the peer keeps on disk
- `shown`, `depth`: how many documents a person looks at, and how many the measures do
- `packages`: whose versions to tell; `options`: the recipe's own
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol


class Recipe(Protocol):
    """What a recipe's file defines under this name.

    The constructor imports the libraries and loads the model, which is timed by itself. `index` cuts, embeds and
    builds, and returns the number of passages. `search` gives documents with scores, larger for better, a document
    once for each of its passages found; as many as hold the wanted number of documents, where there are so many.
    """

    def __init__(self, job: dict[str, Any], /) -> None: ...
    def index(self, ids: list[str], texts: list[str], /) -> int: ...
    def search(self, question: str, documents: int, /) -> list[tuple[str, float]]: ...


def run(recipe: type[Recipe], job: dict[str, Any]) -> dict[str, Any]:
    """All questions twice, first as a person asks, then as deep as is measured: times of both, results of the second.

    Between the two passes lies the whole collection, so that what a peer remembers of a question helps nobody.
    """
    ids, texts = _read(job["documents"])
    numbers, questions = _read(job["questions"])
    load_seconds, made = _timed(lambda: recipe(job))
    index_seconds, passages = _timed(lambda: made.index(ids, texts))
    made.search("warm up", job["shown"])
    gc.collect()
    shown = [_timed(lambda: made.search(question, job["shown"]))[0] for question in questions]  # noqa: B023 - called at once
    deep = [_timed(lambda: made.search(question, job["depth"])) for question in questions]  # noqa: B023
    found = [best(hits, job["depth"]) for _, hits in deep]
    return {
        "run": dict(zip(numbers, found, strict=True)),
        "passages": passages,
        "load_seconds": load_seconds,
        "index_seconds": index_seconds,
        "query_ms": [1000 * seconds for seconds in shown],
        "deep_query_ms": [1000 * seconds for seconds, _ in deep],
        "peak_mb": peak_mb(),
        "versions": {"python": sys.version.split()[0]} | {name: _version(name) for name in job["packages"]},
    }


def best(hits: Iterable[tuple[str, float]], depth: int) -> dict[str, float]:
    """The best documents, each by its best passage, best first."""
    scores: dict[str, float] = {}
    for document, score in hits:
        scores[document] = max(score, scores.get(document, score))
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:depth])


def peak_mb() -> float:
    """The most memory this process has held, in MB of 1,000 kB; 0 where the system does not tell.

    `getrusage` is second choice: on Linux it counts what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1e3
    if importlib.util.find_spec("resource") is None:
        return 0.0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _timed(call: Any) -> tuple[float, Any]:
    started = perf_counter()
    result = call()
    return perf_counter() - started, result


def _read(path: str) -> tuple[list[str], list[str]]:
    with Path(path).open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row["id"] for row in rows], [row["text"] for row in rows]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Libraries may print what they like: standard output is put aside for the result."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        spec = importlib.util.spec_from_file_location("recipe", sys.argv[1])
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        out.write(json.dumps(run(module.Recipe, json.load(sys.stdin))) + "\n")


if __name__ == "__main__":
    main()
