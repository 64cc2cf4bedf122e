"""A record keeps its id whatever happens to the others of its file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.identity import Named, keep_ids
from ingest.errors import NotInLibrary
from ingest.prepare import prepare
from tests.fakes import a_library, prepared

LOG = "Event,Recommendation\nThe mast bent,Use two\nThe sling tore,Look at slings\nThe radio died,Carry spares\n"


def records(*names):
    return [Named(f"log#{at}", f"Title {name}", f"Text {name}") for at, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("before", "now", "ids"),
    [
        ("abc", "abc", [1, 2, 3]),
        ("abc", "bc", [2, 3]),
        ("abc", "xabc", [4, 1, 2, 3]),
        ("abc", "cab", [3, 1, 2]),
        ("abc", "axc", [1, 2, 3]),
        ("", "ab", [1, 2]),
        ("aab", "ab", [1, 3]),
    ],
)
def test_ids_follow_the_records(before, now, ids):
    assert keep_ids(records(*before), records(*now)) == [f"log#{number}" for number in ids]


def test_an_edited_record_is_known_by_its_title():
    before = records("a", "b")
    now = [Named("log#1", "Title b", "Text b, corrected"), Named("log#2", "Title c", "Text c")]
    assert keep_ids(before, now) == ["log#2", "log#3"]


@given(st.lists(st.sampled_from("abcdef"), max_size=6), st.lists(st.sampled_from("abcdef"), max_size=6))
def test_no_id_comes_twice_and_none_changes_hands(before, now):
    earlier, later = records(*before), records(*now)
    ids = keep_ids(earlier, later)
    assert len(set(ids)) == len(ids) == len(later)
    names = {one.lesson_id: one.title for one in earlier}
    for lesson_id, name in zip(ids, now, strict=True):
        if name in before and now.count(name) == before.count(name) == 1:
            assert names[lesson_id] == f"Title {name}"


def test_a_citation_finds_its_record_when_a_row_above_goes(tmp_path):
    with a_library(tmp_path) as library:
        library.add([csv(library, LOG)])
        sling = next(hit.lesson_id for hit in library.search("sling tore").hits)
        library.add([csv(library, LOG.replace("The mast bent,Use two\n", ""))])
        assert "sling" in library.get(sling).text
        assert library.get("log#1").archived


def test_an_archived_record_of_the_same_name_is_not_replaced(tmp_path):
    with a_library(tmp_path) as library:
        library.add([prepared(library, "north/pump.md", "# Pump\n\nThe northern pump stopped.\n")])
        library.remove(["/documents/north/pump.md"])
        library.add([prepared(library, "south/pump.md", "# Pump\n\nThe southern pump leaked.\n")])
        assert "northern" in library.get("pump#1").text
        found = library.search("southern pump").hits[0].lesson_id
        assert found != "pump#1"
        assert "southern" in library.get(found).text
        with pytest.raises(NotInLibrary):
            library.get("pump#2")


def csv(library, text):
    tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
    return prepare(Path("/documents/log.csv"), text.encode(), tokens, limit, mtime_ns=1)


def test_an_id_that_looks_like_a_numbered_one_takes_nobodys_record(tmp_path):
    with a_library(tmp_path) as library:
        for number, (native, text) in enumerate([("X-1", "A pump"), ("X-1~3", "A valve"), ("X-1", "A cable")]):
            library.add([prepared(library, f"{number}.md", f"---\nid: {native}\n---\n# {text}\n\n{text} broke.\n")])
        found = {lesson.title: text for lesson, text, _ in library.lessons()}
        assert found.keys() == {"A pump", "A valve", "A cable"}
        assert all(title in text for title, text in found.items())


def test_a_row_may_not_take_the_id_that_another_of_its_file_inherits(tmp_path):
    with a_library(tmp_path) as library:
        library.add([csv(library, LOG)])
        rows = [f"{native},{row}" for native, row in zip(("ID", "", "log#1", ""), LOG.splitlines(), strict=True)]
        library.add([csv(library, "\n".join(rows))])
        assert len(list(library.lessons())) == library.stats().lessons == 3


def test_a_numbered_id_stays_when_the_other_goes(tmp_path):
    notes = {name: f"---\nid: X-1\n---\n# {name}\n\n{name} broke.\n" for name in ("pump", "valve")}
    with a_library(tmp_path) as library:
        library.add([prepared(library, f"{name}.md", note) for name, note in notes.items()])
        second = next(lesson.lesson_id for lesson, _, _ in library.lessons() if lesson.title == "valve")
        library.remove(["/documents/pump.md"])
        library.add([prepared(library, "valve.md", notes["valve"] + "\nAgain.\n")])
        assert library.get(second).text.strip().endswith("Again.")
        assert "pump" in library.get("X-1").text


def test_a_record_that_went_from_its_file_keeps_the_text_it_was_cited_from(tmp_path):
    with a_library(tmp_path) as library:
        library.add([csv(library, LOG)])
        cited = library.search("sling tore").hits[0]
        library.add([csv(library, "Event,Recommendation\nSomething else entirely happened here,Do nothing\n")])
        gone = library.get(cited.lesson_id)
        assert gone.archived
        assert "sling tore" in gone.text
        assert library.source(gone.source_id).text[cited.start : cited.end] == cited.text
        library.add([csv(library, LOG)])
        assert not library.get(cited.lesson_id).archived
        assert library.stats().documents == 1


def test_an_id_is_found_as_it_is_written(tmp_path):
    with a_library(tmp_path) as library:
        for name in ("abc", "ABC"):
            library.add([prepared(library, f"{name}.md", f"---\nid: {name}-1\n---\n# T\n\n{name}\n")])
        assert [library.get(f"{name}-1").lesson_id for name in ("abc", "ABC")] == ["abc-1", "ABC-1"]
