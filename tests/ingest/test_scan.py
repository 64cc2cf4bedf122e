"""What a scan finds, in what order, behind which links, and how it says what it left out."""

import os
from pathlib import Path

import pytest

from ingest.scan import absolute, scan


@pytest.fixture
def folder(tmp_path):
    for name in ("a.md", "sub/b.md", "sub.md"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "docs"


def names(result, folder):
    return [file.path.relative_to(folder).as_posix() for file in result.files]


def test_files_come_sorted_with_their_size_and_time(folder):
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    stat = (folder / "sub/b.md").stat()
    assert (result.files[1].size, result.files[1].mtime_ns) == (len("sub/b.md"), stat.st_mtime_ns)


def test_a_file_below_two_paths_is_found_once(folder):
    result = scan([folder / "sub", folder, folder / "a.md"])
    assert sorted(names(result, folder)) == ["a.md", "sub.md", "sub/b.md"]


def test_a_file_says_in_which_of_the_folders_given_it_lies(folder):
    for paths in ([folder, folder / "sub", folder / "a.md"], [folder / "a.md", folder / "sub", folder]):
        roots = {file.path.name: file.root for file in scan(paths).files}
        assert roots == {"a.md": folder, "b.md": folder / "sub", "sub.md": folder}
    assert [file.root for file in scan([folder / "a.md"]).files] == [None]


@pytest.mark.parametrize(
    "name", [".hidden.md", ".git/notes.md", "~$draft.docx", ".~lock.draft.odt#", "Thumbs.db", "desktop.ini"]
)
def test_litter_is_passed_over_without_a_word(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    assert result.failed == result.skipped == ()


def test_a_link_to_a_file_that_is_found_anyway_is_no_second_document(folder):
    (folder / "0-first.md").symlink_to("a.md")
    (folder / "other").symlink_to("sub")
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    assert result.skipped == ()


def test_a_link_to_what_is_not_found_otherwise_is_followed_once(folder):
    (folder / ".store" / "deep").mkdir(parents=True)
    (folder / ".store" / "c.md").write_text("c")
    (folder / ".store" / "deep" / "d.md").write_text("deep")
    (folder / "c.md").symlink_to(".store/c.md")
    (folder / "same.md").symlink_to("c.md")
    (folder / "shelf").symlink_to(folder / ".store")
    (folder / "shelf-again").symlink_to(folder / ".store")
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md", "c.md", "shelf/deep/d.md"]
    assert result.files[-1].size == 4


def test_rules_hold_for_links_and_behind_them(folder):
    (folder / ".store").mkdir()
    (folder / ".store" / "c.md").write_text("c")
    (folder / ".store" / "draft.md").write_text("draft")
    (folder / "shelf").symlink_to(".store")
    (folder / "old").symlink_to(".store")
    (folder / ".lessonsignore").write_text("old/\nshelf/draft.md\n")
    assert names(scan([folder]), folder) == ["a.md", "sub/b.md", "sub.md", "shelf/c.md"]


def test_a_link_whose_name_is_no_text_is_listed(folder):
    (folder / ".store").mkdir()
    (folder / ".store" / "bad").write_text("x")
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.md")).symlink_to(folder / ".store" / "bad")
    (problem,) = scan([folder]).failed
    assert "not valid UTF-8" in problem.reason


def test_a_path_that_leads_nowhere_holds_nothing(folder):
    (folder / "nowhere").symlink_to("gone")
    assert scan([folder / "nowhere"]).files == ()


def test_what_is_no_file_is_passed_over(folder):
    os.mkfifo(folder / "pipe.md")
    assert names(scan([folder]), folder) == ["a.md", "sub/b.md", "sub.md"]


def test_links_in_a_circle_end(folder):
    (folder / "sub" / "up").symlink_to("..")
    (folder / "self").symlink_to("self")
    (folder / ".store").mkdir()
    (folder / ".store" / "round").symlink_to(folder / ".store")
    (folder / "shelf").symlink_to(".store")
    (folder / "nowhere.md").symlink_to("gone.md")
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    assert result.failed == result.skipped == ()


def test_links_out_of_the_folder_are_named_in_one_line(folder):
    outside = folder.parent / "docs-outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    (folder / "sub" / "way-out").symlink_to(outside)
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    assert [problem.path for problem in result.skipped] == [str(folder)]
    assert result.skipped[0].reason == "1 link leads out of the folder and was not followed: sub/way-out."
    for number in range(9):
        (folder / f"link{number}.md").symlink_to(outside / "secret.md")
    (problem,) = scan([folder]).skipped
    assert problem.reason.startswith("10 links lead out of the folder and were not followed: link0.md, link1.md,")
    assert problem.reason.endswith("link4.md, ….")


def test_a_link_that_is_given_itself_is_followed(folder):
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert [file.path for file in scan([link]).files] == [link / "a.md", link / "sub/b.md", link / "sub.md"]
    single = folder.parent / "one.md"
    single.symlink_to(folder / "a.md")
    assert [file.path for file in scan([single]).files] == [single]


def test_other_files_are_counted_by_kind_and_documents_in_other_formats_are_named(folder):
    for name in ("1.xyz", "2.xyz", "README", "plan.zzz"):
        (folder / name).write_bytes(b"x")
    result = scan([folder])
    assert {problem.reason for problem in result.skipped} == {
        "2 .xyz files were skipped.", "1 extensionless files were skipped.", "1 .zzz files were skipped.",
    }  # fmt: skip
    (problem,) = scan([folder / "plan.zzz"]).failed
    assert ".zzz files are not read" in problem.reason


def test_what_cannot_be_opened_is_said_and_what_vanished_is_not(folder, monkeypatch):
    closed, gone = folder / "closed", folder / "gone"
    closed.mkdir()
    gone.mkdir()
    real = os.scandir

    def scandir(path):
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(path))
        if str(path) == str(gone):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    assert result.unlisted == (closed,)
    assert [problem.path for problem in result.failed] == [str(closed)]


@pytest.mark.parametrize(("error", "count"), [(FileNotFoundError(2, "gone"), 0), (PermissionError(13, "denied"), 1)])
def test_a_file_whose_state_cannot_be_read_stops_nothing(folder, monkeypatch, error, count):
    (folder / ".store").mkdir()
    target = folder / ".store" / "c.md"
    target.write_text("c")
    (folder / "c.md").symlink_to(target)
    real = Path.stat

    def stat(path, **options):
        if path == target:
            raise error
        return real(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    result = scan([folder])
    assert names(result, folder) == ["a.md", "sub/b.md", "sub.md"]
    assert len(result.failed) == count


def test_a_file_is_looked_at_once(folder, monkeypatch):
    """Ten thousand files take a fraction of a second only as long as nobody asks the disk twice for each."""
    for number in range(300):
        (folder / f"{number}.md").write_text("x")
    calls = []

    def counted(real):
        def call(*args, **options):
            calls.append(args)
            return real(*args, **options)

        return call

    monkeypatch.setattr(os, "stat", counted(os.stat))
    monkeypatch.setattr(os, "lstat", counted(os.lstat))
    assert len(scan([folder]).files) == 303
    assert len(calls) < 50  # for the paths given, not for the files below them


def test_a_path_is_absolute_and_its_links_stay(folder, monkeypatch):
    (folder / "link").symlink_to("sub")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    assert absolute(Path("link/../link/b.md")) == folder / "link" / "b.md"
    assert absolute(Path("~/a.md")) == folder / "a.md"
