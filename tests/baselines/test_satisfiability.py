"""Baselines for satisfiability: optima, proofs, limits, hard constraints and weights."""

import importlib.util
import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings

from dnnbench.baselines.base import Limits
from dnnbench.baselines.satisfiability.counts import counts, majority
from dnnbench.baselines.satisfiability.shuffled import Shuffled
from dnnbench.errors import UserError
from dnnbench.instances.formula import Kind, clauses
from dnnbench.instances.load import load_instance
from dnnbench.problems.satisfiability.exact import MaxSat, Sat

from ..problems.satisfiability.formulas import N, formula, formulas, holds
from .conftest import CONFIGS, load

SAT, MAX_SAT = Sat(), MaxSat()
PROBLEMS = {problem.name: problem for problem in (SAT, MAX_SAT)}
PACKAGES = {"probsat": "numba", "walksat": "numba", "random": None}
COMPLETE = ["cadical", "glucose", "minisat"]
IN_CHILDREN = [*COMPLETE, "rc2"]
WALKS = ["probsat", "walksat"]
ENOUGH = {"restarts": 600, "steps": 10**6}
"""Work that finds the optimum of a tiny formula."""

PAIRS = [
    (path.stem, PROBLEMS[problem])
    for path in CONFIGS
    for problem in load(path)[0]["_about"]["problems"]
    if problem in PROBLEMS
]
NAMES = sorted({name for name, _ in PAIRS})


def made(name, **changes):
    """A baseline with its default settings and these, or a skip if its package is not there."""
    package = PACKAGES.get(name, "pysat")
    if package is not None and importlib.util.find_spec(package) is None:
        pytest.skip(f"the package {package} is not installed")
    raw, kind, defaults = load(next(path for path in CONFIGS if path.stem == name))
    quick = raw.get("_conformance", {}).get("settings", {})
    return kind(**(defaults | quick | changes))


def solve(baseline, problem, instance, search, seed=0, **limits):
    baseline.prepare(problem, instance)
    baseline.solve(problem, instance, np.random.default_rng(seed), Limits(**limits), search)
    return search


def assignments(n):
    """All of them, uint8 [2^n, n]."""
    return np.array(list(itertools.product((0, 1), repeat=n)), np.uint8)


def optimum(problem, instance):
    """By looking at every assignment: fewest hard constraints violated, then least weight."""
    verdicts = (problem.verify(z, instance, None) for z in assignments(instance.num_variables))
    return min((verdict.violation, verdict.objective) for verdict in verdicts)


def check_offers(problem, instance, offers):
    """Claims are what verification finds, only the last may be infeasible, counts never fall."""
    assert offers
    for z, claim, _, _ in offers:
        verdict = problem.verify(z, instance, None)
        assert claim == verdict.objective
        assert verdict.violation == 0 or len(offers) == 1
    for figures in ([o[2] for o in offers], [o[3] for o in offers]):
        assert figures == sorted(figures)
    values = [claim for _, claim, _, _ in offers]
    assert values == sorted(values, reverse=True)


def random_formula(seed, n, m, k=3):
    rng = np.random.default_rng(seed)
    rows = [rng.choice(n, k, replace=False) + 1 for _ in range(m)]
    return clauses(n, [(row * rng.choice([-1, 1], k)).tolist() for row in rows])


def partial(seed, n, m, kind):
    """A random formula with weights, some of it hard."""
    rng = np.random.default_rng(seed)
    hard = rng.random(m) < 0.3
    weights = {"whole": rng.integers(1, 20, m), "real": rng.exponential(size=m)}[kind]
    return replace(random_formula(seed, n, m, 2), weights=np.where(hard, 1, weights), hard=hard)


# Every baseline on every problem -----------------------------------------------------------------


@pytest.mark.parametrize(("name", "problem"), PAIRS, ids=[f"{a}-{b.name}" for a, b in PAIRS])
def test_finds_the_optimum_of_the_tiny_formulas(name, problem, search):
    baseline = made(name)
    for key, instance in problem.tiny().items():
        run = solve(baseline, problem, instance, search(), **ENOUGH)
        check_offers(problem, instance, run.offers)
        if name not in COMPLETE or key != "unsatisfiable":
            assert (0, run.offers[-1][1]) == optimum(problem, instance), key


@pytest.mark.parametrize("name", NAMES)
def test_is_the_same_for_the_same_seed_and_ends_within_its_limits(name, search):
    instance = random_formula(1, 120, 520)
    for limits in ({"restarts": 2, "steps": 60}, {"steps": 300}, {"steps": 3}):
        if name in IN_CHILDREN and limits["steps"] == 3:
            continue
        first, second = (solve(made(name), SAT, instance, search(), **limits) for _ in range(2))
        check_offers(SAT, instance, first.offers)
        assert len(first.offers) == len(second.offers)
        for a, b in zip(first.offers, second.offers, strict=True):
            assert np.array_equal(a[0], b[0])
            assert a[1:] == b[1:]
        assert first.notes == second.notes
        _, _, steps, restarts = first.offers[-1]
        assert 0 < steps <= limits["steps"]
        assert restarts <= limits.get("restarts", np.inf)


