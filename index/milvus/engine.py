"""The engine on a Milvus server or cluster. See `index.engine.Engine`.

Two collections serve a library for each of its models: one of passages, with what filters look at, and a ledger
(`index/milvus/ledger.py`). Rows are written before the generation that counts them, and deleted after the commit that
makes them superfluous; so a reader whose snapshot is of the ledger's generation finds all it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from index.catalogue import Catalogue
from index.engine import Place
from index.milvus import schema
from index.milvus.ledger import Ledger, Stamp
from index.milvus.server import PREPARE, WRITE, Server
from index.milvus.view import MilvusView
from ingest.errors import LibraryError

DELETED_AT_ONCE = 4_096


class MilvusEngine:
    """Passages in Milvus. Safe for several threads that read."""

    def __init__(self, place: Place, catalogue: Catalogue) -> None:
        self._place = place
        self._catalogue = catalogue
        self._collection = f"lessons_{place.library}_{place.model}"
        self._server = Server(place.address, place.token)
        self._ledger = Ledger(self._server, f"{self._collection}_ledger")
        self._stamp = Stamp()  # the writer's; readers have one of their own, which may be older
        self._seen = Stamp()
        self._gone: Sequence[int] = ()  # what the stamp's rows hold, where it was this object that wrote them
        self._fields: frozenset[str] = frozenset()
        self._index = ""
        try:
            self._open()
        except LibraryError:
            self._server.close()
            raise

    def generation(self) -> int:
        self._stamp, self._gone = self._ledger.read(), ()
        return -1 if self._stamp.writing else self._stamp.generation

    def update(self, generation: int, came: Sequence[int], gone: Sequence[int]) -> None:
        if self._stamp.generation < generation:
            self.settle()
        # Else the commit after the last call failed: what was to be deleted then stays.
        self._ledger.write(Stamp(self._stamp.generation, self._stamp.written, writing=True))
        self._put(came)
        rows = self._ledger.remember(gone)
        self._store(Stamp(generation, self._ledger.now(), gone=rows))
        self._gone = gone

    def settle(self) -> None:
        if self._stamp.gone:
            for ids in [self._gone] if self._gone else self._ledger.remembered(self._stamp.gone):
                self._delete(ids)
            self._ledger.forget(self._stamp.gone)
            self._store(Stamp(self._stamp.generation, self._ledger.now()))

    def repair(self, generation: int) -> str:
        done = []
        if self._is_outdated:
            self.discard()
            self._open()
            done.append("collection made anew")
        stamp = self._ledger.read()
        self._ledger.write(Stamp(stamp.generation, stamp.written, writing=True))
        missing, superfluous = self._difference()
        self._put(missing)
        self._delete(superfluous)
        self._ledger.forget(stamp.gone)
        self._store(Stamp(generation, self._ledger.now()))
        done.append(f"{len(missing):,} passages put in, {len(superfluous):,} taken out")
        return ", ".join(done)

    def view(self, generation: int, *, anyway: bool = False) -> MilvusView | None:
        seen = self._seen
        if seen.generation != generation:
            self._seen = seen = self._ledger.read()
        return self._view(seen.written) if anyway or seen.generation == generation else None

    def check(self) -> str:
        wrong = []
        if self._is_outdated:
            wrong.append(f"{self._collection} was made for another version of Milvus (lessons compact makes it anew)")
        missing, superfluous = self._difference()
        if missing:
            wrong.append(f"{len(missing):,} passages are not in {self._collection}")
        if superfluous and not self._ledger.read().gone:
            wrong.append(f"{len(superfluous):,} passages in {self._collection} are not in the library")
        return ", ".join(wrong)

    def compact(self) -> None:
        if self._is_outdated:
            self.repair(self.generation())
        self._server.ask("flush", self._collection, timeout=PREPARE)
        self._server.ask("compact", self._collection, timeout=PREPARE)

    def discard(self) -> None:
        for name in (self._collection, f"{self._collection}_ledger"):
            self._server.ask("drop_collection", name, timeout=PREPARE)
        self._stamp = self._seen = Stamp()

    def describe(self) -> str:
        words = "words" if "sparse" in self._fields else "no words: they need Milvus 2.5"
        return f"{self._server.name} ({self._index}, {words})"

    def close(self) -> None:
        self._server.close()

    @property
    def _is_outdated(self) -> bool:
        """Whether a collection made now would have other fields."""
        return self._fields != frozenset(schema.fields_for(self._server))

    def _open(self) -> None:
        """Make the collections unless they are there, and see what they are."""
        self._fields = schema.make(self._server, self._collection, self._place.dimension)
        self._ledger.make()
        self._index = str(self._server.ask("describe_index", self._collection, "vector")["index_type"])
        self._stamp = self._seen = self._ledger.read()

    def _view(self, written: int) -> MilvusView:
        return MilvusView(
            self._server,
            self._collection,
            partial(self._catalogue.vectors_of_passages, model=self._place.model),
            self._index,
            has_words="sparse" in self._fields,
            written=written,
        )

    def _put(self, ids: Sequence[int]) -> None:
        """Store passages, in place of those that were stored under the same ids."""
        for batch in self._catalogue.batches(ids, self._place.model):
            fields = self._catalogue.fields(list(dict.fromkeys(batch.lessons)))
            rows = schema.rows(batch, fields, with_words="words" in self._fields)
            self._server.ask("upsert", self._collection, rows, timeout=WRITE)

    def _delete(self, ids: Sequence[int]) -> None:
        for at in range(0, len(ids), DELETED_AT_ONCE):
            self._server.ask("delete", self._collection, ids=list(ids[at : at + DELETED_AT_ONCE]), timeout=WRITE)

    def _store(self, stamp: Stamp) -> None:
        self._ledger.write(stamp)
        self._stamp, self._seen, self._gone = stamp, stamp, ()

    def _difference(self) -> tuple[list[int], list[int]]:
        """The ids of passages that the server lacks, and of those it has too many."""
        living = self._catalogue.passage_ids()
        present = np.zeros(len(living), np.bool_)
        superfluous = [np.empty(0, np.int64)]
        for ids in self._view(0).ids():
            at = np.minimum(np.searchsorted(living, ids), len(living) - 1)
            known = living[at] == ids if len(living) else np.zeros(len(ids), np.bool_)
            present[at[known]] = True
            superfluous.append(ids[~known])
        return living[~present].tolist(), np.concatenate(superfluous).tolist()
