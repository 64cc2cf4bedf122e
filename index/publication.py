"""The searchable state of a library: vectors and words, numbered to match a state of the catalogue."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from index.catalogue import Catalogue
from index.vectors import FlatVectors, Ids
from index.words import Words


class Publication:
    """Derived from the catalogue and rebuilt from it whenever it was cut short.

    A commit raises the catalogue's `generation`; when `vectors-<generation>.faiss` and the words are on disk too,
    `published` follows. So a reader, here or in another process, never loads a half-written state.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, dimension: int) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._dimension = dimension
        self._lock = threading.Lock()
        self._loaded = ""
        self.vectors = FlatVectors(dimension)
        self.words = Words(folder / "words")

    @property
    def is_whole(self) -> bool:
        """Whether vectors and words match the catalogue."""
        published = self._catalogue.meta("published")
        if published != self._catalogue.meta("generation") or len(self.words) != self._catalogue.counts()[2]:
            return False
        try:
            self.refresh()
            self.words.search("lesson", 1)
        except (RuntimeError, OSError, ValueError):  # FAISS's and tantivy's words for files that are no index
            return False
        return len(self.vectors) == len(self.words)

    def next_generation(self) -> str:
        return str(int(self._catalogue.meta("generation", "0")) + 1)

    def refresh(self) -> None:
        """Load the last publication if it is not the one in memory."""
        with self._lock:
            while (published := self._catalogue.meta("published")) != self._loaded:
                try:
                    self.vectors = FlatVectors.load(self._file(published))
                except RuntimeError:
                    if published == self._catalogue.meta("published"):  # else: replaced while it was opened
                        raise
                    continue
                self.words.reload()
                self._loaded = published

    def publish(self) -> None:
        """Bring vectors and words in line with the catalogue, and let everyone see them."""
        self.refresh()
        with self._lock:
            before, now = self.vectors.ids(), self._catalogue.passage_ids()
            gone, came = np.setdiff1d(before, now), np.setdiff1d(now, before)
            self.vectors.remove(gone)
            # A passage that came may be among the words already, if an earlier publication was cut short.
            self.words.update([*gone.tolist(), *came.tolist()], self._add(came))
            self._publish()

    def heal(self) -> None:
        """Make whole what is not: by what is missing where that can be told, else anew from the catalogue."""
        with suppress(RuntimeError, OSError, ValueError):
            self.publish()
            if self.is_whole:
                return
        with self._lock:
            self.vectors = FlatVectors(self._dimension)
            self.words.update([], self._add(self._catalogue.passage_ids()), clear=True)
            self._publish()

    def _add(self, ids: Ids) -> Iterator[tuple[int, str]]:
        """Add the vectors of passages, and yield their ids and texts."""
        for numbers, texts, vectors in self._catalogue.embeddings(ids.tolist()):
            self.vectors.add(numbers, vectors)
            yield from zip(numbers, texts, strict=True)

    def _publish(self) -> None:
        generation = self._catalogue.meta("generation")
        self.vectors.save(self._file(generation))
        with self._catalogue.transaction():
            self._catalogue.set_meta({"published": generation})
        self._loaded = generation
        for old in self._folder.glob("vectors-*.faiss"):
            if old != self._file(generation):
                old.unlink(missing_ok=True)

    def _file(self, generation: str) -> Path:
        return self._folder / f"vectors-{generation}.faiss"
