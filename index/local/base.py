"""The FAISS file: most of a library's vectors, in an index that fits their number. It is never changed, only replaced.

Up to `EXACT_MOST` vectors it is exact. Beyond, vectors of 8 bits a dimension lie in cells (Jégou et al. 2011, inverted
file), and as many cells are looked into as find what an exact search finds; how many that are is measured on the
library's own vectors whenever the file is made. `lessons eval index` shows why the limits are where they are.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.engine import Ids, Ranked
from index.passages import Block, Passages

EXACT_MOST = 100_000
RECALL = 0.998  # of the ten nearest, among the candidates; real questions find a little less than those measured
CANDIDATES = 200
TRAINED_A_CELL = 64  # vectors; FAISS warns below 39
COMPARED = 200_000  # selected vectors at most that are compared each: 12 ms
MOSTLY = 0.9  # of the vectors: a selection of more is searched as if it were all
STABLE = 20  # nearest that must stay the same
QUESTIONS = 200  # for measuring recall
Mask = NDArray[np.bool_]


def library() -> Any:
    """FAISS, loaded when first needed; what it says of its types is not what it does."""
    import faiss

    return faiss


def selector(among: Mask) -> Any:
    """FAISS's form of a flag for each position."""
    return library().IDSelectorBitmap(np.packbits(among, bitorder="little"))


