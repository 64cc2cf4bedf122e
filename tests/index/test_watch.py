"""A library follows its folders while they are watched, whatever goes wrong meanwhile."""

import os
import shutil
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from index import watch as module
from index.library import Library
from index.sync import sync
from index.watch import watch
from ingest.errors import LibraryBusy, PathNotFound
from ingest.settings import IngestSettings
from tests.fakes import HashEmbedder, a_library

PATIENCE = 30  # seconds: a change shows after one or two, but the machine may be busy


class Watcher:
    """A watch in a thread of its own, and what it said."""

    def __init__(self, folder, paths):
        self.folder = folder
        self.reports, self.errors, self.crash = [], [], []
        self.stop = Event()
        self.thread = Thread(target=self._run, args=(paths,))

    def _run(self, paths):
        try:
            with a_library(self.folder) as library:
                watch(library, paths, IngestSettings(readers=1), self.reports.append, self.stop, self.errors.append)
        except Exception as error:  # noqa: BLE001 - for the test to see
            self.crash.append(error)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.reports or self.crash)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        assert self.crash == []

    def names(self):
        """The files that can be found now, as another process sees them."""
        with Library.open(self.folder, embedder=HashEmbedder()) as library:
            return {Path(path).name for path in library.known()}


def until(condition):
    end = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < end, "nothing happened"
        sleep(0.05)


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "pump.md").write_text("# Pump\n\nThe pump stopped because the filter was blocked.\n")
    return folder


@pytest.fixture
def place(tmp_path):
    return tmp_path / "library"


def test_the_library_follows_what_happens_in_a_folder(docs, place):
    with Watcher(place, [docs]) as watcher:
        assert watcher.names() == {"pump.md"}
        (docs / "deep").mkdir()
        (docs / "deep" / "tent.md").write_text("# Tent\n\nThe tent blew away because it was not anchored.\n")
        until(lambda: watcher.names() == {"pump.md", "tent.md"})
        (docs / "deep" / "tent.md").rename(docs / "shelter.md")
        until(lambda: watcher.names() == {"pump.md", "shelter.md"})
        (docs / "pump.md").write_text("# Pump\n\nThe pump now has a second strainer.\n")
        until(lambda: any(report.changed for report in watcher.reports))
        with Library.open(place, embedder=HashEmbedder()) as library:
            assert library.search("strainer", mode="lexical").hits
        (docs / ".lessonsignore").write_text("shelter.md\n")
        until(lambda: watcher.names() == {"pump.md"})
        (docs / ".lessonsignore").unlink()
        until(lambda: watcher.names() == {"pump.md", "shelter.md"})
        (docs / "shelter.md").unlink()
        until(lambda: watcher.names() == {"pump.md"})
    assert watcher.errors == []
    did = [(one.added, one.changed, one.renamed, one.removed) for one in watcher.reports]
    assert did == [(1, 0, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1), (1, 0, 0, 0), (0, 0, 0, 1)]


def test_a_file_that_is_replaced_and_a_folder_that_comes_back_are_followed(docs, place):
    log, other = docs.parent / "log.md", docs.parent / "other"
    log.write_text("# Log\n\nThe first entry is about a valve.\n")
    other.mkdir()
    (other / "tent.md").write_text("# Tent\n\nThe tent blew away because it was not anchored.\n")
    with Watcher(place, [docs, log, other]) as watcher:
        (docs.parent / "new").write_text("# Log\n\nThe second entry is about a hose.\n")
        (docs.parent / "new").replace(log)  # as editors save
        until(lambda: any(report.changed for report in watcher.reports))
        shutil.rmtree(other)
        until(lambda: any("is gone" in str(error) for error in watcher.errors))
        assert watcher.names() == {"pump.md", "log.md", "tent.md"}
        (docs / "boat.md").write_text("# Boat\n\nThe boat drifted because it was moored with one rope.\n")
        until(lambda: "boat.md" in watcher.names())
        other.mkdir()
        (other / "tent.md").write_text("# Tent\n\nThe tent has new pegs.\n")
        until(lambda: sum(report.changed for report in watcher.reports) == 2)
    assert len(watcher.errors) == 1


def test_nothing_is_watched_for_when_all_paths_are_gone(docs, place):
    with Watcher(place, [docs / "pump.md"]) as watcher:
        (docs / "pump.md").unlink()
        until(lambda: watcher.errors)
        (docs / "pump.md").write_text("# Pump\n\nA new pump came.\n")
        until(lambda: any(report.changed for report in watcher.reports))


def test_what_fails_is_tried_again_and_said_once(docs, place, monkeypatch):
    failures = [LibraryBusy("Busy."), LibraryBusy("Busy."), RuntimeError("odd")]
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.2)

    def failing(library, paths, settings):
        if failures:
            raise failures.pop(0)
        return sync(library, paths, settings)

    monkeypatch.setattr(module, "sync", failing)
    with Watcher(place, [docs]) as watcher:
        assert watcher.names() == {"pump.md"}
        assert [str(error) for error in watcher.errors] == ["Busy.", "odd"]


def test_syncs_go_on_where_the_system_watches_nothing(docs, place, monkeypatch):
    import watchfiles

    def no_more(*paths, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watchfiles, "watch", no_more)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.2)
    with Watcher(place, [docs]) as watcher:
        (docs / "tent.md").write_text("# Tent\n\nThe tent blew away because it was not anchored.\n")
        until(lambda: watcher.names() == {"pump.md", "tent.md"})
    assert ["No space left" in str(error) for error in watcher.errors] == [True]


def test_a_new_problem_is_reported_once(docs, place):
    with Watcher(place, [docs]) as watcher:
        (docs / "empty.md").write_bytes(b"")
        until(lambda: any(report.failed for report in watcher.reports))
        os.utime(docs / "pump.md", (1, 1))
        sleep(2)
    assert [len(report.failed) for report in watcher.reports] == [0, 1]


def test_a_path_that_is_not_there_is_refused(docs, place):
    with a_library(place) as library, pytest.raises(PathNotFound):
        watch(library, [docs / "none"], IngestSettings(), print, Event())


def test_what_a_sync_cannot_see_is_no_change(docs):
    link = docs.parent / "link"
    link.symlink_to(docs)
    with a_library(docs / "library") as library:
        watching = module._Watch(library, (link,), IngestSettings(), print, None, Event())
    see = {name: watching._matters(None, str(link / name)) for name in (
        "", "pump.md", "deep/tent.md", ".lessonsignore", "deep/.lessonsignore", "library/catalogue.sqlite",
        "library", ".git/index.md", "~$pump.docx", ".hidden/.lessonsignore", "deep/Thumbs.db",
    )}  # fmt: skip
    assert {name for name, seen in see.items() if seen} == {
        "", "pump.md", "deep/tent.md", ".lessonsignore", "deep/.lessonsignore", "library/catalogue.sqlite", "library",
    }  # fmt: skip
    assert not watching._matters(None, str(docs / "library" / "catalogue.sqlite"))  # as the system names it
    assert watching._matters(None, str(docs / "pump.md"))
    assert not watching._matters(None, str(docs.parent / "beside.md"))
