"""Read files in processes of their own, so that a hostile or broken one costs a line in the report and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, Self

from ingest.errors import UnreadableFile
from ingest.model import Reading
from ingest.prepare import READING
from ingest.scan import File
from ingest.settings import IngestSettings

PAGES = 50  # times the limit that a scan may take in all, however many pages it claims to have
AHEAD = 3  # files read or being read for each process, so that none waits for a slow neighbour
STARTING = 120  # seconds that a process may take until it can read, which is not the time of its first file
POLL = 0.2  # seconds between two looks at whether to stop


class Stop(Protocol):
    """Whether to end soon: a `threading.Event`, say."""

    def is_set(self) -> bool: ...


class ReaderPool:
    """Up to `settings.readers` processes, started when first needed and replaced when one dies."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="lessons-"))
        self._threads = ThreadPoolExecutor(settings.readers, thread_name_prefix="reader")
        self._own = threading.local()
        self._processes: list[_Process] = []
        self._starting = threading.Lock()
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._starting:
            self._ended = True
        for process in self._processes:
            process.kill()
        self._threads.shutdown()
        for process in self._processes:
            process.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(
        self, files: Iterable[File], on_read: Callable[[Reading], None] | None = None, stop: Stop | None = None
    ) -> Iterator[tuple[File, Reading | UnreadableFile]]:
        """Each file with what it holds or why it cannot be read, in the order given, read ahead of the caller.

        `on_read` is called with each reading as soon as it is there, from another thread. Once `stop` is set, nothing
        more comes.
        """
        todo = iter(files)
        running: deque[tuple[File, Future[Reading | UnreadableFile]]] = deque()

        def submit(count: int) -> None:
            for file in islice(todo, count):
                running.append((file, self._threads.submit(self._read, file, on_read)))

        submit(self._settings.readers * AHEAD)
        while running:
            file, result = running.popleft()
            if not _came(result, stop):
                return
            found = result.result()
            submit(1)
            yield file, found

    def _read(self, file: File, on_read: Callable[[Reading], None] | None) -> Reading | UnreadableFile:
        """By the process of this thread."""
        process: _Process | None = getattr(self._own, "process", None)
        if process is None or not process.alive:
            process = self._own.process = self._start()
        found = process.read(file)
        if on_read and isinstance(found, Reading):
            on_read(found)
        return found

    def _start(self) -> _Process:
        with self._starting:
            if self._ended:
                raise CancelledError
            process = _Process(self._settings, self._folder)
            self._processes.append(process)
            return process


def _came(result: Future[Reading | UnreadableFile], stop: Stop | None) -> bool:
    """Wait for a result; False when it is to be waited for no longer."""
    while not (stop and stop.is_set()):
        if wait([result], POLL if stop else None).done:
            return True
    return False


class _Process:
    """One reader."""

    def __init__(self, settings: IngestSettings, folder: Path) -> None:
        self._settings = settings
        self._ready = False
        own = tempfile.mkdtemp(dir=folder)
        code = str(Path(__file__).parents[1])
        paths = os.pathsep.join(filter(None, [code, os.environ.get("PYTHONPATH", "")]))
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ingest.worker", str(settings.max_memory_mb), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"TMPDIR": own, "TEMP": own, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def read(self, file: File) -> Reading | UnreadableFile:
        """What the file holds. The process is dead afterwards if it took too long, too much memory, or crashed."""
        taxonomy = self._settings.taxonomy and str(self._settings.taxonomy.absolute())
        root = file.root and str(file.root)
        request = json.dumps({"path": str(file.path), "mtime_ns": file.mtime_ns, "taxonomy": taxonomy, "root": root})
        try:
            if not self._ready:
                self._frame(STARTING)
                self._ready = True
            latest = monotonic() + PAGES * self._settings.max_seconds
            assert self._child.stdin
            self._child.stdin.write(request.encode() + b"\n")
            self._child.stdin.flush()
            while True:
                answer = self._frame(min(self._settings.max_seconds, latest - monotonic()))
                if "failed" in answer:
                    return UnreadableFile(*answer["failed"])
                if "reading" in answer:
                    return READING.validate_python(answer["reading"])
        except _TooLong:
            reason = f"It took longer than {self._settings.max_seconds} seconds, or {PAGES} times that for a scan."
            return UnreadableFile(reason, "Split the file, or allow more time with LESSONS_MAX_SECONDS.")
        except (OSError, EOFError):
            self.kill()
            reason = f"Its reader crashed or needed more than {self._settings.max_memory_mb} MB."
            return UnreadableFile(reason, "Save the file anew, or allow more with LESSONS_MAX_MEMORY_MB.")

    def kill(self) -> None:
        """Stop it, and what it started, at once."""
        with suppress(OSError, AttributeError):  # gone already, or Windows, which has no process groups
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.kill()
        self._child.wait()

    def close(self) -> None:
        """Release the pipes of a process that was killed."""
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):
                assert pipe
                pipe.close()

    def _frame(self, seconds: float) -> dict[str, Any]:
        """The next frame. Raises `_TooLong`, or `EOFError` when the process died."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(max(0.0, seconds), stop)
        timer.daemon = True
        timer.start()
        try:
            (length,) = struct.unpack(">I", self._exactly(4))
            answer: dict[str, Any] = json.loads(self._exactly(length))
        except EOFError as error:
            if late.is_set():
                raise _TooLong from error
            raise
        finally:
            timer.cancel()
        return answer

    def _exactly(self, count: int) -> bytes:
        assert self._child.stdout
        data = self._child.stdout.read(count)
        if len(data) < count:
            raise EOFError
        return data


class _TooLong(Exception):
    """A process was stopped because a file took too long."""
