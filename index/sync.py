"""Bring the library in line with folders: a plan first, then the work.

A file is known by the hash of its content: unchanged ones cost a look at their size and time, a renamed one keeps
its records, a changed one replaces its passages, a deleted one leaves search. What cannot be read stops nothing.

Files are read by processes of their own while others are embedded. What was read is kept until it is embedded and
stored, so that a run that is stopped or cut short costs the next one nothing but the files it was at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

from index.catalogue import Known
from index.hit import held
from index.library import Library
from index.plan import Plan, plan
from ingest.errors import UnreadableFile
from ingest.model import Prepared, Reading
from ingest.pool import ReaderPool, Stop
from ingest.prepare import cut_reading, revision
from ingest.scan import File, Problem, scan
from ingest.settings import IngestSettings

COMMIT_PASSAGES = 128  # passages gathered before they are embedded and stored: what a crash can cost


@dataclass(frozen=True, slots=True)
class Step:
    """Progress: files finished of all to be read, passages embedded, and the share of all bytes that is done."""

    files: int
    total: int
    passages: int
    share: float
    path: str


@dataclass(slots=True)
class Report:
    """What a sync did (or, for a dry run, would do), and the size of the library after it.

    `lessons` counts all that was recognised; `guidance` of these are guides, templates and reference works, the others
    records.
    `repeats` are pairs of records, by id, where the first tells of an event like that of the second, at another time.
    A run that was `stopped` counts what it did until then.
    """

    added: int = 0
    changed: int = 0
    renamed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    lessons: int = 0
    guidance: int = 0
    passages: int = 0
    near_duplicates: int = 0
    repeats: list[tuple[str, str]] = field(default_factory=list)
    embedded: int = 0
    seconds: float = 0.0
    peak_memory_mb: int = 0
    stopped: bool = False
    files: dict[str, list[str]] = field(default_factory=dict)
    """Of a preview: the paths that are counted, by what would become of them."""

    @property
    def holds(self) -> str:
        """The size in words: `73 records and 4 other texts`."""
        return held(self.lessons - self.guidance, self.guidance)

    def to_json(self) -> dict[str, Any]:
        """The keys other programs rely on."""
        return {name: value for name, value in asdict(self).items() if name != "files" or value}


def preview(
    known: Mapping[str, Known],
    paths: Sequence[Path],
    settings: IngestSettings | None = None,
    library: Path | None = None,
) -> Report:
    """What a sync would do, given the files that the library in that folder knows. Raises `PathNotFound`."""
    started = perf_counter()
    todo = plan(known, scan(paths), settings or IngestSettings(), library)
    report = _report(todo)
    report.files = {
        "added": [str(file.path) for file in todo.added],
        "changed": [str(file.path) for file in todo.changed],
        "renamed": [f"{old} → {file.path}" for old, file in todo.renamed],
        "removed": todo.removed,
    }
    report.seconds = round(perf_counter() - started, 2)
    return report


def sync(
    library: Library,
    paths: Sequence[Path],
    settings: IngestSettings | None = None,
    on_step: Callable[[Step], None] | None = None,
    stop: Stop | None = None,
) -> Report:
    """Index what is new or changed at or below `paths` and take out what is gone from there.

    Once `stop` is set, the run ends soon: what is stored stays, what was read is kept for the next run. Raises
    `PathNotFound` or `LibraryBusy` before anything is changed.
    """
    started = perf_counter()
    settings, stop = settings or IngestSettings(), stop or Event()
    found = scan(paths)
    with library.writing():
        todo = plan(library.known(), found, settings, library.folder)
        report = _report(todo)
        for old, file in todo.renamed:
            library.renew(str(file.path), file.mtime_ns, old, file.root.name if file.root else "")
        for file in todo.touched:
            library.renew(str(file.path), file.mtime_ns)
        if todo.removed:
            library.remove(todo.removed)
        work = _Work(library, todo, settings, report, on_step, stop)
        work.run()
        library.note_problems(
            report.failed, todo.warnings, lambda path: path not in work.left and todo.area.holds(Path(path))
        )
        report.repeats = library.compare_events(stop)
        report.stopped = stop.is_set()
    stats = library.stats()
    report.lessons, report.guidance, report.passages = stats.lessons, stats.guidance, stats.passages
    report.seconds = round(perf_counter() - started, 2)
    report.peak_memory_mb = peak_memory_mb()
    return report


def _report(todo: Plan) -> Report:
    return Report(
        added=len(todo.added),
        changed=len(todo.changed),
        renamed=len(todo.renamed),
        unchanged=todo.unchanged,
        removed=len(todo.removed),
        failed=list(todo.failed),
        warnings=list(todo.warnings),
    )


def peak_memory_mb() -> int:
    """The most memory this process has held, in MB; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1_000_000 if sys.platform == "darwin" else peak // 1000


