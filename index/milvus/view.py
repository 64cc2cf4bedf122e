"""What Milvus finds for a library."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from index.encoder import Vectors
from index.engine import Ids, Ranked
from index.filters import Selection
from index.milvus.expression import expression, literal, matches_nothing
from index.milvus.server import Server

MOST_HITS = 16_384  # the most Milvus gives for one question
MOST_WORDS = 256  # of a question
FEW = 2_048  # passages selected: up to these, each is compared, since an approximate index may miss some
AT_ONCE = 8  # questions about single words
EFFORT = {"HNSW": "ef", "HNSW_SQ": "ef", "IVF_FLAT": "nprobe", "IVF_SQ8": "nprobe", "DISKANN": "search_list"}
"""By kind of index, the parameter that says how much of it is looked at."""


class MilvusView:
    """See `index.engine.View`.

    `vectors_of` is the catalogue's; `index` the kind of the collection's index. `written` is when the data was written
    that must be seen; 0 for all there is.
    """

    def __init__(
        self,
        server: Server,
        collection: str,
        vectors_of: Callable[[Sequence[int]], Mapping[int, tuple[int, Vectors]]],
        index: str,
        *,
        has_words: bool,
        written: int,
    ) -> None:
        self._server = server
        self._vectors_of = vectors_of
        self._collection = collection
        self._index = index
        self._has_words = has_words
        self._fresh: dict[str, Any] = (
            {"consistency_level": "Customized", "guarantee_timestamp": written}
            if written
            else {"consistency_level": "Strong"}
        )

    def near(self, vector: Vectors, k: int, selection: Selection | None = None) -> Ranked:
        k = min(k, MOST_HITS)
        if k < 1 or matches_nothing(selection):
            return _ranked([])
        wanted = expression(selection)
        exact = self._index in ("FLAT", "BRUTE_FORCE")
        if wanted and not exact and (count := self._count(wanted)) <= FEW:
            return self._compare_each(vector, k, wanted, count)
        found = self._search("vector", vector, k, wanted, self._effort(k))
        if not exact and len(found.ids) < k and len(found.ids) < (count := self._count(wanted)):
            return self._compare_each(vector, k, wanted, count)
        return found

    def matching(self, words: Sequence[str], k: int, selection: Selection | None = None) -> Ranked:
        text = " ".join(list(dict.fromkeys(words))[:MOST_WORDS])
        k = min(k, MOST_HITS)
        if k < 1 or not text or not self._has_words or matches_nothing(selection):
            return _ranked([])
        found = self._search("sparse", text, k, expression(selection), {})
        return Ranked(found.ids, np.abs(found.scores))  # milvus-lite gives them with a minus sign

    def rarity(self, words: Sequence[str]) -> Mapping[str, float]:
        if not self._has_words:
            return dict.fromkeys(words, 1.0)
        distinct = list(dict.fromkeys(words))
        total = self._count("")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            counts = list(pool.map(lambda word: self._count(f"text_match(words, {literal(word)})"), distinct))
        return {
            word: math.log(1 + (total - count + 0.5) / (count + 0.5))
            for word, count in zip(distinct, counts, strict=True)
        }

    def ids(self) -> Iterator[Ids]:
        """The ids of all passages, in batches."""
        for page in self._pages(""):
            yield np.array(page, np.int64)

    def _search(self, field: str, query: Any, k: int, wanted: str, parameters: dict[str, int]) -> Ranked:
        hits = self._server.ask(
            "search",
            self._collection,
            data=[query],
            anns_field=field,
            limit=k,
            filter=wanted,
            output_fields=["id"],
            search_params={"params": parameters},
            **self._fresh,
        )[0]
        return _ranked([(hit["id"], hit["distance"]) for hit in hits])

    def _effort(self, k: int) -> dict[str, int]:
        name = EFFORT.get(self._index)
        if name is None:
            return {}
        return {name: 64} if name == "nprobe" else {name: min(max(256, 4 * k), 2 * MOST_HITS)}

    def _count(self, wanted: str) -> int:
        found = self._server.ask("query", self._collection, filter=wanted, output_fields=["count(*)"], **self._fresh)
        return int(found[0]["count(*)"])

    def _compare_each(self, vector: Vectors, k: int, wanted: str, count: int) -> Ranked:
        """The nearest of the `count` wanted, one by one; the server names them, their vectors are the catalogue's."""
        best = _ranked([])
        for ids in self._pages(wanted, count):
            there = self._vectors_of(ids)
            if there:
                ranked = Ranked(np.array(list(there), np.int64), np.stack([own for _, own in there.values()]) @ vector)
                best = _best(k, best, ranked)
        return best

    def _pages(self, wanted: str, count: int = MOST_HITS) -> Iterator[list[int]]:
        """The ids of the rows wanted, in batches. There are about `count`: few are asked for at once."""
        asked: dict[str, Any] = {"filter": wanted, "output_fields": ["id"], **self._fresh}
        if count < MOST_HITS:
            rows = self._server.ask("query", self._collection, limit=MOST_HITS, **asked)
            if len(rows) < MOST_HITS:
                yield [row["id"] for row in rows]
                return
        iterator = self._server.ask("query_iterator", self._collection, batch_size=MOST_HITS, **asked)
        with self._server.explaining("query_iterator"):
            try:
                while page := iterator.next():
                    yield [row["id"] for row in page]
            finally:
                iterator.close()


def _ranked(found: list[tuple[int, float]]) -> Ranked:
    return Ranked(np.array([one[0] for one in found], np.int64), np.array([one[1] for one in found], np.float32))


def _best(k: int, *found: Ranked) -> Ranked:
    ids = np.concatenate([one.ids for one in found])
    scores = np.concatenate([one.scores for one in found])
    top = np.argsort(-scores, kind="stable")[:k]
    return Ranked(ids[top], scores[top])
