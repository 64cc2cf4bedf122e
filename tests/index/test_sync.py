import os
from pathlib import Path

import pytest

from index.sync import Step, preview, sync
from ingest.errors import BadSettings, PathNotFound
from ingest.settings import IngestSettings
from tests.fakes import a_library

TEXTS = {
    "pump.md": "# Pump\n\nThe pump stopped because the filter was blocked.\n",
    "tent.md": "# Tent\n\nThe tent blew away because it was not anchored.\n",
    "deep/router.txt": "The router update went well because it was rehearsed.\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in TEXTS.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "docs"


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library") as opened:
        yield opened


def counts(report):
    return {name: getattr(report, name) for name in ("added", "changed", "renamed", "unchanged", "removed")}


def expect(**given):
    return dict.fromkeys(("added", "changed", "renamed", "unchanged", "removed"), 0) | given


def test_a_folder_is_indexed_once(library, folder):
    assert counts(sync(library, [folder])) == expect(added=3)
    report = sync(library, [folder])
    assert counts(report) == expect(unchanged=3)
    assert (report.lessons, report.embedded) == (3, 0)


def test_changed_renamed_and_deleted_files_are_told_apart(library, folder):
    sync(library, [folder])
    (folder / "pump.md").write_text("# Pump\n\nThe pump now has a second strainer.\n")
    (folder / "tent.md").rename(folder / "shelter.md")
    (folder / "deep/router.txt").unlink()
    assert counts(preview(library.known(), [folder])) == expect(changed=1, renamed=1, removed=1)
    assert counts(sync(library, [folder])) == expect(changed=1, renamed=1, removed=1)
    assert library.search("strainer", mode="lexical").hits[0].lesson_id == "pump#1"
    shelter = library.search("anchored", mode="lexical").hits[0]
    assert (shelter.lesson_id, shelter.source) == ("tent#1", str(folder / "shelter.md"))
    assert library.search("router", mode="lexical").hits == ()


def test_a_renamed_file_keeps_its_id_when_it_changes_later(library, folder):
    sync(library, [folder])
    (folder / "tent.md").rename(folder / "shelter.md")
    sync(library, [folder])
    (folder / "shelter.md").write_text("# Tent\n\nThe tent has new pegs.\n")
    sync(library, [folder])
    assert library.search("pegs", mode="lexical").hits[0].lesson_id == "tent#1"


def test_a_dry_run_does_nothing(library, folder):
    report = preview(library.known(), [folder])
    assert counts(report) == expect(added=3)
    assert report.to_json()["files"]["added"] == sorted(str(path) for path in folder.rglob("*.*") if path.is_file())
    assert library.stats().documents == 0


def test_a_file_with_a_new_time_and_the_same_content_is_unchanged(library, folder):
    sync(library, [folder])
    os.utime(folder / "pump.md", (1, 1))
    report = sync(library, [folder])
    assert counts(report) == expect(unchanged=3)
    assert report.embedded == 0
    assert library.known()[str(folder / "pump.md")].mtime_ns == 10**9


def test_a_copy_is_indexed_once_and_taken_over_when_the_first_goes(library, folder):
    (folder / "spare.md").write_text(TEXTS["pump.md"])
    report = sync(library, [folder])
    assert (report.added, report.lessons) == (3, 3)
    assert "same content" in report.warnings[0].reason
    (folder / "spare.md").unlink()
    (folder / "pump.md").rename(folder / "copy.md")
    assert counts(sync(library, [folder])) == expect(renamed=1, unchanged=2)


def test_what_cannot_be_read_is_listed_and_stops_nothing(library, folder):
    (folder / "empty.md").write_bytes(b"")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (folder / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "photo.gif").write_bytes(b"png")
    report = sync(library, [folder])
    assert report.added == 3
    assert {Path(problem.path).name for problem in report.failed} == {"empty.md", "broken.pdf", "old.doc"}
    assert all(problem.reason and problem.remedy for problem in report.failed)
    assert any(".gif" in problem.reason for problem in report.warnings)


def test_a_file_that_became_unreadable_keeps_its_earlier_revision(library, folder):
    sync(library, [folder])
    (folder / "pump.md").write_bytes(b"")
    report = sync(library, [folder])
    assert (report.changed, len(report.failed)) == (0, 1)
    assert library.search("filter", mode="lexical").hits


def test_a_file_over_the_limit_is_listed(library, folder):
    (folder / "huge.txt").write_text("word " * 300_000)
    report = sync(library, [folder], IngestSettings(max_file_mb=1))
    assert ["LESSONS_MAX_FILE_MB" in problem.remedy for problem in report.failed] == [True]


def test_a_missing_path_changes_nothing(library, folder):
    sync(library, [folder])
    with pytest.raises(PathNotFound, match="does not exist"):
        sync(library, [folder / "gone", folder])
    assert library.stats().documents == 3


def test_an_empty_folder_is_said(library, tmp_path):
    (tmp_path / "nothing").mkdir()
    report = sync(library, [tmp_path / "nothing"])
    assert "no document" in report.failed[0].reason


def test_a_folder_that_lost_everything_is_taken_for_an_unmounted_disk(library, folder):
    sync(library, [folder])
    for path in [*folder.glob("*.md"), folder / "deep/router.txt"]:
        path.unlink()
    report = sync(library, [folder])
    assert report.removed == 0
    assert "lessons remove" in report.failed[0].remedy
    assert library.search("pump").hits


def test_hidden_files_lock_files_and_links_are_left_out(library, folder, tmp_path):
    (folder / ".secret.md").write_text("# Secret\n\nNothing to see here at all.\n")
    (folder / "~$draft.docx").write_bytes(b"lock")
    outside = tmp_path / "outside.md"
    outside.write_text("# Outside\n\nThis file lies outside of the folder.\n")
    (folder / "link.md").symlink_to(outside)
    report = sync(library, [folder])
    assert (report.added, report.failed) == (3, [])


def test_a_single_file_can_be_given(library, folder):
    assert counts(sync(library, [folder / "pump.md"])) == expect(added=1)
    assert counts(sync(library, [folder / "pump.md", folder])) == expect(added=2, unchanged=1)


def test_progress_rises_to_the_whole(library, folder):
    steps: list[Step] = []
    sync(library, [folder], on_step=steps.append)
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert (steps[-1].files, steps[-1].total) == (3, 3)


def test_moved_swapped_and_edited_copies_lose_nothing(library, folder):
    sync(library, [folder])
    (folder / "pump.md").rename(folder / "third.md")
    (folder / "tent.md").rename(folder / "pump.md")
    sync(library, [folder])
    assert sync(library, [folder]).unchanged == 3
    assert {hit.source for hit in library.search("filter blocked", mode="lexical").hits} == {str(folder / "third.md")}
    (folder / "copy.md").write_text((folder / "third.md").read_text())
    sync(library, [folder])
    (folder / "third.md").write_text("# New\n\nSomething else stands here now instead.\n")
    sync(library, [folder])
    assert {hit.source for hit in library.search("filter blocked", mode="lexical").hits} == {str(folder / "copy.md")}


def test_a_folder_that_moved_keeps_its_records(library, folder):
    sync(library, [folder])
    folder.rename(folder.with_name("moved"))
    assert counts(sync(library, [folder.with_name("moved")])) == expect(renamed=3)
    assert library.search("pump").hits[0].source == str(folder.with_name("moved") / "pump.md")


def test_a_path_is_the_same_however_it_is_written(library, folder):
    sync(library, [folder])
    (folder / "pump.md").unlink()
    assert counts(sync(library, [folder / ".." / "docs"])) == expect(unchanged=2, removed=1)


def test_a_name_that_is_no_text_is_listed(library, folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.md")).write_text("# Bad\n\nA name that nobody can print.\n")
    report = sync(library, [folder])
    assert (report.added, len(report.failed)) == (3, 1)
    assert "Rename" in report.failed[0].remedy


def test_a_folder_that_cannot_be_opened_keeps_its_records(library, folder, monkeypatch):
    sync(library, [folder])
    real = os.scandir

    def scandir(place):
        if str(place).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)
    report = sync(library, [folder])
    assert (report.removed, report.unchanged) == (0, 2)
    assert "Permission denied" in report.failed[0].reason


def test_ids_of_ones_own_with_a_hash_stay_with_their_records(library, folder):
    log = folder / "log.csv"
    log.write_text("id,title,lesson\nCase#1,Boats,Moor the boats with two ropes\nCase#2,Cars,Chock the wheels\n")
    sync(library, [folder])
    log.write_text(
        "id,title,lesson\nCase#0,Trains,Ring the bell\n"
        "Case#1,Boats,Moor the boats with two ropes\nCase#2,Cars,Chock the wheels\n"
    )
    sync(library, [folder])
    titles = {one: library.get(one).title for one in ("Case#0", "Case#1", "Case#2")}
    assert titles == {"Case#0": "Trains", "Case#1": "Boats", "Case#2": "Cars"}


def test_a_taxonomy_of_ones_own_files_everything_anew(library, folder, tmp_path):
    assert sync(library, [folder]).added == 3
    own = tmp_path / "own.toml"
    own.write_text('[topics."rotating machinery"]\ncues = ["pump*"]\n')
    settings = IngestSettings(taxonomy=own)
    assert counts(sync(library, [folder], settings)) == expect(changed=3)
    assert counts(sync(library, [folder], settings)) == expect(unchanged=3)
    assert [hit.lesson_id for hit in library.search("note", filters={"topic": "rotating machinery"}).hits] == ["pump#1"]
    own.write_text('[topics."rotating machinery"]\ncues = ["fan*"]\n')
    assert counts(sync(library, [folder], settings)) == expect(changed=3)
    assert not library.search("note", filters={"topic": "rotating machinery"}).hits


def test_a_broken_taxonomy_is_refused_before_anything_changes(library, folder, tmp_path):
    sync(library, [folder])
    (folder / "pump.md").unlink()
    (tmp_path / "own.toml").write_text("[topics")
    with pytest.raises(BadSettings, match="taxonomy"):
        sync(library, [folder], IngestSettings(taxonomy=tmp_path / "own.toml"))
    assert len(library.known()) == 3


def test_a_library_inside_the_folder_is_no_document(folder):
    with a_library(folder / "library") as library:
        assert counts(sync(library, [folder])) == expect(added=3)
        assert not [path for path in library.known() if Path(path).is_relative_to(folder / "library")]


def test_a_file_under_its_right_suffix_is_another_document(library, folder):
    row = '{"id": "L-1", "title": "Mast", "lesson": "Use two."}\n'
    (folder / "log.txt").write_text(row)
    (folder / "report.pdf").write_text("This is no PDF. The mast bent.\n")
    sync(library, [folder])
    (folder / "log.txt").rename(folder / "log.jsonl")
    (folder / "report.txt").write_text("This is no PDF. The mast bent.\n")
    report = sync(library, [folder])
    assert (report.added, report.removed) == (2, 1)
    assert library.get("L-1").title == "Mast"
    assert library.search("no PDF mast", filters={"source": "report.txt"}).hits