@pytest.mark.parametrize("stop_after", [0, 3])
@pytest.mark.parametrize("name", NAMES)
def test_stops_when_told_with_something_to_show(name, stop_after, search):
    instance = random_formula(2, 400, 1720)
    run = solve(made(name, **tireless(name)), SAT, instance, search(stop_after=stop_after))
    check_offers(SAT, instance, run.offers)
    assert run.asked <= stop_after + 2 or run.proved


def tireless(name):
    """No restarts, so that a run ends because it is told to."""
    return {"start_length": 10**9} if name in WALKS else {}


@pytest.mark.parametrize("name", NAMES)
def test_ends_with_the_clock(name, search):
    instance = random_formula(3, 400, 1800)  # no solution, and too hard for a proof
    run = solve(made(name), SAT, instance, search(seconds=0.2))
    check_offers(SAT, instance, run.offers)
    assert run.left > -0.1
    assert not run.proved


@pytest.mark.parametrize("name", ["random", *WALKS])
def test_another_seed_gives_another_run(name, search):
    instance = random_formula(4, 60, 300)
    runs = [solve(made(name), SAT, instance, search(), seed, steps=1) for seed in range(3)]
    assert len({run.offers[0][0].tobytes() for run in runs}) > 1


@pytest.mark.parametrize("name", IN_CHILDREN)
def test_seeds_differ_by_the_shuffle_alone(name, search):
    instance = random_formula(5, 20, 150) if name == "rc2" else random_formula(5, 60, 300)
    runs = [solve(made(name), SAT, instance, search(), seed) for seed in (0, 1)]
    assert runs[0].offers[-1][2] != runs[1].offers[-1][2]  # conflicts
    plain = made(name, shuffle=False)
    runs = [solve(plain, SAT, instance, search(), seed) for seed in (0, 1)]
    assert runs[0].offers[-1][1:] == runs[1].offers[-1][1:]
    assert runs[0].notes == runs[1].notes


# Proofs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPLETE)
def test_decides_formulas_near_the_threshold(name, search):
    decided = set()
    for seed in range(4):
        instance = random_formula(seed, 10, 46)
        run = solve(made(name), SAT, instance, search())
        check_offers(SAT, instance, run.offers)
        satisfiable = optimum(SAT, instance) == (0, 0)
        decided.add(satisfiable)
        assert run.notes["proved_unsatisfiable"] is not satisfiable
        assert (run.offers[-1][1] == 0) is satisfiable
        assert run.notes["lower_bound"] == int(not satisfiable)
    assert decided == {True, False}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_run_out_of_conflicts_proves_nothing(name, search):
    run = solve(made(name), SAT, random_formula(3, 300, 1300), search(), steps=5)
    assert not run.notes["proved_unsatisfiable"]
    assert not run.proved
    assert run.notes["conflicts"] >= 5


@pytest.mark.parametrize("kind", ["whole", "real"])
def test_rc2_proves_what_enumeration_finds(kind, search):
    for seed in range(3):
        instance = partial(seed, 10, 60, kind)
        violation, best = optimum(MAX_SAT, instance)
        run = solve(made("rc2"), MAX_SAT, instance, search())
        check_offers(MAX_SAT, instance, run.offers)
        verdict = MAX_SAT.verify(run.offers[-1][0], instance, None)
        assert run.notes["proved_unsatisfiable"] is (violation > 0)
        if violation == 0:
            assert run.proved
            assert verdict.violation == 0
            assert verdict.objective == pytest.approx(best, rel=1e-12)
            assert run.notes["lower_bound"] <= best
            assert run.notes["lower_bound"] == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("options", [{}, {"stratify": False, "exhaust": False, "minimise": False}])
def test_rc2_counts_the_fewest_violations_of_mixed_constraints(options, search):
    rng = np.random.default_rng(0)
    rows = []
    for kind in Kind:
        for _ in range(7):
            width = int(rng.integers(2, 6))
            literals = (rng.choice(7, width, replace=False) + 1) * rng.choice([-1, 1], width)
            rows.append((kind, int(rng.integers(0, width + 2)), tuple(literals.tolist())))
    rows = [(kind, bound if kind == Kind.AT_LEAST else 0, row) for kind, bound, row in rows]
    instance = formula(rows, n=7)
    run = solve(made("rc2", **options), SAT, instance, search())
    check_offers(SAT, instance, run.offers)
    assert (0, run.offers[-1][1]) == optimum(SAT, instance)
    assert run.proved
    assert run.notes["proved_unsatisfiable"]


