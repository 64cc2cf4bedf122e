"""What a reader may not see is not there: not in search, counts, facets, sources, nor in anything made of them."""

import inspect
import json
from dataclasses import is_dataclass
from datetime import date
from pathlib import Path

import pytest

from index.library import Library
from index.local.view import LocalView
from index.scope import BLANK, Scope, scoped
from index.sync import sync
from ingest.errors import LibraryError, NotInLibrary
from ingest.prepare import prepare
from tests.fakes import a_library

SECRET = "mangrove"
FORM = """# {title}

Lesson ID: {lesson_id}

Date of event: {date}

Unit: {unit}

Owner: {unit} officer

{more}

## What happened

The {thing} pump of the harbour failed during the night and {word} leaked into the basin of the northern quay.

## Root cause

The {thing} pump had no spare seal, because the {unit} store had sent it away.

## Recommendation

Keep a spare seal of the {thing} pump beside it.
"""


def form(lesson_id, *, thing="bilge", word="water", unit="Harbour", year=2020, more=""):
    title = f"The {thing} pump leaked"
    return FORM.format(
        title=title, lesson_id=lesson_id, date=f"{year}-03-01", unit=unit, thing=thing, word=word, more=more
    )


SECRETLY = {"thing": SECRET, "word": SECRET, "unit": f"{SECRET.title()} Unit", "year": 1999}
TABLE = (
    "id,title,description,access\n"
    f"T-1,Open row,The open crane was inspected and found sound by its crew.,\n"
    f"T-2,{SECRET} row,The {SECRET} crane was inspected and found bent by its crew.,restricted\n"
    "T-3,Another open row,The small crane was inspected and found sound by its crew.,\n"
)
FILES = {
    "open/one.md": form("O-1"),
    "open/two.md": form("O-2", year=2022),
    "open/labelled.md": form("S-1", **SECRETLY, more="Access: restricted"),
    "hr/case.md": form("S-2", **SECRETLY, more="Collection: HR cases"),
    "hr/again.md": form("S-3", **{**SECRETLY, "year": 2001}, more="Collection: hr CASES"),
    "open/both.md": "---\naccess: Restricted; legal\n---\n\n" + form("S-4", **SECRETLY),
    "open/table.csv": TABLE,
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scope")
    with a_library(folder / "library") as opened:
        for name, text in FILES.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            tokens, limit = opened.embedder.tokens, opened.manifest.passage_tokens
            opened.add([prepare(path, text.encode(), tokens, limit, 1)])
        numbers = {row[1]: row[0] for row in opened.catalogue.rows("SELECT id, lesson_id FROM lessons")}
        pairs = [(numbers["O-1"], numbers["S-1"], 0.9), (numbers["S-2"], numbers["S-3"], 0.8)]
        with opened.catalogue.transaction():  # whatever is found alike
            for table in ("repeats", "links"):
                opened.catalogue.execute_many(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", pairs)
        yield opened


def seen(library, *labels):
    return scoped(library, Scope(frozenset(labels), {"HR Cases": "hr"}))


@pytest.fixture
def view(library):
    with seen(library, "public") as opened:
        yield opened


def said(value):
    """Everything a value says, as text."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        return " ".join(f"{said(key)} {said(one)}" for key, one in value.items())
    if isinstance(value, (list, tuple, set, frozenset)) or inspect.isgenerator(value):
        return " ".join(said(one) for one in value)
    return str(value)


def ids(library):
    return {record.lesson_id for record in library.records()}


EVERY = ("O-1", "O-2", "T-1", "T-2", "T-3", "S-1", "S-2", "S-3", "S-4")
CALLS = {
    "search": lambda one: [
        one.search(query, 20, filters, mode=mode).hits
        for query in (SECRET, f"{SECRET} pump leaked", "S-1", "pump seal", "crane inspected")
        for mode in ("hybrid", "dense", "lexical")
        for filters in ({}, {"unit": SECRETLY["unit"]}, {"access": "restricted"}, {"collection": "HR cases"})
    ],
    "get": lambda one: [got(one.get, name) for name in EVERY],
    "lessons": lambda one: [one.lessons(), one.lessons({"access": "restricted"})],
    "records": lambda one: [one.records(), one.records({"collection": "hr cases"})],
    "mentioning": lambda one: one.mentioning([[SECRET]]),
    "saying": lambda one: one.saying([SECRET]),
    "repeats": lambda one: [[one.get(record.lesson_id).repeats for record in one.records()], len(one.repeats())],
    "has_record": lambda one: [name for name in EVERY if one.has_record(name)],
    "has_source": lambda one: [number for number in range(1, 20) if one.has_source(number)],
    "source": lambda one: [got(one.source, number) for number in range(1, 20)],
    "record_at": lambda one: [one.record_at(number, at) for number in range(1, 20) for at in range(0, 400, 20)],
    "respelt": lambda one: one.respelt(f"what about the {SECRET}e"),
    "find_ids": lambda one: one.find_ids(EVERY, ["1", "2", "3", "4"]),
    "known": lambda one: one.known(),
    "facets": lambda one: one.facets(),
    "stats": lambda one: one.stats(),
    "browse": lambda one: [one.browse({}, words, most=100) for words in ("", SECRET, "S-1", "pump")],
    "facet_counts": lambda one: [one.facet_counts({}, words) for words in ("", SECRET, "pump")],
    "documents": lambda one: [one.documents(0, 100, words) for words in ("", SECRET, "case")],
    "neighbours": lambda one: [got(one.neighbours, name) for name in EVERY],
    "health": lambda one: one.health(date(2026, 1, 1)),
    "problems": lambda one: one.problems(),
    "passages_of": lambda one: one.passages_of(EVERY),
}
NOTHING_OF_RECORDS = {
    "rarity", "words_sought", "words_of", "staged", "take_staged", "generation", "manifest", "engine", "embedder",
    "serving", "snapshot", "ranking", "tuned", "judge", "place", "close", "open",
}  # fmt: skip
"""What hands out no text of records: weights of words that were asked about, settings, what holds the rest."""
WRITES = {
    "add", "remove", "compare_events", "stage", "unstage", "renew", "tune", "writing", "committing", "storing",
    "note_problems",
}  # fmt: skip


def got(call, name):
    try:
        return call(name)
    except NotInLibrary:
        return None


def test_each_way_to_read_a_library_is_tried():
    ways = {name for name in dir(Library) if not name.startswith("_")}
    assert ways == CALLS.keys() | NOTHING_OF_RECORDS | WRITES


@pytest.mark.parametrize("name", CALLS)
def test_nothing_hidden_is_read(view, library, name):
    hidden = ("S-1", "S-2", "S-3", "S-4", "T-2", SECRET, SECRET.title(), "1999", "2001", "hr/", "HR cases", "hr CASES")
    told = said(CALLS[name](view))
    assert not [word for word in hidden if word in told]
    assert said(CALLS[name](library)) != told or name == "problems"


def test_what_is_open_is_found_as_before(view):
    assert ids(view) == {"O-1", "O-2", "T-1", "T-3"}
    assert [hit.lesson_id for hit in view.search("bilge pump", 4).hits][:2] in (["O-1", "O-2"], ["O-2", "O-1"])
    assert view.stats().lessons == 4
    assert dict(view.facets()["unit"]) == {"Harbour": 2}


@pytest.mark.parametrize(
    ("labels", "more"),
    [
        (("restricted",), {"S-1", "T-2"}),
        (("legal",), set()),
        (("restricted", "legal"), {"S-1", "S-4", "T-2"}),
        (("hr",), {"S-2", "S-3"}),
        (("hr", "restricted", "legal"), {"S-1", "S-2", "S-3", "S-4", "T-2"}),
    ],
)
def test_each_label_opens_what_carries_it(library, labels, more):
    with seen(library, *labels) as view:
        assert ids(view) == {"O-1", "O-2", "T-1", "T-3"} | more
        found = {hit.lesson_id for hit in view.search(f"{SECRET} pump", 20, per_lesson=1).hits}
        assert found == {"O-1", "O-2", "T-1", "T-3"} | more


def test_an_engine_is_told_what_it_may_find(view, library, monkeypatch):
    sql = (
        "SELECT p.id FROM passages p JOIN lessons l ON l.id = p.lesson "
        "WHERE l.access IS NOT NULL OR l.collection LIKE 'hr cases'"
    )
    hidden = {row["id"] for row in library.catalogue.rows(sql)}
    given = []
    for name in ("near", "matching"):
        search = getattr(LocalView, name)

        def spied(self, *asked, search=search):
            found = search(self, *asked)
            given.extend(found.ids.tolist())
            return found

        monkeypatch.setattr(LocalView, name, spied)
    view.search(f"{SECRET} pump seal", 20)
    assert given
    assert hidden
    assert hidden.isdisjoint(given)


def test_a_document_that_is_hidden_in_part_keeps_its_places(view, library):
    (number,) = (row["id"] for row in library.catalogue.rows("SELECT id FROM sources WHERE path LIKE '%table.csv'"))
    whole, part = library.source(number), view.source(number)
    assert (whole.whole, part.whole) == (True, False)
    assert len(part.text) == len(whole.text)
    for lesson_id in ("T-1", "T-3"):
        record = view.get(lesson_id)
        assert part.text[record.start : record.end] == whole.text[record.start : record.end]
    hidden = library.get("T-2")
    assert set(part.text[hidden.start : hidden.end]) == {BLANK}


def test_a_view_follows_what_is_written(tmp_path):
    with a_library(tmp_path) as library, seen(library, "public") as view:
        assert ids(view) == set()

        def put(name, text):
            tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
            library.add([prepare(Path("/d") / name, text.encode(), tokens, limit, 1)])

        put("a.md", form("O-1"))
        put("b.md", form("S-1", **SECRETLY, more="Access: restricted"))
        assert ids(view) == {"O-1"}
        put("b.md", form("S-1", **SECRETLY, more="Access: public"))
        assert ids(view) == {"O-1", "S-1"}
        assert [hit.lesson_id for hit in view.search(SECRET, 1).hits] == ["S-1"]
        put("a.md", form("O-1", more="Access: restricted"))
        assert ids(view) == {"S-1"}


def test_a_view_cannot_be_written(view):
    with pytest.raises(LibraryError, match="cannot be written"):
        view.remove([next(iter(view.known()))])
    with pytest.raises(Exception, match="view"):
        view.catalogue.execute_many("DELETE FROM lessons WHERE id = ?", [(1,)])


def test_labels_survive_in_json(view):
    assert SECRET not in json.dumps(view.health(date(2026, 1, 1)).to_json())


def test_an_earlier_revision_shows_what_is_still_told_by_it(tmp_path):
    path = tmp_path / "log.csv"

    def put(library, text):
        path.write_text(text)
        tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
        library.add([prepare(path, text.encode(), tokens, limit, 1)])

    with a_library(tmp_path / "library") as library, seen(library, "restricted") as view, seen(library) as other:
        put(library, TABLE)
        put(library, "\n".join(line for line in TABLE.splitlines() if not line.startswith("T-1")) + "\n")
        (number,) = (row["id"] for row in library.catalogue.rows("SELECT id FROM sources WHERE archived = 1"))
        old = view.source(number)
        assert not old.whole
        assert "open crane" in old.text
        assert SECRET not in old.text
        with pytest.raises(NotInLibrary):  # a row that is gone is closed by whatever closes one of the table's
            other.source(number)


def labels(library):
    return {row["lesson_id"]: row["access"] for row in library.catalogue.rows("SELECT lesson_id, access FROM lessons")}


def test_a_label_that_comes_later_closes_the_earlier_revisions_as_well(tmp_path):
    def put(library, text, name="log.csv"):
        tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
        library.add([prepare(tmp_path / name, text.encode(), tokens, limit, 1)])

    rows = "title,lesson,access\nFirst crane,The first crane was inspected,legal\nSecond mast,The second mast bent,\n"
    with a_library(tmp_path / "library") as library, seen(library) as view:
        put(library, rows.replace(",legal", ","))
        put(library, rows.replace(",legal", ",").rpartition("Second")[0])
        assert view.get("log#2").archived
        put(library, rows.rpartition("Second")[0])
        for name in ("log#1", "log#2"):
            assert labels(library)[name] == "legal"
            with pytest.raises(NotInLibrary):
                view.get(name)
        assert library.get("log#2").archived


def test_a_label_that_comes_after_a_file_was_renamed_closes_its_earlier_revisions(tmp_path):
    first, second = "# Pump\n\nThe pump stopped.\n\n# Mast\n\nThe mast bent.\n", "id: N-2\n"
    (tmp_path / "files").mkdir()
    file = tmp_path / "files" / "one.md"
    with a_library(tmp_path / "library") as library, seen(library) as view:
        for text in (f"---\nid: N-1\n---\n{first}", f"---\n{second}---\n{first}"):
            file.write_text(text)
            sync(library, [tmp_path / "files"])
        file = file.rename(tmp_path / "files" / "two.md")
        assert sync(library, [tmp_path / "files"]).renamed == 1
        assert view.get("N-1").archived
        file.write_text(f"---\n{second}access: legal\n---\n{first}")
        sync(library, [tmp_path / "files"])
        assert labels(library) == {"N-1": "legal", "N-2": "legal"}


def test_nothing_closed_gives_way_to_an_open_record_of_its_id(tmp_path):
    def put(library, name, front):
        tokens, limit = library.embedder.tokens, library.manifest.passage_tokens
        text = f"---\nid: X-1\n{front}---\n# The {name} pump\n\nThe {name} pump stopped.\n"
        library.add([prepare(tmp_path / f"{name}.md", text.encode(), tokens, limit, 1)])

    with a_library(tmp_path / "library") as library:
        put(library, "first", "access: legal, board\n")
        library.remove([str(tmp_path / "first.md")])
        put(library, "second", "access: legal\n")
        assert "first" in library.get("X-1").text
        second = next(lesson.lesson_id for lesson, _, _ in library.lessons())
        assert second != "X-1"
        assert "second" in library.get(second).text
        put(library, "third", "access: board, legal\n")
        assert "third" in library.get("X-1").text
        put(library, "third", "")  # its own label may be taken off
        assert labels(library)["X-1"] is None


def test_a_file_that_moves_into_a_closed_collection_is_closed(tmp_path):
    for name in ("open", "HR cases"):
        (tmp_path / name).mkdir()
    file = tmp_path / "open" / "one.md"
    file.write_text(form("O-1"))
    roots = [tmp_path / "open", tmp_path / "HR cases"]
    with a_library(tmp_path / "library") as library, seen(library, "public") as view:
        sync(library, roots)
        assert ids(view) == {"O-1"}
        file.rename(tmp_path / "HR cases" / "one.md")
        assert sync(library, roots).renamed == 1
        assert ids(view) == set()


@pytest.mark.parametrize(
    "name", ["D\u00e9p\u00f4t", "De\u0301po\u0302t", " d\u00c9P\u00d4T ", "D\u00e9\u00adp\u00f4t."]
)
def test_a_collection_is_closed_however_its_name_is_composed(name):
    assert not Scope(frozenset(), {"D\u00e9p\u00f4t": "hr"}).sees_collection(name)