class _Work:
    """Read files, and cut, embed and store them a hundred passages or so at a time."""

    def __init__(
        self,
        library: Library,
        todo: Plan,
        settings: IngestSettings,
        report: Report,
        on_step: Callable[[Step], None] | None,
        stop: Stop,
    ) -> None:
        self.library = library
        self.files = todo.changed + todo.added
        self.changed = frozenset(todo.changed)
        self.settings = settings
        self.report = report
        self.on_step = on_step
        self.stop = stop
        self.left = {str(file.path) for file in self.files}
        self.bytes = sum(file.size for file in self.files) or 1
        self.done_files = self.done_bytes = self.waiting_bytes = 0
        self.waiting: list[Prepared] = []

    def run(self) -> None:
        """Until all is stored, or until it is to stop; `left` are the paths of the files that are neither then."""
        try:
            if self.files:
                self._read()
                self._store()
            self.library.unstage()
        except _Stopped:
            changed = sum(str(file.path) in self.left for file in self.changed)
            self.report.changed -= changed
            self.report.added -= len(self.left) - changed

    def _read(self) -> None:
        tokens, limit = self.library.embedder.tokens, self.library.manifest.passage_tokens
        with closing(self._readings()) as readings:
            for file, reading in readings:
                self._go_on()
                try:
                    if isinstance(reading, UnreadableFile):
                        raise reading
                    one = cut_reading(reading, tokens, limit)
                except UnreadableFile as error:
                    self._fail(file, error)
                    continue
                self.report.warnings += [Problem(str(file.path), text, "") for text in one.source.warnings]
                self.waiting.append(one)
                self.waiting_bytes += file.size
                if self._waiting_passages() >= COMMIT_PASSAGES:
                    self._store()
        self._go_on()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise _Stopped

    def _readings(self) -> Generator[tuple[File, Reading | UnreadableFile], None, None]:
        """What each file holds: first those that an interrupted run has read, then the others."""
        staged = self.library.staged(revision(self.settings.taxonomy))
        read = [file for file in self.files if staged.get(str(file.path)) == file.mtime_ns]
        for file in read:
            self._at(file)
            yield file, self.library.take_staged(str(file.path))
        with ReaderPool(self.settings) as pool:
            before = set(read)
            unread = [file for file in self.files if file not in before]
            results = pool.read(unread, self.library.stage, self.stop)
            for file in unread:
                self._at(file)
                found = next(results, None)
                if found is None:  # it is to stop
                    return
                yield found

    def _fail(self, file: File, error: UnreadableFile) -> None:
        """List the file; an earlier revision of it stays as it was."""
        known = file in self.changed
        self.report.changed -= known
        self.report.added -= not known
        self.report.failed.append(Problem(str(file.path), error.reason, error.remedy))
        self.left.discard(str(file.path))
        self.done_files += 1
        self.done_bytes += file.size

    def _waiting_passages(self) -> int:
        return sum(len(passages) for one in self.waiting for _, passages in one.lessons)

    def _store(self) -> None:
        if not self.waiting:
            return
        count = max(1, self._waiting_passages())
        before = self.report.embedded
        last = self.waiting[-1].source.path

        def embedded(number: int) -> None:
            self.report.embedded += number
            part = self.waiting_bytes * (self.report.embedded - before) / count
            share = (self.done_bytes + part) / self.bytes
            self._step(share, last)
            if self.report.embedded - before < count:
                self._go_on()

        try:
            self.report.near_duplicates += self.library.add(self.waiting, embedded)
        except _Stopped:
            self.report.embedded = before
            raise
        self.left.difference_update(one.source.path for one in self.waiting)
        self.done_files += len(self.waiting)
        self.done_bytes += self.waiting_bytes
        self.waiting, self.waiting_bytes = [], 0
        self._step(self.done_bytes / self.bytes, last)

    def _at(self, file: File) -> None:
        self._step(self.done_bytes / self.bytes, str(file.path))

    def _step(self, share: float, path: str) -> None:
        if self.on_step:
            self.on_step(Step(self.done_files, len(self.files), self.report.embedded, share, path))


class _Stopped(Exception):
    """The run is to end."""
