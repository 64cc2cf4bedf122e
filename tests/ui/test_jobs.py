"""Indexing in the background, in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.library import Library
from index.maintenance import faults
from index.settings import IndexSettings
from ingest.errors import LibraryBusy, PathNotFound
from ingest.settings import IngestSettings
from tests.fakes import HashEmbedder, a_library
from tests.ui import job_processes
from ui.web.jobs import Jobs

ROOT = Path(__file__).parents[2]
FILES = 12


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(FILES):
        parts = "\n\n".join(f"word{number} again{part} " + "pump " * 40 for part in range(40))
        (folder / f"note-{number:02}.md").write_text(f"# Note {number}\n\n{parts}")
    return folder


@pytest.fixture
def jobs(tmp_path):
    with Jobs(tmp_path / "library", IndexSettings(), IngestSettings(readers=1)) as made:
        yield made


@pytest.fixture
def process(monkeypatch):
    """Sets what the process of a job does."""
    return lambda target: monkeypatch.setattr("ui.web.jobs.run", target)


def until(jobs, what, seconds=60):
    """The job once `what` is true of it."""
    latest = time.monotonic() + seconds
    while not what(job := jobs.current()):
        assert job.state == "running", job
        assert time.monotonic() < latest, job
        time.sleep(0.01)
    return job


def over(jobs):
    assert jobs.wait(60)
    return jobs.current()


@contextmanager
def opened(tmp_path):
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as library:
        yield library


def test_a_job_indexes_with_the_packaged_weights_while_the_page_reads(jobs, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "pump.md").write_text("# Pump\n\nThe pump stopped because the filter was blocked.\n")
    (notes / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    assert jobs.current() is None
    with Library.open(tmp_path / "library", create=True) as library:
        job = jobs.start([notes], by="Ann")
        assert (job.state, job.paths, job.by, job.report, job.left) == ("running", (notes,), "Ann", None, None)
        assert abs(datetime.now(UTC) - job.started) < timedelta(seconds=30)
        done = over(jobs)
        assert (done.state, done.share, done.problem, done.path) == ("done", 1.0, "", "")
        assert (done.report.added, len(done.report.failed)) == (1, 1)
        assert done.seconds > 0
        assert library.search("clogged strainer").hits[0].lesson_id == "pump#1"
        assert [Path(one.path).name for one in library.problems()] == ["broken.pdf"]


def test_a_mistyped_path_is_told_at_once_and_starts_nothing(jobs, folder):
    with pytest.raises(PathNotFound, match="does not exist"):
        jobs.start([folder, folder / "gone"])
    with pytest.raises(PathNotFound, match="No file"):
        jobs.start([])
    assert jobs.current() is None


def test_one_job_at_a_time(jobs, folder, process):
    process(job_processes.index_slowly)
    jobs.start([folder])
    with pytest.raises(LibraryBusy, match="already"):
        jobs.start([folder])
    jobs.cancel()
    over(jobs)
    jobs.start([folder])


def test_a_job_that_is_cancelled_keeps_what_it_stored_and_the_next_one_goes_on(jobs, folder, process, tmp_path):
    process(job_processes.index_slowly)
    jobs.start([folder])
    job = until(jobs, lambda job: job.files)
    assert (job.total, job.passages > 0, 0 < job.share < 1, job.path != "") == (FILES, True, True, True)
    jobs.cancel()
    job = over(jobs)
    assert (job.state, job.stopping, job.problem) == ("stopped", False, "")
    assert 0 < job.report.added < FILES
    jobs.start([folder])
    again = over(jobs)
    assert (again.state, again.report.unchanged) == ("done", job.report.added)
    with opened(tmp_path) as library:
        assert library.stats().documents == FILES


def test_a_killed_process_is_told_the_library_is_whole_and_the_next_job_completes(jobs, folder, process, tmp_path):
    process(job_processes.index_slowly)
    jobs.start([folder])
    until(jobs, lambda job: job.files)
    os.kill(jobs._run._process.pid, signal.SIGKILL)
    job = over(jobs)
    assert job.state == "failed"
    assert "exit code -9" in job.problem
    assert job.report is None
    with opened(tmp_path) as library:
        assert faults(library) == []
        assert 0 < library.stats().documents < FILES
    jobs.start([folder])
    assert over(jobs).state == "done"
    with opened(tmp_path) as library:
        assert library.stats().documents == FILES
        assert faults(library) == []


def test_a_process_that_dies_says_nothing_and_is_told(jobs, folder, process):
    process(job_processes.die)
    jobs.start([folder])
    job = over(jobs)
    assert (job.state, job.files, job.total, job.passages, job.share) == ("failed", 1, 3, 10, 0.4)
    assert "exit code 7" in job.problem


def test_a_process_that_does_not_stop_is_killed_and_leaves_nothing(jobs, folder, process, monkeypatch):
    monkeypatch.setattr("ui.web.jobs.GRACE", 0.3)
    process(job_processes.hear_nothing)
    jobs.start([folder])
    temporary = Path(until(jobs, lambda job: job.path).path)
    assert list(temporary.iterdir())
    jobs.cancel()
    assert jobs.current().stopping
    job = over(jobs)
    assert (job.state, job.report, job.problem) == ("stopped", None, "")
    assert not temporary.exists()


def test_what_a_library_refuses_is_told_with_its_remedy(jobs, folder, tmp_path):
    with a_library(tmp_path / "library") as library:
        library.catalogue.rows("PRAGMA user_version = 99")
    jobs.start([folder])
    job = over(jobs)
    assert job.state == "failed"
    assert "layout 99" in job.problem
    assert "newer one" in job.problem


def test_a_library_that_another_process_writes_to_is_busy(jobs, folder, process, tmp_path, monkeypatch):
    with Library.open(tmp_path / "library", create=True) as library, library.writing():
        jobs.start([folder])
        job = over(jobs)
    assert job.state == "failed"
    assert "Another process is indexing" in job.problem


def test_rate_and_time_left_follow_the_steps(jobs, folder, process):
    process(job_processes.tell_steps)
    jobs.start([folder])
    pipe = jobs._run._pipe
    assert until(jobs, lambda job: job.total).left is None
    time.sleep(0.2)
    pipe.send("go on")
    first = until(jobs, lambda job: job.passages)
    assert 0 < first.rate < 30 / 0.2
    assert 0.3 < first.left < 30
    time.sleep(0.1)
    assert jobs.current().left <= first.left - 0.1
    pipe.send("go on")
    until(jobs, lambda job: job.files == 2)
    pipe.send("go on")
    last = until(jobs, lambda job: job.files == 4)
    assert last.left is None  # what comes after the last byte is not told by bytes
    pipe.send("go on")
    assert over(jobs).report.added == 4


@pytest.mark.skipif(not hasattr(os, "nice"), reason="there is no niceness")
def test_the_process_gives_way_to_others(jobs, folder, process):
    process(job_processes.tell_niceness)
    jobs.start([folder])
    assert over(jobs).report.added == min(10, 19 - os.nice(0))


SERVER = """
import sys
from pathlib import Path
from index.settings import IndexSettings
from ingest.settings import IngestSettings
import ui.web.jobs
from tests.ui import job_processes

if __name__ == "__main__":
    ui.web.jobs.run = job_processes.index_slowly
    jobs = ui.web.jobs.Jobs(Path(sys.argv[1]), IndexSettings(), IngestSettings(readers=1))
    jobs.start([Path(sys.argv[2])])
    print(jobs._run._process.pid, flush=True)
    input()
"""


@pytest.mark.parametrize("end", ["killed", "by itself"])
def test_no_process_outlives_the_server(end, folder, tmp_path):
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    command = [sys.executable, str(script), str(tmp_path / "library"), str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout
        child = int(server.stdout.readline())
        server.kill() if end == "killed" else server.communicate("\n")
    latest = time.monotonic() + 20
    while alive(child):
        assert time.monotonic() < latest
        time.sleep(0.05)


def alive(pid):
    """Whether a process runs; one that ended and that nobody looked after does not."""
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
