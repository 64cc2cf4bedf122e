"""Another embedder takes over without a document being read, and without a pause."""

import pytest

from index.embedder import locate
from index.library import Library
from index.maintenance import compact, faults
from index.reindex import reindex
from ingest.errors import BadSettings, EmbedderMismatch, ModelError
from tests.fakes import HashEmbedder, a_library, prepared

NOTE = "# Note {0}\n\n## What happened\n\nThe word{0} of the pump.\n"


class Counting(HashEmbedder):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.embedded = []

    def documents(self, texts):
        self.embedded += texts
        return super().documents(texts)


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, f"{number}.md", NOTE.format(number)) for number in range(10)])
        yield library


def other(dimension=100):
    return Counting("fake:other", dimension=dimension)


def test_the_new_model_serves_and_the_old_one_is_remembered(library, tmp_path):
    report = reindex(library, "fake:other", embedder=other())
    assert (report.embedder, report.previous, report.passages, report.embedded) == ("fake:other", "fake:hash", 10, 10)
    with Library.open(tmp_path / "library", embedder=other()) as again:
        assert again.manifest.dimension == 100
        assert again.search("word3", mode="dense").hits[0].lesson_id == "3#1"
        assert faults(again) == []


def test_what_was_embedded_before_a_run_was_cut_short_is_not_embedded_again(library, monkeypatch):
    monkeypatch.setattr("index.reindex.AT_ONCE", 4)
    embedder = other()

    def stop(done, total):
        assert total == 10
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(library, "fake:other", embedder=embedder, on_step=stop)
    assert library.manifest.embedder == "fake:hash"
    assert library.search("word3", mode="dense").hits[0].lesson_id == "3#1"
    report = reindex(library, "fake:other", embedder=embedder)
    assert report.embedded == 2
    assert len(embedder.embedded) == 10


def test_what_is_added_meanwhile_is_embedded_too(library, tmp_path):
    added = False

    def add(done, total):
        nonlocal added
        if not added:
            added = True
            with Library.open(tmp_path / "library", embedder=HashEmbedder()) as writer:
                writer.add([prepared(writer, "late.md", NOTE.format("late"))])
                writer.remove(["/documents/1.md"])

    reindex(library, "fake:other", embedder=other(), on_step=add)
    with Library.open(tmp_path / "library", embedder=other()) as again:
        assert again.search("wordlate", mode="dense").hits[0].lesson_id == "late#1"
        assert faults(again) == []


def test_going_back_embeds_only_what_came_since(library, tmp_path):
    reindex(library, "fake:other", embedder=other())
    with Library.open(tmp_path / "library", embedder=other()) as changed:
        changed.add([prepared(changed, "late.md", NOTE.format("late"))])
        first = Counting("fake:hash")
        assert reindex(changed, embedder=first).embedder == "fake:hash"
        assert len(first.embedded) == 1
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        assert again.search("wordlate", mode="dense").hits[0].lesson_id == "late#1"
        assert faults(again) == []


def test_a_reader_that_is_open_follows(library, tmp_path, monkeypatch):
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as reader:
        reader.search("word3")
        reindex(library, "fake:other", embedder=other())
        monkeypatch.setattr("index.opened.embedder_of", lambda manifest, settings: other())
        assert reader.search("word3", mode="dense").hits[0].lesson_id == "3#1"
        assert reader.embedder.name == reader.stats().embedder == "fake:other"


def test_there_must_be_a_model_to_go_back_to(library):
    with pytest.raises(BadSettings, match="--embedder"):
        reindex(library)


def test_a_model_of_the_same_name_with_other_weights_is_refused(library):
    reindex(library, "fake:other", embedder=other())
    with pytest.raises(EmbedderMismatch):
        reindex(library, "fake:hash", embedder=HashEmbedder("fake:hash", dimension=100))


def test_passages_longer_than_the_model_reads_are_counted(library):
    report = reindex(library, "fake:other", embedder=Counting("fake:other", max_tokens=5))
    assert report.cut == 10


@pytest.mark.parametrize("name", ["library:{0}", "library:../../outside", "library:", "library:.", "library:.."])
def test_compaction_deletes_nothing_outside_a_library(library, tmp_path, name):
    outside = tmp_path / "outside"
    serving = tmp_path / "library/models/serving"
    for folder in (outside, serving):
        folder.mkdir(parents=True)
        (folder / "weights").touch()
    with library.catalogue.transaction():
        columns = ", ".join(row["name"] for row in library.catalogue.rows("PRAGMA table_info(models)"))
        sql = f"INSERT INTO models SELECT {columns.replace('id', '7', 1).replace('name', '?', 1)} FROM models"
        library.catalogue.rows(sql, (name.format(outside),))
    compact(library)
    assert len(library.catalogue.rows("SELECT id FROM models")) == 1
    assert (outside / "weights").exists()
    assert (serving / "weights").exists()
    with pytest.raises(ModelError):
        locate(name.format(outside), library.folder)


def test_compaction_drops_what_does_not_serve(library, tmp_path):
    library.remove([f"/documents/{number}.md" for number in range(5)])
    reindex(library, "fake:other", embedder=other(4096))
    with Library.open(tmp_path / "library", embedder=other(4096)) as again:
        found = [hit.lesson_id for hit in again.search("pump").hits]
        reindex(again, embedder=HashEmbedder())
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        done = compact(again)
        assert done.after < done.before - 5 * 4096
        assert {hit.lesson_id for hit in again.search("pump").hits} == set(found)
        assert faults(again) == []
        with pytest.raises(BadSettings):
            reindex(again)
