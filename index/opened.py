"""A library as this process has it open: catalogue and engine at one generation, one writer at a time."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from index.catalogue import Catalogue
from index.database import REMEDY
from index.embedder import Embedder
from index.engine import Engine, Place, View, engine_class
from index.judge import Cross, by_tokens
from index.manifest import Manifest, embedder_of, settle_home, take_over
from index.ranking import Ranking, Scores
from index.settings import IndexSettings
from ingest import ignore
from ingest.errors import EmbedderMismatch, LibraryBusy, LibraryError, LibraryMissing

logger = logging.getLogger(__name__)

WAIT = 5.0  # seconds for another writer to finish
PATIENCE = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""Seconds between attempts to see catalogue and engine at one generation: a writer is between its two commits for
milliseconds."""
_KEEPS_TOKENS = "SELECT 1 FROM models WHERE id = ? AND basis IS NOT NULL"  # since `lessons reindex`, say


class Serving:
    """What a library is searched by: they belong together, whatever else serves meanwhile."""

    def __init__(self, manifest: Manifest, embedder: Embedder, make_engine: Callable[[], Engine]) -> None:
        self.manifest = manifest
        self.embedder = embedder
        self.checked = False
        self.made: Engine | None = None
        self._make = make_engine
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """Made when it is first needed: much can be done while a server does not answer."""
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made

    def ready(self) -> Embedder:
        """The embedder, whose vectors are comparable with those stored. Raises `EmbedderMismatch`."""
        if not self.checked:
            self.manifest.check_probe(self.embedder)
            self.checked = True
        return self.embedder


