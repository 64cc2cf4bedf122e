"""Indexing in the background: one job at a time, in a process of its own, so that the page answers meanwhile."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Literal, Self

from index.settings import IndexSettings
from index.sync import Report, Step
from ingest.errors import LibraryBusy, PathNotFound
from ingest.scan import existing
from ingest.settings import IngestSettings
from ui.web.job_process import Failure, Task, run

State = Literal["running", "done", "stopped", "failed"]
GRACE = 15.0  # seconds for a process to end by itself once it is asked to
POLL = 0.25  # seconds between two looks at whether that time is over


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands: what was asked for by whom, how far it is, and what came of it.

    `given` are the files that it was started for, where these are not all of `paths`.
    `files` of `total` files are done, `passages` are embedded, `share` (0 to 1) of all bytes is done, and `path` is the
    file it is at. `started` is in UTC. `rate` is passages a second; `left` is an estimate of the seconds left, None
    while it cannot be told. `stopping` is True from when it was asked to stop until it has. `report` is there when the
    sync came to an end, `problem` says why it did not.
    """

    paths: tuple[Path, ...]
    by: str
    given: frozenset[str]
    started: datetime
    state: State
    stopping: bool
    files: int
    total: int
    passages: int
    share: float
    path: str
    seconds: float
    rate: float
    left: float | None
    report: Report | None
    problem: str


class Jobs:
    """Runs syncs of one library. May be used from several threads; `close` it when the server ends."""

    def __init__(self, library_folder: Path, index_settings: IndexSettings, ingest_settings: IngestSettings) -> None:
        self._library = library_folder
        self._index = index_settings
        self._ingest = ingest_settings
        self._lock = Lock()
        self._run: _Run | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, paths: Sequence[Path], by: str = "", given: Iterable[Path] = ()) -> Job:
        """Index what is at or below `paths`; `by` is who asked for it, `given` the files for which they did.

        Raises `PathNotFound`, or `LibraryBusy` while another job runs. What happens later is told by `current`.
        """
        roots = existing(paths)
        if not roots:
            raise PathNotFound("No file or folder is named.", "Name what is to be indexed.")
        with self._lock:
            self.check_free()
            task = partial(Task, self._library, roots, self._index, self._ingest)
            self._run = _Run(task, by, frozenset(map(str, given)))
            return self._run.job()

    def check_free(self) -> None:
        """Raises `LibraryBusy` while a job runs."""
        if self._run and self._run.running:
            raise LibraryBusy("Documents are being indexed already.", "Wait until that is done, or stop it.")

    def current(self) -> Job | None:
        """The job that runs, else the last one."""
        one = self._run
        return one.job() if one else None

    def cancel(self) -> None:
        """Ask the job that runs to stop. What it has stored stays; after 15 seconds its process is killed."""
        if self._run:
            self._run.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until no job runs; False if it runs still after so many seconds."""
        return self._run.wait(seconds) if self._run else True

    def close(self) -> None:
        """Stop the job that runs and wait until its process is gone."""
        self.cancel()
        self.wait()


class _Run:
    """One process, and a thread that listens to it."""

    def __init__(self, task_in: Callable[[Path], Task], by: str, given: frozenset[str]) -> None:
        self._by, self._given = by, given
        self._started, self._since = datetime.now(UTC), monotonic()
        self._ended: float | None = None
        self._asked: float | None = None
        self._first = self._last = 0.0  # when the first and the last step came
        self._step = Step(0, 0, 0, 0.0, "")
        self._outcome: Report | Failure | None = None
        self._exit_code: int | None = None
        self._lock = Lock()
        self._temporary = Path(tempfile.mkdtemp(prefix="lessons-job-"))
        task = task_in(self._temporary)
        self._paths = task.paths
        spawn = multiprocessing.get_context("spawn")  # a copy of a process with threads may hang
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=run, args=(task, theirs), name="lessons-job", daemon=True)
        try:
            self._process.start()
        except BaseException:
            self._release()
            raise
        finally:
            theirs.close()
        self._thread = Thread(target=self._listen, name="lessons-job", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._ended is None

    def stop(self) -> None:
        """Ask the process to end."""
        with self._lock, suppress(OSError):
            if self._ended is None and self._asked is None:
                self._asked = monotonic()
                self._pipe.send("stop")

    def wait(self, seconds: float | None) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def job(self) -> Job:
        """A snapshot."""
        with self._lock:
            now = monotonic() if self._ended is None else self._ended
            state, step, outcome = self._state(), self._step, self._outcome
            took = self._last - self._first
            return Job(
                paths=self._paths,
                by=self._by,
                given=self._given,
                started=self._started,
                state=state,
                stopping=state == "running" and self._asked is not None,
                files=step.files,
                total=step.total,
                passages=step.passages,
                share=1.0 if state == "done" else step.share,
                path=step.path if state == "running" else "",
                seconds=now - self._since,
                rate=step.passages / took if took else 0.0,
                left=self._left(now) if state == "running" else None,
                report=outcome if isinstance(outcome, Report) else None,
                problem=self._problem() if state == "failed" else "",
            )

    def _state(self) -> State:
        if self._ended is None:
            return "running"
        if isinstance(self._outcome, Report):
            return "stopped" if self._outcome.stopped else "done"
        return "stopped" if self._asked is not None and self._outcome is None else "failed"

    def _left(self, now: float) -> float | None:
        """As the bytes went so far; what comes after the last of them is not told by that."""
        took, share = self._last - self._first, self._step.share
        if not took or not 0 < share < 1:
            return None
        return max(0.0, took * (1 - share) / share - (now - self._last))

    def _problem(self) -> str:
        if isinstance(self._outcome, Failure):
            return f"{self._outcome.reason} {self._outcome.remedy}".strip()
        return (
            f"The process that indexes ended before it was done (exit code {self._exit_code}). What it had stored is "
            "kept. Start it again; if that happens again, this machine may be short of memory."
        )

    def _listen(self) -> None:
        """Until the process has ended."""
        try:
            with suppress(EOFError, OSError):
                while True:
                    if self._pipe.poll(POLL):
                        self._take(self._pipe.recv())
                    if self._asked is not None and monotonic() - self._asked > GRACE:
                        self._process.kill()
        finally:
            self._process.join(GRACE)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            with self._lock:
                self._exit_code = self._process.exitcode
                self._ended = monotonic()
                self._release()

    def _take(self, message: Step | Report | Failure) -> None:
        with self._lock:
            if isinstance(message, Step):
                self._last = monotonic()
                self._first = self._first or self._last
                self._step = message
            else:
                self._outcome = message

    def _release(self) -> None:
        self._pipe.close()
        self._process.close()
        shutil.rmtree(self._temporary, ignore_errors=True)
