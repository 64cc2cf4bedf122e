import shutil

import pytest

from index.filters import parse_filters
from index.library import Library
from index.settings import IndexSettings
from ingest.errors import (
    BadFilter,
    BadQuestion,
    BadSettings,
    EmbedderMismatch,
    LibraryBusy,
    LibraryError,
    LibraryMissing,
    NotInLibrary,
)
from tests.fakes import HashEmbedder, a_library, prepared

PUMP = """---
id: AAR-2021-04
event_date: 2021-03-14
outcome: failure
unit: Water
---
# Pump stopped at the water point

## What happened

The pump stopped because the inlet filter was blocked by leaves.

## Recommendations

Clean the inlet filter every morning during autumn.
"""
ROUTER = """---
event_date: 2024-06-02
outcome: success
unit: Digital
---
# Router update went well

## What went well

The router update was rehearsed twice, and the rollback plan was never needed.
"""


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library") as opened:
        opened.add([prepared(opened, "pump.md", PUMP), prepared(opened, "router.md", ROUTER)])
        yield opened


def ids(hits):
    return [hit.lesson_id for hit in hits.hits]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_search_ranks_the_record_that_answers_first(library, mode):
    assert ids(library.search("why did the pump stop", mode=mode))[0] == "AAR-2021-04"
    assert ids(library.search("router rollback plan", mode=mode))[0] == "router#1"


def test_a_hit_is_an_exact_part_of_its_source(library):
    for hit in library.search("pump filter router").hits:
        assert library.source(hit.source_id).text[hit.start : hit.end] == hit.text


def test_search_reports_the_time_of_each_stage(library):
    took = library.search("pump").took_ms
    assert {"embed", "vectors", "words", "rank", "total"} <= took.keys()
    assert took["total"] >= took["words"] >= 0


def test_one_record_does_not_fill_the_list(tmp_path):
    with a_library(tmp_path / "library") as library:
        long = "# Pump log\n\n" + "\n\n".join(f"## Day {n}\n\nThe pump was checked. " + "word " * 50 for n in range(9))
        library.add([prepared(library, "log.md", long), prepared(library, "pump.md", PUMP)])
        assert library.stats().passages > 6
        assert ids(library.search("pump", 10)).count("log#1") == 2
        assert ids(library.search("pump", 10, per_lesson=1)).count("log#1") == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"unit": "water"}, {"AAR-2021-04"}),
        ({"since": "2022"}, {"router#1"}),
        ({"until": "2021"}, {"AAR-2021-04"}),
        ({"until": "2021-03-14"}, {"AAR-2021-04"}),
        ({"until": "2021-03-13"}, set()),
        ({"year": "2024"}, {"router#1"}),
        ({"outcome": "success,failure"}, {"AAR-2021-04", "router#1"}),
        ({"outcome": "success"}, {"router#1"}),
        ({"source": "PUMP.md"}, {"AAR-2021-04"}),
        ({"unit": "Water", "since": "2022"}, set()),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_filters_act_inside_both_searches(library, mode, filters, expected):
    assert set(ids(library.search("the pump and the router update", filters=filters, mode=mode))) == expected


def test_a_wrong_filter_names_the_choices(library):
    with pytest.raises(BadFilter, match="near_miss"):
        library.search("pump", filters={"outcome": "bad"})
    with pytest.raises(BadFilter, match="since"):
        library.search("pump", filters={"colour": "red"})
    with pytest.raises(BadFilter, match="2021-03"):
        library.search("pump", filters={"since": "2021-02-30"})
    with pytest.raises(BadFilter, match="twice"):
        parse_filters(["outcome=failure", "outcome=success"])
    with pytest.raises(BadFilter, match="commas"):
        library.search("pump", filters={"access": ","})
    with pytest.raises(BadFilter, match="2021-03"):
        library.search("pump", filters={"since": "last year"})


def test_an_empty_query_is_refused(library):
    with pytest.raises(BadQuestion):
        library.search("  ")


def test_a_query_of_stop_words_alone_finds_no_words(library):
    assert library.search("the of and", mode="lexical").hits == ()


def test_a_changed_source_replaces_its_passages(library):
    before = library.stats()
    library.add([prepared(library, "pump.md", PUMP.replace("inlet filter", "solar panel"))])
    after = library.stats()
    assert (after.documents, after.lessons, after.passages) == (before.documents, before.lessons, before.passages)
    assert library.search("inlet", mode="lexical").hits == ()
    assert ids(library.search("solar panel", mode="lexical")) == ["AAR-2021-04"]


