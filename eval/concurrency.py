"""Readers in processes of their own while one writes: whether anything is torn, and how much longer they wait.

Records come and go in pairs, two in one commit, so that a reader who finds one without the other has seen half of a
commit. Vectors are made without a model: what is measured is the library.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from index.analysis import words_of
from index.fakes import HashEmbedder
from index.library import Library
from ingest.model import Prepared
from ingest.prepare import prepare

QUIET = 10.0  # seconds
A_COMMIT = 64  # pairs
WORDS = "pump filter valve router cable tent convoy bridge clinic vaccine chlorine generator fuel radio ladder".split()


@dataclass(frozen=True, slots=True)
class Report:
    """`torn` are reads that saw half of a commit; latencies are of `Library.search`, of all readers together."""

    readers: int
    written: int
    write_seconds: float
    reads_quiet: int
    reads_busy: int
    errors: tuple[str, ...]
    torn: int
    quiet_ms: tuple[float, float]
    busy_ms: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    readers: int, passages: int, quiet: float = QUIET, on_part: Callable[[str], None] = lambda _: None
) -> Report:
    """Read for `quiet` seconds with nobody writing, then while that many passages are written."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="lessons-eval-") as place,
        ProcessPoolExecutor(readers, mp_context=context) as pool,
    ):
        folder, done = Path(place) / "library", Path(place) / "done"
        with Library.open(folder, embedder=_embedder(), create=True) as library:
            before = passages // 8
            _write(library, range(before))
            on_part(f"{readers} readers, nobody writes")
            still = list(
                pool.map(_read, *zip(*[(folder, done, before, quiet, seed) for seed in range(readers)], strict=True))
            )
            on_part(f"{readers} readers, {passages:,} passages are written")
            work = [pool.submit(_read, folder, done, before + passages // 2, None, seed) for seed in range(readers)]
            started = perf_counter()
            _write(library, range(before, before + passages // 2))
            seconds = perf_counter() - started
            done.touch()
            busy = [each.result() for each in work]
    return Report(
        readers,
        passages,
        round(seconds, 1),
        sum(len(took) for took, _, _ in still),
        sum(len(took) for took, _, _ in busy),
        tuple(error for _, error, _ in (*still, *busy) if error),
        sum(torn for _, _, torn in (*still, *busy)),
        _percentiles([ms for took, _, _ in still for ms in took]),
        _percentiles([ms for took, _, _ in busy for ms in took]),
    )


def _embedder() -> HashEmbedder:
    return HashEmbedder(dimension=384)


def _note(pair: int, side: str, library: Library) -> Prepared:
    """One passage about a pair, in a file of its own."""
    prose = " ".join(random.Random(f"{pair} {side}").choices(WORDS, k=30))  # noqa: S311
    text = f"---\nid: P{pair}-{side}\n---\n# Pair{pair}\n\nThe pair{pair} {prose}.\n"
    return prepare(Path(f"/pairs/{pair}{side}.md"), text.encode(), library.embedder.tokens, 64, mtime_ns=1)


def _write(library: Library, pairs: Sequence[int]) -> None:
    """Add pairs, and now and then take some out again in one commit, or replace them."""
    for first in range(0, len(pairs), A_COMMIT):
        chunk = pairs[first : first + A_COMMIT]
        library.add([_note(pair, side, library) for pair in chunk for side in "AB"])
        if first // A_COMMIT % 8 == 3:
            library.remove([f"/pairs/{pair}{side}.md" for pair in chunk[::4] for side in "AB"])
        if first // A_COMMIT % 8 == 5:
            library.add([_note(pair, side, library) for pair in chunk[::8] for side in "AB"])


def _read(folder: Path, done: Path, pairs: int, seconds: float | None, seed: int) -> tuple[list[float], str, int]:
    """Search until told to stop: the ms each search took, an error if there was one, and torn reads."""
    chance, took, torn = random.Random(seed), list[float](), 0  # noqa: S311
    started = perf_counter()
    try:
        with Library.open(folder, embedder=_embedder()) as library:
            library.search("warm up")
            while not done.exists() if seconds is None else perf_counter() - started < seconds:
                query = " ".join(chance.choices(WORDS, k=4))
                before = perf_counter()
                hits = library.search(query).hits
                took.append(1000 * (perf_counter() - before))
                torn += any(hit.text != library.source(hit.source_id).text[hit.start : hit.end] for hit in hits[:2])
                torn += _is_torn(library, chance.randrange(pairs))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return took, f"{type(error).__name__}: {error}", torn
    return took, "", torn


def _is_torn(library: Library, pair: int) -> bool:
    """Whether one of a pair is there without the other: in the catalogue, among the words, among the vectors."""
    with library.snapshot() as view:
        rows = library.catalogue.rows(
            "SELECT p.id FROM passages p JOIN lessons l ON l.id = p.lesson WHERE l.lesson_id IN (?, ?)",
            (f"P{pair}-A", f"P{pair}-B"),
        )
        there = {row["id"] for row in rows}
        by_word = set(view.matching(words_of(f"pair{pair}"), 10).ids.tolist())
        vectors = library.catalogue.vectors_of_passages(sorted(there), library.manifest.model)
        by_vector = {number for number, (_, vector) in vectors.items() if number in view.near(vector, 5).ids}
        return len(there) not in (0, 2) or by_word != there or by_vector != there


def _percentiles(took: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(took, [50, 95]) if took else (0.0, 0.0)
    return round(float(p50), 1), round(float(p95), 1)
