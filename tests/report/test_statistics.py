import math
import random

import pytest

from dnnbench.report.gap import gap
from dnnbench.report.statistics import mean_interval


def test_mean_and_interval_worked_out_by_hand():
    # 10, 12, 14: mean 12, s = 2, t(0.975, 2) = 4.302653 (tables), 4.302653 * 2 / sqrt(3).
    mean, half = mean_interval([10, 12, 14])
    assert mean == 12.0
    assert half == pytest.approx(4.968275, abs=1e-6)
    # Two values: t(0.975, 1) = 12.706205, s / sqrt(2) = 0.5.
    assert mean_interval([1.0, 2.0]) == (1.5, pytest.approx(6.3531024, abs=1e-6))


def test_few_and_equal_values():
    assert mean_interval([]) == (None, None)
    assert mean_interval([7]) == (7.0, None)
    assert mean_interval([5, 5, 5]) == (5.0, 0.0)


def test_interval_covers_at_its_stated_rate():
    rng = random.Random(0)
    trials, covered = 4000, 0
    for _ in range(trials):
        mean, half = mean_interval([rng.gauss(3.0, 2.0) for _ in range(4)])
        covered += abs(mean - 3.0) <= half
    assert covered / trials == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("value", "best", "sense", "expected"),
    [
        (3064, 3064, "max", 0.0),
        (3033, 3064, "max", 31 / 3064),
        (3065, 3064, "max", -1 / 3064),
        (110, 100, "min", 0.1),
        (90, 100, "min", -0.1),
        (-90, -100, "min", 0.1),
        (-110, -100, "min", -0.1),
        (-110, -100, "max", 0.1),
        (2**60 - 1, 2**60, "max", 2.0**-60),
        (0, 0, "min", 0.0),
        (0.0, -0.0, "max", 0.0),
        (3, 0, "min", None),
        (None, 3, "max", None),
        (3, None, "max", None),
        (math.nan, 3, "max", None),
        (math.inf, 3, "max", None),
        (3, math.inf, "min", None),
    ],
)
def test_gap(value, best, sense, expected):
    assert gap(value, best, sense) == expected