def test_a_removed_source_leaves_search_and_still_resolves(library):
    assert library.remove(["/documents/pump.md", "/documents/not-there.md"]) == 1
    assert ids(library.search("pump filter")) == ["router#1"]
    record = library.get("AAR-2021-04")
    assert record.archived
    assert "blocked by leaves" in record.text
    assert library.stats().documents == 1


def test_a_source_that_comes_back_is_found_again_under_its_id(library):
    library.remove(["/documents/pump.md"])
    library.add([prepared(library, "pump.md", PUMP)])
    assert not library.get("AAR-2021-04").archived
    assert ids(library.search("pump"))[0] == "AAR-2021-04"


def test_an_id_two_files_claim_is_told_apart(library):
    library.add([prepared(library, "copy.md", PUMP + "\nA second copy.\n")])
    found = {hit.lesson_id for hit in library.search("pump filter", filters={"unit": "Water"}).hits}
    assert len(found) == 2
    assert "AAR-2021-04" in found
    assert all(one.startswith("AAR-2021-04") for one in found)


def test_what_is_added_is_there_after_reopening(library, tmp_path):
    library.close()
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        assert ids(again.search("pump"))[0] == "AAR-2021-04"


def test_another_process_sees_what_was_added(library, tmp_path):
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as reader:
        reader.search("pump")
        library.add([prepared(library, "tent.md", "# Tent blew away\n\nThe tent was not anchored in the storm.\n")])
        assert ids(reader.search("tent storm"))[0] == "tent#1"
        library.remove(["/documents/tent.md"])
        assert "tent#1" not in ids(reader.search("tent storm"))


def test_vectors_that_are_lost_are_made_anew_from_the_catalogue(library, tmp_path, monkeypatch):
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 0)
    library.add([prepared(library, "tent.md", "# Tent\n\nThe tent was not anchored in the storm.\n")])
    library.close()
    assert list((tmp_path / "library").glob("vectors-*.faiss"))
    for file in (tmp_path / "library").glob("vectors-*.faiss"):
        file.unlink()
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as again:
        assert ids(again.search("pump"))[0] == "AAR-2021-04"
        assert ids(again.search("rollback", mode="lexical")) == ["router#1"]


@pytest.mark.parametrize("damage", ["vectors cut", "words gone", "words torn"])
def test_damaged_searches_are_made_anew_from_the_catalogue(library, tmp_path, damage, monkeypatch):
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 0)
    library.add([prepared(library, "tent.md", "# Tent\n\nThe tent was not anchored in the storm.\n")])
    library.close()
    folder = tmp_path / "library"
    if damage == "vectors cut":
        file = next(folder.glob("vectors-*.faiss"))
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "words gone":
        shutil.rmtree(folder / "words")
    else:
        (folder / "words" / "meta.json").write_text("torn")
    with Library.open(folder, embedder=HashEmbedder()) as again:
        assert ids(again.search("pump"))[0] == "AAR-2021-04"
        assert ids(again.search("rollback", mode="lexical")) == ["router#1"]


