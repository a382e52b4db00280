import math

import numpy as np
import pytest

from dnnbench.report.measures.intervals import bootstrap_interval


def test_interval_of_the_mean_covers_at_its_stated_rate():
    # A normal interval whose deviation is that of the sample as it is, what a bootstrap of a mean
    # comes to, covers P(|t(29)| < 1.96 sqrt(29 / 30)) = 0.936.
    rng = np.random.default_rng(0)
    covered = normal = 0
    for seed in range(1000):
        values = rng.normal(3.0, 2.0, 30)
        low, high = bootstrap_interval(values, seed=seed, resamples=399)
        covered += low <= 3.0 <= high
        normal += abs(values.mean() - 3.0) <= 1.96 * values.std() / math.sqrt(30)
    assert covered / 1000 == pytest.approx(0.936, abs=0.023)  # three standard errors
    assert covered == pytest.approx(normal, abs=15)


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
