"""From scores to a ranking."""

import numpy as np
import pytest

from index.ranking import FIRST, Ranking, among_neighbours, fuse, reorder, standard
from index.search import Found, best, named_first, reranked
from tests.fakes import a_library


def f32(*values):
    return np.array(values, np.float32)


def apart(number):
    """Vectors of passages that are like no other, and the records they belong to."""
    return np.eye(number, dtype=np.float32), np.arange(number)


def test_standard_scores_have_mean_0_and_deviation_1():
    assert standard(f32(1, 2, 3)) == pytest.approx([-1.2247, 0, 1.2247], abs=1e-4)
    assert standard(f32(5, 5, 5)).tolist() == [0, 0, 0]
    assert standard(f32(7)).tolist() == [0]
    assert standard(f32()).shape == (0,)
    assert standard(f32(1, 2)).dtype == np.float32


def test_a_search_has_its_share_of_the_fused_score():
    first, second = f32(1, 2, 3), f32(30, 20, 10)
    assert fuse(first, second, 1) == pytest.approx(standard(first))
    assert fuse(first, second, 0) == pytest.approx(standard(second))
    assert fuse(first, second, 0.5) == pytest.approx([0, 0, 0], abs=1e-6)
    assert fuse(first, f32(4, 4, 4), 0.5) == pytest.approx(standard(first) / 2)  # one that finds all alike says nothing
    assert fuse(f32(), f32(), 0.5).shape == (0,)
    assert fuse(f32(3), f32(1), 0.5).tolist() == [0]


# -- neighbours


def test_a_score_leans_to_those_of_its_neighbours():
    """Of four passages the first two are of one record; likeness: 0–2 is 0.6, 0–3 is 0.8, 1–2 is 0.8, 1–3 is -0.6."""
    vectors = f32([1, 0], [0, 1], [0.6, 0.8], [0.8, -0.6]).reshape(4, 2)
    scores, records = f32(1, 2, 3, 4), np.array([7, 7, 8, 9])
    around = f32((0.6 * 3 + 0.8 * 4) / 1.4, 3, (0.6 * 1 + 0.8 * 2) / 1.4, 1)  # what is unlike (2–3 is 0) weighs nothing
    assert among_neighbours(scores, vectors, records, 1) == pytest.approx(around, abs=1e-5)
    assert among_neighbours(scores, vectors, records, 0.25) == pytest.approx(0.75 * scores + 0.25 * around, abs=1e-5)
    assert among_neighbours(scores, vectors, records, 0).tolist() == scores.tolist()
    alone = np.zeros(4, np.int64)  # a single record has no neighbours
    assert among_neighbours(scores, vectors, alone, 1).tolist() == scores.tolist()


def test_only_the_five_nearest_count():
    likeness = f32(1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
    vectors = np.stack([likeness, np.sqrt(1 - likeness**2)], axis=1)
    scores = f32(0, 1, 1, 1, 1, 1, 100)
    assert among_neighbours(scores, vectors, np.arange(7), 1)[0] == pytest.approx(1)


# -- reordering


def reordered(scores, judged, ranking):
    vectors, records = apart(len(scores))
    return reorder(scores, vectors, records, judged, ranking)


def test_what_is_judged_better_comes_first():
    scores = reordered(f32(3, 2, 1), f32(1, 2, 3), Ranking(rerank=0.6, neighbours=0))
    assert np.argsort(-scores).tolist() == [2, 1, 0]
    assert reordered(f32(3, 2, 1), f32(1, 2, 3), Ranking(rerank=0)) == pytest.approx(standard(f32(3, 2, 1)))


def test_passages_whose_scores_are_all_alike_are_told_apart_by_the_judge():
    scores = reordered(f32(2, 2, 2), f32(1, 3, 2), Ranking(rerank=0.4, neighbours=0))
    assert np.argsort(-scores).tolist() == [1, 2, 0]


def test_what_is_not_judged_keeps_what_it_had():
    scores, nan = f32(9, 8, 7, 1, 0), np.nan
    ranking = Ranking(rerank=1, neighbours=0)
    own = standard(scores)
    assert reordered(scores, f32(nan, nan, nan, nan, nan), ranking) == pytest.approx(own)
    some = reordered(scores, f32(0.1, 0.2, 0.3, nan, nan), ranking)
    assert some[3:] == pytest.approx(own[3:])
    # Those judged change places among themselves: being judged is no disadvantage.
    assert np.argsort(-some).tolist() == [2, 1, 0, 3, 4]
    assert some[:3].mean() == pytest.approx(own[:3].mean())
    assert reordered(scores, f32(nan, 3, nan, nan, nan), ranking) == pytest.approx(own)


def found(scores):
    scores = np.asarray(scores, np.float32)
    number = len(scores)
    vectors, lessons = apart(number)
    return Found(list(range(1, number + 1)), lessons, vectors, scores, scores, scores, False)


@pytest.mark.parametrize("number", [1, FIRST, FIRST + 50])
def test_the_first_passages_are_put_in_order_and_the_others_stay_behind(number):
    before = found(np.random.default_rng(0).permutation(number) + 1.0)
    asked = []

    def judge(ids):
        asked.extend(ids)
        return np.arange(len(ids), dtype=np.float32)  # the worse, the better

    after = reranked(before, judge, Ranking(rerank=1, neighbours=0))
    by_rank = [before.ids[at] for at in best(before, number, 1)]
    assert asked == by_rank[:FIRST]
    assert [after.ids[at] for at in best(after, number, 1)] == by_rank[:FIRST][::-1] + by_rank[FIRST:]
    assert after.scores[after.scores.argsort()[: max(0, number - FIRST)]].tolist() == [*range(1, number - FIRST + 1)]
    assert after.dense is before.dense


def test_nothing_found_is_not_judged():
    nothing = found([])
    assert reranked(nothing, lambda ids: pytest.fail("asked"), Ranking()) is nothing


def test_the_passages_named_come_before_all_others():
    before = found([3, 1, 2, -5])
    after = named_first(before, [4, 2])
    assert [after.ids[at] for at in best(after, 4, 1)] == [2, 4, 1, 3]
    assert named_first(before, []) is before
    assert named_first(before, [99]) is before


# -- the weights


def test_weights_are_kept_with_the_library(tmp_path):
    with a_library(tmp_path) as library:
        assert library.ranking() == Ranking()
        library.tune({"ranking": {"dense": 0.7, "rerank": 0.1, "neighbours": 0.0}})
        assert library.ranking() == Ranking(0.7, 0.1, 0.0)
