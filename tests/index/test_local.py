"""The local engine where it is approximate, changes often, or lies on damaged files."""

import random
import shutil
import threading

import numpy as np
import pytest

from index.catalogue import Catalogue
from index.fakes import HashEmbedder
from index.filters import Selection
from index.library import Library
from index.local.view import LocalView
from index.maintenance import compact, faults
from index.move import move
from index.passages import Embedded
from index.reindex import reindex
from index.settings import IndexSettings
from ingest.errors import LibraryError
from tests.fakes import a_library, prepared

NOTE = "# Note {0}\n\n## What happened\n\nThe word{0} of the pump.\n"


def notes(library, numbers, text=NOTE):
    return [prepared(library, f"{number}.md", text.format(number)) for number in numbers]


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """A library in cells, whose records lie in forty clusters, those of a collection far from the others."""
    monkeypatch.setattr("index.local.base.EXACT_MOST", 500)
    chance = np.random.default_rng(1)
    with a_library(tmp_path / "library", embedder=HashEmbedder(dimension=32)) as library:
        centres = chance.standard_normal((40, 32))
        with library.writing(), library.catalogue.transaction():
            fill(library, centres, chance)
            library.catalogue.set_meta({"generation": "1"})
        library.engine.repair(1)
        library.engine.settle()
        assert "cells" in library.engine.describe()
        yield library, centres


def fill(library, centres, chance):
    catalogue = library.catalogue
    none = dict.fromkeys(("sha256", "title", "indexed_at"), "")
    rest = {"path": "/x", "size": 0, "mtime_ns": 0, "media_type": "", "text": "", "page_starts": "[]", "warnings": "[]"}
    source = catalogue.insert("sources", none | rest)
    numbers, vectors = [], []
    for at in range(4000):
        cluster = at % 40
        row = {"lesson_id": f"L{at}", "source_id": source, "ordinal": at, "title": "", "start": 0, "end": 0}
        row |= {"kind": "narrative", "outcome": "neutral", "maturity": "observation", "sections": "[]"}
        row |= {"provenance": "{}", "collection": "far" if cluster < 18 else "near"}
        lesson = catalogue.insert("lessons", row)
        passage = {"lesson": lesson, "start": 0, "end": 0, "text": "", "section": "", "header": ""}
        numbers.append(catalogue.insert("passages", passage))
        vector = centres[cluster] + 0.3 * chance.standard_normal(32)
        vectors.append((vector / np.linalg.norm(vector)).astype(np.float32))
    catalogue.put_vectors(library.manifest.model, zip(numbers, map(Embedded, vectors), strict=True))


@pytest.mark.parametrize("compared", [0, 200_000])
def test_a_filter_that_selects_what_is_far_away_finds_all_the_same(cells, monkeypatch, compared):
    monkeypatch.setattr("index.local.base.COMPARED", compared)
    library, centres = cells
    selection = Selection((("collection", ("far",)),))
    allowed = library.catalogue.selected(selection)
    blocks = list(library.catalogue.blocks(library.manifest.model))
    ids, lessons, vectors = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    among = np.isin(lessons, allowed)
    shares = []
    with library.snapshot() as view:
        for centre in centres[18:]:
            question = (centre / np.linalg.norm(centre)).astype(np.float32)
            found = view.near(question, 200, selection).ids
            assert len(found) == 200
            scores = np.where(among, vectors @ question, -1)
            tenth = np.partition(scores, -10)[-10]
            shares.append(np.count_nonzero(scores[np.searchsorted(ids, found)] >= tenth) / 10)
    assert np.mean(shares) > 0.97


def test_a_file_in_cells_is_not_made_anew_for_every_commit_after_many_changes(tmp_path, monkeypatch):
    monkeypatch.setattr("index.local.base.EXACT_MOST", 100)
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 20)
    built = []
    real = __import__("index.local.base", fromlist=["build"]).build

    def noted(*given):
        built.append(given)
        return real(*given)

    monkeypatch.setattr("index.local.engine.build", noted)
    with a_library(tmp_path / "library", embedder=HashEmbedder(dimension=32)) as library:
        library.add(notes(library, range(400)))
        for turn in range(30):
            text = NOTE + f"\nRevision {turn}.\n"
            library.add(notes(library, range(turn * 40 % 400, turn * 40 % 400 + 40), text))
        built.clear()
        for number in range(15):
            library.add(notes(library, [f"late{number}"]))
        assert len(built) <= 1
        with library.snapshot() as view:
            assert isinstance(view, LocalView)
            assert view.base is not None
            assert len(view.base.ids) <= 5 * 400
        assert faults(library) == []


def test_going_back_to_a_model_after_removals_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 20)
    folder = tmp_path / "library"
    with a_library(folder) as library:
        library.add(notes(library, range(200)))
        reindex(library, "fake:other", embedder=HashEmbedder("fake:other"))
    with Library.open(folder, embedder=HashEmbedder("fake:other")) as library:
        library.remove([f"/documents/{number}.md" for number in range(150)])
        reindex(library, embedder=HashEmbedder())
    with Library.open(folder, embedder=HashEmbedder()) as library:
        assert faults(library) == []
        assert len(library.search("pump", 100, mode="dense").hits) == 50


def test_missing_vectors_are_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 20)
    with a_library(tmp_path / "library") as library:
        library.add(notes(library, range(60)))
        with library.snapshot() as view:
            assert isinstance(view, LocalView)
            view.base_alive = view.base_alive & False
        assert "the vectors are not those of the passages" in library.engine.check()


