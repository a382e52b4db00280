"""WalkSAT: never worse, solves what is easy, keeps its books, ends when it has to."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.instances.formula import Kind, clauses
from dnnbench.problems.satisfiability import walksat as module
from dnnbench.problems.satisfiability.exact import MaxSat, Sat
from dnnbench.problems.satisfiability.tiny import tiny_formulas, tiny_weighted
from dnnbench.problems.satisfiability.walksat import walksat
from tests.problems.satisfiability.formulas import failing, formula, formulas, judged, points


def never():
    return False


def rng(seed=0):
    return np.random.default_rng(seed)


@settings(deadline=None, max_examples=40)
@given(formulas(), st.integers(0, 31), st.integers(0, 9))
def test_never_worse_and_the_start_is_left_alone(f, start, seed):
    z = points(5)[start]
    kept = z.copy()
    after = walksat(z, f, rng(seed), never)
    assert np.array_equal(z, kept)
    assert (after.shape, after.dtype) == (z.shape, z.dtype)
    hard, soft = judged(f, z)
    hard_after, soft_after = judged(f, after)
    assert hard_after <= hard
    assert hard_after < hard or soft_after <= soft + 1e-12


@settings(deadline=None, max_examples=40)
@given(formulas())
def test_the_books_are_those_of_the_assignment(f):
    walk = module._Walk(np.zeros(5, np.uint8), f, random.Random(1))
    always = set(range(f.num_constraints))
    for z in points(5):
        always &= set(failing(f, z))
    for _ in range(20):
        walk.go(1)
        z = np.array([literal & 1 for literal in walk._true], np.uint8)
        assert set(walk.unmet) - always == set(failing(f, z)) - always


@pytest.mark.parametrize("name", [*tiny_formulas(), *tiny_weighted()])
def test_reaches_the_optimum_of_a_tiny_formula(name):
    problem = Sat() if name in tiny_formulas() and name != "mixed" else MaxSat()
    f = problem.tiny()[name]
    best = min(judged(f, z) for z in points(f.num_variables))
    for seed in range(3):
        z = problem.random(f, rng(seed))
        assert judged(f, problem.polish("walksat", z, f, rng(seed), never)) == best


def planted(n, m, seed):
    """Random clauses of three literals, each true under a hidden assignment."""
    draw = random.Random(seed)
    hidden = [draw.choice((-1, 1)) for _ in range(n)]
    rows = []
    while len(rows) < m:
        row = [v * draw.choice((-1, 1)) for v in draw.sample(range(1, n + 1), 3)]
        if any(literal * hidden[abs(literal) - 1] > 0 for literal in row):
            rows.append(row)
    return clauses(n, rows)


@pytest.mark.parametrize("seed", range(3))
def test_solves_easy_formulas(seed):
    f = planted(100, 380, seed)
    z = Sat().random(f, rng(seed))
    assert Sat().verify(z, f, None).objective > 10
    assert Sat().verify(walksat(z, f, rng(seed), never), f, None).objective == 0


def test_the_best_assignment_met_is_returned_and_not_the_last(monkeypatch):
    f = tiny_formulas()["unsatisfiable"]  # the walk goes on for ever
    monkeypatch.setattr(module, "_MOST_FLIPS", 501)
    for seed in range(8):
        assert len(failing(f, walksat(np.ones(6, np.uint8), f, rng(seed), never))) == 1


def test_hard_constraints_come_first():
    # One hard constraint against nine soft ones.
    f = clauses(1, [(1,)] + [(-1,)] * 9)
    f = replace(f, weights=np.array([1] + [5] * 9), hard=np.arange(10) == 0)
    assert walksat(np.zeros(1, np.uint8), f, rng(), never).tolist() == [1]
    soft = replace(f, hard=None)
    assert walksat(np.ones(1, np.uint8), soft, rng(), never).tolist() == [0]


def test_a_variable_that_breaks_nothing_is_taken():
    # Of the violated (1 or 2), variable 2 breaks three clauses and 1 none.
    f = clauses(3, [(1, 2), (-2, 3), (-2, 3), (-2, 3)])
    for seed in range(20):
        walk = module._Walk(np.zeros(3, np.uint8), f, random.Random(seed))
        walk.go(1)
        assert walk.flipped == [0]


def test_without_a_free_flip_half_of_the_choices_are_random():
    # Of (1 or 2), variable 1 breaks one clause and 2 two: 2 is taken by noise alone, p / 2.
    f = clauses(3, [(1, 2), (-1, 3), (-2, 3), (-2, 3)])
    taken = []
    for seed in range(2000):
        walk = module._Walk(np.zeros(3, np.uint8), f, random.Random(seed))
        walk.go(1)
        taken += walk.flipped
    assert abs(np.mean(np.array(taken) == 1) - module.NOISE / 2) < 0.03


def test_of_an_at_least_only_false_literals_are_flipped():
    f = formula([(Kind.AT_LEAST, 3, (1, 2, 3, -4))], n=4)
    for seed in range(20):
        walk = module._Walk(np.array([1, 0, 0, 1], np.uint8), f, random.Random(seed))
        walk.go(1)
        assert walk.flipped[0] in (1, 2, 3)


def test_what_cannot_hold_is_left_alone():
    f = formula([(Kind.OR, 0, ()), (Kind.AT_LEAST, 3, (1, 2)), (Kind.OR, 0, (3,))], n=3)
    assert walksat(np.zeros(3, np.uint8), f, rng(), never).tolist() == [0, 0, 1]


def test_it_ends_by_its_flips_and_when_asked():
    f = tiny_formulas()["unsatisfiable"]
    asked = []
    walksat(np.ones(6, np.uint8), f, rng(), lambda: bool(asked.append(1)))
    assert len(asked) == 3  # 600 flips, asked every 256
    z = np.zeros(6, np.uint8)
    assert np.array_equal(walksat(z, f, rng(), lambda: True), z)


def test_the_same_draws_walk_the_same_way():
    f = planted(60, 250, 7)
    z = Sat().random(f, rng(1))
    first, again = (walksat(z, f, rng(5), never) for _ in range(2))
    assert np.array_equal(first, again)
