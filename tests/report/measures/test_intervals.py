import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

from dnnbench.report.measures.intervals import bootstrap_interval

# How often the 95 % BCa interval of the mean (999 resamples) of 40 exponential values lies below
# and above the true mean. No bootstrap covers 95 % there, and no theory says by how much it fails,
# so the shares are those of `simulated` with 200,000 samples, seed 12345: a second implementation,
# written from Efron (1987) without SciPy's. Standard errors 0.00045 and 0.00037; coverage 0.9294.
# By plain percentiles (20,000 samples) the shares are 0.0594 and 0.0158, those of the 90 % interval
# 0.0701 and 0.0505. The distribution is skewed, so the interval of another statistic misses.
VALUES, RESAMPLES = 40, 999
BELOW, ABOVE = 0.042355, 0.02825
RARE = 1e-4
"""Probability with which either test fails although nothing is wrong (the seeds are fixed)."""


def test_interval_of_the_mean_covers_as_the_reference_does():
    rng = np.random.default_rng(0)
    below = above = 0
    for seed in range(6000):
        values = rng.exponential(1.0, VALUES)
        low, high = bootstrap_interval(values, seed=seed, resamples=RESAMPLES)
        below += high < 1.0
        above += low > 1.0
    assert stats.binomtest(below, 6000, BELOW).pvalue > RARE
    assert stats.binomtest(above, 6000, ABOVE).pvalue > RARE


@pytest.mark.full
def test_the_reference_is_what_the_simulation_gives():
    below, above = simulated(40_000, np.random.default_rng(54321))
    assert stats.binomtest(below, 40_000, BELOW).pvalue > RARE
    assert stats.binomtest(above, 40_000, ABOVE).pvalue > RARE


def simulated(samples: int, rng: np.random.Generator, together: int = 100) -> tuple[int, int]:
    """Of so many samples, how many intervals lie below and above the true mean."""
    below = above = 0
    tails = ndtri(np.array([0.025, 0.975]))
    for _ in range(samples // together):
        values = rng.exponential(1.0, (together, VALUES))
        drawn = rng.integers(0, VALUES, (together, RESAMPLES, VALUES), dtype=np.int32)
        means = np.sort(np.take_along_axis(values[:, None], drawn, axis=2).mean(axis=2), axis=1)
        mean = values.mean(axis=1, keepdims=True)
        cubes, squares = (((values - mean) ** k).sum(axis=1, keepdims=True) for k in (3, 2))
        acceleration = cubes / (6 * squares**1.5)
        bias = ndtri((means < mean).mean(axis=1, keepdims=True))
        shares = ndtr(bias + (bias + tails) / (1 - acceleration * (bias + tails)))
        place = shares * (RESAMPLES - 1)
        floor = np.floor(place).astype(int)
        under = np.take_along_axis(means, floor, axis=1)
        over = np.take_along_axis(means, np.minimum(floor + 1, RESAMPLES - 1), axis=1)
        low, high = (under + (over - under) * (place - floor)).T
        below += int((high < 1.0).sum())
        above += int((low > 1.0).sum())
    return below, above


def test_interval_of_a_large_sample_is_the_normal_one():
    values = np.random.default_rng(1).normal(0.0, 1.0, 2000)
    half = 1.96 * values.std(ddof=1) / math.sqrt(2000)
    low, high = bootstrap_interval(values, resamples=2999)
    assert low == pytest.approx(values.mean() - half, abs=0.005)
    assert high == pytest.approx(values.mean() + half, abs=0.005)


def test_a_skewed_sample_has_its_long_arm_upwards():
    values = np.random.default_rng(2).exponential(1.0, 20)
    low, high = bootstrap_interval(values)
    assert high - values.mean() > 1.2 * (values.mean() - low)  # percentiles alone: about 1.1


def test_the_seed_fixes_the_interval():
    values = [1.0, 4.0, 2.0, 8.0, 5.0]
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(values) != bootstrap_interval(values, seed=1, resamples=99)


def test_confidence_and_statistic_are_used():
    values = [*range(1, 40), 1000]
    low, high = bootstrap_interval(values, np.median)
    assert 10 <= low < 20.5 < high <= 31
    narrow = bootstrap_interval(values, np.median, 0.5)
    assert low < narrow[0] < narrow[1] < high


def test_few_and_equal_values():
    assert bootstrap_interval([]) is None
    assert bootstrap_interval([1.0, 2.0]) is None
    assert bootstrap_interval([5, 5, 5]) == (5.0, 5.0)
    # All but one equal: a quarter of the leave-one-out medians is not enough for BCa.
    assert bootstrap_interval([5, 5, 5, 5, 9], np.median) == (5.0, 9.0)


def test_a_failure_makes_an_end_infinite():
    assert bootstrap_interval([1, 2, 3, 4, math.inf]) == (pytest.approx(1.8), math.inf)
    assert bootstrap_interval([-math.inf, 2, 3, 4, 5])[0] == -math.inf
    many = [*range(19), math.inf]
    assert math.isfinite(bootstrap_interval(many, np.median)[1])
    assert bootstrap_interval([math.inf] * 4) == (math.inf, math.inf)


@pytest.mark.parametrize("missing", [None, math.nan])
def test_what_is_missing_is_refused(missing):
    with pytest.raises(ValueError, match="missing"):
        bootstrap_interval([1.0, 2.0, 3.0, missing])
