"""What Milvus remembers of a library besides its passages: the generation, and what is still to be deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from index.milvus.server import WRITE, Server

CLOCK, STAMP = -1, 0  # the ids of the row that is written to read the clock, and of that with the generation
PER_ROW = 3_000  # ids, each of at most 19 digits and a blank
ROWS_AT_ONCE = 64
_UNUSED = [0.0, 0.0]  # a collection must have a vector


@dataclass(frozen=True, slots=True)
class Stamp:
    """`generation` is the one stored last. While `writing`, another is being stored on top of it.

    `written` is when its data was, by the server's clock: who reads waits until the node that answers has seen it; 0 if
    the server does not tell. `gone` is the number of rows that hold ids to be deleted: those numbered from 1.
    """

    generation: int = -1
    written: int = 0
    writing: bool = False
    gone: int = 0


class Ledger:
    """A small collection beside that of the passages."""

    def __init__(self, server: Server, collection: str) -> None:
        self._server = server
        self._collection = collection

    def make(self) -> None:
        """Make what is missing of the collection."""
        from pymilvus import DataType

        schema = self._server.client.create_schema(enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        for name in ("generation", "written", "gone"):
            schema.add_field(name, DataType.INT64)
        schema.add_field("writing", DataType.BOOL)
        schema.add_field("ids", DataType.VARCHAR, max_length=65_535)
        schema.add_field("unused", DataType.FLOAT_VECTOR, dim=len(_UNUSED))
        indexes = {"unused": {"index_type": "FLAT", "metric_type": "L2"}}
        self._server.make(self._collection, schema, indexes)

    def read(self) -> Stamp:
        """What was stored last."""
        names = list(Stamp.__dataclass_fields__)
        found = self._query(f"id == {STAMP}", names)
        return Stamp(**{name: found[0][name] for name in names}) if found else Stamp()

    def write(self, stamp: Stamp) -> None:
        self._upsert([{"id": STAMP, **asdict(stamp), "ids": ""}])

    def now(self) -> int:
        """The server's clock, after all that was written before; a write is what tells it."""
        self._upsert([{"id": CLOCK, **asdict(Stamp()), "ids": ""}])
        return self._server.written(self._collection)

    def remember(self, gone: Sequence[int]) -> int:
        """Store the ids to be deleted later; returns the number of rows they take."""
        chunks = [gone[at : at + PER_ROW] for at in range(0, len(gone), PER_ROW)]
        for at in range(0, len(chunks), ROWS_AT_ONCE):
            self._upsert(
                [
                    {"id": number, **asdict(Stamp()), "ids": " ".join(map(str, chunk))}
                    for number, chunk in enumerate(chunks[at : at + ROWS_AT_ONCE], at + 1)
                ]
            )
        return len(chunks)

    def remembered(self, rows: int) -> Iterator[list[int]]:
        """The ids to be deleted, some thousands at a time."""
        for number in range(1, rows + 1):
            for row in self._query(f"id == {number}", ["ids"]):
                yield [int(one) for one in row["ids"].split()]

    def forget(self, rows: int) -> None:
        """The ids were deleted, or are not to be."""
        if rows:
            self._server.ask("delete", self._collection, ids=list(range(1, rows + 1)), timeout=WRITE)

    def _query(self, condition: str, names: list[str]) -> list[dict[str, Any]]:
        found = self._server.ask("query", self._collection, filter=condition, output_fields=names)
        return [dict(row) for row in found]

    def _upsert(self, rows: list[dict[str, Any]]) -> None:
        self._server.ask("upsert", self._collection, [row | {"unused": _UNUSED} for row in rows], timeout=WRITE)
