"""Tests that every engine must pass, for pytest.

To run them on an engine of your own, subclass `Conformance`:

    class TestMine(Conformance):
        engine = "mine"             # its entry point in the group `lessons.engines`
        address = "http://…"        # where it is a server

They go through `Library`, as every user of an engine does, and need no embedding model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from index.embedding import embed_new
from index.fakes import HashEmbedder
from index.library import Library, Mode
from index.settings import IndexSettings
from ingest.errors import LibraryError
from ingest.model import Prepared
from ingest.prepare import prepare

WORDS = "pump filter valve router cable tent convoy bridge clinic vaccine chlorine generator fuel radio ladder".split()
FIELDS: Mapping[str, Sequence[str]] = {
    "unit": ("Water", "Engineering", 'Ärzte "Süd"', "O'Brien's \\ unit", "水", ""),
    "project": ("Long Tide, 2023", "A and B or C == 'd'", "x%", ""),
    "outcome": ("failure", "success", "near_miss"),
    "collection": ("safety-board", "field", ""),
    "access": ("public", "internal", "restricted", ""),
    "event_date": ("2019", "2020-06", "2020-06-15", "2023-01-31", ""),
}
Row = dict[str, str]


class Conformance:
    """Set `engine` and, for a server's client, `address`; `lexical` is False for one that has no words."""

    engine: str
    address: str | None = None
    lexical = True

    @contextmanager
    def open(self, folder: Path) -> Iterator[Library]:
        """A library of that engine, made if there is none."""
        settings = IndexSettings(engine=self.engine, address=self.address)
        with Library.open(folder, settings, embedder=HashEmbedder(dimension=64), create=True) as library:
            yield library

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Iterator[Path]:
        """Of a library whose traces on a server are removed afterwards."""
        folder = tmp_path / "library"
        yield folder
        with self.open(folder) as library:
            library.engine.discard()

    @pytest.fixture
    def library(self, folder: Path) -> Iterator[Library]:
        with self.open(folder) as library:
            library.add([a_note(library, "pump", "The pump stopped because leaves blocked its filter.")])
            library.add([a_note(library, "router", "The router update was rehearsed twice.")])
            yield library

    @property
    def modes(self) -> tuple[Mode, ...]:
        return ("hybrid", "dense", "lexical") if self.lexical else ("hybrid", "dense")

    # -- add, replace, remove

    def test_what_is_added_is_found(self, library: Library) -> None:
        for mode in self.modes:
            assert ids(library, "why did the pump stop", mode)[0] == "pump#1"
            assert ids(library, "router update", mode)[0] == "router#1"

    def test_what_is_replaced_is_found_as_it_is_now(self, library: Library) -> None:
        library.add([a_note(library, "pump", "The ladder slipped on wet tiles.")])
        for mode in self.modes:
            assert ids(library, "wet tiles", mode)[0] == "pump#1"
        assert not any("leaves" in hit.text for hit in library.search("leaves blocked", 50).hits)
        assert library.engine.check() == ""

    def test_what_is_removed_is_found_no_more(self, library: Library) -> None:
        library.remove(["/conformance/pump.md"])
        for mode in self.modes:
            assert "pump#1" not in ids(library, "pump filter", mode)
        assert library.engine.check() == ""

    def test_an_empty_library_finds_nothing(self, folder: Path) -> None:
        with self.open(folder) as library:
            for mode in self.modes:
                assert library.search("pump", 10, mode=mode).hits == ()
            assert library.search("pump", 10, {"unit": "Water"}).hits == ()
            assert library.engine.check() == ""

    def test_more_may_be_asked_for_than_there_is(self, library: Library) -> None:
        assert set(ids(library, "pump router", "hybrid", k=10_000)) == {"pump#1", "router#1"}

    def test_ids_may_be_of_any_script(self, folder: Path) -> None:
        names = ["Ünïcode-ß", "報告-7", 'it\'s "quoted" \\ and 100 %', "a' or '1' == '1"]
        with self.open(folder) as library:
            library.add([a_note(library, f"n{at}", "The pump stopped.", {"id": name}) for at, name in enumerate(names)])
            stored = {lesson.lesson_id for lesson, _, _ in library.lessons()}
            assert len(stored) == len(names)
            for lesson_id in stored:
                assert ids(library, "pump", filters={"lesson_id": lesson_id}) == [lesson_id]

    # -- filters

    def test_filters_select_what_they_say(self, folder: Path) -> None:
        with self.open(folder) as library:
            rows = some_rows(120)
            library.add([a_note(library, name, row["text"], row) for name, row in rows.items()])
            for filters, wanted in some_filters():
                expected = {f"{name}#1" for name, row in rows.items() if wanted(row)}
                for mode in self.modes:
                    found = ids(library, " ".join(WORDS), mode, 1000, filters)
                    assert set(found) == expected, (filters, mode)
            assert any(wanted(row) for row in rows.values() for _, wanted in some_filters())

    def test_a_narrow_filter_finds_all_there_are(self, folder: Path) -> None:
        with self.open(folder) as library:
            common = [a_note(library, f"n{at}", "pump filter valve " * 5, {"unit": "Water"}) for at in range(400)]
            rare = [a_note(library, f"r{at}", "quite another thing: a pump", {"unit": "Rare"}) for at in range(7)]
            library.add([*common[:200], *rare, *common[200:]])
            for mode in self.modes:
                assert len(ids(library, "pump filter valve", mode, 7, {"unit": "rare"})) == 7

    def test_a_renamed_file_is_selected_by_its_new_name(self, library: Library) -> None:
        assert ids(library, "pump", filters={"source": "PUMP.md"}) == ["pump#1"]
        library.renew("/conformance/moved.md", 2, moved_from="/conformance/pump.md")
        assert ids(library, "pump", filters={"source": "pump.md"}) == []
        assert ids(library, "pump", filters={"source": "moved"}) == ["pump#1"]

    # -- one state

    def test_a_reader_sees_all_of_a_commit_or_nothing(self, library: Library, folder: Path) -> None:
        with self.open(folder) as reader:
            before = ids(reader, "pump filter")
            tent = a_note(library, "tent", "The tent was not anchored: a pump, a filter.")
            vectors = embed_new(library.catalogue, library.embedder, library.manifest, [tent])
            with library.committing():
                library.catalogue.put(tent, vectors[0], library.manifest.model)
                library.catalogue.archive("/conformance/pump.md")
                assert ids(reader, "pump filter") == before
            assert set(ids(reader, "pump filter")) == {"tent#1", "router#1"}

    def test_a_snapshot_stays_as_it_is(self, library: Library, folder: Path) -> None:
        with self.open(folder) as reader, reader.snapshot():
            before = ids(reader, "pump filter")
            library.remove(["/conformance/pump.md"])
            library.add([a_note(library, "tent", "The pump in the tent.")])
            assert set(ids(reader, "pump filter")) <= set(before)
        assert "tent#1" in ids(library, "pump filter")

    def test_a_commit_that_fails_changes_nothing(self, library: Library) -> None:
        tent = a_note(library, "tent", "The tent was not anchored.")
        vectors = embed_new(library.catalogue, library.embedder, library.manifest, [tent])
        with pytest.raises(ZeroDivisionError), library.committing():
            library.catalogue.put(tent, vectors[0], library.manifest.model)
            raise ZeroDivisionError
        assert "tent#1" not in ids(library, "tent anchored", k=50)
        library.add([tent])
        assert ids(library, "tent anchored")[0] == "tent#1"
        assert library.engine.check() == ""

    def test_a_commit_that_fails_within_a_longer_run_changes_nothing(self, library: Library) -> None:
        with library.writing():
            with pytest.raises(ZeroDivisionError), library.committing():
                library.catalogue.archive("/conformance/pump.md")
                last = library.catalogue.last_passage()
                gone = library.catalogue.gone_after(library.generation())
                library.engine.update(library.generation() + 1, library.catalogue.passages_after(last), gone)
                raise ZeroDivisionError
            library.add([a_note(library, "tent", "The tent was not anchored.")])
        assert library.engine.check() == ""
        for mode in self.modes:
            assert ids(library, "pump filter", mode)[0] == "pump#1"

    def test_an_engine_that_got_ahead_is_brought_back(self, library: Library, folder: Path) -> None:
        tent = a_note(library, "tent", "The tent was not anchored.")
        vectors = embed_new(library.catalogue, library.embedder, library.manifest, [tent])
        with pytest.raises(LibraryError), library.writing(), library.catalogue.transaction():
            last = library.catalogue.last_passage()
            library.catalogue.put(tent, vectors[0], library.manifest.model)
            library.catalogue.archive("/conformance/pump.md")
            came, gone = library.catalogue.passages_after(last), library.catalogue.gone_after(library.generation())
            library.engine.update(library.generation() + 1, came, gone)
            raise LibraryError("The process ends between the two commits.")
        with self.open(folder) as again:
            assert again.engine.check() == ""
            assert set(ids(again, "pump tent anchored", k=50)) == {"pump#1", "router#1"}

    def test_all_is_there_after_reopening(self, library: Library, folder: Path) -> None:
        before = [(hit.lesson_id, round(hit.score, 4)) for hit in library.search("pump filter").hits]
        with self.open(folder) as again:
            assert again.engine.generation() == library.generation()
            assert [(hit.lesson_id, round(hit.score, 4)) for hit in again.search("pump filter").hits] == before

    def test_it_is_made_anew_from_the_catalogue(self, library: Library, folder: Path) -> None:
        library.engine.discard()
        with self.open(folder) as again:
            for mode in self.modes:
                assert ids(again, "pump filter", mode)[0] == "pump#1"
            assert again.engine.check() == ""

    # -- as good as an exact search

    def test_after_many_changes_the_nearest_are_found(self, folder: Path) -> None:
        chance = random.Random(5)
        with self.open(folder) as library:
            for name in range(40):
                notes = [a_note(library, f"n{chance.randrange(200)}", prose(chance)) for _ in range(12)]
                library.add(list({note.source.path: note for note in notes}.values()))
                if name % 3 == 0:
                    library.remove([f"/conformance/n{chance.randrange(200)}.md" for _ in range(5)])
            library.engine.compact()
            library.add([a_note(library, f"late{at}", prose(chance)) for at in range(20)])
            assert library.engine.check() == ""
            for _ in range(20):
                query = library.embedder.query(" ".join(chance.choices(WORDS, k=3)))
                every = list(library.catalogue.blocks(library.manifest.model))
                numbers = np.concatenate([block.ids for block in every])
                scores = np.concatenate([block.vectors @ query for block in every])
                tenth = np.sort(scores)[-10]
                with library.snapshot() as view:
                    found = view.near(query, 10).ids
                assert len(found) == 10
                assert np.mean(scores[np.searchsorted(numbers, found)] >= tenth - 1e-4) >= 0.9

    def test_rare_words_are_told_from_common_ones(self, folder: Path) -> None:
        with self.open(folder) as library:
            library.add([a_note(library, f"n{at}", "a pump" + " and a valve" * (at == 3)) for at in range(12)])
            rarity = library.rarity("pump valve zeppelin")
            assert rarity["zeppelin"] >= rarity["valv"] >= rarity["pump"]
            if self.lexical:
                assert rarity["zeppelin"] > rarity["valv"] > rarity["pump"]