@dataclass(frozen=True, slots=True)
class Description:
    """Of a file: its name, size, checksum, and the state of the catalogue it was made from.

    It holds the vectors of `count` passages, none of a higher id than `last`. `cells` is 0 for an exact index; `probes`
    of them are looked into, which found the share `recall` of the ten nearest. The cells were laid out for `trained`
    vectors.
    """

    file: str
    size: int
    checksum: int
    generation: int
    last: int
    count: int
    cells: int = 0
    probes: int = 0
    recall: float = 1.0
    trained: int = 0

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for none, and for one that this version cannot read."""
        try:
            return cls(**json.loads(text)) if text else None
        except (ValueError, TypeError):
            return None

    def dump(self) -> str:
        return json.dumps(asdict(self))


class Base:
    """An open file. `ids` are ascending and `lessons` their records, both of shape (n,); -1 for one taken out."""

    def __init__(self, folder: Path, description: Description) -> None:
        """Raises `OSError`, `RuntimeError` or `ValueError` when the file is not there, or not whole."""
        faiss = library()
        self._path = path = folder / description.file
        if size_of(path) != description.size:
            raise ValueError(f"{path} has been cut or changed")
        self.description = description
        self.ids, self.lessons = np.load(path.with_suffix(".npy"), mmap_mode="r")
        # Mapped, not read: it is open at once, and several processes share the memory.
        self._index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)

    def search(self, vector: Vectors, k: int, among: Mask) -> tuple[NDArray[np.int64], Vectors]:
        """Positions and scores of the at most `k` nearest `among` the vectors, a flag for each."""
        faiss = library()
        faiss.omp_set_num_threads(1)  # measured: two take longer for one question
        selected = int(np.count_nonzero(among))
        k = min(k, selected)
        if not k:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        chosen, question = selector(among), vector.reshape(1, -1)
        if not self.description.cells:
            scores, found = self._index.search(question, k, params=faiss.SearchParameters(sel=chosen))
            return found[0], scores[0]
        return self._search_cells(question, k, chosen, selected)

    def _search_cells(self, question: Vectors, k: int, chosen: Any, selected: int) -> tuple[NDArray[np.int64], Vectors]:
        """Look into as many cells as it takes.

        What a filter selects may lie anywhere: not too many are compared each, and beyond that more cells are looked
        into until the nearest no longer change.
        """
        cells, probes = self.description.cells, self.description.probes
        filtered = selected < MOSTLY * len(self.ids)
        if filtered and selected <= COMPARED:
            probes = cells
        before: list[int] = []
        while True:
            parameters = library().SearchParametersIVF(sel=chosen, nprobe=probes)
            scores, found = self._index.search(question, k, params=parameters)
            there = found[0] >= 0
            settled = not filtered or (there.all() and found[0][:STABLE].tolist() == before)
            if probes >= cells or settled:
                return found[0][there], scores[0][there]
            before, probes = found[0][:STABLE].tolist(), min(cells, 2 * probes)

    def copy(self) -> Any:
        """The index, read into memory."""
        faiss = library()
        return faiss.read_index(str(self._path))


def build(catalogue: Passages, model: int, dimension: int, folder: Path, old: Base | None) -> Description:
    """Write a file of all passages, from an `old` one where its cells still fit. Inside `snapshot()`."""
    faiss = library()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    generation = int(catalogue.meta("generation"))
    total = catalogue.count()
    cells = trained = 0
    if total <= EXACT_MOST:
        index, ids, lessons = _fill(faiss.IndexFlatIP(dimension), catalogue.blocks(model))
    elif old and old.description.cells and max(total, len(old.ids) // 2) <= 2 * old.description.trained:
        cells, trained = old.description.cells, old.description.trained
        index, ids, lessons = _extend(old, catalogue, model)
    else:
        cells, trained = int(2 * np.sqrt(total)), total
        index, ids, lessons = _fill(_trained(catalogue, model, dimension, cells), catalogue.blocks(model))
    probes, recall = _measure(index, catalogue, model, ids, lessons) if cells else (0, 1.0)
    file = f"vectors-{model}-{generation}.faiss"
    _write(folder / file, lambda path: faiss.write_index(index, str(path)))
    _write((folder / file).with_suffix(".npy"), lambda path: _save(path, np.stack([ids, lessons])))
    size, checksum = size_of(folder / file), checksum_of(folder / file)
    last = int(ids[-1]) if len(ids) else 0
    return Description(file, size, checksum, generation, last, len(ids), cells, probes, recall, trained)


def size_of(path: Path) -> int:
    """Bytes of the file and of that with the ids, which lies beside it."""
    return path.stat().st_size + path.with_suffix(".npy").stat().st_size


def checksum_of(path: Path) -> int:
    """The CRC-32 of both."""
    out = 0
    for file in (path, path.with_suffix(".npy")):
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 22):
                out = zlib.crc32(chunk, out)
    return out


def _fill(index: Any, blocks: Iterable[Block]) -> tuple[Any, Ids, Ids]:
    ids, lessons = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for block in blocks:
        index.add(block.vectors)
        ids.append(block.ids)
        lessons.append(block.lessons)
    return index, np.concatenate(ids), np.concatenate(lessons)


def _trained(catalogue: Passages, model: int, dimension: int, cells: int) -> Any:
    faiss = library()
    index = faiss.index_factory(dimension, f"IVF{cells},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical = True
    index.cp.niter = 10
    sample = _some(catalogue, model, catalogue.passage_ids(), TRAINED_A_CELL * cells)
    index.train(sample)
    return index


def _extend(old: Base, catalogue: Passages, model: int) -> tuple[Any, Ids, Ids]:
    """The old index without the passages that are gone and with those that came; positions stay."""
    faiss = library()
    ids, lessons, index = np.array(old.ids), np.array(old.lessons), old.copy()
    gone = positions(ids, catalogue.gone_after(old.description.generation))
    index.remove_ids(faiss.IDSelectorBatch(gone))
    lessons[gone] = -1
    for block in catalogue.blocks(model, after=old.description.last):
        index.add_with_ids(block.vectors, np.arange(len(ids), len(ids) + len(block.ids)))
        ids, lessons = np.concatenate([ids, block.ids]), np.concatenate([lessons, block.lessons])
    return index, ids, lessons


def positions(ids: Ids, wanted: Iterable[int]) -> Ids:
    """Where in the ascending `ids` those wanted are; ids that are not there are left out."""
    numbers = np.array(list(wanted), np.int64)
    at = np.searchsorted(ids, numbers)
    inside = at < len(ids)
    found: Ids = at[inside][ids[at[inside]] == numbers[inside]]
    return found


def _measure(index: Any, catalogue: Passages, model: int, ids: Ids, lessons: Ids) -> tuple[int, float]:
    """How many cells to look into, and the recall that gives.

    A question lies between two passages, which is harder than on one: its neighbours are in several cells.
    """
    faiss = library()
    pairs = _some(catalogue, model, ids[lessons >= 0], 2 * QUESTIONS)
    half = len(pairs) // 2
    questions = pairs[:half] + pairs[half : 2 * half]
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    best = Ranked(np.empty((half, 0), np.int64), np.empty((half, 0), np.float32))
    for block in catalogue.blocks(model):
        scores, found = faiss.knn(questions, block.vectors, min(10, len(block.ids)), metric=faiss.METRIC_INNER_PRODUCT)
        all_scores = np.concatenate([best.scores, scores], axis=1)
        order = np.argsort(-all_scores, axis=1)[:, :10]
        all_ids = np.concatenate([best.ids, block.ids[found]], axis=1)
        best = Ranked(np.take_along_axis(all_ids, order, 1), np.take_along_axis(all_scores, order, 1))
    probes, recall = 1, 0.0
    while True:
        _, found = index.search(questions, CANDIDATES, params=faiss.SearchParametersIVF(nprobe=probes))
        hits = [len(np.intersect1d(ids[own[own >= 0]], wanted)) for own, wanted in zip(found, best.ids, strict=True)]
        recall = float(np.sum(hits)) / best.ids.size
        if recall >= RECALL or probes >= index.nlist:
            return probes, recall
        probes = min(2 * probes, index.nlist)


def _some(catalogue: Passages, model: int, ids: Ids, most: int) -> Vectors:
    """The vectors of some passages, the same at every call."""
    chosen = np.random.default_rng(0).choice(ids, min(most, len(ids)), replace=False)
    return np.stack([vector for _, vector in catalogue.vectors_of_passages(chosen.tolist(), model).values()])


def _save(path: Path, values: Ids) -> None:
    with path.open("wb") as stream:
        np.save(stream, values, allow_pickle=False)


def _write(path: Path, write: Any) -> None:
    """A whole file in place of the old one, or none: on the disk when this returns."""
    partial = path.with_suffix(f"{path.suffix}.partial")
    try:
        try:
            write(partial)
        except RuntimeError as error:  # FAISS's word for what the disk refuses
            raise OSError(str(error)) from error
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(path)
