"""What a job's process does in tests: it needs no model, and is slow, deaf or dead as the test wants."""

import os
import time
from pathlib import Path

from index.library import Library
from index.sync import Report, Step, sync
from tests.fakes import HashEmbedder
from ui.web.job_process import settle_in, stop_of


class Slow(HashEmbedder):
    """Takes five milliseconds for each passage."""

    def documents(self, texts):
        time.sleep(len(texts) / 200)
        return super().documents(texts)


def index_slowly(task, pipe):
    settle_in(task)
    stop = stop_of(pipe)
    with Library.open(task.library, embedder=Slow(), create=True) as library:
        pipe.send(sync(library, task.paths, task.ingest, pipe.send, stop))


def die(task, pipe):
    pipe.send(Step(1, 3, 10, 0.4, "/documents/a.md"))
    os._exit(7)


def hear_nothing(task, pipe):
    Path(task.temporary, "copy.txt").write_text("A part of a document.")
    pipe.send(Step(1, 3, 10, 0.4, str(task.temporary)))
    while True:
        pipe.send(Step(1, 3, 10, 0.4, str(task.temporary)))
        time.sleep(0.05)


def tell_steps(task, pipe):
    """Four steps, each sent when the one before was looked at."""
    for step in (
        Step(0, 4, 0, 0.0, ""),
        Step(0, 4, 30, 0.25, "a"),
        Step(2, 4, 60, 0.5, "b"),
        Step(4, 4, 120, 1.0, "d"),
    ):
        pipe.send(step)
        pipe.recv()
    pipe.send(Report(added=4))


def tell_niceness(task, pipe):
    before = os.nice(0)
    settle_in(task)
    pipe.send(Report(added=os.nice(0) - before))
