"""One door to everything indexed: `open`, `add`, `remove`, `search`, `get`, `stats`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from filelock import FileLock, Timeout

from index.catalogue import Catalogue, Known, searchable
from index.clock import Clock
from index.embedder import Embedder, Vectors
from index.filters import Filters
from index.fusion import fuse
from index.hit import Hit, Hits, LessonView, SourceView, Stats
from index.manifest import Manifest, embedder_of
from index.publication import Publication
from index.settings import IndexSettings
from ingest.errors import BadQuestion, LibraryBusy, LibraryMissing, SchemaMismatch
from ingest.model import Prepared

Mode = Literal["hybrid", "dense", "lexical"]
ENGINE = "faiss-flat"
EMBED_AT_ONCE = 256  # passages between two reports of progress


class Library:
    """A folder with a manifest, the catalogue (the truth) and what is derived from it to search by."""

    def __init__(self, folder: Path, embedder: Embedder, settings: IndexSettings, manifest: Manifest) -> None:
        """Use `Library.open`."""
        self.folder = folder
        self.embedder = embedder
        self.settings = settings
        self.manifest = manifest
        self._checked = False
        self._catalogue = Catalogue(folder / "catalogue.sqlite")
        self._publication = Publication(folder, self._catalogue, manifest.dimension)
        self._writer = FileLock(folder / "writer.lock", timeout=5)
        if not self._publication.is_whole:
            with suppress(LibraryBusy), self.writing():  # busy: the writer at work will publish
                self._publication.rebuild()

    @classmethod
    def open(
        cls,
        folder: Path,
        settings: IndexSettings | None = None,
        *,
        embedder: Embedder | None = None,
        create: bool = False,
    ) -> Self:
        """The library in `folder`; with `create`, a new one if there is none.

        `embedder` takes the place of the one the settings name. Raises `LibraryMissing`, `SchemaMismatch` or
        `EmbedderMismatch`.
        """
        settings = settings or IndexSettings()
        manifest = Manifest.load(folder)
        if manifest is None and not create:
            raise LibraryMissing(f"There is no library in {folder}.", "Make one with: lessons index FOLDER")
        embedder = embedder or embedder_of(manifest, settings)
        if manifest is None:
            if (folder / "catalogue.sqlite").exists():
                reason = f"The library in {folder} has lost its manifest: what made its vectors is not known."
                raise SchemaMismatch(reason, "Move the folder away and index the documents again.")
            folder.mkdir(parents=True, exist_ok=True)
            manifest = Manifest.of(embedder, settings.passage_tokens)
            manifest.save(folder)
        manifest.check(settings)
        return cls(folder, embedder, settings, manifest)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the files; the library cannot be used afterwards."""
        self._catalogue.close()

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the library for writing; may be nested. Raises `LibraryBusy` when another process has it."""
        try:
            self._writer.acquire()
        except Timeout as error:
            raise LibraryBusy(
                f"Another process is indexing into {self.folder}.", "Wait until it is done, then try again."
            ) from error
        try:
            yield
        finally:
            self._writer.release()

    def add(self, prepared: Sequence[Prepared], on_embedded: Callable[[int], None] | None = None) -> int:
        """Embed and store sources, each in place of its earlier revision. Returns the number of passages.

        `on_embedded` is called with the number of passages embedded since its last call.
        """
        self._check_embedder()
        cut = [[searchable(passage) for _, passages in one.lessons for passage in passages] for one in prepared]
        vectors = self._embed([text for texts in cut for text in texts], on_embedded)
        gone: list[int] = []
        came: list[tuple[int, str]] = []
        with self.writing():
            with self._catalogue.transaction():
                at = 0
                for one, texts in zip(prepared, cut, strict=True):
                    went, new = self._catalogue.put(one, vectors[at : at + len(texts)])
                    at += len(texts)
                    gone += went
                    came += new
                self._catalogue.set_meta({"generation": self._publication.next_generation()})
            self._publication.update(gone, came, vectors)
        return len(came)

    def remove(self, paths: Sequence[str]) -> int:
        """Take sources out of search; old citations still resolve. Returns how many were there."""
        with self.writing():
            with self._catalogue.transaction():
                known = self._catalogue.known()
                living = [path for path in paths if path in known]
                gone = [number for path in living for number in self._catalogue.archive(path)]
                self._catalogue.set_meta({"generation": self._publication.next_generation()})
            self._publication.update(gone, [], np.empty((0, self.manifest.dimension), np.float32))
        return len(living)

    # -- reading

    def search(
        self,
        query: str,
        k: int = 10,
        filters: Filters | None = None,
        *,
        mode: Mode = "hybrid",
        per_lesson: int = 2,
    ) -> Hits:
        """The `k` best passages, at most `per_lesson` of one record. Raises `BadFilter` or `BadQuestion`."""
        query = query.encode("utf-8", "replace").decode()  # half characters cannot be encoded by anyone below
        if not query.strip():
            raise BadQuestion("The query is empty.", "Say in a few words what you are looking for.")
        clock = Clock()
        self._publication.refresh()
        allowed = self._catalogue.allowed(filters) if filters else None
        clock.lap("filter")
        ids, dense, lexical = self._candidates(query, allowed, mode, clock)
        weight = {"hybrid": self.settings.dense_weight, "dense": 1.0, "lexical": 0.0}[mode]
        scores = fuse(dense, lexical, weight)
        rows = self._catalogue.passages(ids)
        hits: list[Hit] = []
        taken: Counter[int] = Counter()
        for at in np.argsort(-scores, kind="stable"):
            row = rows.get(ids[at])  # none: gone since the last publication
            if row is None or taken[row["lesson"]] == per_lesson:
                continue
            taken[row["lesson"]] += 1
            hits.append(Hit.from_row(row, len(hits) + 1, float(scores[at]), float(dense[at]), float(lexical[at])))
            if len(hits) == k:
                break
        clock.lap("rank")
        return Hits(query, tuple(hits), clock.took())

    def get(self, lesson_id: str) -> LessonView:
        """A whole record, archived ones included. Raises `NotInLibrary`."""
        return self._catalogue.lesson(lesson_id)

    def source(self, source_id: int) -> SourceView:
        """A source as indexed, archived ones included. Raises `NotInLibrary`."""
        return self._catalogue.source(source_id)

    def words_of(self, text: str) -> list[str]:
        """The stemmed words of a text, as the lexical search sees them."""
        return self._publication.words.words_of(text)

    def rarity(self, text: str) -> dict[str, float]:
        """How rare each (stemmed) word of a text is in the library: its inverse document frequency."""
        self._publication.refresh()
        return self._publication.words.rarity(text)

    def find_ids(self, names: Sequence[str], numbers: Sequence[str] = ()) -> list[str]:
        """The ids of records that are one of `names`, or end in a hyphen and one of `numbers`."""
        return self._catalogue.find_ids(names, numbers)

    def known(self) -> dict[str, Known]:
        """The files that can be found, by path."""
        return self._catalogue.known()

    def renew(self, path: str, mtime_ns: int, moved_from: str = "") -> None:
        """Note that a file has the content we know under another time or, with `moved_from`, under another path."""
        with self.writing(), self._catalogue.transaction():
            if moved_from:
                self._catalogue.move(moved_from, path)
            self._catalogue.touch(path, mtime_ns)

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """For each filter field, its values with the number of records, most frequent first; years newest first."""
        return self._catalogue.facets()

    def stats(self) -> Stats:
        """Counts of what can be found."""
        documents, lessons, passages, updated_at = self._catalogue.counts()
        return Stats(documents, lessons, passages, ENGINE, self.manifest.embedder, updated_at)

    def _candidates(
        self, query: str, allowed: Sequence[int] | None, mode: Mode, clock: Clock
    ) -> tuple[list[int], Vectors, Vectors]:
        """The passages either search finds, with both scores; a vector score is computed for all of them."""
        count = self.settings.candidates
        words, near = dict[int, float](), dict[int, float]()
        vector: Vectors | None = None
        if mode != "lexical":
            self._check_embedder()
            vector = self.embedder.query(query)
            clock.lap("embed")
            found, similarities = self._publication.vectors.search(vector, count, allowed)
            near = dict(zip(found.tolist(), similarities.tolist(), strict=True))
            clock.lap("vectors")
        if mode != "dense":
            words = dict(self._publication.words.search(query, count, allowed))
            clock.lap("words")
        ids = list(dict.fromkeys([*near, *words]))
        if vector is not None:
            only_words = [number for number in ids if number not in near]
            near |= dict(zip(only_words, self._publication.vectors.scores(vector, only_words).tolist(), strict=True))
        dense = np.array([near.get(number, 0.0) for number in ids], np.float32)
        return ids, dense, np.array([words.get(number, 0.0) for number in ids], np.float32)

    def _embed(self, texts: Sequence[str], on_embedded: Callable[[int], None] | None) -> Vectors:
        """Vectors of `texts`, in their order; embedded by length, so that a batch holds little padding."""
        vectors = np.empty((len(texts), self.manifest.dimension), np.float32)
        by_length = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        for at in range(0, len(texts), EMBED_AT_ONCE):
            chunk = by_length[at : at + EMBED_AT_ONCE]
            vectors[chunk] = self.embedder.documents([texts[number] for number in chunk])
            if on_embedded:
                on_embedded(len(chunk))
        return vectors

    def _check_embedder(self) -> None:
        """Once, when the model is first needed: its vectors must be comparable with those stored."""
        if not self._checked:
            self.manifest.check_probe(self.embedder)
            self._checked = True
