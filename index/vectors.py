"""The FAISS index: exact inner product over unit vectors, keyed by passage id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedder import Vectors

Ids = NDArray[np.int64]


class FlatVectors:
    """Exact search. One thread a query: two were measured slower for a single query."""

    def __init__(self, dimension: int) -> None:
        import faiss

        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    @classmethod
    def load(cls, path: Path) -> FlatVectors:
        """Raises `RuntimeError` when the file is not a whole FAISS index."""
        import faiss

        vectors = cls.__new__(cls)
        vectors._index = faiss.read_index(str(path))
        return vectors

    def save(self, path: Path) -> None:
        """Write a new file beside the old one, then take its place: a reader never sees half a file."""
        import faiss

        partial = path.with_suffix(".partial")
        faiss.write_index(self._index, str(partial))
        partial.replace(path)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def ids(self) -> Ids:
        """The ids of all vectors."""
        import faiss

        return np.asarray(faiss.vector_to_array(self._index.id_map), np.int64)

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """`vectors` has shape (len(ids), dimension)."""
        self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._index.remove_ids(ids)

    def search(self, query: Vectors, k: int, allowed: Sequence[int] | None = None) -> tuple[Ids, Vectors]:
        """The at most `k` best ids and their scores, best first; only ids in `allowed` if it is given."""
        import faiss

        k = min(k, len(self))
        if k == 0 or (allowed is not None and not allowed):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters: Any = None
        if allowed is not None:
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBatch(np.asarray(allowed, dtype=np.int64))
        scores, ids = self._index.search(query.reshape(1, -1), k, params=parameters)
        found = ids[0] >= 0
        return ids[0][found], scores[0][found]

    def scores(self, query: Vectors, ids: Sequence[int]) -> Vectors:
        """The similarity of `query` to each of `ids`; 0 for an id that is not there."""
        out = np.zeros(len(ids), np.float32)
        for at, number in enumerate(ids):
            try:
                out[at] = float(query @ self._index.reconstruct(int(number)))
            except RuntimeError:  # FAISS says "key not found" this way; a reader may be one commit behind
                out[at] = 0.0
        return out
