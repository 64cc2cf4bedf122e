"""`reindex`, `move`, `compact` and what `doctor` says of a library, on libraries that need no model."""

import json

import pytest
import typer
from typer.testing import CliRunner

from index.fakes import HashEmbedder
from index.library import Library
from index.manifest import embedder_of
from ingest.errors import BadSettings
from tests.fakes import a_library, prepared
from ui.commands import index, maintain
from ui.doctor import _library
from ui.settings import Settings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    def make(manifest, settings):
        name = manifest.embedder if manifest else "fake:hash"
        return HashEmbedder(name) if name.startswith("fake:") else embedder_of(manifest, settings)

    for module in ("index.opened", "index.reindex"):
        monkeypatch.setattr(f"{module}.embedder_of", make)
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, f"{n}.md", f"# Pump {n}\n\nThe word{n} of it.\n") for n in range(20)])
    return tmp_path / "library"


@pytest.fixture
def run(folder):
    app = typer.Typer()
    maintain.register(app)
    index.register(app)

    def run_here(*words):
        result = CliRunner().invoke(app, [*map(str, words), "--library", str(folder)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return " ".join(result.stdout.split())

    return run_here


def test_a_model_takes_over_and_goes_back(run):
    said = run("reindex", "--embedder", "fake:other")
    assert "fake:other serves now: 20 of 20 passages were embedded" in said
    assert "lessons reindex --rollback" in said
    assert json.loads(run("status", "--json"))["embedder"] == "fake:other"
    back = json.loads(run("reindex", "--rollback", "--json"))
    assert (back["embedder"], back["previous"], back["embedded"]) == ("fake:hash", "fake:other", 0)


def test_a_model_or_the_way_back_must_be_named(run):
    with pytest.raises(BadSettings, match="--rollback"):
        run("reindex")
    with pytest.raises(BadSettings, match="--rollback"):
        run("reindex", "--embedder", "fake:other", "--rollback")


def test_room_is_given_back(run):
    run("reindex", "--embedder", "fake:other")
    done = json.loads(run("compact", "--json"))
    assert done["after"] < done["before"]
    assert "MB now" in run("compact")


def test_a_move_reports_what_was_compared(run, monkeypatch):
    from tests.index.test_move import Elsewhere

    for module in ("index.opened", "index.move"):
        monkeypatch.setattr(f"{module}.engine_class", lambda name: Elsewhere)
    said = run("move", "--engine", "elsewhere")
    assert "elsewhere serves now: 20 passages, all there" in said
    assert "by meaning 100%, by words 100%" in said
    assert json.loads(run("move", "--engine", "faiss", "--json"))["previous"] == "elsewhere"


def test_doctor_tells_of_what_was_begun_and_of_what_would_be_better(folder, run):
    settings = Settings(library=folder)
    assert "lessons reindex --embedder fake:hash" in _library(settings).message  # it keeps no vectors of tokens
    run("reindex", "--embedder", "fake:other")
    run("reindex", "--rollback")
    with Library.open(folder) as library, library.catalogue.transaction():
        library.catalogue.set_meta({"building": "2"})
    check = _library(settings)
    assert check.status == "warning"
    assert "reindex --embedder fake:other" in check.remedy
    assert "reindex --embedder fake:hash" in check.remedy
    run("reindex", "--embedder", "fake:hash")
    assert _library(settings).status == "ok"


def test_doctor_tells_of_a_repair_and_of_damage(folder):
    settings = Settings(library=folder)
    check = _library(settings)
    assert (check.status, "all files are whole" in check.message, "Last repair" in check.message) == ("ok", True, False)
    next((folder / "words").glob("*.idx")).unlink()
    check = _library(settings)
    assert check.status == "ok"
    assert "words made anew" in check.message
    with Library.open(folder) as library, library.catalogue.transaction():
        library.catalogue.rows("DELETE FROM embeddings WHERE passage = 1")
    check = _library(settings)
    assert check.status == "failed"
    assert "passages without a vector" in check.message