def test_an_rc2_out_of_conflicts_bounds_the_optimum(search):
    instance = random_formula(6, 40, 320)
    best = solve(made("walksat"), SAT, instance, search(), steps=200_000).offers[-1][1]
    run = solve(made("rc2"), SAT, instance, search(), steps=300)
    assert not run.proved
    assert 0 < run.notes["lower_bound"] < best
    assert run.notes["proved_unsatisfiable"]


def test_what_is_hard_and_contradicts_itself_is_proved_and_shown_at_the_end(search):
    rows = [(1,), (-1,), (2, 3)]
    instance = replace(clauses(3, rows), hard=np.array([True, True, False]))
    run = solve(made("rc2"), MAX_SAT, instance, search())
    assert run.notes["proved_unsatisfiable"]
    assert not run.proved
    assert len(run.offers) == 1
    assert MAX_SAT.verify(run.offers[0][0], instance, None).violation == 1


# Walks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["whole", "real"])
@pytest.mark.parametrize("name", WALKS)
def test_walks_keep_hard_constraints_and_respect_weights(name, kind, search):
    for seed in range(6):
        instance = partial(seed, 10, 40, kind)
        violation, best = optimum(MAX_SAT, instance)
        run = solve(made(name, start_length=100), MAX_SAT, instance, search(), steps=60_000)
        verdict = MAX_SAT.verify(run.offers[-1][0], instance, None)
        assert (verdict.violation, verdict.objective) == (violation, pytest.approx(best))


@pytest.mark.parametrize("name", WALKS)
@settings(max_examples=30, deadline=None)
@given(instance=formulas())
def test_walks_keep_their_books(name, instance):
    """Counts, lists and the way back to the best assignment, against a fresh look at each."""
    from dnnbench.baselines.satisfiability.walk import _Run

    every = counts(instance)
    run = _Run(instance, every, np.random.default_rng(0), made(name))
    hard = np.zeros(instance.num_constraints, bool) if instance.hard is None else instance.hard

    def judged(z):
        broken = every.violated(z)
        return np.count_nonzero(broken & hard), instance.costs[broken & ~hard].sum()

    least = judged(run._walk.z)
    for allowed in (1, 1, 5, 100):
        run.advance(allowed)
        walk = run._walk
        broken = every.violated(walk.z)
        listed = [walk.violated[row, : walk.sizes[row]].tolist() for row in (0, 1)]
        assert sorted(listed[0]) == np.flatnonzero(broken & hard).tolist()
        assert sorted(listed[1]) == np.flatnonzero(broken & ~hard).tolist()
        assert walk.cost[0] == pytest.approx(judged(walk.z)[1])
        assert (walk.fewest[0], walk.cost[1]) == pytest.approx(judged(run.best))
        least = min(least, judged(walk.z))
        assert judged(run.best)[0] <= least[0]
        assert judged(run.best)[0] < least[0] or judged(run.best)[1] <= least[1] + 1e-9


def test_a_walk_begins_again_after_its_length(search):
    instance = SAT.tiny()["unsatisfiable"]  # 6 variables
    for steps, restarts in ((59, 0), (60, 1), (185, 3)):
        run = solve(made("walksat", start_length=10), SAT, instance, search(), steps=steps)
        assert run.offers[-1][2:] == (steps, restarts)


def test_a_walk_breaks_nothing_where_it_need_not():
    """(1, 2) is violated; the flip of 2 is free, that of 1 breaks five clauses."""
    instance = clauses(7, [(1, 2), (-1, 3), (-1, 4), (-1, 5), (-1, 6), (-1, 7)])
    from dnnbench.baselines.satisfiability.walk import _Run

    for name in WALKS:
        baseline = made(name, **({"noise": 1.0} if name == "walksat" else {}))
        chosen = []
        for seed in range(300):
            run = _Run(instance, counts(instance), np.random.default_rng(seed), baseline)
            run._walk.z[:] = 0
            run._kernel.begin(run._walk)
            run.advance(1)
            chosen.append(int(run._walk.z[0]))
        share = np.mean(chosen)
        if name == "walksat":
            assert share == 0
        else:  # (.9 + 5)^-2.06 against .9^-2.06
            assert share == pytest.approx(0.0205, abs=0.02)
            assert share > 0


@pytest.mark.parametrize(
    ("longest", "polynomial", "cb"),
    [
        (2, True, 2.06),
        (3, True, 2.06),
        (4, False, 2.85),
        (5, False, 3.7),
        (6, False, 5.1),
        (9, False, 5.4),
    ],
)
def test_probsat_takes_the_published_constants(longest, polynomial, cb):
    instance = clauses(9, [list(range(1, longest + 1)), [1]])
    rule = made("probsat").rule(instance, 3, False)
    assert (rule.polynomial, rule.cb) == (polynomial, cb)
    expected = (0.9 + 2) ** -cb if polynomial else cb**-2
    assert rule.scores[2] == pytest.approx(expected)
    assert made("probsat", function="exponential", cb=3.0).rule(instance, 3, False).scores[
        1
    ] == pytest.approx(1 / 3)


