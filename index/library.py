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
from ingest import ignore
from ingest.errors import BadQuestion, LibraryBusy, LibraryMissing, SchemaMismatch
from ingest.model import Lesson, Prepared, Reading

Mode = Literal["hybrid", "dense", "lexical"]
ENGINE = "faiss-flat"
WAIT = 5.0  # seconds for another writer to finish
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
        self._writer = FileLock(folder / "writer.lock")
        if not self._publication.is_whole:
            with suppress(LibraryBusy), self.writing(wait=0):  # busy: the writer at work will publish
                self._publication.heal()

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
            # A library may lie in a folder that is indexed into it.
            (folder / ignore.NAME).write_text("*\n", encoding="utf-8")
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
    def writing(self, wait: float = WAIT) -> Iterator[None]:
        """Hold the library for writing; may be nested. Raises `LibraryBusy` when another process has it.

        `wait` is how many seconds to wait for the other.
        """
        try:
            self._writer.acquire(timeout=wait)
        except Timeout as error:
            raise LibraryBusy(
                f"Another process is indexing into {self.folder}.", "Wait until it is done, then try again."
            ) from error
        try:
            yield
        finally:
            self._writer.release()

    def add(
        self, prepared: Sequence[Prepared], on_embedded: Callable[[int], None] | None = None, *, publish: bool = True
    ) -> int:
        """Embed and store sources, each in place of its earlier revision. Returns the number of near-duplicates found.

        A passage that an earlier revision has word for word keeps its vector. `on_embedded` is called with the number
        of passages embedded since its last call. What is stored survives a crash; it is found after `publish`, which
        costs about the same for one passage as for thousands and may be left for later.
        """
        self._check_embedder()
        texts, vectors = self._embed_all(prepared, on_embedded)
        linked = at = 0
        with self.writing():
            with self._catalogue.transaction():
                for one, own in zip(prepared, texts, strict=True):
                    linked += self._catalogue.put(one, vectors[at : at + len(own)])
                    at += len(own)
                self._catalogue.set_meta({"generation": self._publication.next_generation()})
            if publish:
                self._publication.publish()
        return linked

    def publish(self) -> None:
        """Let everyone find what was stored."""
        with self.writing():
            self._publication.publish()

    def remove(self, paths: Sequence[str]) -> int:
        """Take sources out of search; old citations still resolve. Returns how many were there."""
        with self.writing():
            with self._catalogue.transaction():
                known = self._catalogue.known()
                living = [path for path in paths if path in known]
                for path in living:
                    self._catalogue.archive(path)
                self._catalogue.set_meta({"generation": self._publication.next_generation()})
            self._publication.publish()
        return len(living)

    def stage(self, reading: Reading) -> None:
        """Keep what was read of a file until it is added, for a run that takes over from one that was cut short."""
        with self._catalogue.transaction():
            self._catalogue.stage(reading)

    def staged(self, revision: int) -> dict[str, int]:
        """The files that were read in this way and not added, by path, with their modification time."""
        return self._catalogue.staged(revision)

    def take_staged(self, path: str) -> Reading:
        """What was read of a file that is staged."""
        return self._catalogue.take_staged(path)

    def unstage(self) -> None:
        """Forget what was read and not added."""
        with self._catalogue.transaction():
            self._catalogue.unstage()

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
        best: list[int] = []
        taken: Counter[int] = Counter()
        for at in np.argsort(-scores, kind="stable"):
            row = rows.get(ids[at])  # none: gone since the last publication
            if row is None or taken[row["lesson"]] == per_lesson:
                continue
            taken[row["lesson"]] += 1
            best.append(int(at))
            if len(best) == k:
                break
        sections = self._catalogue.sections(list(taken))
        hits = tuple(
            Hit.from_row(row, sections[row["lesson"]], rank, float(scores[at]), float(dense[at]), float(lexical[at]))
            for rank, at in enumerate(best, 1)
            if (row := rows[ids[at]])
        )
        clock.lap("rank")
        return Hits(query, hits, clock.took())

    def get(self, lesson_id: str) -> LessonView:
        """A whole record, archived ones included. Raises `NotInLibrary`."""
        return self._catalogue.lesson(lesson_id)

    def lessons(self, filters: Filters | None = None) -> Iterator[tuple[Lesson, str, str]]:
        """Every lesson that can be found, or that matches, with its text and the path of its source.

        Spans point into the source's text; the lesson's own text is that at `start:end`. Raises `BadFilter`.
        """
        return self._catalogue.lessons(filters or {})

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

    def _embed_all(
        self, prepared: Sequence[Prepared], on_embedded: Callable[[int], None] | None
    ) -> tuple[list[list[str]], Vectors]:
        """The searchable texts of each source, and the vectors of all in their order; only new texts are embedded."""
        texts = [[searchable(passage) for _, passages in one.lessons for passage in passages] for one in prepared]
        vectors = np.empty((sum(map(len, texts)), self.manifest.dimension), np.float32)
        new: dict[int, str] = {}
        at = 0
        for one, own in zip(prepared, texts, strict=True):
            earlier = self._catalogue.vectors_of(one.source.path)
            for text in own:
                if text in earlier:
                    vectors[at] = earlier[text]
                else:
                    new[at] = text
                at += 1
        if on_embedded and at > len(new):
            on_embedded(at - len(new))
        # By length, so that a batch holds little padding.
        by_length = sorted(new, key=lambda number: len(new[number]))
        for first in range(0, len(by_length), EMBED_AT_ONCE):
            chunk = by_length[first : first + EMBED_AT_ONCE]
            vectors[chunk] = self.embedder.documents([new[number] for number in chunk])
            if on_embedded:
                on_embedded(len(chunk))
        return texts, vectors

    def _check_embedder(self) -> None:
        """Once, when the model is first needed: its vectors must be comparable with those stored."""
        if not self._checked:
            self.manifest.check_probe(self.embedder)
            self._checked = True
