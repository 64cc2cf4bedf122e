"""Uploaded files are kept below the library's folder, whatever their names, and are indexed from there."""

import io
import os
import time
from pathlib import Path
from threading import Barrier, Thread

import pytest

from index.sync import preview, sync
from ingest.errors import LibraryError, UsageError
from ingest.scan import scan
from tests.fakes import a_library
from ui.web.uploads import LONGEST, UploadRefused, Uploads

TEXT = b"# Pump\n\nThe pump stopped because the filter was blocked.\n"


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path / "docs" / "library", most_bytes=10_000, most_files=50)


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "docs" / "library") as opened:
        yield opened


def stream(data=TEXT):
    return io.BytesIO(data)


def kept(uploads):
    """Everything below the library's folder, by its path from there."""
    home = uploads.folder.parent
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_file_is_kept_in_the_folder_of_its_collection(uploads, tmp_path):
    path = uploads.keep("Pump report.md", stream(), "Field hospitals")
    assert path == tmp_path / "docs/library/uploads/Field hospitals/Pump report.md"
    assert kept(uploads) == {"uploads/Field hospitals/Pump report.md": TEXT}
    assert uploads.keep("a.md", stream(b"Another file.")).parent.name == "Uploads"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../../etc/passwd.txt", "passwd.txt"),
        ("/etc/cron.d/job.txt", "job.txt"),
        ("C:\\fakepath\\report.md", "report.md"),
        ("..\\..\\report.md", "report.md"),
        ("\\\\server\\share\\report.md", "report.md"),
        (".report.md", "report.md"),
        ("~$report.md", "$report.md"),
        ("re\0po\x1b[31mrt\n.md", "repo[31mrt.md"),
        ("re\u202edm.exe.md", "redm.exe.md"),
        ("half\ud800.md", "half.md"),
        ("report.md. . ", "report.md"),
        ('a<b>:"c|d?e*.md', "a-b-c-d-e-.md"),
        ("con.md", "_con.md"),
        ("LPT1.old.md", "_LPT1.old.md"),
        ("aux .md", "_aux.md"),
        ("console.md", "console.md"),
        ("Zürich – Lagebericht № 3.md", "Zürich – Lagebericht № 3.md"),
        ("Zu\u0308rich.md", "Zürich.md"),
        ("نامه\u200cها.md", "نامه\u200cها.md"),
        ("報告書.MD", "報告書.MD"),
        ("  two   spaces .md", "two spaces.md"),
    ],
)
def test_names(uploads, name, safe):
    path = uploads.keep(name, stream(), "x")
    assert path.name == safe
    assert kept(uploads) == {f"uploads/x/{safe}": TEXT}
    assert [file.path for file in scan(uploads.roots()).files] == [path]


@pytest.mark.parametrize(
    ("collection", "folder"),
    [
        ("", "Uploads"), ("  ", "Uploads"), ("..", "Uploads"), (".", "Uploads"), (".hidden", "hidden"),
        ("../../etc", "-..-etc"), ("/etc", "-etc"), ("A/B", "A-B"), ("nul", "_nul"), ("Thumbs.db", "_Thumbs.db"),
        ("v1.2 trials", "v1.2 trials"), ("Übung\n2", "Übung 2"),
    ],
)  # fmt: skip
def test_collections(uploads, collection, folder):
    path = uploads.keep("a.md", stream(), collection)
    assert path.parent == uploads.folder / folder
    assert [file.path for file in scan(uploads.roots()).files] == [path]


def test_very_long_names(uploads):
    first = uploads.keep("é" * 5000 + ".md", stream(), "ü" * 5000)
    second = uploads.keep("é" * 5000 + ".md", stream(b"Something else."), "ü" * 5000)
    for path in (first, second):
        assert len(path.name.encode()) <= LONGEST + len(" (2)")
        assert len(path.parent.name.encode()) <= LONGEST
        assert path.suffix == ".md"
    assert first != second


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "a", "a/", ".md", "a.exe", "a.zip", "a.md.exe", "a.md/.", "a.md\u202e.exe", "a.gif"]
)
def test_what_no_reader_reads_is_refused_before_anything_is_read(uploads, name):
    source = stream()
    with pytest.raises(UploadRefused, match=r"formats: .*\.docx"):
        uploads.keep(name, source, "x")
    assert source.tell() == 0
    assert kept(uploads) == {}


def test_empty_files_are_refused(uploads):
    with pytest.raises(UploadRefused, match="empty") as raised:
        uploads.keep("a.md", stream(b""), "x")
    assert raised.value.remedy
    assert isinstance(raised.value, UsageError)
    assert kept(uploads) == {}


def test_a_file_over_the_limit_is_refused_while_it_comes(tmp_path):
    uploads = Uploads(tmp_path, most_bytes=3_000_000, most_files=5)
    uploads.keep("full.txt", stream(b"x" * 3_000_000), "x")
    source = stream(b"x" * 50_000_000)
    with pytest.raises(UploadRefused, match="more than 3 MB"):
        uploads.keep("a.txt", source, "x")
    assert source.tell() < 6_000_000
    assert list(kept(uploads)) == ["uploads/x/full.txt"]


def test_an_upload_that_breaks_off_leaves_nothing(uploads):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("the connection was lost")

    with pytest.raises(LibraryError, match="connection was lost"):
        uploads.keep("a.md", Broken(), "x")
    assert kept(uploads) == {}


