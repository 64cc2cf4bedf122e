"""A library moves to another engine only if that holds and finds the same."""

import numpy as np
import pytest

from index.engine import Ranked, engine_class
from index.library import Library
from index.local.engine import LocalEngine
from index.move import move
from index.settings import IndexSettings
from ingest.errors import BadSettings, EmbedderMismatch, LibraryError
from tests.fakes import HashEmbedder, a_library, prepared


class Elsewhere(LocalEngine):
    """The same, in a folder of its own, as a package might add it."""

    def __init__(self, place, catalogue):
        folder = place.folder / "elsewhere"
        folder.mkdir(exist_ok=True)
        super().__init__(place.__class__(folder, place.library, place.model, place.dimension), catalogue)
        self._key = f"elsewhere-{place.model}"


class Forgetful(Elsewhere):
    def check(self):
        return "3 passages are missing"


class Blind(Elsewhere):
    def view(self, generation, *, anyway=False):
        view = super().view(generation, anyway=anyway)
        assert view is not None
        nothing = Ranked(np.empty(0, np.int64), np.empty(0, np.float32))
        setattr(view, "near", lambda *_: nothing)  # noqa: B010 - a method of an object
        return view


@pytest.fixture
def library(tmp_path, monkeypatch):
    real = {"elsewhere": Elsewhere, "forgetful": Forgetful, "blind": Blind}
    for module in ("index.opened", "index.move"):
        monkeypatch.setattr(f"{module}.engine_class", lambda name: real.get(name) or engine_class(name))
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, f"{n}.md", f"# The pump {n}\n\nThe word{n} of it.\n") for n in range(30)])
        yield library


def test_everything_is_there_and_found_alike(library, tmp_path):
    before = [hit.lesson_id for hit in library.search("pump word7").hits]
    report = move(library, "elsewhere", "http://there")
    assert (report.passages, report.questions, report.dense, report.lexical) == (30, 30, 1.0, 1.0)
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        assert isinstance(again.engine, Elsewhere)
        assert (again.manifest.engine, again.manifest.address) == ("elsewhere", "http://there")
        assert [hit.lesson_id for hit in again.search("pump word7").hits] == before
    assert [hit.lesson_id for hit in library.search("pump word7").hits] == before
    assert isinstance(library.engine, Elsewhere)


@pytest.mark.parametrize(("name", "why"), [("forgetful", "missing"), ("blind", "0% of the ten")])
def test_an_engine_that_falls_short_does_not_serve(library, name, why):
    with pytest.raises(LibraryError, match=why):
        move(library, name)
    assert library.manifest.engine == "faiss"
    assert library.search("word7").hits[0].lesson_id == "7#1"


def test_what_the_old_engine_holds_is_kept_unless_it_is_discarded(library, monkeypatch):
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 0)
    library.add([prepared(library, "late.md", "# Late\n\nOne more.\n")])
    files = list(library.folder.glob("vectors-*"))
    assert files
    move(library, "elsewhere")
    assert list(library.folder.glob("vectors-*")) == files
    move(library, "faiss")
    move(library, "elsewhere", discard=True)
    assert list(library.folder.glob("vectors-*")) == []
    assert library.search("word7").hits[0].lesson_id == "7#1"


def test_a_move_to_where_it_is_is_refused(library):
    with pytest.raises(BadSettings, match="already"):
        move(library, "faiss")


def test_settings_that_ask_for_another_engine_are_refused_with_the_command(library, tmp_path):
    with pytest.raises(EmbedderMismatch, match="lessons move --engine milvus"):
        Library.open(tmp_path / "library", IndexSettings(engine="milvus"), embedder=HashEmbedder())


def test_an_engine_nobody_has_is_refused_with_the_choices(tmp_path):
    with pytest.raises(BadSettings, match=r"faiss, milvus"):
        a_library(tmp_path / "new", settings=IndexSettings(engine="none"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("server", ["milvus_2", "milvus_lite"])
def test_a_library_moves_to_a_server_and_back(tmp_path, request, server):
    address = request.getfixturevalue(server)
    with a_library(tmp_path / "library", embedder=HashEmbedder(dimension=64)) as library:
        library.add([prepared(library, f"{n}.md", f"# The pump {n}\n\nThe word{n} of it.\n") for n in range(30)])
        library.remove(["/documents/3.md"])
        before = [hit.lesson_id for hit in library.search("word7", mode="dense").hits]
        report = move(library, "milvus", address)
        assert (report.passages, report.questions) == (29, 29)
        assert report.dense >= 0.99
        assert (report.lexical is None) == (server == "milvus_2")
        assert library.stats().engine.startswith("milvus")
        assert [hit.lesson_id for hit in library.search("word7", mode="dense").hits][:1] == before[:1]
        assert library.search("pump", filters={"source": "/7.md"}).hits[0].lesson_id == "7#1"
        library.add([prepared(library, "late.md", "# Late\n\nThe zeppelin.\n")])
        back = move(library, "faiss", discard=True)
        assert (back.passages, back.dense) == (30, 1.0) if server == "milvus_lite" else back.passages == 30
        assert library.search("zeppelin").hits[0].lesson_id == "late#1"
