"""`health` and `status`, on a library that needs no model."""

import json
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

from index.fakes import HashEmbedder
from index.library import Library
from tests.fakes import a_library, prepared
from ui.cli import app as whole_app
from ui.commands import health, index


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("index.opened.embedder_of", lambda manifest, settings: HashEmbedder() if manifest else None)
    with a_library(tmp_path / "library") as library:
        texts = [
            f"---\nkind: retro\noutcome: failure\nevent_date: 2015-05-0{n}\n---\n# Pump {n}\n\nWord{n}.\n"
            for n in range(1, 4)
        ]
        guide = "---\nkind: guidance\n---\n# How to run a pump\n\nRun it.\n"
        library.add([prepared(library, f"{n}.md", text) for n, text in enumerate([*texts, guide])])
    return tmp_path / "library"


def run(folder, *words):
    app = typer.Typer()
    health.register(app)
    index.register(app)
    result = CliRunner().invoke(app, [*words, "--library", str(folder)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_health_fits_on_a_screen_and_says_what_is_there(folder):
    said = run(folder, "health")
    assert len(said.splitlines()) <= 40
    words = " ".join(said.split())
    assert "3 records and 1 other text in 4 documents, 4 passages" in words
    assert "100% failures and near misses among the 3 that tell how it went" in words
    assert "3 records without an owner, 3 without a recommendation" in words
    assert "by year 2015 3" in words
    assert "all passages embedded by fake:hash" in words


def test_health_as_json_is_what_the_library_says(folder):
    found = json.loads(run(folder, "health", "--json"))
    with Library.open(folder) as library:
        assert found == json.loads(json.dumps(library.health(date.today()).to_json()))


def test_status_counts_records_and_guides_apart(folder):
    assert "3 records and 1 other text" in run(folder, "status")
    found = json.loads(run(folder, "status", "--json"))
    assert (found["documents"], found["lessons"], found["guidance"], found["passages"]) == (4, 4, 1, 4)


def test_health_is_among_the_commands():
    assert "│ health " in CliRunner().invoke(whole_app, ["--help"]).stdout