def a_note(library: Library, name: str, text: str, fields: Mapping[str, str] | None = None) -> Prepared:
    """A Markdown file with front matter, ready to add."""
    front = "".join(f"{key}: {yaml(value)}\n" for key, value in (fields or {}).items() if value and key != "text")
    data = f"---\n{front}---\n# Note {name}\n\n## What happened\n\n{text}\n".encode()
    return prepare(Path(f"/conformance/{name}.md"), data, library.embedder.tokens, 64, mtime_ns=1)


def yaml(value: str) -> str:
    """A scalar between single quotes."""
    return "'" + value.replace("'", "''") + "'"


def prose(chance: random.Random) -> str:
    """A text of one passage."""
    return " ".join(chance.choices(WORDS, k=12))


def some_rows(count: int) -> dict[str, Row]:
    """Records by the name of their file, each with a value of every field, "" for none."""
    chance = random.Random(3)
    return {
        f"row{at}": {name: chance.choice(values) for name, values in FIELDS.items()} | {"text": prose(chance)}
        for at in range(count)
    }


def some_filters() -> Iterator[tuple[dict[str, str], Callable[[Row], bool]]]:
    """Filters, and for each what a record must be like."""
    for name in ("unit", "project", "outcome", "collection", "access"):
        for value in FIELDS[name]:
            # The catalogue knows no empty value: it is asked for by name.
            yield {name: (value or "none").upper() if name != "outcome" else value}, _is(name, value)
    yield {"outcome": "failure,success"}, lambda row: row["outcome"] in ("failure", "success")
    yield {"access": "public,public,Public"}, _is("access", "public")
    yield {"outcome": "failure,failure"}, _is("outcome", "failure")
    yield {"access": "public,internal,none"}, lambda row: row["access"] in ("public", "internal", "")
    yield {"since": "2020-06-10"}, lambda row: row["event_date"] in ("2020-06", "2020-06-15", "2023-01-31")
    yield {"until": "2020"}, lambda row: row["event_date"] in ("2019", "2020-06", "2020-06-15")
    yield {"year": "2020"}, lambda row: row["event_date"].startswith("2020")
    yield {"since": "2019-05", "until": "2019-07"}, lambda row: row["event_date"] == "2019"
    yield (
        {"unit": "Water", "outcome": "failure", "since": "2020"},
        lambda row: (row["unit"], row["outcome"]) == ("Water", "failure") and row["event_date"] >= "2020",
    )
    for value in ("nobody", "' or 1 == 1 --", '" || true', "%", "\\"):
        yield {"unit": value}, _is("unit", value)


def _is(name: str, value: str) -> Callable[[Row], bool]:
    return lambda row: row[name] == value


def ids(
    library: Library, query: str, mode: Mode = "hybrid", k: int = 10, filters: Mapping[str, str] | None = None
) -> list[str]:
    """The records of the hits, best first, each once."""
    hits = library.search(query, k, filters, mode=mode).hits
    return list(dict.fromkeys(hit.lesson_id for hit in hits))
