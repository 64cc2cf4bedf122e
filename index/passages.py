"""The catalogue's passages as engines want them: by number, with their vectors, and what came and went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.database import Database
from index.encoder import Vectors
from ingest.model import Passage

Ids = NDArray[np.int64]
SOFT_HYPHEN = "\u00ad"  # what PDF readers put where a line break divides a word


class Batch(NamedTuple):
    """Some passages: ids, the numbers of their records, searchable texts, and vectors of shape (n, dimension)."""

    ids: list[int]
    lessons: list[int]
    texts: list[str]
    vectors: Vectors


class Block(NamedTuple):
    """The same without the texts: `ids` and `lessons` of shape (n,)."""

    ids: Ids
    lessons: Ids
    vectors: Vectors


class Embedded(NamedTuple):
    """What a model makes of a passage: its vector, shape (dimension,), and those of its tokens, see `index/late.py`."""

    vector: Vectors
    tokens: bytes | None = None


class Passages(Database):
    """`model` is the number of an embedding model throughout."""

    def passage_ids(self) -> Ids:
        """The ids of all passages, ascending."""
        return np.fromiter((row[0] for row in self.each("SELECT id FROM passages ORDER BY id")), np.int64)

    def count(self) -> int:
        """How many passages there are."""
        return int(self.rows("SELECT count(*) FROM passages")[0][0])

    def last_passage(self) -> int:
        """The highest id of a passage; 0 if there is none."""
        return int(self.rows("SELECT coalesce(max(id), 0) FROM passages")[0][0])

    def living(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids that are there."""
        sql = "SELECT id FROM passages WHERE id IN ({})"
        return [row[0] for rows in self.rows_of(sql, ids) for row in rows]

    def passages_after(self, number: int) -> list[int]:
        """The ids of the passages that came after the one of that number."""
        return [row[0] for row in self.rows("SELECT id FROM passages WHERE id > ? ORDER BY id", (number,))]

    def gone_after(self, generation: int) -> list[int]:
        """The ids of the passages that were deleted since then."""
        return [row[0] for row in self.rows("SELECT passage FROM gone WHERE generation > ?", (generation,))]

    def forget_gone(self, generation: int) -> None:
        """Passages that are gone in that generation are asked for no more."""
        self.execute_many("DELETE FROM gone WHERE generation <= ?", [(generation,)])

    def batches(self, ids: Sequence[int], model: int | None = None) -> Iterator[Batch]:
        """Passages with texts and vectors, of the model that serves if none is given; without ids that are gone."""
        sql = (
            "SELECT p.id, p.lesson, p.header, p.text, e.vector FROM passages p "
            "JOIN embeddings e ON e.passage = p.id AND e.model = ? WHERE p.id IN ({}) ORDER BY p.id"
        )
        model = model or int(self.meta("model"))
        for rows in self.rows_of(sql, [int(number) for number in ids], (model,)):
            if rows:
                yield Batch(
                    [row["id"] for row in rows],
                    [row["lesson"] for row in rows],
                    [joined(row["header"], row["text"]) for row in rows],
                    _vectors([row["vector"] for row in rows]),
                )

    def blocks(self, model: int, after: int = 0, size: int = 16_384) -> Iterator[Block]:
        """The passages that came after the one of that number, ascending; inside `snapshot()`."""
        sql = (
            "SELECT p.id, p.lesson, e.vector FROM passages p JOIN embeddings e ON e.passage = p.id AND e.model = ? "
            "WHERE p.id > ? ORDER BY p.id LIMIT ?"
        )
        while rows := self.rows(sql, (model, after, size)):
            ids, lessons, vectors = zip(*rows, strict=True)
            yield Block(np.array(ids, np.int64), np.array(lessons, np.int64), _vectors(vectors))
            after = ids[-1]

    def vectors_of_passages(self, ids: Sequence[int], model: int) -> dict[int, tuple[int, Vectors]]:
        """The record and the vector of each passage, by id; ids that are gone are left out."""
        sql = (
            "SELECT p.id, p.lesson, e.vector FROM passages p JOIN embeddings e ON e.passage = p.id AND e.model = ? "
            "WHERE p.id IN ({})"
        )
        return {
            row["id"]: (row["lesson"], np.frombuffer(row["vector"], np.float32))
            for rows in self.rows_of(sql, ids, (model,))
            for row in rows
        }

    def embedded_of_source(self, path: str, model: int) -> dict[str, Embedded]:
        """What the model made of a living source's passages, by searchable text."""
        rows = self.rows(
            "SELECT p.header, p.text, e.vector, t.vectors FROM passages p JOIN lessons l ON l.id = p.lesson "
            "JOIN sources s ON s.id = l.source_id JOIN embeddings e ON e.passage = p.id AND e.model = ? "
            "LEFT JOIN tokens t ON t.passage = p.id AND t.model = e.model WHERE s.path = ? AND s.archived = 0",
            (model, path),
        )
        return {
            joined(row["header"], row["text"]): Embedded(np.frombuffer(row["vector"], np.float32), row["vectors"])
            for row in rows
        }

    def tokens_of_passages(self, ids: Sequence[int], model: int) -> dict[int, bytes]:
        """The packed vectors of the passages' tokens, by id; a passage without any is left out."""
        sql = "SELECT passage, vectors FROM tokens WHERE model = ? AND passage IN ({})"
        return {row[0]: row[1] for rows in self.rows_of(sql, ids, (model,)) for row in rows}

    def without_vectors(self, model: int, after: int, most: int) -> tuple[list[int], list[str]]:
        """Passages after that number that the model has not embedded: ids and searchable texts, `most` of them.

        Where vectors of tokens are kept, one that lacks them is among them.
        """
        rows = self.rows(
            "SELECT p.id, p.header, p.text FROM passages p JOIN models m ON m.id = ? WHERE p.id > ? AND ("
            "NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.passage = p.id AND e.model = m.id) OR m.basis IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.passage = p.id AND t.model = m.id)) ORDER BY p.id LIMIT ?",
            (model, after, most),
        )
        return [row["id"] for row in rows], [joined(row["header"], row["text"]) for row in rows]

    def put_vectors(self, model: int, embedded: Iterable[tuple[int, Embedded]]) -> None:
        """Store what the model made of passages."""
        made = list(embedded)
        vectors = [(number, model, np.ascontiguousarray(one.vector, np.float32).tobytes()) for number, one in made]
        self.execute_many("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)", vectors)
        tokens = [(number, model, one.tokens) for number, one in made if one.tokens is not None]
        self.execute_many("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", tokens)


def searchable(passage: Passage) -> str:
    """The text that is embedded and whose words are indexed: the header, then the passage."""
    return joined(passage.header, passage.text)


def joined(header: str, text: str) -> str:
    """The searchable text of a passage's two parts."""
    return f"{header}\n{text}".replace(SOFT_HYPHEN, "")


def _vectors(blobs: Sequence[bytes]) -> Vectors:
    return np.frombuffer(b"".join(blobs), np.float32).reshape(len(blobs), -1)
