"""The vectors that came since the FAISS file was made, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np

from index.encoder import Vectors
from index.engine import Ids
from index.local.base import Mask, library, selector
from index.passages import Block


class Tail:
    """Passages by ascending id. It never changes: `after` gives another one, which shares the memory.

    `ids` and `lessons` have shape (n,), `alive` tells those that are not gone.
    """

    def __init__(self, dimension: int) -> None:
        self._room = np.empty((0, dimension), np.float32)
        self.ids = self.lessons = np.empty(0, np.int64)
        self.alive: Mask = np.empty(0, np.bool_)

    @property
    def vectors(self) -> Vectors:
        return self._room[: len(self.ids)]

    def after(self, blocks: Iterable[Block], gone: Iterable[int]) -> Self:
        """With what came, without what is gone. Only the newest of those that share memory may be asked for another."""
        made = type(self)(self._room.shape[1])
        came = list(blocks)
        made.ids = np.concatenate([self.ids, *(block.ids for block in came)])
        made.lessons = np.concatenate([self.lessons, *(block.lessons for block in came)])
        made._room = self._room
        if len(made.ids) > len(self._room):
            made._room = np.empty((2 * len(made.ids), self._room.shape[1]), np.float32)
            made._room[: len(self.ids)] = self.vectors
        at = len(self.ids)
        for block in came:
            made._room[at : at + len(block.ids)] = block.vectors
            at += len(block.ids)
        made.alive = np.concatenate([self.alive, np.ones(at - len(self.ids), np.bool_)])
        made.alive[np.isin(made.ids, list(gone))] = False
        return made

    def search(self, vector: Vectors, k: int, among: Mask) -> tuple[Ids, Vectors]:
        """Positions and scores of the at most `k` nearest `among` the vectors, a flag for each."""
        faiss = library()
        k = min(k, int(np.count_nonzero(among)))
        scores, found = np.empty((1, k), np.float32), np.empty((1, k), np.int64)
        if k:
            rows, question = np.ascontiguousarray(self.vectors), np.ascontiguousarray(vector, np.float32)
            faiss.knn_inner_product(
                *(faiss.swig_ptr(array) for array in (question, rows)), len(question), 1, len(rows), k,
                *(faiss.swig_ptr(array) for array in (scores, found)), selector(among),
            )  # fmt: skip
        return found[0], scores[0]
