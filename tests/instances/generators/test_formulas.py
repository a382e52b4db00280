import sys
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from dnnbench.errors import UserError
from dnnbench.instances.digest import public_sha256
from dnnbench.instances.formula import Kind
from dnnbench.instances.generators import formulas as made
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.generators.stream import Stream

from ..formulas import as_clauses, assert_valid, holds, same, violated

# The digests pin the formulas: should one change, results of earlier releases no longer belong to
# the same instances, and the generator needs a new name.
PINNED = {
    "gen/ksat-n30-k3-r4.26-s1": "9ab92be678021d6e",
    "gen/satisfiable_ksat-n20-k3-r4.5-s1": "97c1ef6cf8c40111",
    "gen/planted_ksat-n20-k4-r6.5-s1": "e125a1953bd41a50",
    "gen/nae_ksat-n20-k3-r2.0-s1": "00647145383982f3",
    "gen/parity-n20-m12-k5-s1": "c5662475b686340b",
    "gen/cardinality-n20-m15-k6-s1": "7ecccbd7128b3d72",
}
NEEDS_SOLVER = "gen/satisfiable_ksat-n20-k3-r4.5-s1"


def generate(name):
    if "/satisfiable" in name:
        pytest.importorskip("pysat")
    return parse_spec(name).generate()


def is_satisfiable(formula):
    solvers = pytest.importorskip("pysat.solvers")
    with solvers.Minisat22(bootstrap_with=as_clauses(formula)) as solver:
        return solver.solve()


@pytest.mark.parametrize("name", PINNED)
def test_formulas_are_valid_and_pinned(name):
    formula = generate(name)
    assert_valid(formula)
    assert public_sha256("cnf", formula)[:16] == PINNED[name]


@pytest.mark.parametrize("name", PINNED)
def test_one_seed_repeats_and_two_differ(name):
    first = generate(name)
    assert same(first, generate(name))
    assert not same(first, generate(name[:-1] + "2"))


@pytest.mark.parametrize("name", PINNED)
def test_variables_of_a_constraint_are_distinct_and_counts_are_as_asked(name):
    formula = generate(name)
    spec = parse_spec(name)
    given = dict(zip(made_of(spec), spec.values, strict=True))
    m = given["m"] if "m" in given else round(given["r"] * given["n"])
    assert (formula.num_variables, formula.num_constraints) == (given["n"], m)
    assert set(formula.widths.tolist()) == {given["k"]}
    variables = np.sort(np.abs(formula.literals.reshape(m, -1)), axis=1)
    assert (np.diff(variables, axis=1) > 0).all()


def made_of(spec):
    from dnnbench.instances.generators.spec import KINDS

    return KINDS[spec.kind].parameters


def test_the_number_of_clauses_is_rounded():
    assert made.ksat(250, 3, 4.26, 1).num_constraints == 1065
    assert made.ksat(10, 3, 4.26, 1).num_constraints == 43
    assert made.ksat(10, 3, 0.14, 1).num_constraints == 1


def test_clauses_are_uniform():
    """Of 4 variables there are 4 * 8 clauses of 3, whose orders are alike too."""
    formula = made.ksat(4, 3, 8000, 1)
    rows = formula.literals.reshape(-1, 3)
    sets = Counter(map(tuple, np.sort(rows, axis=1).tolist()))
    assert len(sets) == 32
    assert chisquare(list(sets.values())).pvalue > 1e-3
    orders = Counter(map(tuple, np.abs(rows).tolist()))
    assert len(orders) == 24
    assert chisquare(list(orders.values())).pvalue > 1e-3


def test_all_variables_can_be_drawn():
    drawn = made._variables(7, 7, 500, Stream(1))
    assert (np.sort(drawn, axis=1) == np.arange(1, 8)).all()
    counts = [np.bincount(column, minlength=8)[1:] for column in drawn.T]
    assert min(chisquare(count).pvalue for count in counts) > 1e-3


