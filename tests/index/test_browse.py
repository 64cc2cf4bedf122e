"""Pages of records, counts by field, documents and neighbours, each held against a count by hand."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.columns import FACETS, natural
from ingest.errors import BadFilter, BadQuestion, NotInLibrary
from ingest.model import NOT_LESSONS
from tests.fakes import a_library, prepared

TAGS = {"topic": "topics", "cause": "causes"}


def values(lesson, name):
    """What a record states for a facet, by hand."""
    if name in TAGS:
        return {tag.name for tag in getattr(lesson, TAGS[name])}
    if name == "year":
        return {(lesson.event_date or lesson.written_date or "")[:4]} - {""}
    return {getattr(lesson, name)} - {None}


def passes(lesson, filters):
    return all(
        wanted in {value.casefold() for value in values(lesson, name)}
        or (wanted == "none" and not values(lesson, name))
        for name, wanted in ((name, value.casefold()) for name, value in filters.items())
    )


@pytest.fixture(scope="module")
def lessons(sample):
    return [lesson for lesson, _, _ in sample.lessons()]


def chosen(lessons):
    """Filters of one to three fields, each with a value that some record has, or with none."""
    known = {name: sorted({value for one in lessons for value in values(one, name)}) for name in FACETS}
    return st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from([*found, "none"] if name != "year" else found)
            for name, found in known.items()
            if found
        },
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_counts_and_pages_are_those_of_a_count_by_hand(sample, lessons, data):
    filters = data.draw(chosen(lessons))
    expected = [one for one in lessons if passes(one, filters)]
    page = sample.browse(filters, most=500)
    assert page.total == len(page.rows) == len(expected)
    assert {row.lesson_id for row in page.rows} == {one.lesson_id for one in expected}
    counts = sample.facet_counts(filters)
    assert set(counts) == set(FACETS)
    for name, found in counts.items():
        others = {other: value for other, value in filters.items() if other != name}
        among = [one for one in lessons if passes(one, others)]
        told = Counter(value for one in among for value in values(one, name))
        without = sum(not values(one, name) for one in among)
        assert dict(found) == told | ({"none": without} if without and name != "year" else {})
        most_frequent = [count for value, count in found if value != "none"]
        assert most_frequent == sorted(most_frequent, reverse=True)


def test_each_value_leads_to_as_many_records_as_it_says(sample):
    filters = {"outcome": "failure"}
    for name, found in sample.facet_counts(filters, "water").items():
        for value, count in found:
            assert sample.browse(filters | {name: value}, "water").total == count


@pytest.mark.parametrize(
    "filters", [{"since": "2023"}, {"until": "2020-06"}, {"year": "2023"}, {"source": "registers"}]
)
def test_filters_that_are_no_facet_count_too(sample, filters):
    hand = {one.lesson_id for one, *_ in sample.lessons(filters)}
    page = sample.browse(filters, most=500)
    assert {row.lesson_id for row in page.rows} == hand
    assert sum(count for _, count in sample.facet_counts(filters)["kind"]) == len(hand)


def test_values_in_two_spellings_are_one_and_at_most_fifty_are_counted(tmp_path):
    with a_library(tmp_path / "library") as library:
        units = ["Water", "WATER", "Water", *(f"Unit {n}" for n in range(60))]
        texts = [f"---\nunit: {unit}\n---\n# Pump {n}\n\nThe pump ran.\n" for n, unit in enumerate(units)]
        library.add([prepared(library, f"{n}.md", text) for n, text in enumerate(texts)])
        counted = library.facet_counts()["unit"]
        assert (counted[0], len(counted)) == (("Water", 3), 50)
        assert library.browse({"unit": "wAtEr"}).total == 3
        library.remove(["/documents/0.md"])
        assert library.facet_counts()["unit"][0] in {("Water", 2), ("WATER", 2)}


def test_an_unknown_filter_or_page_is_refused(sample):
    for call in (sample.browse, sample.facet_counts):
        with pytest.raises(BadFilter):
            call({"colour": "red"})
        with pytest.raises(BadFilter):
            call({"outcome": "splendid"})
    for offset, most in ((-1, 25), (0, 0), (0, 501)):
        with pytest.raises(BadQuestion):
            sample.browse(offset=offset, most=most)
        with pytest.raises(BadQuestion):
            sample.documents(offset, most)


# -- order and rows


def test_orders(sample):
    def pages(order):
        return [row for at in range(0, 200, 7) for row in sample.browse(order=order, offset=at, most=7).rows]

    newest, oldest = pages("newest"), pages("oldest")
    assert len({row.lesson_id for row in newest}) == len(newest) == sample.browse().total
    dated = [row.date for row in newest if row.date]
    assert dated == sorted(dated, reverse=True)
    assert [row.date for row in oldest if row.date] == sorted(dated)
    for rows in (newest, oldest):
        assert all(row.date is None for row in rows[len(dated) :])
    titles = [row.title.casefold() for row in pages("title")]
    assert titles == sorted(titles)
    ids = [row.lesson_id for row in pages("id")]
    assert ids == sorted(ids, key=natural)
    assert (
        ids.index("near-miss-register#2") < ids.index("near-miss-register#10") if "near-miss-register#2" in ids else 1
    )


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=5))
def test_ids_are_ordered_by_the_numbers_in_them(numbers):
    assert sorted((f"AAR-{n}" for n in numbers), key=natural) == [f"AAR-{n}" for n in sorted(numbers)]


def test_a_row_is_what_the_record_says(sample):
    by_id = {one.lesson_id: (one, path) for one, _, path in sample.lessons()}
    for row in sample.browse(most=500).rows:
        lesson, path = by_id[row.lesson_id]
        for name in "title kind outcome maturity unit project owner collection access start end".split():
            assert getattr(row, name) == getattr(lesson, name)
        assert (row.path, row.date) == (path, lesson.event_date or lesson.written_date)
        assert row.topics == tuple(tag.name for tag in lesson.topics)
        view = sample.get(row.lesson_id)
        assert (row.similar, row.repeats) == (len(view.similar), len(view.repeats))
        source = sample.source(row.source_id)
        assert source.path == path
        assert source.text[row.snippet_start :].startswith(row.snippet)
        assert 0 < len(row.snippet) <= 200
        assert lesson.start <= row.snippet_start < lesson.end
    json.dumps(sample.browse().to_json())


def test_a_snippet_begins_behind_the_heading_of_the_summary_and_ends_with_a_word(tmp_path):
    told = "The booster pump stopped at night. " * 20
    text = f"# Booster\n\n## What happened\n\nIt rained.\n\n## Summary\n\n{told}\n"
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, "a.md", text)])
        (row,) = library.browse().rows
    assert told.startswith(row.snippet + " ")
    assert 150 < len(row.snippet) <= 200


def test_a_record_that_another_supersedes_says_so(tmp_path):
    with a_library(tmp_path / "library") as library:
        old = "---\nid: LL-1\n---\n# Old\n\nThe pump ran dry.\n"
        new = "---\nid: LL-2\nsupersedes: LL-1\n---\n# New\n\nThe pump ran well.\n"
        library.add([prepared(library, "old.md", old), prepared(library, "new.md", new)])
        assert {row.lesson_id: row.superseded_by for row in library.browse().rows} == {"LL-1": "LL-2", "LL-2": None}


# -- words


@pytest.fixture
def pumps(tmp_path):
    texts = {
        "a": "# Booster pump\n\nDate: 2020-05-01\n\nThe valve was stuck.\n",
        "b": "# Valley\n\nDate: 2024-05-01\n\nBoth pumps failed. "
        + "A word of it. " * 60
        + "The batteries were flat.\n",
        "c": "# Generator\n\nDate: 2022-05-01\n\nNothing to say but a battery.\n",
    }
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, f"{name}.md", text) for name, text in texts.items()])
        yield library


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("pump", ["b#1", "a#1"]),
        ("pump battery", ["b#1"]),
        ("Batteries", ["b#1", "c#1"]),
        ("boos", ["a#1"]),
        ("pump boos", ["a#1"]),
        ("C#1", ["c#1"]),
        ("the", []),
        ("pump chlorine", []),
        ("  ", ["b#1", "c#1", "a#1"]),
        ("\ud800", []),
    ],
)
def test_all_words_must_be_there_in_some_form(pumps, words, found):
    page = pumps.browse(words=words)
    assert [row.lesson_id for row in page.rows] == found
    assert page.total == len(found)
    assert sum(count for _, count in pumps.facet_counts(words=words)["kind"]) == len(found)


def test_best_are_those_named_so(pumps):
    assert [row.lesson_id for row in pumps.browse(words="pump", order="best").rows] == ["a#1", "b#1"]
    assert [row.lesson_id for row in pumps.browse(order="best").rows] == ["b#1", "c#1", "a#1"]


def test_what_was_remembered_is_forgotten_when_something_changes(pumps):
    assert pumps.browse(words="valve").total == 1
    pumps.add([prepared(pumps, "d.md", "# Another valve\n\nIt leaked.\n")])
    assert pumps.browse(words="valve").total == 2
    pumps.remove(["/documents/a.md"])
    assert [row.lesson_id for row in pumps.browse(words="valve").rows] == ["d#1"]


def test_words_are_those_of_the_text_itself(sample):
    hand = {one.lesson_id for one, text, _ in sample.lessons() if {"chlorin"} & set(sample.words_of(text))}
    assert hand
    assert hand <= {row.lesson_id for row in sample.browse(words="chlorine", most=500).rows}


def test_rows_that_views_hide_are_not_counted(pumps):
    pumps.browse(words="pump")
    with a_library(pumps.folder) as library:
        hidden = "(SELECT id FROM main.lessons WHERE lesson_id = 'b#1')"
        rows = library.catalogue.rows
        rows(f"CREATE TEMP VIEW lessons AS SELECT * FROM main.lessons WHERE id NOT IN {hidden}")
        rows(f"CREATE TEMP VIEW passages AS SELECT * FROM main.passages WHERE lesson NOT IN {hidden}")
        rows(
            "CREATE TEMP VIEW sources AS SELECT * FROM main.sources "
            "WHERE id IN (SELECT source_id FROM temp.lessons WHERE archived = 0)"
        )
        assert [row.lesson_id for row in library.browse(words="pump").rows] == ["a#1"]
        assert sum(count for _, count in library.facet_counts()["kind"]) == 2
        assert [Path(row.path).name for row in library.documents().rows] == ["a.md", "c.md"]
        with pytest.raises(NotInLibrary):
            library.neighbours("b#1")


# -- documents


def test_documents_are_counted_by_hand(sample):
    page = sample.documents(0, 500)
    told = Counter(path for _, _, path in sample.lessons())
    guides = Counter(path for one, _, path in sample.lessons() if one.kind in NOT_LESSONS)
    assert page.total == len(page.rows) == len(told)
    assert [row.path for row in page.rows] == sorted(told, key=str.casefold)
    for row in page.rows:
        source = sample.source(row.source_id)
        assert (row.records, row.guidance) == (told[row.path] - guides[row.path], guides[row.path])
        assert (row.title, row.characters, row.pages) == (source.title, len(source.text), len(source.page_starts))
        assert (row.media_type, row.collections) == (source.media_type, ("library",))
    passages = sum(row.passages for row in page.rows)
    assert passages == sample.stats().passages
    assert [row.path for row in sample.documents(5, 3).rows] == [row.path for row in page.rows][5:8]
    json.dumps(page.to_json())


def test_documents_are_found_by_parts_of_their_path_and_title(sample):
    found = sample.documents(words="NASTY nothing").total, sample.documents(words="water-san chlorine").rows
    assert found[0] == 0
    assert {Path(row.path).parent.name for row in found[1]} == {"water-sanitation"}
    assert found[1]


def paged(library, name, pages):
    """A source whose pages have these texts."""
    made = prepared(library, name, "".join(pages))
    starts = tuple(sum(map(len, pages[:at])) for at in range(len(pages)))
    return made.__class__(
        type(made.source)(**{**fields_of(made.source), "page_starts": starts, "warnings": ("A note.",)}), made.lessons
    )


def fields_of(source):
    return {name: getattr(source, name) for name in source.__slots__}


@settings(max_examples=15, deadline=None)
@given(pages=st.lists(st.sampled_from(["", " \n", "\n\n", "The pump ran.\n\n"]), max_size=6))
def test_pages_without_text_are_named(tmp_path_factory, pages):
    with a_library(tmp_path_factory.mktemp("pages") / "library") as library:
        library.add([paged(library, "a.md", ["# Pump\n\nIt stopped.\n\n", *pages])])
        (row,) = library.documents().rows
        assert row.pages == 1 + len(pages)
        assert row.empty_pages == tuple(at for at, text in enumerate(pages, 2) if not text.strip())
        assert row.warnings == ("A note.",)


# -- neighbours


def test_neighbours_are_those_the_record_names(sample):
    lessons = list(sample.lessons())
    for lesson, _, path in lessons:
        near, view = sample.neighbours(lesson.lesson_id.lower()), sample.get(lesson.lesson_id)
        assert near.lesson_id == lesson.lesson_id
        assert [(one.lesson_id, one.alike) for one in near.similar] == list(view.similar)
        assert [(one.lesson_id, one.alike) for one in near.repeats] == list(view.repeats)
        siblings = [one.lesson_id for one, _, where in lessons if where == path]
        at = siblings.index(lesson.lesson_id)
        assert [one.lesson_id for one in near.document] == siblings[max(0, at - 10) : at] + siblings[at + 1 : at + 11]
        assert near.in_document == len(siblings) - 1
        for one in (*near.similar, *near.document):
            other = sample.get(one.lesson_id)
            assert (one.title, one.outcome, one.unit) == (other.title, other.fields["outcome"], other.fields["unit"])
    json.dumps(near.to_json())


def test_what_supersedes_is_named_both_ways_though_it_is_not_there(tmp_path):
    def text(own, line):
        return f"---\nid: {own}\n{line}\n---\n# Record {own}\n\nThe pump of {own} ran.\n"

    with a_library(tmp_path / "library") as library:
        texts = [
            text("LL-1", "superseded_by: LL-9"),
            text("LL-2", "supersedes: LL-1"),
            text("LL-3", "supersedes: LL-2"),
        ]
        library.add([prepared(library, f"{n}.md", one) for n, one in enumerate(texts)])
        one, two, three = (library.neighbours(f"LL-{n}") for n in (1, 2, 3))
        assert [(each.lesson_id, each.there) for each in one.superseded_by] == [("LL-9", False), ("LL-2", True)]
        assert [each.lesson_id for each in two.supersedes] == ["LL-1"]
        assert [(each.lesson_id, each.title) for each in two.superseded_by] == [("LL-3", "Record LL-3")]
        assert (three.superseded_by, [each.lesson_id for each in three.supersedes]) == ((), ["LL-2"])
        library.remove(["/documents/2.md"])
        assert library.neighbours("LL-2").superseded_by == ()
        assert library.neighbours("LL-3").document == ()
        with pytest.raises(NotInLibrary):
            library.neighbours("LL-9")


def test_passages_of_records_are_hits_in_order(sample):
    ids = ["PM-2021-003", "ODR-2019-012", "nothing"]
    hits = sample.passages_of(ids)
    assert {hit.lesson_id for hit in hits} == set(ids[:2])
    for hit in hits:
        assert sample.source(hit.source_id).text[hit.start : hit.end] == hit.text
    own = [hit.start for hit in hits if hit.lesson_id == ids[0]]
    assert own == sorted(own)
    assert len(own) == len(sample.search("x", 50, {"lesson_id": ids[0]}, mode="dense", per_lesson=50).hits)
