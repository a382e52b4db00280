"""Crossover: finds optima from approximate points, never loses, stops when told."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.instances.generators.programs import transport
from dnnbench.instances.program import Program
from dnnbench.problems.program import crossover as module
from dnnbench.problems.program.exact import LinearProgram
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.programs import highs, random_program

LP = LinearProgram()
TINY = {**tiny_linear(), **tiny_quadratic()}


def go_on():
    return False


def polished(z, given, stop=go_on):
    return LP.polish("crossover", z, given, np.random.default_rng(0), stop)


def error(z, given):
    return LP.verify(z, given, None).objective


def optimum(given):
    return np.concatenate(highs(given)[1:])


@pytest.mark.parametrize("name", TINY)
def test_tiny_programs_are_solved_from_nearby(name):
    """Also the degenerate one, whose multipliers are not determined."""
    z = optimum(TINY[name]) + 0.01 * np.random.default_rng(1).standard_normal(
        TINY[name].num_variables + TINY[name].num_rows
    )
    assert error(z, TINY[name]) > 1e-4
    assert error(polished(z, TINY[name]), TINY[name]) < 1e-12


@given(st.integers(0, 10**6), st.sampled_from(["", "definite", "semidefinite"]))
@settings(max_examples=25, deadline=None)
def test_it_never_loses_and_leaves_its_start_alone(seed, curved):
    given_ = random_program(12, 8, seed, curved)
    z = LP.random(given_, np.random.default_rng(seed))
    before = z.copy()
    assert error(polished(z, given_), given_) <= error(z, given_)
    assert np.array_equal(z, before)


@pytest.mark.parametrize("systems", [1, 2])
def test_a_point_that_is_worse_is_not_kept(monkeypatch, systems):
    """The first points are worse in a few of these."""
    monkeypatch.setattr(module, "SYSTEMS", systems)
    for seed in range(20):
        given_ = random_program(12, 8, seed)
        z = LP.random(given_, np.random.default_rng(seed))
        assert error(polished(z, given_), given_) <= error(z, given_)


def test_guesses_that_go_round_in_circles_are_tried_nearer_by():
    """Number 8 takes it; the multipliers are up to 50."""
    for seed in range(6, 10):
        given_ = transport(6, 8, seed)
        rng = np.random.default_rng(seed)
        _, x, y = highs(given_)
        off = np.concatenate([x + 3 * rng.standard_normal(48), y + 3 * rng.standard_normal(14)])
        off[:48] = np.maximum(off[:48], 0)
        assert error(off, given_) > 1e-2
        assert error(polished(off, given_), given_) < 1e-9


@pytest.mark.parametrize("curved", ["", "semidefinite"])
def test_random_programs_are_solved_from_nearby(curved):
    rng = np.random.default_rng(0)
    for seed in range(20):
        given_ = random_program(15, 10, seed, curved)
        z = optimum(given_)
        z = polished(z, given_) if curved else z  # HiGHS' quadratic solver is not that exact
        off = z + 1e-2 * rng.standard_normal(25)  # too far for the first guess to be right
        assert error(off, given_) > 1e-4
        assert error(polished(off, given_), given_) < 1e-9


def sparse_program(n, m, rng):
    """min c . x over A x = b, x >= 0 with a strictly complementary vertex, and that vertex."""
    matrix = sp.random_array((m, n), density=4 / n, rng=rng, format="csr")
    matrix = sp.csr_array(matrix + sp.eye_array(m, n))
    x = np.concatenate([1 + rng.random(m), np.zeros(n - m)])
    y, r = rng.standard_normal(m), np.where(x > 0, 0, 0.1 + rng.random(n))
    b = matrix @ x
    return Program(r + matrix.T @ y, matrix, b, b, np.zeros(n), np.full(n, np.inf)), x, y


def test_thousands_of_variables_are_one_sparse_system():
    rng = np.random.default_rng(0)
    given_, x, y = sparse_program(3000, 1200, rng)
    off = np.concatenate([np.maximum(x + 1e-3 * rng.standard_normal(3000), 0), y + 1e-3])
    assert error(off, given_) > 1e-3
    assert error(polished(off, given_), given_) < 1e-12


def test_it_stops_when_told_before_each_system():
    given_ = random_program(15, 10, 0)
    z = LP.random(given_, np.random.default_rng(0))
    assert np.array_equal(polished(z, given_, lambda: True), z)
    asked = []
    polished(z, given_, lambda: len(asked) >= 2 or asked.append(1))
    assert len(asked) == 2


def test_large_programs_are_left_as_they_are(monkeypatch):
    given_ = tiny_linear()["mixed"]
    z = optimum(given_) + 1e-3
    monkeypatch.setattr(module, "MOST_UNKNOWNS", 4)
    assert np.array_equal(polished(z, given_), z)


@pytest.mark.parametrize(("limit", "value", "most"), [("MOST_FILL", 1, 1), ("SYSTEMS", 3, 3)])
def test_it_is_a_step_and_no_solver(monkeypatch, limit, value, most):
    solved = []
    monkeypatch.setattr(module, limit, value)
    monkeypatch.setattr(module, "splu", lambda *a, **k: solved.append(1) or sp.linalg.splu(*a, **k))
    given_ = random_program(15, 10, 0)
    polished(LP.random(given_, np.random.default_rng(0)), given_)
    assert len(solved) == most
