import math

import pytest

from dnnbench.report.measures.profiles import performance_profile


def test_profile_worked_out_by_hand():
    # Ratios: 1, 2, 1, inf and 4, 1, 1, inf: the last instance nobody solves.
    found = performance_profile([[1, 4, 3, None], [4, 2, 3, math.inf]])
    assert found.factors == (1, 2, 4)
    assert found.shares == ((0.5, 0.75, 0.75), (0.5, 0.5, 0.75))
    # Over log 1..4: half at the first share, half at the second.
    assert found.areas == (pytest.approx(0.625), pytest.approx(0.5))


def test_the_limit_cuts_or_continues_the_profile():
    costs = [[1, 4], [4, 2]]
    assert performance_profile(costs, limit=3).factors == (1, 2, 3)
    assert performance_profile(costs, limit=2).areas == (0.5, 0.5)
    longer = performance_profile(costs, limit=16)
    assert longer.factors == (1, 2, 4, 16)
    assert longer.areas == (pytest.approx(0.25 * 0.5 + 0.75), pytest.approx(0.5 * 0.5 + 0.5))


def test_a_failure_never_has_a_ratio():
    found = performance_profile([[1, 1], [None, 2]])
    assert found.shares == ((1, 1), (0, 0.5))
    assert performance_profile([[None], [None]]).shares == ((0,), (0,))


def test_costs_of_nothing():
    found = performance_profile([[0, 0], [0, 5]])
    assert (found.factors, found.shares) == ((1,), ((1,), (0.5,)))
    floored = performance_profile([[0.001, 0], [0.1, 0.8]], floor=0.1)
    assert floored.factors == (1, 8)
    assert floored.shares == ((1, 1), (0.5, 1))


def test_equal_solvers_have_the_whole_area():
    assert performance_profile([[1, 2], [1, 2]]).areas == (1, 1)


@pytest.mark.parametrize(
    ("costs", "limit", "said"),
    [([[1, -1]], None, "negative"), ([[1]], 0.5, "limit"), ([[1, 2], [1]], None, "same instances")],
)
def test_what_is_refused(costs, limit, said):
    with pytest.raises(ValueError, match=said):
        performance_profile(costs, limit=limit)
