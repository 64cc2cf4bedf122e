import json
from dataclasses import asdict, replace
from itertools import product

import pytest

import eval.tune
from assistant.assistant import Assistant
from assistant.verdict import PACKAGED, Calibration, calibration_of
from eval.auto import measures
from eval.known_item import known_items
from eval.tune import DENSE, FEWEST, RERANK, ask, held_out, ndcg, tune
from eval.untitled import untitled
from index.library import Library
from index.ranking import Ranking
from index.settings import IndexSettings
from ingest.errors import EmbedderMismatch
from tests.fakes import HashEmbedder, a_library, prepared

THINGS = "pump valve crane ladder truck tent radio boat cable mast stove drain pipe lamp fence gate ramp hose tank fan"
PLACES = ("harbour", "hill", "depot")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Sixty records; each says in its text what its title says, in the same words."""
    with a_library(tmp_path_factory.mktemp("tune") / "library") as library:
        library.add(
            [
                prepared(
                    library,
                    f"{thing}-{place}.md",
                    f"# Broken {thing} near the {place}\n\n## Event\n\nA {thing} broke by {place} number {at}.\n\n"
                    f"## Recommendations\n\nInspect every {thing} before it is used again, said crew {at}.\n",
                )
                for at, (thing, place) in enumerate(product(THINGS.split(), PLACES))
            ]
        )
        yield library


@pytest.fixture(autouse=True)
def forget(library):
    yield
    library.tune({})


def test_the_copy_lacks_the_titles_and_the_library_keeps_them(library):
    items = known_items(library, 5, ["title"])
    before = library.catalogue.rows("SELECT id, header, text FROM passages")
    with untitled(library, items) as copy:
        assert copy.stats().lessons == 60
        for item in items:
            rows = copy.catalogue.rows(
                "SELECT title, header, text FROM passages JOIN lessons ON lessons.id = lesson WHERE lesson_id = ?",
                (item.lesson_id,),
            )
            assert rows
            assert all(row["title"] == "" and item.title not in row["header"] + row["text"] for row in rows)
            found = copy.search(item.query, 60, per_lesson=1).hits
            assert item.lesson_id in {hit.lesson_id for hit in found}
            assert found[0].score - found[1].score < 2  # nothing is put first for its title
        untouched = copy.search("Broken fan near the depot", 1).hits[0]
        assert untouched.title == "Broken fan near the depot"
    assert library.catalogue.rows("SELECT id, header, text FROM passages") == before


def test_a_library_that_makes_few_questions_is_left_alone(tmp_path):
    with a_library(tmp_path) as small:
        small.add([prepared(small, "pump.md", "# The pump broke\n\nIt broke.\n")])
        report = tune(small, 100)
    assert (report.asked, report.ranking, report.verdict) == ({"title": 1, "cross-reference": 0}, None, None)


def test_a_ranking_that_is_not_surely_better_is_not_kept_and_comes_out_the_same_again(library):
    first = tune(library, 100)
    assert first.asked["title"] == 60 >= FEWEST
    assert first.ranking is not None
    assert not first.ranking.taken
    assert library.ranking() == Ranking()
    library.tune({})
    assert tune(library, 100) == first


def test_a_verdict_that_another_embedder_needs_is_fitted(library):
    """The calibration in use is for one whose similarities are higher: it declines all."""
    strict = replace(PACKAGED, bias=-30.0)
    library.tune({"verdict": asdict(strict)})
    found = tune(library, 100).verdict
    assert found is not None
    assert found.taken
    assert found.mean_before == 0.5
    assert found.mean_after > 0.95
    assert found.before == asdict(strict)
    assert calibration_of(library) == Calibration(**found.after)
    assert Assistant(library).ask("Broken crane near the hill").verdict != "none"
    assert Assistant(library).ask("Who won the chess championship of Atlantis?").verdict == "none"


def test_what_is_better_on_the_questions_held_out_is_kept(library, monkeypatch):
    monkeypatch.setattr(eval.tune, "ndcg", lambda asked, ranking: 1 - abs(ranking.dense - 0.2) - ranking.rerank / 10)
    report = tune(library, 100)
    assert report.ranking is not None
    assert report.ranking.taken
    assert report.ranking.difference.losses == 0
    assert library.ranking() == Ranking(dense=0.2, rerank=0.0)
    with Library.open(library.folder, IndexSettings(dense_weight=0.9), embedder=HashEmbedder()) as again:
        assert again.ranking() == Ranking(dense=0.9, rerank=0.0)


@pytest.mark.parametrize(
    ("settings", "tried"),
    [({}, len(DENSE) * len(RERANK) + 1), ({"rerank": False}, len(DENSE)), ({"dense_weight": 0.45}, len(RERANK) + 1)],
)
def test_what_the_settings_decide_is_not_tuned(library, monkeypatch, settings, tried):
    seen: set[Ranking] = set()

    def ndcg(asked, ranking):
        seen.add(ranking)
        return 0.5

    monkeypatch.setattr(eval.tune, "ndcg", ndcg)
    with Library.open(library.folder, IndexSettings(**settings), embedder=HashEmbedder()) as opened:
        report, now = tune(opened, 100), opened.ranking()
    assert report.ranking is not None
    assert report.ranking.after == asdict(now)
    assert now in seen
    assert len(seen) == tried
    if "rerank" in settings:
        assert {one.rerank for one in seen} == {now.rerank}
    if "dense_weight" in settings:
        assert {one.dense for one in seen} == {0.45}


@pytest.mark.parametrize("rerank", [True, False])
def test_what_is_tuned_is_the_search_that_serves(library, rerank):
    """With the library's own ranking, the replay ranks as its search does."""
    with Library.open(library.folder, IndexSettings(rerank=rerank), embedder=HashEmbedder()) as opened:
        for item in known_items(opened, 20, ("title",)):
            replayed = ndcg(ask(opened, item), opened.ranking())
            served = measures(
                [hit.lesson_id for hit in opened.search(item.query, 50, per_lesson=1).hits], item.relevant
            )
            assert replayed == served["ndcg@10"]


