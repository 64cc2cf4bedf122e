"""Files are read in processes of their own: whatever one does, it costs a line and the others are read."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.model import Reading
from ingest.pool import ReaderPool
from ingest.scan import File
from ingest.settings import IngestSettings

READERS = """
import ctypes, os, socket, subprocess, sys, tempfile, time
from pathlib import Path
from ingest.model import Document

def read(data, name):
    exec(data.decode(), {**globals(), "name": name})
    return Document("It was read.")
"""
SETTINGS = IngestSettings(readers=2, max_seconds=3, max_memory_mb=400)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for files with the suffix `.run`, which a plug-in reads by running them."""
    package = tmp_path / "package"
    about = package / "runner-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: runner\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[lessons.readers]\nrun = runner:read\n")
    (package / "runner.py").write_text(READERS)
    monkeypatch.setenv("PYTHONPATH", str(package))
    files = tmp_path / "files"
    files.mkdir()
    return files


def written(folder, *texts):
    files = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.run"
        path.write_text(text)
        files.append(File(path, len(text), 1))
    return files


def outcome(folder, text, settings=SETTINGS):
    """What comes of a file, between two harmless ones, which must be read all the same."""
    with ReaderPool(settings) as pool:
        before, found, after = (found for _, found in pool.read(written(folder, "pass", text, "pass")))
    assert isinstance(before, Reading)
    assert isinstance(after, Reading)
    return found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("time.sleep(60)", "longer than 3 seconds"),
        ("while True: pass", "longer than 3 seconds"),
        ("ctypes.string_at(0)", "crashed"),
        ("os._exit(3)", "crashed"),
        ("x = 'a' * 900_000_000", "more than 400 MB"),
        ("x = []\nwhile True: x.append('a' * 1_000_000 + str(len(x)))", "more than 400 MB"),
        ("1 / 0", "ZeroDivisionError"),
        ("sys.exit('bye')", "crashed"),
        ("socket.create_connection(('127.0.0.1', 9))", "tried to use the network"),
        ("socket.getaddrinfo('example.org', 80)", "tried to use the network"),
        ("subprocess.run(['true'])", "tried to start a program"),
        ("os.system('true')", "tried to start a program"),
        ("os.fork()", "tried to start a program"),
        ("Path(sys.executable).parent.joinpath('x').write_text('x')", "tried to write a file"),
        ("os.remove('/nothing')", "tried to change a file"),
        ("os.remove('nothing', dir_fd=os.open('/', os.O_RDONLY))", "tried to change a file"),
        ("Path.home().joinpath('x').mkdir()", "tried to change a file"),
    ],
)
def test_what_a_reader_must_not_do_costs_one_line(folder, text, reason):
    found = outcome(folder, text)
    assert isinstance(found, UnreadableFile)
    assert reason in found.reason
    assert found.remedy


@pytest.mark.parametrize(
    "text",
    [
        "print('noise')",
        "os.write(1, b'noise')",
        "open(tempfile.gettempdir() + '/x', 'w').write('x')",
        "with tempfile.TemporaryDirectory() as d: Path(d, 'x').write_text('x')\nassert not os.path.exists(d)",
    ],
)
def test_what_a_reader_may_do(folder, text):
    assert outcome(folder, text).source.text == "It was read."


def test_a_scan_may_take_long_if_its_pages_do_not(folder):
    assert isinstance(
        outcome(folder, "for page in range(5): time.sleep(0.7); sys.audit('lessons.page_read', page)"), Reading
    )


def test_a_file_that_is_gone_is_listed(folder):
    with ReaderPool(SETTINGS) as pool:
        ((file, found),) = pool.read([File(folder / "gone.md", 1, 1)])
    assert file.path == folder / "gone.md"
    assert isinstance(found, UnreadableFile)
    assert "No such file" in found.reason


def test_a_reader_is_told_the_folder_that_was_indexed(folder):
    (file,) = written(folder, "pass")
    with ReaderPool(SETTINGS) as pool:
        both = [reading for _, reading in pool.read([file, replace(file, root=folder)])]
    found = [lesson.collection for reading in both if isinstance(reading, Reading) for lesson in reading.lessons]
    assert found == [None, "files"]


def test_results_come_in_order_and_are_read_ahead(folder, tmp_path):
    early: list[str] = []
    ahead = tmp_path / "ahead"

    def on_read(reading):
        early.append(Path(reading.source.path).name)
        if len(early) == 3:
            ahead.touch()

    files = written(folder, f"while not Path({str(ahead)!r}).exists(): time.sleep(0.05)", *["pass"] * 9)
    with ReaderPool(IngestSettings(readers=2, max_seconds=60)) as pool:
        results = list(pool.read(files, on_read))
    assert [file for file, _ in results] == files
    assert all(isinstance(found, Reading) for _, found in results)
    assert sorted(early) == sorted(file.path.name for file in files)
    assert early[0] != files[0].path.name


def test_the_start_of_a_reader_is_not_the_time_of_its_first_file(folder):
    (folder.parent / "package" / "sitecustomize.py").write_text("import time\ntime.sleep(4)\n")
    assert isinstance(outcome(folder, "pass"), Reading)


def test_nothing_is_left_behind(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ReaderPool(SETTINGS) as pool:
        list(pool.read(written(folder, "Path(tempfile.mkdtemp(), 'x').write_text('x')", "time.sleep(60)")))
        children = [process._child for process in pool._processes]
    assert [child.poll() is None for child in children] == [False] * len(children)
    assert not list(tmp_path.glob("lessons-*"))


def test_leaving_early_does_not_wait_for_a_slow_file(folder):
    started = time.monotonic()
    with ReaderPool(IngestSettings(readers=2, max_seconds=600)) as pool:
        next(pool.read(written(folder, "pass", "time.sleep(300)", "time.sleep(300)")))
    assert time.monotonic() - started < 20


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_readers_end_with_a_parent_that_is_killed(folder, tmp_path):
    code = (
        "import sys, threading\nfrom ingest.pool import ReaderPool\nfrom ingest.scan import File\n"
        "from ingest.settings import IngestSettings\nfrom pathlib import Path\n"
        "pool = ReaderPool(IngestSettings(readers=1))\n"
        "threading.Thread(target=lambda: list(pool.read([File(Path(sys.argv[1]), 1, 1)])), daemon=True).start()\n"
        "while not pool._processes: pass\nprint(pool._processes[0]._child.pid, flush=True)\nthreading.Event().wait()\n"
    )
    (file,) = written(folder, "time.sleep(300)")
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ["PYTHONPATH"]])
    parent = subprocess.Popen(
        [sys.executable, "-c", code, file.path],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert parent.stdout
    reader = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 15
    while alive(reader) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not alive(reader)


def alive(pid):
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_scan_that_claims_pages_without_end_is_stopped(folder, monkeypatch):
    monkeypatch.setattr("ingest.pool.PAGES", 2)
    found = outcome(folder, "while True: time.sleep(0.1); sys.audit('lessons.page_read', 1)")
    assert isinstance(found, UnreadableFile)
    assert "2 times that" in found.reason
