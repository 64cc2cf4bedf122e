"""What is wrong with files is remembered until they are read well, or are gone."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from index.library import Library
from index.sync import sync
from ingest.settings import IngestSettings
from tests.fakes import HashEmbedder, a_library

TEXT = "# Pump\n\nThe pump stopped because the filter was blocked.\n"


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two"):
        (tmp_path / "docs" / name).mkdir(parents=True)
        (tmp_path / "docs" / name / "pump.md").write_text(TEXT.replace("Pump", f"Pump {name}"))
        (tmp_path / "docs" / name / "broken.pdf").write_bytes(b"%PDF-1.7 broken " + name.encode())
    return tmp_path / "docs"


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library") as opened:
        yield opened


def failed(library, folder):
    return {str(Path(one.path).relative_to(folder)) for one in library.problems() if one.failed}


def test_they_are_remembered_with_their_remedy_and_time(library, folder, tmp_path):
    (folder / "photo.gif").write_bytes(b"gif")
    report = sync(library, [folder])
    assert failed(library, folder) == {"one/broken.pdf", "two/broken.pdf"}
    known = library.problems()
    assert {(one.path, one.reason, one.remedy) for one in known} == {
        (one.path, one.reason, one.remedy) for one in report.failed + report.warnings
    }
    assert [one.failed for one in known] == [True, True, False]
    assert all(one.at.endswith("+00:00") for one in known)
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        assert again.problems() == known


def test_a_file_that_is_read_well_or_is_gone_loses_its_entry(library, folder):
    sync(library, [folder])
    (folder / "one/broken.pdf").unlink()
    (folder / "two/broken.pdf").rename(folder / "two/fixed.md")
    (folder / "two/fixed.md").write_text("# Fixed\n\nThis can be read again, after it was saved anew.\n")
    sync(library, [folder])
    assert library.problems() == []


def test_a_file_that_is_as_it_was_before_it_broke_loses_its_entry(library, folder):
    pump = folder / "one/pump.md"
    text, stat = pump.read_text(), pump.stat()
    sync(library, [folder])
    pump.write_text("")
    sync(library, [folder])
    assert "one/pump.md" in failed(library, folder)
    pump.write_text(text)
    os.utime(pump, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert sync(library, [folder]).changed == 0
    assert "one/pump.md" not in failed(library, folder)


def test_those_elsewhere_stay(library, folder):
    sync(library, [folder])
    (folder / "one/broken.pdf").unlink()
    (folder / "two/broken.pdf").unlink()
    sync(library, [folder / "one"])
    assert failed(library, folder) == {"two/broken.pdf"}


def test_those_of_a_folder_count_and_go_when_it_is_filled(library, folder):
    (folder / "empty").mkdir()
    sync(library, [folder / "one", folder / "empty"])
    assert failed(library, folder) == {"one/broken.pdf", "empty"}
    (folder / "empty/tent.md").write_text("# Tent\n\nThe tent blew away because it was not anchored.\n")
    sync(library, [folder / "empty"])
    assert failed(library, folder) == {"one/broken.pdf"}


def test_those_on_a_disk_that_is_not_there_stay_with_its_records(library, folder):
    sync(library, [folder / "one"])
    for path in (folder / "one").iterdir():
        path.unlink()
    for _ in range(2):
        sync(library, [folder / "one"])
        assert failed(library, folder) == {"one", "one/broken.pdf"}
    assert sum(one.path == str(folder / "one") for one in library.problems()) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to this user")
def test_those_in_a_folder_that_cannot_be_opened_stay(library, folder):
    sync(library, [folder])
    (folder / "one").chmod(0)
    try:
        sync(library, [folder])
    finally:
        (folder / "one").chmod(0o700)
    assert failed(library, folder) == {"one", "one/broken.pdf", "two/broken.pdf"}


def test_what_was_noted_while_a_file_was_read_stays_and_moves_with_it(library, tmp_path):
    folder = tmp_path / "mail"
    folder.mkdir()
    text = r"{\rtf1\ansi The pump stopped because it was blocked.\par {\v Nobody sees this.}}"
    (folder / "log.rtf").write_text(text)
    noted = [one.reason for one in sync(library, [folder]).warnings]
    assert len(noted) == 1
    assert sync(library, [folder]).warnings == []
    assert [one.reason for one in library.problems()] == noted
    (folder / "log.rtf").rename(folder / "diary.rtf")
    sync(library, [folder])
    assert [(one.path, one.reason) for one in library.problems()] == [(str(folder / "diary.rtf"), noted[0])]
    library.remove([str(folder / "diary.rtf")])
    assert library.problems() == []


def test_a_document_that_is_removed_loses_its_problems(library, folder):
    pump = folder / "one/pump.md"
    sync(library, [folder / "one"])
    pump.write_text("")
    sync(library, [folder / "one"])
    assert failed(library, folder) == {"one/pump.md", "one/broken.pdf"}
    library.remove([str(pump)])
    assert failed(library, folder) == {"one/broken.pdf"}


def test_a_run_that_was_stopped_forgets_nothing_that_it_did_not_look_at(library, folder):
    sync(library, [folder])
    stop = Event()
    stop.set()
    (folder / "one/broken.pdf").unlink()
    sync(library, [folder], IngestSettings(readers=1), stop=stop)
    assert failed(library, folder) == {"two/broken.pdf"}


@pytest.mark.skipif(os.name != "posix", reason="names are not bytes there")
def test_a_folder_whose_name_is_not_valid_utf_8(library, tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    report = sync(library, [folder])
    assert len(report.failed) == len(library.problems()) == 1


def test_a_library_of_the_layout_before_has_those_of_its_sources(library, folder, tmp_path):
    sync(library, [folder])
    library.catalogue.rows("UPDATE sources SET warnings = '[\"It has no pages.\"]'")
    library.close()
    with closing(sqlite3.connect(tmp_path / "library/catalogue.sqlite")) as catalogue:
        catalogue.executescript("DROP TABLE problems; DROP INDEX sources_by_warning; PRAGMA user_version = 5;")
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        assert [(one.failed, one.reason) for one in again.problems()] == [(False, "It has no pages.")] * 2
        sync(again, [folder])
        assert failed(again, folder) == {"one/broken.pdf", "two/broken.pdf"}
