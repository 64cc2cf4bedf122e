"""What each way to run the embedding model costs, and how far its vectors are from those of torch.

Each runs in a process of its own, so that loading and memory are its own; they take turns on the same texts, so that
whatever else the machine does falls on all alike.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from eval.beir import Collection
from eval.measures import evaluate, means
from index.embedder import PACKAGED, locate
from index.encoder import Encoder, Kind, Vectors, folder_of
from index.encoder_recipe import NotReproducible, Recipe
from ingest.errors import PathNotFound
from ingest.readers import read
from ingest.recognise import recognise

REFERENCE = "torch"
BACKENDS = (REFERENCE, "openvino", "openvino int8")
DEPTH = 100  # records a query


@dataclass(frozen=True, slots=True)
class Cost:
    """What one backend takes, and the cosines between its vectors and the reference's.

    `cpu_seconds` are for 1,000 passages, on all cores together; `peak_mb` is resident memory, 0 where the system does
    not tell.
    """

    backend: str
    load_seconds: float
    passages_a_second: float
    cpu_seconds: float
    cosine_min: float
    cosine_mean: float
    peak_mb: float


def available(name: str = PACKAGED) -> tuple[str, ...]:
    """The backends that can run the model here; the reference first."""
    try:
        Recipe.of(folder_of(locate(name)))
    except NotReproducible:
        return (REFERENCE,)
    return BACKENDS if find_spec("openvino") else (REFERENCE,)


def texts_of(path: Path) -> list[str]:
    """The texts of a file's records. Raises `PathNotFound` and `UnreadableFile`."""
    if not path.is_file():
        raise PathNotFound(f"There is no file {path}.", "Give a file of records.")
    document = read(path, path.read_bytes())
    return [document.text[lesson.start : lesson.end] for lesson in recognise(document, path)]


def compare(
    texts: Sequence[str], name: str = PACKAGED, rounds: int = 3, on_part: Callable[[str], None] | None = None
) -> list[Cost]:
    """The cost of each backend, as the median of `rounds` in turns after one to warm up."""
    with _workers(name) as workers:
        loads = {backend: worker.submit(_load, backend, name).result() for backend, worker in workers.items()}
        vectors: dict[str, Vectors] = {}
        taken: dict[str, list[tuple[float, float]]] = {backend: [] for backend in workers}
        for number in range(rounds + 1):
            for backend, worker in workers.items():
                if on_part:
                    on_part(f"{backend}, round {number} of {rounds}")
                vectors[backend], wall, cpu = worker.submit(_timed, backend, name, texts).result()
                taken[backend] += [(wall, cpu)] * (number > 0)
        peaks = {backend: worker.submit(peak_mb).result() for backend, worker in workers.items()}
    costs = []
    for backend, times in taken.items():
        cosines = (vectors[backend] * vectors[REFERENCE]).sum(axis=1)
        wall, cpu = (median(column) for column in zip(*times, strict=True))
        speed, each = len(texts) / wall, 1000 * cpu / len(texts)
        low, mean = float(cosines.min()), float(cosines.mean())
        costs.append(Cost(backend, loads[backend], speed, each, low, mean, peaks[backend]))
    return costs


def quality(
    collection: Collection, name: str = PACKAGED, on_part: Callable[[str], None] | None = None
) -> dict[str, dict[str, float]]:
    """For each backend the retrieval measures of its vectors alone, records whole and cut where the model stops."""
    records = [(lesson.lesson_id, document.text) for document, lesson in collection.documents()]
    results = {}
    with _workers(name) as workers:
        for backend, worker in workers.items():
            if on_part:
                on_part(backend)
            documents = worker.submit(_encode, backend, name, [text for _, text in records], "document").result()
            questions = [query.text for query in collection.queries]
            queries = worker.submit(_encode, backend, name, questions, "query").result()
            run = {}
            for query, scores in zip(collection.queries, queries @ documents.T, strict=True):
                best = np.argsort(-scores, kind="stable")[: DEPTH + 1]
                found = {records[at][0]: float(scores[at]) for at in best if records[at][0] != query.leave_out}
                run[query.query_id] = dict(list(found.items())[:DEPTH])
            results[backend] = means(evaluate(collection.qrels, run))
    return results


@contextmanager
def _workers(name: str) -> Iterator[dict[str, ProcessPoolExecutor]]:
    """A new process for each backend; a fork would inherit what this one has loaded."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        yield {
            backend: stack.enter_context(ProcessPoolExecutor(max_workers=1, mp_context=context))
            for backend in available(name)
        }


@cache
def _encoder(backend: str, name: str) -> Encoder:
    """In the worker: loaded once. The precision is as asked, not as the record has it."""
    from index.encoder_openvino import OpenVinoEncoder
    from index.encoder_torch import TorchEncoder

    location = locate(name)
    if backend == REFERENCE:
        return TorchEncoder(location)
    return OpenVinoEncoder(Recipe.of(folder_of(location)), "float" if backend == "openvino" else "int8")


def _load(backend: str, name: str) -> float:
    """Seconds until the first text is embedded."""
    started = perf_counter()
    _encoder(backend, name).encode(["warm up"], "query")
    return perf_counter() - started


def _timed(backend: str, name: str, texts: Sequence[str]) -> tuple[Vectors, float, float]:
    encoder, before, started = _encoder(backend, name), os.times(), perf_counter()
    vectors = encoder.encode(texts, "document")
    wall, after = perf_counter() - started, os.times()
    return vectors, wall, after.user + after.system - before.user - before.system


def _encode(backend: str, name: str, texts: Sequence[str], kind: Kind) -> Vectors:
    return _encoder(backend, name).encode(texts, kind)


def peak_mb() -> float:
    """The most memory this process has held; not by `resource`: that counts what the parent held when it started it."""
    return _status_mb("VmHWM")


def resident_mb() -> float:
    """The memory this process holds, what is mapped from files included."""
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return int(next(line for line in status.read_text().splitlines() if line.startswith(name)).split()[1]) / 1e3