def test_a_damaged_catalogue_is_refused_with_a_remedy(library, tmp_path):
    library.close()
    for leftover in (tmp_path / "library").glob("catalogue.sqlite-*"):
        leftover.unlink()
    (tmp_path / "library" / "catalogue.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(LibraryError, match="index the documents again"):
        Library.open(tmp_path / "library", embedder=HashEmbedder())


def test_a_passage_limit_beyond_the_model_makes_no_library(tmp_path):
    with pytest.raises(BadSettings, match="64"):
        a_library(tmp_path / "new", settings=IndexSettings(passage_tokens=5000))
    assert not (tmp_path / "new").exists()


def test_half_characters_are_searched_for_like_any_other(library):
    assert ids(library.search("\ud800 pump"))[0] == "AAR-2021-04"


def test_a_second_writer_is_refused(library, tmp_path, monkeypatch):
    with Library.open(tmp_path / "library", embedder=HashEmbedder()) as other:
        monkeypatch.setattr(other._writer, "timeout", 0.05)
        with library.writing(), pytest.raises(LibraryBusy, match="Another process"), other.writing():
            pass


def test_a_failed_add_leaves_everything_as_it_was(library, monkeypatch):
    before = library.stats()
    monkeypatch.setattr(library.catalogue, "set_meta", lambda values: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        library.add([prepared(library, "tent.md", "# Tent\n\nThe tent was not anchored in the storm.\n")])
    assert library.stats() == before
    assert ids(library.search("tent storm", mode="lexical")) == []


def test_a_record_is_outdated_by_the_one_that_says_it_replaces_it(library):
    newer = "---\nid: AAR-2024-01\nsupersedes: AAR-2021-04\n---\n# Pump filters\n\nThe filter is now self-cleaning.\n"
    library.add([prepared(library, "newer.md", newer)])
    superseded = {hit.lesson_id: hit.superseded_by for hit in library.search("pump filter").hits}
    assert (superseded["AAR-2021-04"], superseded["AAR-2024-01"]) == ("AAR-2024-01", None)
    library.remove(["/documents/newer.md"])
    assert library.search("pump filter").hits[0].superseded_by is None


def test_facets_count_records(library):
    facets = library.facets()
    assert facets["unit"] == [("Digital", 1), ("Water", 1)]
    assert facets["year"] == [("2024", 1), ("2021", 1)]


def test_unknown_ids_are_refused(library):
    with pytest.raises(NotInLibrary, match="lessons search"):
        library.get("AAR-0")
    with pytest.raises(NotInLibrary):
        library.source(99)


@pytest.mark.parametrize("query", ["AAR-2021-04", "aar-2021-04 ", "pump stopped AT the water point"])
def test_an_id_or_a_title_goes_straight_to_its_record(library, query):
    shouting = "# Water\n\n" + "The pump stopped at the water point, AAR-2021-04 said. " * 6
    library.add([prepared(library, f"other{number}.md", shouting) for number in range(5)])
    assert ids(library.search(query))[0] == "AAR-2021-04"
    assert "AAR-2021-04" not in ids(library.search(query, 50, {"unit": "Digital"}))
    assert "AAR-2021-04" not in ids(library.search(query, 50, {"outcome": "success"}))


def test_a_field_that_is_empty_is_selected_by_none(library):
    library.add([prepared(library, "tents.md", "# Tents\n\nThe tents leaked.\n")])
    assert ids(library.search("pump router tents", filters={"unit": "none"})) == ["tents#1"]
    assert set(ids(library.search("pump router tents", filters={"access": "public,none"}))) == {
        "AAR-2021-04", "router#1", "tents#1"
    }  # fmt: skip


def test_ids_are_found_whatever_their_spelling(library):
    assert library.find_ids(["aar 2021-04"]) == ["AAR-2021-04"]
    assert library.find_ids([], ["04"]) == ["AAR-2021-04"]
    assert library.find_ids(["AAR-2021"], ["4"]) == []


def test_a_folder_without_library_is_named_with_the_remedy(tmp_path):
    with pytest.raises(LibraryMissing, match="lessons index"):
        Library.open(tmp_path / "none", embedder=HashEmbedder())
    assert not (tmp_path / "none").exists()


def test_another_embedder_is_refused_with_the_remedy(library, tmp_path):
    folder = tmp_path / "library"
    with pytest.raises(EmbedderMismatch, match="lessons reindex"):
        Library.open(folder, IndexSettings(embedder="fake:other"), embedder=HashEmbedder())
    with pytest.raises(EmbedderMismatch, match="passage_tokens"):
        Library.open(folder, IndexSettings(passage_tokens=32), embedder=HashEmbedder())
    for other in (HashEmbedder("fake:other"), HashEmbedder(dimension=32)):  # same name in the manifest, other weights
        with Library.open(folder, embedder=other) as opened, pytest.raises(EmbedderMismatch):
            opened.search("pump")
    assert library.stats().documents == 2


def test_a_record_without_a_date_of_its_event_counts_by_that_of_writing(library):
    note = "---\nwritten_date: 2019-05-01\n---\n# Tents\n\nThe tents leaked.\n"
    library.add([prepared(library, "tents.md", note)])
    assert ids(library.search("tents", filters={"until": "2020"})) == ["tents#1"]
    assert ids(library.search("tents", filters={"since": "2020", "lesson_id": "tents#1"})) == []
