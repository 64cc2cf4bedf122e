"""What searching costs by the size of the library: this program's own way, and plain ones beside it.

Each size and each way runs in a process of its own, so that loading and memory are its own. Passages beyond the
library's are made up (`eval/synthetic.py`). All latencies include the embedding of the question.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.embedding import peak_mb, resident_mb
from eval.index_plain import FaissFlat, ways
from eval.synthetic import SHARES, blank, grow, real_of
from eval.throughput import TimedEmbedder
from index.analysis import words_of
from index.clock import Clock
from index.encoder import Vectors
from index.library import Library
from index.local.view import ENOUGH, LocalView
from index.maintenance import size_of
from index.search import Wanted, best, find
from index.settings import IndexSettings
from index.sync import COMMIT_PASSAGES
from ingest.prepare import prepare

QUESTIONS, WARM = 100, 10
K = 10
FILTERS: dict[str, dict[str, str] | None] = {"no filter": None} | {name: {"collection": name} for name in SHARES}


@dataclass(slots=True)
class Cost:
    """Of one way at one size: `latency_ms` holds p50 and p95, `recall` that of the ten nearest, both by filter.

    `memory_mb` is resident after all questions, what is mapped from files included. `stages_ms` are medians. `ratio` is
    the median of a whole search over that of embedding the question and one plain FAISS search, taken in turns.
    `choices_ms` are medians of what the engine chooses between: an exact search and that of its file; and for each
    filter, hits fetched until enough are selected ones, and records given to the word index.
    """

    way: str
    passages: int
    build_seconds: float
    open_ms: float
    disk_mb: float
    memory_mb: float = 0.0
    peak_mb: float = 0.0
    latency_ms: dict[str, tuple[float, float]] = field(default_factory=dict)
    recall: dict[str, float] = field(default_factory=dict)
    stages_ms: dict[str, float] = field(default_factory=dict)
    index: str = ""
    ratio: float | None = None
    choices_ms: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast passages come in: embedded alone, and embedded, committed and to be found."""

    passages: int
    embedded_a_second: float
    committed_a_second: float


def speed(library: Library, texts: Sequence[str]) -> Speed:
    """Of these texts, a record each, in a new library; 128 a commit, as a sync has them."""
    embedder = TimedEmbedder(library.manifest.embedder, library.manifest.passage_tokens, home=library.folder)
    embedder.query("warm up")
    with tempfile.TemporaryDirectory(prefix="lessons-eval-") as folder:
        settings = IndexSettings(passage_tokens=library.manifest.passage_tokens)
        with Library.open(Path(folder), settings, embedder=embedder, create=True) as new:
            prepared = [
                prepare(Path(f"/{at}.txt"), text.encode(), embedder.tokens, new.manifest.passage_tokens)
                for at, text in enumerate(texts)
            ]
            started = perf_counter()
            for first in range(0, len(prepared), COMMIT_PASSAGES):
                new.add(prepared[first : first + COMMIT_PASSAGES])
            total, count = perf_counter() - started, new.catalogue.count()
    return Speed(count, round(count / embedder.seconds, 1), round(count / total, 1))


def measure(
    library: Library,
    sizes: Sequence[int],
    questions: Sequence[str] = (),
    keep: Path | None = None,
    on_part: Callable[[str], None] = lambda _: None,
) -> list[Cost]:
    """The costs at each size, from small to large. Raises `BadDataset` for a library with too few passages.

    `keep` is where the grown libraries stay for another run. `questions` are asked; without any, titles of records.
    """
    real = real_of(library, max(sizes))
    asked = list(questions or real.titles)[:QUESTIONS]
    name = library.manifest.embedder
    costs: list[Cost] = []
    with ExitStack() as stack:
        place = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lessons-eval-")))
        for size in sorted(sizes):
            folder = place / str(size)
            started = perf_counter()
            with blank(folder, library) as grown:
                grow(grown, real, size, on_part)
            build = perf_counter() - started
            on_part(f"{size:,} passages: lessons")
            costs.append(_alone(_ours, folder, name, asked, build))
            for way in ways():
                on_part(f"{size:,} passages: {way}")
                costs.append(_alone(_plain, folder, name, asked, way))
    return costs


