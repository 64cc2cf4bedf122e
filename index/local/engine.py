"""The engine on one machine. See `index.engine.Engine`.

The catalogue is the vectors' store: what came since the FAISS file was made is read from it, so that a commit writes no
file of vectors, and a file that is lost or torn costs time and nothing else. The words are committed by tantivy, with
the generation among them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import chain

import numpy as np

from index.catalogue import Catalogue
from index.engine import Place
from index.local.base import Base, Description, build, checksum_of
from index.local.tail import Tail
from index.local.view import LocalView, alive_in, without
from index.local.words import Words
from ingest.errors import LibraryError

LEAST_STALE, SHARE_STALE = 512, 8
"""A new FAISS file is made when more vectors than these, and more than one in so many, are not in it or dead."""


class LocalEngine:
    """FAISS and tantivy, in the library's folder."""

    def __init__(self, place: Place, catalogue: Catalogue) -> None:
        self._place = place
        self._catalogue = catalogue
        self._key = f"vectors-{place.model}"
        self._words = Words(place.folder / "words")
        self._lock = threading.Lock()
        self._view: LocalView | None = None
        self._seen = (-1, "")  # the generation and the file of the view

    def generation(self) -> int:
        try:
            self._open_base(self._catalogue.meta(self._key))
            return self._words.state().generation
        except LibraryError:
            return -1

    def update(self, generation: int, came: Sequence[int], gone: Sequence[int]) -> None:
        batches = self._catalogue.batches(came, self._place.model)
        self._words.update(generation, gone, chain.from_iterable(zip(*batch[:3], strict=True) for batch in batches))

    def settle(self) -> None:
        if Description.parse(self._catalogue.meta(self._key)) is None:
            if self._catalogue.count() > LEAST_STALE:
                self._rebuild(None)
            return
        with self._catalogue.snapshot():
            generation = int(self._catalogue.meta("generation"))
            view = self.view(generation, anyway=True)
            assert view is not None
            if view.stale <= max(LEAST_STALE, len(view.base_alive) // SHARE_STALE):
                return
        self._rebuild(view.base)

    def repair(self, generation: int) -> str:
        done = []
        try:
            state = self._words.state()
            if state.generation != generation:
                there, wanted = state.ids(), self._catalogue.passage_ids()
                came, gone = np.setdiff1d(wanted, there), np.setdiff1d(there, wanted)
                self.update(generation, came.tolist(), gone.tolist())
                done.append(f"words of {len(came):,} passages put in and of {len(gone):,} taken out")
            if len(self._words.state()) != self._catalogue.count():
                raise LibraryError("The words are not those of the passages.")
        except LibraryError:
            self._clear_words()
            self.update(generation, self._catalogue.passage_ids().tolist(), ())
            done.append("words made anew")
        try:
            self._open_base(self._catalogue.meta(self._key))
        except LibraryError:
            self._rebuild(None)
            done.append("vectors made anew")
        return ", ".join(done)

    def view(self, generation: int, *, anyway: bool = False) -> LocalView | None:
        with self._lock:
            file = self._catalogue.meta(self._key)
            if self._view and self._seen == (generation, file):
                return self._view
            words = self._words.state()
            if words.generation != generation and not anyway:
                return None
            view, (seen, old_file) = self._view, self._seen
            if view is None or file != old_file:
                try:
                    base = self._open_base(file)
                except LibraryError:  # replaced since the snapshot was taken, or damaged
                    if not anyway:
                        return None
                    base = None
                view = LocalView(self._catalogue, base, Tail(self._place.dimension), words, alive_in(base))
                seen = base.description.generation if base else 0
            last = view.base.description.last if view.base else 0
            after = int(view.tail.ids[-1]) if len(view.tail.ids) else last
            gone = self._catalogue.gone_after(seen)
            tail = view.tail.after(self._catalogue.blocks(self._place.model, after), gone)
            alive = without(view.base_alive, view.base, gone)
            made = LocalView(self._catalogue, view.base, tail, words, alive)
            if words.generation == generation:
                self._view, self._seen = made, (generation, file)
            return made

    def check(self) -> str:
        wrong = [f"{name} is damaged" for name in self._words.damaged()]
        try:
            with self._catalogue.snapshot():
                passages = self._catalogue.passage_ids()
                view = self.view(int(self._catalogue.meta("generation")), anyway=True)
                assert view is not None
                if not np.array_equal(view.words.ids(), passages):
                    wrong.append("the words are not those of the passages")
                if not np.array_equal(view.ids(), passages):
                    wrong.append("the vectors are not those of the passages")
                if view.base and self._checksum(view.base) != view.base.description.checksum:
                    wrong.append(f"{view.base.description.file} is damaged")
        except LibraryError as error:
            wrong.append(error.reason)
        return ", ".join(wrong)

    def _clear_words(self) -> None:
        self._words.clear()
        self._view = None

    def _checksum(self, base: Base) -> int:
        try:
            return checksum_of(self._place.folder / base.description.file)
        except OSError:
            return -1

    def compact(self) -> None:
        if self._catalogue.meta(self._key):
            self._rebuild(None)
        everything, there = self._catalogue.passage_ids().tolist(), list[int]()
        if self._words.damaged():
            self._clear_words()  # what is damaged is not to be changed: it might end the process
        else:
            there = self._words.state().ids().tolist()
        self.update(int(self._catalogue.meta("generation")), everything, there)

    def discard(self) -> None:
        with self._catalogue.transaction():
            self._catalogue.set_meta({self._key: ""})
        self._sweep("")

    def describe(self) -> str:
        made = Description.parse(self._catalogue.meta(self._key))
        if made is None or not made.cells:
            return "faiss (exact)"
        return f"faiss ({made.cells:,} cells, {made.probes} looked into, recall {made.recall:.3f})"

    def close(self) -> None:
        self._view = None
        self._words.close()

    def _open_base(self, file: str) -> Base | None:
        """Raises `LibraryError` when the file is not whole."""
        described = Description.parse(file)
        if described is None:
            return None
        if self._view and self._view.base and self._view.base.description == described:
            return self._view.base
        try:
            return Base(self._place.folder, described)
        except Exception as error:  # numpy parses a header as Python, and fails in as many ways
            raise LibraryError(f"The vectors' file cannot be read ({error}).", "Run: lessons doctor") from error

    def _rebuild(self, old: Base | None) -> None:
        with self._catalogue.snapshot():
            made = build(self._catalogue, self._place.model, self._place.dimension, self._place.folder, old)
        with self._catalogue.transaction():
            # Of another model's file nobody would know any more which of its vectors are gone.
            self._catalogue.rows("UPDATE meta SET value = '' WHERE key LIKE 'vectors-%'")
            self._catalogue.set_meta({self._key: made.dump()})
            self._catalogue.forget_gone(made.generation)
        self._sweep(made.file)

    def _sweep(self, keep: str) -> None:
        """Remove the files that no longer serve; who has one open keeps it."""
        for file in self._place.folder.glob("vectors-*"):
            if file.name not in (keep, f"{keep.removesuffix('.faiss')}.npy"):
                file.unlink(missing_ok=True)
