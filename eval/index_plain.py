"""Plain ways to find the nearest of some vectors, to compare with: each as its users would write it down."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Plain(Protocol):
    """Made of `vectors` of shape (n, dimension) and their texts.

    `save` writes it below a folder and `load` reads it back in place of what was made. `ask` gives the places of the
    at most `k` nearest, where `among` has a flag for each.
    """

    def __init__(self, vectors: Vectors, texts: list[str], /) -> None: ...
    def save(self, folder: Path) -> None: ...
    def load(self, folder: Path) -> None: ...
    def ask(self, vector: Vectors, k: int, among: Mask | None) -> Places: ...


class Numpy:
    """All products, then the largest."""

    def __init__(self, vectors: Vectors, _texts: list[str]) -> None:
        self.vectors = vectors

    def save(self, folder: Path) -> None:
        np.save(folder / "vectors.npy", self.vectors)

    def load(self, folder: Path) -> None:
        self.vectors = np.load(folder / "vectors.npy")

    def ask(self, vector: Vectors, k: int, among: Mask | None) -> Places:
        scores = self.vectors @ vector
        if among is not None:
            scores = np.where(among, scores, -np.inf)
        best = np.argpartition(-scores, k - 1)[:k]
        return best[np.argsort(-scores[best])]


class FaissFlat:
    """`IndexFlatIP` with its own filter, on one thread: what a search must cost at the least."""

    def __init__(self, vectors: Vectors, _texts: list[str]) -> None:
        from index.local.base import library

        self.faiss = library()
        self.faiss.omp_set_num_threads(1)
        self.index: Any = self.faiss.IndexFlatIP(vectors.shape[1])
        self.index.add(vectors)

    def save(self, folder: Path) -> None:
        self.faiss.write_index(self.index, str(folder / "flat.faiss"))

    def load(self, folder: Path) -> None:
        self.index = self.faiss.read_index(str(folder / "flat.faiss"))

    def ask(self, vector: Vectors, k: int, among: Mask | None) -> Places:
        parameters = None
        if among is not None:
            bits = np.packbits(among, bitorder="little")
            parameters = self.faiss.SearchParameters(sel=self.faiss.IDSelectorBitmap(bits))
        found: Places = self.index.search(vector.reshape(1, -1), k, params=parameters)[1][0]
        return found[found >= 0]


class Usearch:
    """An HNSW graph with the library's defaults. It has no filter: ten times as many are fetched and sorted out."""

    def __init__(self, vectors: Vectors, _texts: list[str]) -> None:
        from usearch.index import Index

        self.index: Any = Index(ndim=vectors.shape[1], metric="ip")
        self.index.add(np.arange(len(vectors)), vectors)

    def save(self, folder: Path) -> None:
        self.index.save(str(folder / "graph.usearch"))

    def load(self, folder: Path) -> None:
        from usearch.index import Index

        self.index = Index.restore(str(folder / "graph.usearch"))

    def ask(self, vector: Vectors, k: int, among: Mask | None) -> Places:
        found = np.asarray(self.index.search(vector, k if among is None else 10 * k).keys, np.int64)
        return found if among is None else found[among[found]][:k]


class LangChain:
    """LangChain's FAISS store with its defaults: a filter sorts out the twenty nearest, and the rest is pickled."""

    def __init__(self, vectors: Vectors, texts: list[str]) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_core.embeddings import FakeEmbeddings

        self.embedding = FakeEmbeddings(size=vectors.shape[1])
        pairs: Any = list(zip(texts, vectors, strict=True))
        self.store: Any = FAISS.from_embeddings(pairs, self.embedding, [{"at": at} for at in range(len(texts))])

    def save(self, folder: Path) -> None:
        self.store.save_local(str(folder / "langchain"))

    def load(self, folder: Path) -> None:
        place = str(folder / "langchain")
        self.store = type(self.store).load_local(place, self.embedding, allow_dangerous_deserialization=True)

    def ask(self, vector: Vectors, k: int, among: Mask | None) -> Places:
        wanted = None if among is None else lambda fields: among[fields["at"]]
        found = self.store.similarity_search_by_vector(vector.tolist(), k, filter=wanted)
        return np.array([document.metadata["at"] for document in found], np.int64)


_EVERY: dict[str, tuple[type[Plain], str]] = {
    "numpy": (Numpy, "numpy"),
    "FAISS flat": (FaissFlat, "faiss"),
    "usearch": (Usearch, "usearch"),
    "LangChain FAISS": (LangChain, "langchain_community"),
}


def ways() -> dict[str, type[Plain]]:
    """Those whose library is installed, by name."""
    return {name: way for name, (way, needs) in _EVERY.items() if find_spec(needs)}


def missing() -> list[str]:
    """The libraries that are not installed."""
    return [needs.replace("_", "-") for _, needs in _EVERY.values() if not find_spec(needs)]