def test_a_verdict_is_not_fitted_without_foreign_questions_in_each_half(library, monkeypatch):
    questions = [f"Who won the chess championship {number}?" for number in range(60)]
    few = [one for one in questions if not held_out(one)] + [one for one in questions if held_out(one)][:3]
    monkeypatch.setattr(eval.tune, "foreign_questions", lambda _: (few, 0))
    assert tune(library, 100).verdict is None


def test_weights_that_help_the_fitted_half_alone_are_not_kept(library, monkeypatch):
    def overfit(asked, ranking):
        return 1.0 if (ranking.dense == 0.2) != held_out(asked.item.id) else 0.0

    monkeypatch.setattr(eval.tune, "ndcg", overfit)
    report = tune(library, 100)
    assert report.ranking is not None
    assert report.ranking.after["dense"] == 0.2
    assert report.ranking.mean_after < report.ranking.mean_before
    assert not report.ranking.taken
    assert library.ranking() == Ranking()


def test_what_was_fitted_to_a_model_that_serves_no_more_is_not_kept(library):
    with pytest.raises(EmbedderMismatch, match="meanwhile"):
        library.tune({"ranking": {"dense": 0.3}}, library.manifest.model + 1)
    assert library.tuned() == {}


def test_the_verdict_is_that_of_the_library_it_was_fitted_to(library):
    assert calibration_of(library) == PACKAGED
    fitted = replace(PACKAGED, none_below=0.9)
    library.tune({"verdict": {name: getattr(fitted, name) for name in fitted.__slots__}})
    assert calibration_of(library) == fitted
    assert library.ranking() == Ranking()


def test_what_was_tuned_belongs_to_the_model(library):
    library.tune({"ranking": {"dense": 0.3}})
    with library.storing(), library.catalogue.transaction():
        library.catalogue.set_meta({"tuned-2": json.dumps({"ranking": {"dense": 0.7}})})
    assert library.ranking().dense == 0.3
