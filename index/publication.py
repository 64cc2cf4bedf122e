"""The searchable state of a library: vectors and words, numbered to match a state of the catalogue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from index.catalogue import Catalogue
from index.embedder import Vectors
from index.vectors import FlatVectors
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
        except (RuntimeError, OSError):  # FAISS's word for a file that is no index
            return False
        return True

    def next_generation(self) -> str:
        return str(int(self._catalogue.meta("generation", "0")) + 1)

    def refresh(self) -> None:
        """Load the last publication if it is not the one in memory."""
        with self._lock:
            published = self._catalogue.meta("published")
            if published != self._loaded:
                self.vectors = FlatVectors.load(self._file(published))
                self.words.reload()
                self._loaded = published

    def update(self, gone: Sequence[int], came: Sequence[tuple[int, str]], vectors: Vectors) -> None:
        """Publish a commit: passages that went and came, with the vectors of those that came, in their order."""
        self.refresh()
        with self._lock:
            self.vectors.remove(gone)
            self.vectors.add([number for number, _ in came], vectors)
            self.words.update(gone, came)
            self._publish()

    def rebuild(self) -> None:
        """Make vectors and words anew from the catalogue."""
        with self._lock:
            self.vectors = FlatVectors(self._dimension)
            self.words.update([], [], clear=True)
            for ids, texts, vectors in self._catalogue.embeddings():
                self.vectors.add(ids, vectors)
                self.words.update([], list(zip(ids, texts, strict=True)))
            self._publish()

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