# Parts -------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(instance=formulas())
@example(instance=formula([(Kind.XOR, 0, tuple(range(1, 10)))], n=9))
@example(instance=formula([(Kind.AT_LEAST, 4, (1, -2, 3, -4, 5, 6, -7))], n=7))
def test_clauses_have_the_models_of_the_constraints(instance):
    pytest.importorskip("pysat")
    from pysat.solvers import Minisat22

    from dnnbench.baselines.satisfiability.to_cnf import to_cnf

    each, total = to_cnf(instance)
    assert len(each) == instance.num_constraints
    assert all(abs(literal) <= total for group in each for c in group for literal in c)
    for index, group in enumerate(each):
        literals = instance.constraint(index).tolist()
        with Minisat22(bootstrap_with=group) as solver:
            for z in assignments(instance.num_variables):
                given_bits = [v if bit else -v for v, bit in enumerate(z.tolist(), 1)]
                expected = holds(instance.kinds[index], instance.bounds[index], literals, z)
                assert solver.solve(assumptions=given_bits) is bool(expected)


@settings(max_examples=30, deadline=None)
@given(instance=formulas())
def test_counts_say_what_the_definition_says(instance):
    every = assignments(N)
    together = counts(instance).violated(every.T)
    for z, column in zip(every, together.T, strict=True):
        expected = [
            not holds(kind, bound, instance.constraint(c).tolist(), z)
            for c, (kind, bound) in enumerate(zip(instance.kinds, instance.bounds, strict=True))
        ]
        assert column.tolist() == expected
        assert counts(instance).violated(z).tolist() == expected


def test_the_majority_decides_and_a_tie_is_false():
    assert majority(clauses(4, [(1, -2), (1, 3), (-1, -3)])).tolist() == [1, 0, 0, 0]


def test_a_shuffle_is_undone():
    shuffled = Shuffled(50, seed=3)
    renamed = shuffled.clause(list(range(1, 51)))
    assert sorted(renamed) == list(range(1, 51))
    assert renamed != list(range(1, 51))
    assert shuffled.clause([-7]) == [-renamed[6]]
    model = [renamed[6], -renamed[8], renamed[40], 99]
    assert shuffled.true(model, 40).tolist() == [7]
    assert sorted(shuffled.order(20)) == list(range(20))
    assert Shuffled(5, seed=None).clause([2, -5]) == [2, -5]


# Use ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IN_CHILDREN)
def test_says_which_extra_is_missing(name, search, monkeypatch):
    baseline = made(name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=rf"{name}.*dnnbench\[baselines\]"):
        solve(baseline, SAT, random_formula(0, 4, 4), search())


@pytest.mark.parametrize("name", WALKS)
def test_walks_say_which_extra_is_missing(name, search, monkeypatch):
    baseline = made(name)
    kernels = ("draws", "local_search_kernel", "satisfiability.walk_kernel")
    for kernel in kernels:
        monkeypatch.delitem(sys.modules, f"dnnbench.baselines.{kernel}", raising=False)
    monkeypatch.delattr("dnnbench.baselines.draws", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(UserError, match=rf"{name}.*dnnbench\[baselines\]"):
        solve(baseline, SAT, random_formula(0, 4, 4), search(), steps=1)


def test_a_misspelt_function_is_answered_with_the_nearest(search):
    baseline = made("probsat", function="polynomail")
    with pytest.raises(UserError, match="did you mean 'polynomial'"):
        solve(baseline, SAT, random_formula(0, 4, 4), search(), steps=1)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "instance"),
    [
        *((name, "uf50-01") for name in (*IN_CHILDREN, *WALKS)),
        *((name, "uuf50-01") for name in IN_CHILDREN),
        *(pytest.param(name, "uf250-01", marks=pytest.mark.full) for name in (*COMPLETE, *WALKS)),
    ],
)
def test_settles_formulas_of_satlib(name, instance, search):
    folder = os.environ.get("DNNBENCH_DATA")
    if folder is None:
        pytest.skip("DNNBENCH_DATA is not set")
    given_formula = load_instance(
        f"satlib/{instance}", data_dir=Path(folder), cache_dir=Path(folder)
    ).public
    limits = {"steps": 20_000_000} if name in WALKS else {}
    run = solve(made(name, **tireless(name)), SAT, given_formula, search(), **limits)
    check_offers(SAT, given_formula, run.offers)
    if instance.startswith("uuf"):
        assert run.notes["proved_unsatisfiable"]
    else:
        assert run.offers[-1][1] == 0
