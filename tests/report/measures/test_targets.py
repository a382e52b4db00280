import math

import pytest

from dnnbench.report.measures.targets import (
    ecdf,
    ert,
    simulated_restarts,
    target_values,
    time_to_target,
    tts99,
)


def test_time_to_target():
    trace = [(1.0, 50), (2.0, 90), (3.0, 80), (4.0, 95)]
    assert time_to_target(trace, 90, "max") == 2.0
    assert time_to_target(trace, 91, "max") == 4.0
    assert time_to_target(trace, 96, "max") is None
    assert time_to_target([], 96, "max") is None
    assert time_to_target([(1.0, 9), (2.0, 7)], 8, "min") == 2.0


def test_targets_are_exact():
    assert target_values(100, [0.58, 0.25, 0.0], "max") == [42, 75, 100]
    assert target_values(100, [0.58], "min") == [158]
    assert target_values(-100, [0.58], "max") == [-158]
    assert target_values(2.5, [0.1], "min") == [2.75]
    assert target_values(2**60, [0.0], "max") == [2**60]
    assert target_values(0, [0.1], "min") == [0]


def test_expected_running_time_by_hand():
    # Two of four reach it after 100 and 300; the others spend 1000 each: 2400 for two successes.
    assert ert([100, None, 300, None], 1000) == 1200
    assert ert([100, None, 300, None], [9, 1000, 9, 400]) == 900
    assert ert([100, math.inf], 1000) == 1100
    assert ert([10, 20], 1000) == 15
    assert ert([None, None], 1000) == math.inf


def test_time_to_solution_by_hand():
    # p = 1/2 and t = (10 + 30) / 2: 20 ln(0.01) / ln(0.5) = 20 x 6.643856.
    assert tts99([10, None], 30) == pytest.approx(132.87712)
    # p = 0.9 of trials of 2 s each: ln(0.01) / ln(0.1) = 2 trials.
    assert tts99([2.0] * 9 + [None], 2.0) == pytest.approx(4.0)
    assert tts99([2.0, None], 2.0, confidence=0.75) == pytest.approx(4.0)


def test_time_to_solution_at_its_ends():
    assert tts99([None, None], 30) == math.inf
    assert tts99([10, 20], 30) == 15
    assert tts99([1.0] * 199 + [None], 1.0) == 1.0  # p > 0.99: one trial, not a part of one


@pytest.mark.parametrize("measure", [ert, tts99, simulated_restarts])
def test_no_trials_are_no_failure(measure):
    with pytest.raises(ValueError, match="no trials"):
        measure([], 1.0)
    with pytest.raises(ValueError, match="no runtimes"):
        ecdf([])


def test_simulated_restarts_have_the_expected_running_time_as_their_mean():
    times, budgets = [1.0, None, 3.0, None, None], [0, 10.0, 0, 20.0, 5.0]
    found = simulated_restarts(times, budgets, draws=40_000)
    assert ert(times, budgets) == 19.5
    # Standard deviation of one: about 23.
    assert sum(found) / len(found) == pytest.approx(19.5, abs=0.35)
    # Without a failure first, 2 of 5, a running time is one of the two times.
    assert sum(t in (1.0, 3.0) for t in found) / len(found) == pytest.approx(0.4, abs=0.01)
    assert set(found) >= {6.0, 8.0, 11.0, 13.0}


def test_simulated_restarts_at_their_ends():
    assert simulated_restarts([None], 5.0, draws=3) == [None] * 3
    assert set(simulated_restarts([1.0, 2.0], 5.0)) == {1.0, 2.0}
    one = simulated_restarts([1.0, None, 4.0], 5.0, seed=1)
    assert one == simulated_restarts([1.0, None, 4.0], 5.0, seed=1)
    assert one != simulated_restarts([1.0, None, 4.0], 5.0, seed=2)


def test_runtime_distribution_by_hand():
    times = [3.0, None, 1.0, 3.0, 8.0]
    assert ecdf(times, 5.0) == [(0.0, 0.0), (1.0, 0.2), (3.0, 0.6), (5.0, 0.6)]
    assert ecdf(times) == [(0.0, 0.0), (1.0, 0.2), (3.0, 0.6), (8.0, 0.8)]
    assert ecdf([0.0, math.inf], 5.0) == [(0.0, 0.5), (5.0, 0.5)]
    assert ecdf([None, None], 5.0) == [(0.0, 0.0), (5.0, 0.0)]
    assert ecdf([5.0], 5.0) == [(0.0, 0.0), (5.0, 1.0)]
