"""A run that is asked to stop ends soon, and leaves everything for the next one."""

from threading import Event, Timer
from time import perf_counter

import pytest

from index.maintenance import faults
from index.sync import sync
from ingest.pool import ReaderPool
from ingest.scan import scan
from ingest.settings import IngestSettings
from tests.fakes import HashEmbedder, a_library, prepared

FILES = 12


class Counting(HashEmbedder):
    """Notes how many texts it embeds, and may do something at the first of them."""

    def __init__(self, at_first=lambda: None):
        super().__init__()
        self.embedded = 0
        self.at_first = at_first

    def documents(self, texts):
        if len(texts) > 3:  # not the probe
            self.at_first()
        self.embedded += len(texts)
        return super().documents(texts)


class SetAfter:
    """Something to stop by, set from the nth look on."""

    def __init__(self, looks):
        self.left = looks

    def is_set(self):
        self.left -= 1
        return self.left < 0


def note(number, paragraphs=40):
    return f"# Note {number}\n\n" + "\n\n".join(
        f"word{number} again{part} " + "pump " * 40 for part in range(paragraphs)
    )


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"note-{number:02}.md").write_text(note(number))
    return folder


def staged(library):
    return {row["path"] for row in library.catalogue.rows("SELECT path FROM staged")}


def test_a_run_that_may_go_on_is_not_stopped(tmp_path, folder):
    with a_library(tmp_path / "library") as library:
        report = sync(library, [folder], stop=Event())
    assert (report.added, report.stopped, report.to_json()["stopped"]) == (FILES, False, False)


def test_what_was_stored_stays_and_what_was_read_is_not_read_again(tmp_path, folder, monkeypatch):
    stop = Event()
    with a_library(tmp_path / "library") as library:

        def look(step):
            if step.files:
                stop.set()

        first = sync(library, [folder], IngestSettings(readers=1), look, stop)
        assert first.stopped
        stored = set(library.known())
        assert 0 < len(stored) < FILES
        assert (first.added, first.lessons, first.embedded) == (len(stored), len(stored), library.stats().passages)
        waiting = staged(library)
        assert waiting
        assert not waiting & stored
        assert faults(library) == []

        read: list[str] = []
        real = ReaderPool.read
        monkeypatch.setattr(ReaderPool, "read", lambda self, files, *rest: real(self, noted(files, read), *rest))
        second = sync(library, [folder], IngestSettings(readers=1))
        assert (second.added, second.unchanged, second.stopped) == (FILES - len(stored), len(stored), False)
        assert set(read) == {str(path) for path in folder.iterdir()} - stored - waiting
        assert staged(library) == set()


def noted(files, into):
    for file in files:
        into.append(str(file.path))
        yield file


def test_one_large_file_is_left_between_two_batches(tmp_path):
    (tmp_path / "register.md").write_text(note(1, 600))
    stop = Event()
    embedder = Counting(at_first=stop.set)
    with a_library(tmp_path / "library", embedder=embedder) as library:
        report = sync(library, [tmp_path / "register.md"], stop=stop)
        assert (report.added, report.embedded, report.stopped) == (0, 0, True)
        assert embedder.embedded < 200
        assert library.stats().passages == 0
        assert staged(library) == {str(tmp_path / "register.md")}
        assert sync(library, [tmp_path / "register.md"]).added == 1


def test_changed_files_keep_their_earlier_revision(tmp_path, folder):
    stop = Event()
    stop.set()
    with a_library(tmp_path / "library") as library:
        sync(library, [folder])
        (folder / "note-00.md").write_text("# Note\n\nThe valve was replaced by a better one.\n")
        (folder / "new.md").write_text("# New\n\nThe hose was replaced by a better one.\n")
        report = sync(library, [folder], stop=stop)
        assert (report.changed, report.added, report.stopped) == (0, 0, True)
        assert library.search("word0 again3", mode="lexical").hits
        assert not library.search("valve", mode="lexical").hits


def test_it_does_not_wait_for_a_file_that_takes_long(tmp_path, monkeypatch):
    (tmp_path / "slow.md").write_text("# Slow\n\nIt takes long.\n")
    monkeypatch.setattr("ingest.pool._Process.read", lambda self, file: sleep_until_killed(self))
    stop = Event()
    Timer(0.3, stop.set).start()
    started = perf_counter()
    with ReaderPool(IngestSettings(readers=1)) as pool:
        assert list(pool.read(scan([tmp_path / "slow.md"]).files, stop=stop)) == []
    assert perf_counter() - started < 5


def sleep_until_killed(process):
    process._child.wait(30)
    raise AssertionError("its result is not waited for")


def test_events_that_were_not_compared_are_compared_next_time(tmp_path, monkeypatch):
    monkeypatch.setattr("index.library.COMPARED", 1)
    cases = [
        f"# Case {number}\n\n## What happened\n\nThe {thing} of the eastern depot failed in the morning.\n\n"
        f"## Impact\n\nWork stopped.\n\n## Root cause\n\nNobody had looked after the {thing} for years.\n"
        for number, thing in enumerate(("lorry", "ledger", "bridge", "pump"))
    ]
    with a_library(tmp_path) as library:
        library.add([prepared(library, f"case{number}.md", text) for number, text in enumerate(cases)])
        examined = "SELECT count(*) FROM examined"
        library.compare_events(SetAfter(2))
        assert library.catalogue.rows(examined)[0][0] == 2
        library.compare_events()
        assert library.catalogue.rows(examined)[0][0] == 4