def test_planted_clauses_are_uniform_among_those_that_hold():
    assert 0 in violated(made.planted_ksat(3, 3, 30, 1))
    formula = made.planted_ksat(3, 3, 7000, 1)
    seen = Counter(map(tuple, np.sort(formula.literals.reshape(-1, 3), axis=1).tolist()))
    assert len(seen) == 7
    assert chisquare(list(seen.values())).pvalue > 1e-3


@pytest.mark.parametrize("kind", ["planted_ksat-n40-k3-r9", "parity-n40-m38-k6"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_formulas_are_satisfiable(kind, seed):
    assert is_satisfiable(parse_spec(f"gen/{kind}-s{seed}").generate())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cardinalities_are_satisfiable_and_their_bounds_spread(seed):
    formula = made.cardinality(30, 60, 5, seed)
    assert is_satisfiable(formula)
    assert set(formula.bounds.tolist()) >= {1, 2, 3}


def test_bounds_are_uniform_up_to_the_true_literals():
    formula = made.cardinality(2, 6000, 2, 1)
    hidden = next(
        true
        for true in ({1}, {2}, {1, 2}, set())
        if all(holds(formula, i, true) for i in range(formula.num_constraints))
    )
    true = np.array([(abs(literal) in hidden) == (literal > 0) for literal in formula.literals])
    both = true.reshape(-1, 2).all(axis=1)
    assert abs(both.mean() - 1 / 3) < 0.03
    assert (formula.bounds[~both] == 1).all()
    assert abs((formula.bounds[both] == 2).mean() - 1 / 2) < 0.05


def test_parities_have_both_right_hand_sides():
    formula = made.parity(30, 200, 4, 1)
    assert (formula.kinds == Kind.XOR).all()
    negated = formula.literals.reshape(-1, 4) < 0
    assert not negated[:, 1:].any()
    assert 60 < negated[:, 0].sum() < 140


def test_signs_of_unequal_constraints_are_fair():
    formula = made.nae_ksat(50, 4, 20, 1)
    assert (formula.kinds == Kind.NOT_ALL_EQUAL).all()
    assert abs((formula.literals > 0).mean() - 0.5) < 0.04


def test_the_first_satisfiable_formula_of_the_stream():
    pytest.importorskip("pysat")
    stream = Stream(3)
    drawn = [made._ksat("ksat", 12, 3, 6.0, stream) for _ in range(60)]
    first = next(formula for formula in drawn if is_satisfiable(formula))
    assert not same(first, drawn[0])
    assert same(made.satisfiable_ksat(12, 3, 6.0, 3), first)


def test_a_hopeless_ratio_ends(monkeypatch):
    pytest.importorskip("pysat")
    monkeypatch.setattr(made, "MAX_DRAWS", 5)
    with pytest.raises(UserError, match=r"5 formulas with r=50\.0 are all unsatisfiable"):
        made.satisfiable_ksat(20, 3, 50.0, 1)


def test_without_a_solver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysat.solvers", None)
    with pytest.raises(UserError, match=r"pip install 'dnnbench\[baselines\]'"):
        parse_spec(NEEDS_SOLVER).generate()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: made.ksat(0, 3, 4.0, 1), r"ksat: n=0 is not in 1\.\.100000000"),
        (lambda: made.ksat(10**9, 3, 4.0, 1), "ksat: n=1000000000"),
        (lambda: made.ksat(5, 6, 4.0, 1), r"ksat: k=6 is not in 1\.\.5"),
        (lambda: made.planted_ksat(5, 0, 4.0, 1), r"planted_ksat: k=0 is not in 1\.\.5"),
        (lambda: made.parity(1000, 5, 257, 1), r"parity: k=257 is not in 1\.\.256"),
        (lambda: made.parity(10, 0, 3, 1), "parity: no constraints"),
        (lambda: made.ksat(10, 3, 0.01, 1), "ksat: no constraints"),
        (lambda: made.cardinality(100, 10**8, 3, 1), "300000000 literals are more than"),
        (lambda: made.nae_ksat(10, 1, 2.0, 1), "k is at least 2"),
    ],
)
def test_impossible_arguments(make, message):
    with pytest.raises(UserError, match=message):
        make()
