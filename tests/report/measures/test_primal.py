import math

import pytest

from dnnbench.report.measures.primal import primal_gap, primal_integral
from dnnbench.report.measures.trace import improvements


@pytest.mark.parametrize(
    ("value", "best", "sense", "expected"),
    [
        (100, 100, "max", 0.0),
        (75, 100, "max", 0.25),
        (125, 100, "min", 0.2),  # over the larger of the two
        (-75, -100, "min", 0.25),
        (-125, -100, "max", 0.2),
        (0, 0, "min", 0.0),
        (3, 0, "min", 1.0),
        (0, 100, "max", 1.0),
        (-1, 100, "max", 1.0),  # other sign
        (1, -100, "min", 1.0),
        (101, 100, "max", 0.0),  # better than the best known
        (-101, -100, "min", 0.0),
        (None, 100, "max", 1.0),
        (math.inf, 100, "min", 1.0),
        (math.nan, 100, "max", 1.0),
        (1e-320, -1e-320, "min", 1.0),  # whose product is 0 in floats
    ],
)
def test_primal_gap(value, best, sense, expected):
    assert primal_gap(value, best, sense) == expected


def test_primal_integral_worked_out_by_hand():
    # Gaps: 1 until 2 s, 1/2 until 5 s, 1/4 until 8 s, 0 from then on.
    trace = [(2.0, 50), (5.0, 75), (8.0, 100)]
    assert primal_integral(trace, 100, "max", 10.0) == 2 + 1.5 + 0.75
    assert primal_integral(trace, 100, "max", 6.0) == 2 + 1.5 + 0.25
    assert primal_integral(trace, 100, "max", 1.0) == 1.0
    # Minimised: 200 against 100 has gap 1/2.
    assert primal_integral([(4.0, 200), (6.0, 100)], 100, "min", 10.0) == 4 + 1


def test_the_primal_integral_is_of_the_best_so_far():
    trace = [(2.0, 50), (3.0, 25), (4.0, None), (5.0, 75)]
    assert primal_integral(trace, 100, "max", 10.0) == 2 + 1.5 + 1.25


def test_a_failure_has_the_whole_integral():
    assert primal_integral([], 100, "max", 10.0) == 10.0
    assert primal_integral([(1.0, None)], 100, "max", 10.0) == 10.0
    assert primal_integral([(10.0, 100)], 100, "max", 10.0) == 10.0


def test_an_answer_at_the_start_has_no_time_before():
    assert primal_integral([(0.0, 100)], 100, "max", 10.0) == 0.0


def test_improvements():
    trace = [(4.0, 9), (1.0, 5), (1.0, 6), (2.0, math.nan), (3.0, 6), (5.0, math.inf)]
    assert improvements(trace, "max") == [(1.0, 6), (4.0, 9)]
    assert improvements(trace, "min") == [(1.0, 5)]
