"""What is violated, against a plain judge; wrong formulas and wrong answers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from dnnbench.errors import UserError
from dnnbench.instances.formula import clauses
from dnnbench.instances.graph import Graph
from dnnbench.problems.satisfiability.exact import MaxSat, Sat
from tests.problems.satisfiability.formulas import failing, formula, formulas, judged, points

PLAIN = clauses(3, [(1, -2), (2, 3)])
PARTIAL = replace(PLAIN, hard=np.array([True, False]))
WEIGHTED = replace(PLAIN, weights=np.array([2, 3]))


@settings(deadline=None, max_examples=50)
@given(formulas())
def test_every_assignment_is_judged_as_by_hand(f):
    for z in points(f.num_variables):
        bad = failing(f, z)
        sat = Sat().verify(z, f, None)
        assert (sat.objective, sat.violation) == (len(bad), 0)
        assert sat.metrics == {"solved": float(not bad)}
        hard, soft = judged(f, z)
        verdict = MaxSat().verify(z, f, None)
        assert verdict.violation == hard
        assert verdict.metrics["soft"] == pytest.approx(soft, rel=1e-12)
        assert verdict.metrics["solved"] == float(not bad)
        if hard == 0:
            assert verdict.objective == verdict.metrics["soft"]
            whole = np.issubdtype(f.costs.dtype, np.integer)
            assert type(verdict.objective) is (int if whole else float)
        else:  # never better than an assignment that keeps all of them
            is_hard = f.hard if f.hard is not None else []
            worst = sum(c for c, h in zip(f.costs.tolist(), is_hard, strict=True) if not h)
            assert verdict.objective == pytest.approx(1 + worst)


def test_without_weights_and_hard_constraints_the_two_problems_agree():
    for f in Sat().tiny().values():
        for z in points(f.num_variables):
            assert Sat().verify(z, f, None).objective == MaxSat().verify(z, f, None).objective


def test_real_weights_are_rounded_once():
    f = replace(clauses(1, [(1,)] * 10), weights=np.full(10, 0.1))
    assert MaxSat().verify(np.zeros(1, np.uint8), f, None).objective == 1.0
    assert sum([0.1] * 10) != 1.0


def test_large_weights_are_exact():
    f = replace(clauses(1, [(1,), (1,)]), weights=np.array([2**52, 1]))
    assert MaxSat().verify(np.zeros(1, np.uint8), f, None).objective == 2**52 + 1


@pytest.mark.parametrize("problem", [Sat(), MaxSat()], ids=lambda p: p.name)
def test_tiny_formulas_have_the_optima_they_are_there_for(problem):
    optima = {}
    for name, f in problem.tiny().items():
        problem.check(f)
        assert f.num_variables <= 10
        judgements = [judged(f, z) for z in points(f.num_variables)]
        optima[name] = min(soft for hard, soft in judgements if hard == 0)
        assert judgements.count((0, optima[name])) <= 6  # not found by chance
        if f.hard is not None:
            assert any(hard for hard, _ in judgements)
    if problem.name == "sat":
        assert optima == {"three_sat": 0, "unsatisfiable": 1, "mixed": 0}
    else:
        assert optima == {"weighted": 2, "real": 0.5, "partial": 12, "mixed": 0}


@pytest.mark.parametrize(
    ("problem", "public", "said"),
    [
        (Sat(), Graph(1, np.zeros((0, 2), np.int32), np.zeros(0, np.int64)), "sat needs a formula"),
        (MaxSat(), None, "max_sat needs a formula, not NoneType"),
        (Sat(), clauses(0, []), "at least one variable"),
        (Sat(), WEIGHTED, "sat has no weights, and this formula has: use problem=max_sat"),
        (Sat(), PARTIAL, "sat has no hard and soft constraints"),
        (MaxSat(), replace(PLAIN, weights=np.array([2**53, 1])), "sum to below 2.53"),
        (MaxSat(), replace(PLAIN, weights=np.array([1.0, np.inf])), "positive, finite weights"),
        (MaxSat(), replace(PLAIN, weights=np.array([1, 0])), "positive, finite weights"),
    ],
)
def test_what_does_not_fit_is_said(problem, public, said):
    with pytest.raises(UserError, match=said):
        problem.check(public)


@pytest.mark.parametrize("public", [PLAIN, PARTIAL, WEIGHTED, clauses(2, [])])
def test_what_fits(public):
    MaxSat().check(public)
    assert MaxSat().verify(np.ones(public.num_variables, np.uint8), public, None).objective == 0


def test_sat_takes_plain_formulas():
    Sat().check(PLAIN)
    Sat().check(clauses(2, []))


@pytest.mark.parametrize(
    ("z", "said"),
    [
        ([0, 1, 1], "not list"),
        (np.zeros(2, np.uint8), r"shape \(3,\), not uint8 of \(2,\)"),
        (np.zeros(3), "not float64"),
        (np.array([0, 1, 2], np.uint8), "values 0 and 1, not 2"),
    ],
)
@pytest.mark.parametrize("problem", [Sat(), MaxSat()], ids=lambda p: p.name)
def test_wrong_answers_are_refused(problem, z, said):
    with pytest.raises(ValueError, match=said):
        problem.verify(z, PLAIN, None)
    with pytest.raises(ValueError, match=said):
        problem.polish("walksat", z, PLAIN, np.random.default_rng(0), lambda: False)


def test_solutions_survive_their_text():
    z = np.array([1, 0, 1], np.uint8)
    assert Sat().write_solution(z) == "1\n0\n1\n"
    assert np.array_equal(Sat().read_solution("1\n\n 0\n1", PLAIN), z)
    with pytest.raises(UserError, match="line 2: expected 0 or 1, found '2'"):
        Sat().read_solution("1\n2\n", PLAIN)
    with pytest.raises(UserError, match="2 values, the formula 3 variables"):
        Sat().read_solution("1\n0\n", PLAIN)


def test_random_assignments_are_of_the_rng():
    f = formula([], n=100)
    first, again = (Sat().random(f, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert 20 < first.sum() < 80
    assert first.dtype == np.uint8


def test_another_polish_is_unknown():
    with pytest.raises(UserError, match="walksat"):
        Sat().polish("walk", np.zeros(3, np.uint8), PLAIN, np.random.default_rng(0), lambda: False)
