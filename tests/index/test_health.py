"""What is said of a library's health, held against counts by hand."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.model import NOT_LESSONS
from tests.fakes import a_library, prepared

TODAY = date(2026, 11, 27)


@pytest.fixture(scope="module")
def records(sample):
    return [lesson for lesson, _, _ in sample.lessons() if lesson.kind not in NOT_LESSONS]


@pytest.fixture(scope="module")
def found(sample):
    return sample.health(TODAY)


def test_what_is_held(sample, records, found):
    lessons = [lesson for lesson, _, _ in sample.lessons()]
    assert (found.records, found.guidance) == (len(records), len(lessons) - len(records))
    assert found.guidance > 0
    assert found.documents == len(sample.known())
    hits = sample.passages_of([one.lesson_id for one in lessons])
    assert found.passages == found.made.embedded == len(hits)


def test_records_are_counted_by_field(records, found):
    for name in ("unit", "outcome", "kind", "maturity", "collection"):
        assert dict(found.by[name]) == Counter(getattr(one, name) or "none" for one in records)
    years = Counter((one.event_date or one.written_date or "none")[:4] for one in records)
    assert dict(found.by["year"]) == years
    told = [year for year, _ in found.by["year"] if year != "none"]
    assert told == sorted(told, reverse=True)
    assert found.by["year"][-1][0] == "none"


def test_the_balance_is_of_what_tells_how_it_went(records, found):
    told = [one for one in records if one.outcome != "neutral"]
    assert found.with_outcome == len(told)
    assert found.went_wrong == sum(one.outcome in ("failure", "near_miss") for one in told) / len(told)
    assert found.outcomes_read == sum(one.provenance["outcome"].method in ("text", "heading") for one in told)


def test_what_is_missing(records, found):
    assert found.without_owner == sum(one.owner is None for one in records)
    advised = [{section.key for section in one.sections} & {"recommendation", "action"} for one in records]
    assert found.without_recommendation == sum(not keys for keys in advised)
    assert 0 < found.without_recommendation < len(records)


def test_what_is_told_more_than_once(sample, records, found):
    views = [sample.get(one.lesson_id) for one in records]
    pairs = {frozenset((view.lesson_id, other)) for view in views for other, _ in view.similar}
    assert (found.duplicates.pairs, found.duplicates.records) == (len(pairs), len(frozenset().union(*pairs)))
    again = {view.lesson_id for view in views if view.repeats}
    assert (found.repeated.records, found.repeated.groups) == (len(again), len(sample.repeats()))
    named = {one.supersedes for one in records}
    assert found.superseded == sum(bool(one.superseded_by) or one.lesson_id in named for one in records) > 0


def test_what_it_is_made_with(sample, found):
    stats = sample.stats()
    assert (found.made.engine, found.made.embedder, found.updated_at) == (
        stats.engine,
        stats.embedder,
        stats.updated_at,
    )
    assert (found.made.generation, found.made.tuned) == (sample.generation(), False)
    assert json.loads(json.dumps(found.to_json()))["made"]["layout"] >= 5


# -- small libraries


def test_nothing_is_said_of_an_empty_library(tmp_path):
    with a_library(tmp_path / "library") as library:
        found = library.health(TODAY)
    assert (found.documents, found.records, found.passages, found.unread) == (0, 0, 0, 0)
    assert (found.went_wrong, found.age.median_years, found.age.older_than_5) == (None, None, None)
    assert all(pairs == [] for pairs in found.by.values())


@settings(max_examples=15, deadline=None)
@given(days=st.lists(st.integers(0, 9000), min_size=1, max_size=6), undated=st.integers(0, 2))
def test_ages_are_those_of_the_days(tmp_path_factory, days, undated):
    with a_library(tmp_path_factory.mktemp("ages") / "library") as library:
        lines = [*(f"event_date: {TODAY - timedelta(each)}" for each in days), *["unit: A"] * undated]
        texts = [f"---\nkind: retro\n{line}\n---\n# Pump {n}\n\nIt ran.\n" for n, line in enumerate(lines)]
        library.add([prepared(library, f"{n}.md", text) for n, text in enumerate(texts)])
        age = library.health(TODAY).age
    assert (age.dated, age.undated) == (len(days), undated)
    assert age.median_years == round(median(days) / 365.25, 1)
    assert age.older_than_5 == pytest.approx(sum(each > 5 * 365.25 for each in days) / len(days))
    assert age.older_than_10 == pytest.approx(sum(each > 10 * 365.25 for each in days) / len(days))


@pytest.mark.parametrize(("known", "years"), [("2016", 10.4), ("2016-01", 10.9), ("2016-12-27", 9.9)])
def test_a_year_and_a_month_count_from_their_middle(tmp_path, known, years):
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, "a.md", f"---\nkind: retro\nevent_date: {known}\n---\n# Pump\n\nIt ran.\n")])
        assert library.health(TODAY).age.median_years == years


def test_documents_with_empty_pages_or_without_a_passage_are_named(tmp_path):
    with a_library(tmp_path / "library") as library:
        full, paged = (prepared(library, name, "# Pump\n\nIt ran.\n\n\n") for name in ("full.md", "paged.md"))
        at = len(paged.source.text) - 2
        paged = replace(paged, source=replace(paged.source, page_starts=(0, at, at + 1)))
        bare = prepared(library, "bare.md", "# Bare\n")
        bare = replace(bare, lessons=tuple((lesson, ()) for lesson, _ in bare.lessons))
        library.add([full, paged, bare])
        found = library.health(TODAY)
        assert (found.empty_pages.pages, found.empty_pages.documents) == (2, 1)
        assert found.empty_pages.worst == (("/documents/paged.md", 2),)
        assert (found.unread, found.unread_worst) == (1, ("/documents/bare.md",))
        library.remove(["/documents/paged.md", "/documents/bare.md"])
        found = library.health(TODAY)
        assert (found.empty_pages.documents, found.unread) == (0, 0)


def test_passages_that_the_model_has_not_embedded_and_tuning_are_told(tmp_path):
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, f"{n}.md", f"# Pump {n}\n\nIt ran {n}.\n") for n in range(3)])
        library.tune({"ranking": {"dense": 0.5}})
        with library.catalogue.transaction():
            library.catalogue.rows("DELETE FROM embeddings WHERE passage = 1")
        made = library.health(TODAY).made
        assert (made.embedded, made.tuned) == (2, True)


def test_guides_are_counted_apart_everywhere(tmp_path):
    with a_library(tmp_path / "library") as library:
        guide = "---\nkind: guidance\noutcome: failure\nevent_date: 2001-01-01\n---\n# How to run a pump\n\nRun it.\n"
        library.add(
            [prepared(library, "a.md", guide), prepared(library, "b.md", "---\nkind: retro\n---\n# Pump\n\nIt ran.\n")]
        )
        found, stats = library.health(TODAY), library.stats()
    assert (stats.lessons, stats.records, stats.guidance, stats.documents) == (2, 1, 1, 2)
    assert (found.records, found.guidance, found.age.dated, found.age.undated) == (1, 1, 0, 1)
    assert (found.without_owner, found.without_recommendation, found.with_outcome) == (1, 1, 0)
    assert found.by["outcome"] == [("neutral", 1)]
