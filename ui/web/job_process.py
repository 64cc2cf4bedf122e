"""The process that an indexing job runs in: it opens the library for itself, and says how far it is."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from typing import Any

from index.library import Library
from index.settings import IndexSettings
from index.sync import sync
from ingest.errors import LessonsError
from ingest.settings import IngestSettings

logger = logging.getLogger(__name__)

NICENESS = 10  # so that whoever asks meanwhile is served first


@dataclass(frozen=True, slots=True)
class Task:
    """What to index into which library, and the folder for what is needed only meanwhile."""

    library: Path
    paths: tuple[Path, ...]
    index: IndexSettings
    ingest: IngestSettings
    temporary: Path


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it could not be done."""

    reason: str
    remedy: str


def run(task: Task, pipe: Connection[Any, Any]) -> None:
    """Index; sends each `Step`, at the end the `Report` or a `Failure`. Whatever is sent to it means: stop."""
    settle_in(task)
    stop = stop_of(pipe)
    try:
        with Library.open(task.library, task.index, create=True) as library:
            pipe.send(sync(library, task.paths, task.ingest, pipe.send, stop))
    except LessonsError as error:
        pipe.send(Failure(error.reason, error.remedy))
    except Exception as error:
        logger.exception("indexing failed")
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        pipe.send(Failure(f"Indexing failed ({cause}).", "What was stored is kept. Look at the server's log."))


def settle_in(task: Task) -> None:
    """Take a place behind the server that started this process."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C reaches all processes of a terminal; the server stops this one
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    tempfile.tempdir = str(task.temporary)


def stop_of(pipe: Connection[Any, Any]) -> Event:
    """Set once something comes; a server that is gone ends the process at once."""
    stop = Event()

    def listen() -> None:
        while True:
            try:
                pipe.recv()
            except (EOFError, OSError):
                os._exit(1)  # a library bears that at any moment
            stop.set()

    Thread(target=listen, daemon=True).start()
    return stop