def test_a_long_record_does_not_crowd_out_the_others(tmp_path):
    with a_library(tmp_path / "library") as library:
        long = "# Pump report\n\n" + "\n\n".join(
            f"## Part {n}\n\nPump filter valve. " + "pump " * 50 for n in range(250)
        )
        library.add([prepared(library, "long.md", long), *notes(library, range(30), NOTE + "\nA filter, a valve.\n")])
        for mode in ("hybrid", "dense", "lexical"):
            hits = library.search("pump filter valve", 10, mode=mode).hits
            assert len(hits) == 10
            assert len({hit.lesson_id for hit in hits}) >= 9


@pytest.mark.parametrize("suffix", [".term", ".idx", ".fast", ".fieldnorm"])
def test_a_flipped_byte_among_the_words_is_found_and_mended(tmp_path, suffix):
    chance = random.Random(suffix)
    for number in range(6):
        folder = tmp_path / f"library{number}"
        with a_library(folder) as library:
            library.add(notes(library, range(40)))
        file = max((folder / "words").glob(f"*{suffix}"), key=lambda each: each.stat().st_size)
        data = bytearray(file.read_bytes())
        data[chance.randrange(len(data) - 120)] ^= 255
        file.write_bytes(data)
        with Library.open(folder, embedder=HashEmbedder()) as library:
            try:
                library.search("word7 pump", mode="lexical")
            except LibraryError as error:
                assert "compact" in error.remedy  # noqa: PT017 - that it raises depends on the byte
            if faults(library):
                compact(library)
            assert faults(library) == []
            assert library.search("word7", mode="lexical").hits[0].lesson_id == "7#1"


def test_a_flipped_byte_is_a_fault(tmp_path):
    folder = tmp_path / "library"
    with a_library(folder) as library:
        library.add(notes(library, range(40)))
        file = next((folder / "words").glob("*.fieldnorm"))
        data = bytearray(file.read_bytes())
        data[3] ^= 255
        file.write_bytes(data)
        assert f"{file.name} is damaged" in " ".join(faults(library))


def test_connections_end_with_their_threads(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    for _ in range(50):
        thread = threading.Thread(target=catalogue.count)
        thread.start()
        thread.join()
    assert len(catalogue._all) <= 3
    catalogue.close()


def test_threads_search_while_another_model_takes_over(tmp_path, monkeypatch):
    """Each search uses one model from end to end, whichever serves."""

    def make(manifest, settings):
        return HashEmbedder(manifest.embedder, dimension=manifest.dimension)

    monkeypatch.setattr("index.opened.embedder_of", make)
    folder, wrong, done = tmp_path / "library", list[object](), threading.Event()
    with a_library(folder) as library:
        library.add(notes(library, [f"{number:02}" for number in range(30)], "# Note {0}\n\nThe w{0} of the pump.\n"))

        names = [f"{number:02}" for number in range(30)]
        right = {name: {first(library, name)} for name in names}
        turn_to(folder, "fake:other", 700)
        for name in names:
            right[name].add(first(library, name))

        def ask(seed):
            chance = random.Random(seed)
            while not done.is_set():
                name = chance.choice(names)
                try:
                    if first(library, name) not in right[name]:
                        wrong.append(name)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is wrong
                    wrong.append(error)

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(12):
            turn_to(folder, *(("fake:hash", 512), ("fake:other", 700))[turn % 2])
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def first(library, name):
    return library.search(f"w{name}", 1, mode="dense").hits[0].lesson_id


def turn_to(folder, name, dimension):
    with Library.open(folder) as other:
        reindex(other, name, embedder=HashEmbedder(name, dimension=dimension))


def test_rules_that_lie_in_the_folder_are_kept(tmp_path):
    (tmp_path / ".lessonsignore").write_text("secret/\n")
    a_library(tmp_path).close()
    assert (tmp_path / ".lessonsignore").read_text() == "secret/\n"


def test_a_copy_of_a_library_is_another_one_and_a_moved_one_is_not(tmp_path):
    with a_library(tmp_path / "one") as library:
        name = library.manifest.library
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    with Library.open(tmp_path / "copy", embedder=HashEmbedder()) as copy:
        other = copy.manifest.library
    with Library.open(tmp_path / "one", embedder=HashEmbedder()) as library:
        assert library.manifest.library == name != other
    (tmp_path / "one").rename(tmp_path / "moved")
    with Library.open(tmp_path / "moved", embedder=HashEmbedder()) as moved:
        assert moved.manifest.library == name


def test_a_library_that_nothing_can_search_is_not_made(tmp_path):
    with pytest.raises(LibraryError):
        a_library(tmp_path / "new", settings=IndexSettings(engine="milvus", address="http://127.0.0.1:9"))
    a_library(tmp_path / "new").close()  # the next call is not held to it


def test_a_library_whose_server_is_gone_is_read_and_moves_back(tmp_path, monkeypatch):
    folder = tmp_path / "library"
    with a_library(folder) as library:
        library.add(notes(library, range(5)))
        with library.catalogue.transaction():
            library.catalogue.set_meta({"engine": "milvus", "address": "http://127.0.0.1:9"})
    with Library.open(folder, embedder=HashEmbedder()) as library:
        assert "No Milvus server answers" in library.stats().engine
        assert library.get("3#1").title == "Note 3"
        assert len(list(library.lessons())) == 5
        with pytest.raises(LibraryError, match="No Milvus server"):
            library.search("pump")
        report = move(library, "faiss")
        assert (report.passages, report.questions) == (5, 0)
        assert library.search("word3", mode="lexical").hits[0].lesson_id == "3#1"