class OpenLibrary:
    """A folder with the catalogue (the truth) and an engine made from it to search by.

    A commit is the engine's first, then the catalogue's, which makes it count. A reader takes the catalogue as it is,
    and the engine's state for it; whoever writes next brings the two together if a writer was cut short in between.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, settings: IndexSettings, embedder: Embedder | None) -> None:
        """Use `Library.open`."""
        self.folder = folder
        self.settings = settings
        self.catalogue = catalogue
        self._given = embedder
        self._known: dict[tuple[str, ...], Serving] = {}
        self._lock = threading.Lock()
        self._cross = Cross(settings.cross_encoder, settings.cross_reads) if settings.cross_encoder else None
        self._ahead = False  # whether the engine may hold what the catalogue did not take
        self._writer = FileLock(folder / "writer.lock")
        # Busy: the writer at work brings them together. No room, or no server: it is tried again at the next opening.
        with suppress(LibraryError, OSError, sqlite3.OperationalError):
            if self.engine.generation() != self.generation():
                with self.writing(wait=0):
                    pass

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
        path = folder / "catalogue.sqlite"
        if not path.exists() and not create:
            raise LibraryMissing(f"There is no library in {folder}.", "Make one with: lessons index FOLDER")
        new = None
        if not path.exists():
            new = Manifest.of(embedder or embedder_of(None, settings), settings)
            engine_class(new.engine)
            folder.mkdir(parents=True, exist_ok=True)
            # A library may lie in a folder that is indexed into it.
            with suppress(FileExistsError), (folder / ignore.NAME).open("x", encoding="utf-8") as file:
                file.write("*\n")
        catalogue = Catalogue(path)
        try:
            take_over(catalogue, folder)
            settle_home(catalogue, folder)
            manifest = Manifest.load(catalogue)
            if manifest is None:
                with catalogue.transaction():
                    if Manifest.load(catalogue) is None:  # else: another process was faster
                        (new or Manifest.of(embedder or embedder_of(None, settings), settings)).save(catalogue)
            else:
                manifest.check(settings)
            library = cls(folder, catalogue, settings, embedder)
            if new:
                _ = library.engine  # a library that nothing can search is not made
            return library
        except BaseException:
            catalogue.close()
            if new:
                for made in folder.glob(f"{path.name}*"):
                    made.unlink()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the files; the library cannot be used afterwards."""
        for serving in self._known.values():
            if serving.made:
                serving.made.close()
        self.catalogue.close()

    @contextmanager
    def writing(self, wait: float = WAIT, *, mend: bool = True) -> Iterator[None]:
        """Hold the library for writing; may be nested. Raises `LibraryBusy` when another process has it.

        `wait` is how many seconds to wait for the other. Without `mend` the engine is left as it is.
        """
        outermost = not self._writer.is_locked
        try:
            self._writer.acquire(timeout=wait)
        except Timeout as error:
            raise LibraryBusy(
                f"Another process is indexing into {self.folder}.", "Wait until it is done, then try again."
            ) from error
        except OSError as error:
            raise LibraryError(f"The library in {self.folder} cannot be written: {error}.", REMEDY) from error
        try:
            if outermost and mend:
                self._mend()
            yield
        finally:
            self._writer.release()

    @contextmanager
    def committing(self) -> Iterator[None]:
        """All that is done inside is stored and found, or nothing. Raises `LibraryBusy` or `LibraryError`."""
        with self.storing():
            if self._ahead:
                self._mend()
            self._ahead = True
            with self.catalogue.transaction():
                generation, last = self.generation() + 1, self.catalogue.last_passage()
                yield
                came, gone = self.catalogue.passages_after(last), self.catalogue.gone_after(generation - 1)
                values = {"revision": str(int(self.catalogue.meta("revision")) + 1)}
                if came or gone:
                    self.engine.update(generation, came, gone)
                    values["generation"] = str(generation)
                self.catalogue.set_meta(values)
            self._ahead = False
            if came or gone:
                try:
                    self.engine.settle()
                except (OSError, sqlite3.OperationalError, LibraryError) as error:
                    logger.warning("%s: put off to the next commit: %s", self.folder, error)  # all is stored already

    @contextmanager
    def storing(self, *, mend: bool = True) -> Iterator[None]:
        """Hold the library for writing. Raises `LibraryBusy`, and `LibraryError` for what the disk refuses."""
        with self.writing(mend=mend):
            try:
                yield
            except (OSError, sqlite3.DatabaseError) as error:
                raise LibraryError(f"The library in {self.folder} cannot be written: {error}.", REMEDY) from error

    def generation(self) -> int:
        """Grows with every commit that changes passages."""
        return int(self.catalogue.meta("generation"))

    def _mend(self) -> None:
        """Bring the engine in line with the catalogue if somebody was cut short between the two commits."""
        self._ahead = False
        if self.engine.generation() != self.generation():
            done = self.engine.repair(self.generation())
            if not self.generation():  # just made
                return
            logger.info("%s: %s", self.folder, done)
            with self.catalogue.transaction():
                self.catalogue.set_meta({"repaired": f"{time.strftime('%Y-%m-%d %H:%M')}: {done}"})

    @property
    def manifest(self) -> Manifest:
        """What holds in the state that this thread reads."""
        return self.serving().manifest

    @property
    def engine(self) -> Engine:
        """What searches it."""
        return self.serving().engine

    @property
    def embedder(self) -> Embedder:
        """What made its vectors."""
        return self.serving().embedder

    def serving(self) -> Serving:
        """What serves in the state that this thread reads: another process may have changed it, or be about to."""
        key = tuple(self.catalogue.meta(name) for name in ("model", "engine", "address"))
        with self._lock:
            if key not in self._known:
                manifest = Manifest.load(self.catalogue)
                assert manifest is not None
                fits = self._given and (not self._known or self._given.name == manifest.embedder)
                embedder = self._given if self._given and fits else embedder_of(manifest, self.settings)
                make = partial(engine_class(manifest.engine), self.place(manifest), self.catalogue)
                self._known[key] = Serving(manifest, embedder, make)
            serving = self._known[key]
            if not serving.manifest.basis and self.catalogue.rows(_KEEPS_TOKENS, key[:1]):
                serving.manifest = Manifest.load(self.catalogue, int(key[0])) or serving.manifest
            return serving

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        """Catalogue and engine at one generation, as this thread reads them inside."""
        for wait in (*PATIENCE, None):
            with self.catalogue.snapshot():
                view = self.engine.view(self.generation(), anyway=wait is None)
                if view is not None:
                    yield view
                    return
            time.sleep(wait or 0)
        raise AssertionError("an engine gives a view if any will do")

    def ranking(self) -> Ranking:
        """How scores are weighed: as the library was tuned, unless the settings say otherwise."""
        tuned = Ranking(**self.tuned().get("ranking", {}))
        return tuned if self.settings.dense_weight is None else replace(tuned, dense=self.settings.dense_weight)

    def tuned(self) -> dict[str, dict[str, float]]:
        """What `lessons tune` kept for the model that serves, by part."""
        kept: dict[str, dict[str, float]] = json.loads(self.catalogue.meta(self._tuned_for, "{}"))
        return kept

    @property
    def _tuned_for(self) -> str:
        return f"tuned-{self.catalogue.meta('model')}"

    def tune(self, parts: Mapping[str, Mapping[str, float]], model: int | None = None) -> None:
        """Keep these parts beside those tuned before, if for that `model`; none of them forgets all.

        Raises `LibraryBusy`, or `EmbedderMismatch` where another model serves.
        """
        with self.storing(), self.catalogue.transaction():
            if model not in (None, int(self.catalogue.meta("model"))):
                raise EmbedderMismatch("Another embedder came to serve meanwhile.", "Tune to that one: lessons tune")
            kept = {**self.tuned(), **parts} if parts else {}
            self.catalogue.set_meta({self._tuned_for: json.dumps(kept)})

    def judge(self, query: str, ids: Sequence[int], serving: Serving) -> Scores:
        """A second look at passages, best first: scores of shape (n,), NaN for one that was not looked at."""
        if self._cross:
            return self._cross.judge(query, ids, self.catalogue)
        return by_tokens(query, ids, self.catalogue, serving)

    def place(self, manifest: Manifest) -> Place:
        """Where an engine keeps what it makes for that manifest."""
        token = self.settings.token.get_secret_value() if self.settings.token else ""
        address = self.settings.address or manifest.address
        return Place(self.folder, manifest.library, manifest.model, manifest.dimension, address, token)