def test_the_same_name_with_other_content_gets_a_number(uploads):
    paths = [uploads.keep("a.md", stream(text), "x") for text in (b"one", b"two", b"three")]
    assert [path.name for path in paths] == ["a.md", "a (2).md", "a (3).md"]
    assert [uploads.keep("a.md", stream(text), "x") for text in (b"two", b"one", b"three")] == [
        paths[1], paths[0], paths[2]
    ]  # fmt: skip
    assert uploads.keep("a.md", stream(b"one"), "y").parent.name == "y"
    assert len(kept(uploads)) == 4


def test_uploads_at_the_same_moment_do_not_replace_each_other(uploads):
    start = Barrier(8)

    def keep(number):
        start.wait()
        uploads.keep("a.md", stream(b"%d" % number), "x")

    threads = [Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept(uploads).values()) == [b"%d" % number for number in range(8)]


def test_only_so_many_are_kept(tmp_path):
    uploads = Uploads(tmp_path, most_bytes=1000, most_files=2)
    uploads.keep("a.md", stream(b"one"), "x")
    path = uploads.keep("b.md", stream(b"two"), "y")
    with pytest.raises(UploadRefused, match="2 files"):
        uploads.keep("c.md", stream(b"three"), "z")
    assert not (uploads.folder / "z").exists()
    assert uploads.keep("b.md", stream(b"two"), "y") == path
    uploads.remove(path)
    uploads.keep("c.md", stream(b"three"), "z")
    assert set(kept(uploads)) == {"uploads/x/a.md", "uploads/z/c.md"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_does_not_lead_out(uploads, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "own.md").write_bytes(b"mine")
    uploads.keep("a.md", stream(), "x")
    (uploads.folder / "away").symlink_to(outside)
    (uploads.folder / "x" / "link.md").symlink_to(outside / "own.md")
    with pytest.raises(UploadRefused):
        uploads.keep("a.md", stream(), "away")
    with pytest.raises(UploadRefused):
        uploads.remove(uploads.folder / "away" / "own.md")
    assert uploads.keep("link.md", stream(b"mine"), "x").name == "link (2).md"
    uploads.remove(uploads.folder / "x" / "link.md")
    assert [path.name for path in outside.iterdir()] == ["own.md"]


def test_only_uploads_are_removed(uploads, library, tmp_path):
    path = uploads.keep("a.md", stream(), "x")
    other = tmp_path / "docs" / "own.md"
    other.write_bytes(TEXT)
    crooked = path.parent / ".." / ".." / ".." / "own.md"
    folders = (uploads.folder, path.parent, library.folder / "catalogue.sqlite")
    for refused in (other, crooked, *folders, Path("/etc/passwd"), Path()):
        with pytest.raises(UploadRefused):
            uploads.remove(refused)
    assert other.exists()
    uploads.remove(path)
    assert not path.parent.exists()
    uploads.remove(path)
    assert uploads.roots() == []


def test_parts_of_a_server_that_was_killed_are_cleared_away(uploads, tmp_path):
    uploads.folder.mkdir(parents=True)
    old, young = uploads.folder / ".part-old", uploads.folder / ".part-young"
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 100_000,) * 2)
    Uploads(tmp_path / "docs" / "library", 10, 10)
    assert (old.exists(), young.exists()) == (False, True)
    assert scan([uploads.folder]).files == ()


def texts(library):
    return {lesson.lesson_id: (lesson.collection, path) for lesson, _, path in library.lessons()}


def test_uploads_are_indexed_with_their_collection(uploads, library):
    first = uploads.keep("pump.md", stream(), "Field hospitals")
    second = uploads.keep("tent.md", stream(b"# Tent\n\nThe tent blew away, as nobody had anchored it.\n"), "Exercises")
    report = sync(library, uploads.roots())
    assert (report.added, report.failed, report.warnings) == (2, [], [])
    assert texts(library) == {"pump#1": ("Field hospitals", str(first)), "tent#1": ("Exercises", str(second))}
    uploads.remove(second)
    assert sync(library, uploads.roots()).removed == 1
    assert list(texts(library)) == ["pump#1"]


def test_a_folder_that_holds_the_library_leaves_its_uploads_alone(uploads, library, tmp_path):
    uploads.keep("pump.md", stream(), "Hospitals")
    (uploads.folder / "Hospitals" / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    docs = tmp_path / "docs"
    (docs / "tent.md").write_text("# Tent\n\nThe tent blew away, as nobody had anchored it.\n")
    sync(library, uploads.roots())
    assert preview(library.known(), [docs], library=library.folder).removed == 0
    for roots in ([docs], [tmp_path], [docs, *uploads.roots()]):
        report = sync(library, roots)
        assert report.removed == 0
        assert {"pump#1", "tent#1"} == set(texts(library))
        assert [Path(one.path).name for one in library.problems()] == ["broken.pdf"]
    (docs / "tent.md").unlink()
    (docs / "hose.md").write_text("# Hose\n\nThe hose burst, as nobody had looked after it.\n")
    assert sync(library, [docs]).removed == 1
    assert {"pump#1", "hose#1"} == set(texts(library))


def test_an_upload_that_was_deleted_is_gone_though_its_library_lies_in_a_folder_synced_too(uploads, library, tmp_path):
    uploads.keep("pump.md", stream(), "Hospitals")
    path = uploads.keep("tent.md", stream(b"# Tent\n\nThe tent blew away, as nobody anchored it.\n"), "Hospitals")
    (tmp_path / "docs" / "hose.md").write_text("# Hose\n\nThe hose burst, as nobody had looked after it.\n")
    sync(library, [tmp_path / "docs", *uploads.roots()])
    path.unlink()
    assert sync(library, [tmp_path / "docs", *uploads.roots()]).removed == 1
    assert set(texts(library)) == {"pump#1", "hose#1"}
