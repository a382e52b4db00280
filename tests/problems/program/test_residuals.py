"""Residuals against HiGHS, by hand, and as what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.problems.program.residuals import residuals
from dnnbench.problems.program.tiny import program, tiny_linear, tiny_quadratic
from tests.methods.programs import highs, random_program

INF = np.inf
TINY = {**tiny_linear(), **tiny_quadratic()}


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_an_optimum_of_highs_is_one_here_and_a_moved_one_is_not(seed, n, m):
    given_ = random_program(n, m, seed)
    value, x, y = highs(given_)
    found = residuals(x, y, given_)
    assert found.kkt_error < 1e-9
    assert found.objective == pytest.approx(value, rel=1e-9, abs=1e-9)
    rng = np.random.default_rng(seed)
    moved = residuals(x + 0.01 * rng.standard_normal(n), y, given_)
    if np.abs(np.append(y, given_.cost - given_.transposed @ y)).max() > 1e-3:
        assert moved.kkt_error > 1e-7
    # The signs of multipliers matter where a row's bounds differ: it is slack of the other one, and
    # the gap is a sum of slacks times multipliers. An equality may have multipliers of both signs.
    turned = (np.abs(y) > 1e-3) & (given_.row_upper - given_.row_lower > 1e-2)
    if turned.any():
        assert residuals(x, np.where(turned, -y, y), given_).kkt_error > 1e-9


@pytest.mark.parametrize("name", TINY)
def test_tiny_programs_have_the_optima_of_highs(name):
    value, x, y = highs(TINY[name])
    found = residuals(x, y, TINY[name])
    assert found.kkt_error < 1e-6  # its solver of quadratic programs stops there
    assert found.objective == pytest.approx(value)


def test_each_residual_by_hand():
    """Minimise 3 x0 + x1 + 2 over 2 <= x0 + x1 <= 5, x0 >= 0, x1 <= 4."""
    given_ = program([3, 1], [[1, 1]], ([2], [5]), ([0, -INF], [INF, 4]), offset=2)
    found = residuals(np.array([-0.5, 1.0]), np.array([0.5]), given_)
    # Violated are the row by 1.5 and x0 by 0.5; the reduced costs are 2.5 and 0.5, of which the
    # latter belongs to a lower bound that x1 does not have.
    assert (found.primal, found.dual) == (1.5, 0.5)
    assert found.relative_primal == pytest.approx(np.hypot(1.5, 0.5) / (1 + 5))
    assert found.relative_dual == pytest.approx(0.5 / (1 + np.sqrt(10)))
    p, d = 2 + 3 * -0.5 + 1, 2 + 0.5 * 2 + 2.5 * 0
    assert found.objective == p
    assert found.relative_gap == pytest.approx(abs(p - d) / (1 + p + d))
    assert found.kkt_error == found.relative_gap


def test_negative_multipliers_belong_to_upper_bounds():
    given_ = program([-1], [[2]], ([-INF], [6]), ([0], [INF]))
    assert residuals(np.array([3.0]), np.array([-0.5]), given_).kkt_error == 0
    assert residuals(np.array([3.0]), np.array([0.5]), given_).dual == 2.0


@given(st.integers(0, 10**6), st.sampled_from(["", "definite", "semidefinite"]))
@settings(max_examples=30, deadline=None)
def test_the_dual_objective_never_exceeds_the_optimum(seed, curved):
    """Weak duality: where no multiplier belongs to an infinite bound, d <= f* <= p."""
    given_ = random_program(6, 4, seed, curved)
    rng = np.random.default_rng(seed)
    boxed = program(
        given_.cost,
        given_.matrix.toarray(),
        (np.full(4, -20.0), np.full(4, 20.0)),
        (np.full(6, -2.0), np.full(6, 2.0)),
        None if given_.quadratic is None else given_.quadratic.toarray(),
    )
    value = highs(boxed)[0]
    found = residuals(rng.standard_normal(6), rng.standard_normal(4), boxed)
    assert found.dual == 0
    d = found.objective - found.relative_gap * _scale(found)
    assert d <= value + 1e-6


def _scale(found):
    """1 + |p| + |d|, solved from the gap for d <= p."""
    p, g = found.objective, found.relative_gap
    for sign in (1, -1):
        d = (p - g * (1 + abs(p))) / (1 + sign * g)
        if sign * d >= 0:
            return 1 + abs(p) + abs(d)
    raise AssertionError


def test_a_program_without_rows():
    given_ = program([1.0, -1.0], np.zeros((0, 2)), ([], []), ([0, 0], [1, 1]))
    assert residuals(np.array([0.0, 1.0]), np.zeros(0), given_).kkt_error == 0
