import itertools

import numpy as np
import pytest
from scipy import stats

from eval.significance import compare, difference, holm, interval, randomisation


def test_few_differences_are_tested_exactly():
    changes = np.array([0.3, -0.1, 0.25, 0.4, 0.05, -0.2, 0.15, 0.35])
    sums = [abs(float(np.dot(signs, changes))) for signs in itertools.product((1, -1), repeat=len(changes))]
    expected = np.mean([total >= changes.sum() - 1e-12 for total in sums])
    assert randomisation(changes) == pytest.approx(float(expected))
    assert randomisation(np.concatenate([changes, np.zeros(50)])) == pytest.approx(float(expected))


def test_many_differences_agree_with_the_t_test_and_with_themselves():
    rng = np.random.default_rng(5)
    for shift in (0.0, 0.03, 0.05):
        changes = rng.normal(shift, 0.2, 150)
        assert randomisation(changes) == pytest.approx(stats.ttest_1samp(changes, 0).pvalue, abs=0.02)
        assert randomisation(changes) == randomisation(changes)


@pytest.mark.parametrize("changes", [[], [0.0, 0.0], [0.0, 0.7]])
def test_what_differs_in_no_or_one_query_is_not_significant(changes):
    assert randomisation(np.array(changes)) == 1.0


def test_the_interval_is_that_of_the_mean():
    sample = np.random.default_rng(1).normal(0.5, 0.2, 300)
    low, high = interval(sample)
    expected = stats.norm.interval(0.95, sample.mean(), stats.sem(sample))
    assert (low, high) == pytest.approx(expected, abs=0.003)
    assert interval(sample) == (low, high)
    assert interval([0.25, 0.25, 0.25]) == (0.25, 0.25)
    assert interval([0.25]) == (0.25, 0.25)


def test_holm_against_figures_worked_out_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02]
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


def test_queries_are_paired_by_id_and_counted():
    baseline = {"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.0}
    found = difference(baseline, {"d": 0.0, "c": 1.0, "b": 1.0, "a": 0.25})
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.mean == 0.1875
    assert found.low < found.mean < found.high
    assert found == difference(dict(reversed(baseline.items())), {"a": 0.25, "b": 1.0, "c": 1.0, "d": 0.0})


def test_each_measure_is_corrected_for_the_settings_compared():
    baseline = {f"q{number}": 0.5 for number in range(8)}
    better = dict.fromkeys(baseline, 0.75)
    one, two = compare([{"map": baseline}, {"map": better}, {"map": baseline | {"q0": 0.75, "q1": 0.25}}])
    assert (one["map"].p, one["map"].p_holm) == (round(2 / 2**8, 4), 2 * round(2 / 2**8, 4))
    assert one["map"].significant
    assert not two["map"].significant
    assert compare([{"map": baseline}]) == []
    assert compare([{"map": baseline}, {"map": better}])[0]["map"].p_holm == one["map"].p
