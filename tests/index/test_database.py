"""Catalogues of earlier layouts, and of later ones."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index.database import LAYOUT, Database
from index.library import Library
from index.sync import sync
from ingest.errors import EmbedderMismatch, SchemaMismatch
from tests.fakes import HashEmbedder, a_library, prepared

LAYOUTS = Path(__file__).parent / "layouts"
NOTE = "# Pump\n\n## Recommendations\n\nClean the filter every morning.\n"


def columns(path):
    with closing(sqlite3.connect(path)) as catalogue:
        tables = [name for (name,) in catalogue.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: {row[1:] for row in catalogue.execute(f"PRAGMA table_xinfo({table})")} for table in tables}


@pytest.mark.parametrize("layout", sorted(LAYOUTS.glob("*.sql")), ids=lambda path: path.stem)
def test_every_earlier_layout_becomes_the_present_one(layout, tmp_path):
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        old.executescript(layout.read_text())
        if number := int(layout.stem) - 1:
            old.execute(f"PRAGMA user_version = {number + 1}")
    for name in ("old", "new"):
        Database(tmp_path / f"{name}.sqlite").close()
    assert columns(tmp_path / "old.sqlite") == columns(tmp_path / "new.sqlite")
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (LAYOUT,)


@pytest.mark.parametrize("layout", ["001", "002", "003", "004", "005"])
def test_a_library_of_an_earlier_layout_serves_and_is_read_anew(layout, tmp_path):
    folder, notes = tmp_path / "library", tmp_path / "notes"
    notes.mkdir()
    (notes / "pump.md").write_text(NOTE)
    with a_library(folder) as library:
        sync(library, [notes])
        vectors = library.catalogue.rows("SELECT passage, vector FROM embeddings")
    make_old(folder, layout)
    with Library.open(folder, embedder=HashEmbedder()) as library:
        assert library.search("clean filter").hits[0].lesson_id == "pump#1"
        assert library.get("pump#1").fields["topics"] == []
        assert library.catalogue.rows("SELECT passage, vector FROM embeddings") == vectors
        report = sync(library, [notes])
        assert report.changed == (layout == "001")
        report = sync(library, [notes])
        assert (report.changed, report.unchanged) == (0, 1)
    with Library.open(folder, embedder=HashEmbedder("fake:other")) as library, pytest.raises(EmbedderMismatch):
        library.search("clean filter")
    assert not (folder / "manifest.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1}'])
def test_a_damaged_manifest_of_an_earlier_layout_is_refused_with_a_remedy(text, tmp_path):
    with a_library(tmp_path) as library:
        library.add([prepared(library, "pump.md", NOTE)])
    make_old(tmp_path, "002")
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(SchemaMismatch, match="damaged"):
        Library.open(tmp_path, embedder=HashEmbedder())


def test_a_lost_manifest_of_an_earlier_layout_is_not_made_up(tmp_path):
    with a_library(tmp_path) as library:
        library.add([prepared(library, "pump.md", NOTE)])
    make_old(tmp_path, "002")
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(SchemaMismatch, match="lost its manifest"):
        Library.open(tmp_path, embedder=HashEmbedder("fake:other"), create=True)


def make_old(folder, layout):
    """Put the content of a library's catalogue into one of that layout, with what lay beside it then."""
    path = folder / "catalogue.sqlite"
    path.rename(folder / "new.sqlite")
    with closing(sqlite3.connect(path)) as old:
        old.executescript((LAYOUTS / f"{layout}.sql").read_text())
        old.execute("ATTACH ? AS new", (str(folder / "new.sqlite"),))
        tables = ["sources", "lessons", "passages"]
        if layout < "003":
            old.execute("ALTER TABLE new.passages ADD COLUMN embedding BLOB")
            old.execute(
                "UPDATE new.passages SET embedding = (SELECT vector FROM new.embeddings WHERE passage = passages.id)"
            )
            old.execute("INSERT INTO meta VALUES ('generation', '1'), ('published', '1')")
        else:
            tables += ["meta", "models", "embeddings"]
        for table in tables:
            names = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA table_info({table})"))
            old.execute(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM new.{table}")
        old.execute(f"PRAGMA user_version = {int(layout)}")
        name, dimension, probe = old.execute("SELECT name, dimension, probe FROM new.models").fetchone()
        old.commit()
    if layout < "003":
        values = {"embedder": name, "dimension": dimension, "passage_tokens": 64, "probe": json.loads(probe)}
        (folder / "manifest.json").write_text(json.dumps({"schema": 1} | values))


def test_a_later_layout_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    Database(path).close()
    with closing(sqlite3.connect(path)) as catalogue:
        catalogue.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    with pytest.raises(SchemaMismatch, match=f"layout {LAYOUT + 1}"):
        Database(path)


def test_a_failed_migration_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "catalogue.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript((LAYOUTS / "001.sql").read_text() + "ALTER TABLE passages ADD COLUMN place TEXT;")
    before = columns(path)
    with pytest.raises(Exception, match="duplicate column"):
        Database(path)
    assert columns(path) == before


def test_only_new_passages_are_embedded_again(tmp_path, monkeypatch):
    embedder = HashEmbedder()
    long = "\n\n".join(f"## Part {number}\n\n" + f"word{number} " * 50 for number in range(8))
    with a_library(tmp_path, embedder=embedder) as library:
        library.add([prepared(library, "long.md", long)])
        embedded: list[str] = []
        real = embedder.documents

        def noted(texts):
            embedded.extend(texts)
            return real(texts)

        monkeypatch.setattr(embedder, "documents", noted)
        library.add([prepared(library, "long.md", long + "\n\n## Part 9\n\nNothing of this was there before.")])
        assert any("before" in text for text in embedded)
        assert len(embedded) < 3
        assert library.search("word3").hits[0].text.count("word3") > 10
