"""Keep a library in sync with folders for as long as somebody wants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Literal

from index.sync import Report, sync
from ingest.errors import PathNotFound
from ingest.ignore import NAME as RULES_FILE
from ingest.scan import Problem, absolute, existing, passed_over
from ingest.settings import IngestSettings

if TYPE_CHECKING:
    from index.library import Library

TICK_MS = 1_000  # how often the watched paths themselves are looked at: one may be replaced or come back
QUIET_MS = 300  # without a change, before a sync: a file is often written in several steps
LONGEST_WAIT_MS = 5_000  # for that quiet, while something changes all the time
LONGEST_PAUSE = 60.0  # seconds between two attempts at what failed
POLL_SECONDS = 10.0  # between two syncs where the system cannot watch


def watch(
    library: Library,
    paths: Sequence[Path],
    settings: IngestSettings,
    on_report: Callable[[Report], None],
    stop: Event,
    on_error: Callable[[Exception], None] | None = None,
) -> None:
    """Sync now, then after every change at or below `paths`, until `stop` is set.

    `on_report` gets the first report and that of each sync that did something or met a new problem. What fails is
    tried again, a busy library too; `on_error` is told once. Raises `PathNotFound` if a path is not there at first.
    """
    _Watch(library, existing(paths), settings, on_report, on_error, stop).run()


@dataclass
class _Watch:
    library: Library
    roots: tuple[Path, ...]
    settings: IngestSettings
    on_report: Callable[[Report], None]
    on_error: Callable[[Exception], None] | None
    stop: Event
    due: bool = True
    pause: float = 0.0
    not_before: float = 0.0
    told: dict[str, str] = field(default_factory=dict)
    problems: frozenset[Problem] | None = None

    def run(self) -> None:
        self._sync()
        while not self.stop.is_set():
            self.due = True  # what changed while nobody watched
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - the system has no more watches, say: syncs go on at intervals
                self._tell("watch", error)
                self.stop.wait(POLL_SECONDS)
                self._sync()

    def _follow(self) -> None:
        """Sync after each change, until the paths are no longer the files and folders that are being watched."""
        import watchfiles

        watched = self._identities()
        if not watched:
            self.stop.wait(TICK_MS / 1000)
            return
        changes = watchfiles.watch(
            *watched,
            watch_filter=self._matters,
            debounce=LONGEST_WAIT_MS,
            step=QUIET_MS,
            stop_event=self.stop,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        for changed in changes:
            self._tell("watch", None)
            self.due = self.due or bool(changed)
            if self.due and monotonic() >= self.not_before:
                self._sync()
            if self._identities() != watched:
                self.not_before = 0.0
                return

    def _sync(self) -> None:
        there = [root for root in self.roots if root.exists()]
        try:
            report = sync(self.library, there, self.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, it may be over in a minute
            self._failed(error)
            return
        self.due, self.pause, self.not_before = False, 0.0, 0.0
        did = report.added + report.changed + report.renamed + report.removed
        problems = frozenset(report.failed)
        if did or self.problems is None or problems - self.problems:
            self.on_report(report)
        self.problems = problems
        gone = next((root for root in self.roots if root not in there), None)
        missing = PathNotFound(f"{gone} is gone; its records were kept.", "It is waited for.") if gone else None
        self._tell("sync", missing)

    def _failed(self, error: Exception) -> None:
        self.pause = min(2 * self.pause or 1.0, LONGEST_PAUSE)
        self.not_before = monotonic() + self.pause
        self._tell("sync", error)

    def _tell(self, what: Literal["sync", "watch"], error: Exception | None) -> None:
        """Pass on what failed, but not the same thing again and again."""
        if error is not None and str(error) != self.told.get(what) and self.on_error:
            self.on_error(error)
        self.told[what] = "" if error is None else str(error)

    def _identities(self) -> dict[Path, tuple[int, int]]:
        """Which file or folder each path is now: one that was replaced is not the one that is watched."""
        found = {}
        for root in self.roots:
            try:
                stat = root.stat()
            except OSError:
                continue
            found[root] = (stat.st_dev, stat.st_ino)
        return found

    def _matters(self, change: object, path: str) -> bool:  # noqa: ARG002 - as watchfiles calls it
        """Whether a sync could see the change; the system may name it by the path without links."""
        changed = Path(path)
        own = absolute(self.library.folder)
        if any(changed.is_relative_to(folder) for folder in (own, own.resolve())):
            return False
        for root in (*self.roots, *(root.resolve() for root in self.roots)):
            if changed.is_relative_to(root):
                *folders, name = ("", *changed.relative_to(root).parts)
                if not any(map(passed_over, folders)) and (name == RULES_FILE or not passed_over(name)):
                    return True
        return False