def _alone(run: Callable[..., Cost], *arguments: Any) -> Cost:
    """The result of a function in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(run, *arguments).result()


def _ours(folder: Path, name: str, questions: Sequence[str], build: float) -> Cost:
    started = perf_counter()
    library = Library.open(folder, IndexSettings(embedder=name))
    with library.snapshot():
        opened = 1000 * (perf_counter() - started)
    cost = Cost("lessons", library.catalogue.count(), build, opened, size_of(folder) / 1e6)
    cost.index = library.engine.describe()
    for question in questions[:WARM]:
        library.search(question, K)
    for label, filters in FILTERS.items():
        took = [library.search(question, K, filters).took_ms for question in questions]
        cost.latency_ms[label] = _percentiles([each["total"] for each in took])
        if filters is None:
            cost.stages_ms = {stage: round(float(np.median([each[stage] for each in took])), 2) for stage in took[0]}
    cost.memory_mb, cost.peak_mb = resident_mb(), peak_mb()
    ids, lessons, vectors, _ = _everything(library)
    asked = np.stack([library.embedder.query(question) for question in questions])
    model, most = library.manifest.model, library.settings.candidates
    for label, filters in FILTERS.items():
        with library.snapshot() as view:
            selection = library.catalogue.select(filters) if filters else None
            found = [
                find(view, library.catalogue, model, Wanted(vector, (), most, 1.0, selection), Clock())
                for vector in asked
            ]
            nearest = [np.array(one.ids, np.int64)[best(one, K, K)] for one in found]
        among = _among(library, lessons, filters)
        cost.recall[label] = _recall([np.searchsorted(ids, one) for one in nearest], asked, vectors, among)
    cost.ratio = _ratio(library, questions, vectors)
    cost.choices_ms = _choices(library, questions, asked, FaissFlat(vectors, []))
    return cost


def _plain(folder: Path, name: str, questions: Sequence[str], way: str) -> Cost:
    with Library.open(folder, IndexSettings(embedder=name)) as library:
        _, lessons, vectors, texts = _everything(library)
        started = perf_counter()
        made = ways()[way](vectors, texts)
        build = perf_counter() - started
        with tempfile.TemporaryDirectory(prefix="lessons-eval-") as place:
            made.save(Path(place))
            started = perf_counter()
            made.load(Path(place))
            cost = Cost(way, len(vectors), build, 1000 * (perf_counter() - started), size_of(Path(place)) / 1e6)
        asked = np.stack([library.embedder.documents([question])[0] for question in questions])
        for label, filters in FILTERS.items():
            among = _among(library, lessons, filters)
            took, found = [], []
            for at, question in enumerate([*questions[:WARM], *questions]):
                started = perf_counter()
                nearest = made.ask(library.embedder.query(f"{question} "), K, among)
                if at >= WARM:
                    took.append(1000 * (perf_counter() - started))
                    found.append(nearest)
            cost.latency_ms[label] = _percentiles(took)
            cost.recall[label] = _recall(found, asked, vectors, among)
    return cost


def _everything(library: Library) -> tuple[NDArray[np.int64], NDArray[np.int64], Vectors, list[str]]:
    """Ids, numbers of records, vectors and texts of all passages, by ascending id."""
    with library.catalogue.snapshot():
        blocks = list(library.catalogue.blocks(library.manifest.model))
        ids, lessons, vectors = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        texts = [row[0] for row in library.catalogue.rows("SELECT text FROM passages ORDER BY id")]
    return ids, lessons, vectors, texts


def _among(library: Library, lessons: NDArray[np.int64], filters: dict[str, str] | None) -> NDArray[np.bool_] | None:
    if filters is None:
        return None
    return np.isin(lessons, library.catalogue.selected(library.catalogue.select(filters)))


def _recall(
    found: Sequence[NDArray[np.int64]], asked: Vectors, vectors: Vectors, among: NDArray[np.bool_] | None
) -> float:
    """The share of the ten nearest that were found; one as near as the tenth is as good as it."""
    shares, wanted = [], K if among is None else min(K, int(np.count_nonzero(among)))
    for own, vector in zip(found, asked, strict=True):
        scores = vectors @ vector
        if among is not None:
            scores[~among] = -1
        tenth = np.partition(scores, -wanted)[-wanted]
        shares.append(np.count_nonzero(scores[own] >= tenth - 1e-5) / wanted)
    return round(float(np.mean(shares)), 4)


def _ratio(library: Library, questions: Sequence[str], vectors: Vectors) -> float:
    flat, took = FaissFlat(vectors, []), []
    for question in questions:
        started = perf_counter()
        flat.ask(library.embedder.query(f"{question}."), K, None)
        between = perf_counter()
        library.search(question, K)
        took.append((perf_counter() - between, between - started))
    whole, bare = np.median(np.array(took), axis=0)
    return round(float(whole / bare), 2)


def _choices(library: Library, questions: Sequence[str], asked: Vectors, flat: FaissFlat) -> dict[str, float]:
    most = library.settings.candidates
    words = [list(dict.fromkeys(words_of(question))) for question in questions]

    def timed(each: Callable[[int], object]) -> float:
        took = []
        for number in range(len(questions)):
            started = perf_counter()
            each(number)
            took.append(1000 * (perf_counter() - started))
        return round(float(np.median(took)), 2)

    with library.snapshot() as view:
        assert isinstance(view, LocalView)
        out = {
            "vectors, exact": timed(lambda number: flat.ask(asked[number], most, None)),
            "vectors, as chosen": timed(lambda number: view.near(asked[number], most)),
        }
        for name, share in SHARES.items():
            lessons = library.catalogue.selected(library.catalogue.select({"collection": name}))
            fetch = partial(view.words.search, k=int(ENOUGH * most / share))
            give = partial(view.words.search_among, k=most, lessons=lessons)
            for way, search in (("fetched", fetch), ("by record", give)):
                out[f"words, {name}, {way}"] = timed(lambda number, search=search: search(words[number]))  # type: ignore[misc]
    return out


def _percentiles(took: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(took, [50, 95])
    return round(float(p50), 2), round(float(p95), 2)
