"""Generated programs: pinned, of the asked sizes, and with the optima that they promise."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from dnnbench.errors import UserError
from dnnbench.instances.digest import public_sha256
from dnnbench.instances.generators import programs as made
from dnnbench.instances.generators.spec import parse_spec

from ..programs import INFEASIBLE, OPTIMAL, UNBOUNDED, UNDECIDED, assert_valid, same, solved

# The digests pin the programs: should one change, results of earlier releases no longer belong to
# the same instances, and the generator needs a new name.
PINNED = {
    "gen/transport-m4-n6-s1": ("d573d4e14b1bac50", 24, 10),
    "gen/assignment-n5-s1": ("3f71c2223db91fad", 25, 10),
    "gen/portfolio-n20-k3-s1": ("f3581a581d86cef0", 23, 4),
    "gen/svm-n12-k3-s1": ("ae21608f79727b6e", 12, 1),
    "gen/dense_lp-n9-m7-s1": ("3a460b41add3d49a", 9, 7),
    "gen/degenerate_lp-n12-m9-s1": ("ffd0feaaf308c17b", 12, 9),
    "gen/infeasible_lp-n6-m8-s1": ("532694260b90e144", 6, 8),
    "gen/unbounded_lp-n6-m8-s1": ("b826abe2798addad", 6, 8),
}


def generate(name):
    return parse_spec(name).generate()


@pytest.mark.parametrize("name", PINNED)
def test_programs_are_valid_and_pinned(name):
    program = generate(name)
    digest, n, m = PINNED[name]
    assert_valid(program)
    assert (program.num_variables, program.num_rows) == (n, m)
    assert (program.quadratic is not None) == ("portfolio" in name or "svm" in name)
    assert public_sha256("program", program)[:16] == digest


@pytest.mark.parametrize("name", PINNED)
def test_one_seed_repeats_and_two_differ(name):
    first = generate(name)
    assert same(first, generate(name))
    assert not same(first, generate(name[:-1] + "2"))


@pytest.mark.parametrize(("m", "n", "seed"), [(4, 6, 1), (9, 2, 1), (1, 1, 3), (5, 5, 2)])
def test_transport_is_balanced_with_an_optimum_in_whole_numbers(m, n, seed):
    program = made.transport(m, n, seed)
    supply, demand = np.split(program.row_upper, [m])
    assert supply.sum() == demand.sum()
    assert min(supply.min(), demand.min()) >= 1
    status, value, x = solved(program)
    assert status == OPTIMAL
    flow = np.round(x).reshape(m, n)
    assert flow.sum(axis=1).tolist() == supply.tolist()
    assert flow.sum(axis=0).tolist() == demand.tolist()
    assert value == pytest.approx(program.cost @ flow.ravel(), rel=1e-12)


@pytest.mark.parametrize("n", [1, 5, 20])
def test_assignment_has_the_optimum_of_a_combinatorial_algorithm(n):
    program = made.assignment(n, 1)
    costs = program.cost.reshape(n, n)
    assert set(program.matrix.sum(axis=1)) == {n}
    assert solved(program)[1] == costs[linear_sum_assignment(costs)].sum()


def test_portfolio_is_the_model_of_its_factors():
    n, k = 30, 4
    program = made.portfolio(n, k, 1)
    loadings = program.matrix.toarray()[:k, :n].T
    assert 0.3 < np.mean(loadings == 0) < 0.7
    status, value, z = solved(program)
    assert status == OPTIMAL
    x = z[:n]
    assert x.min() >= -1e-9
    assert x.sum() == pytest.approx(1)
    risk = loadings @ loadings.T + np.diag(program.quadratic.diagonal()[:n]) / 2
    assert value == pytest.approx(x @ risk @ x + program.cost[:n] @ x, abs=1e-6)


def test_svm_separates_its_clouds():
    n, k = 60, 2
    program = made.svm(n, k, 1)
    kernel = program.quadratic.toarray()
    labels = program.matrix.toarray()[0]
    values = np.linalg.eigvalsh(kernel)
    assert values.min() > -1e-9 * values.max()
    assert np.sum(values > 1e-9 * values.max()) == k
    status, _, a = solved(program)
    assert status == OPTIMAL
    side = labels * (kernel @ a)  # up to an offset
    assert side[labels > 0].mean() > side[labels < 0].mean() + 1


@pytest.mark.parametrize("kind", ["dense_lp", "degenerate_lp"])
@pytest.mark.parametrize(("n", "m"), [(9, 7), (5, 12), (1, 1), (40, 20)])
def test_the_known_answer_is_optimal(kind, n, m):
    program, x, y = made.known_answer(kind, n, m, 1)
    assert same(program, parse_spec(f"gen/{kind}-n{n}-m{m}-s1").generate())
    slack = program.matrix @ x - program.row_lower
    reduced = program.cost - program.transposed @ y
    assert min(x.min(), y.min(), slack.min(), reduced.min()) >= 0
    assert (slack @ y, reduced @ x) == (0, 0)
    status, value, _ = solved(program)
    assert status == OPTIMAL
    assert value == pytest.approx(program.cost @ x, rel=1e-9, abs=1e-9)


def test_only_one_of_them_is_degenerate():
    for kind, ties in (("dense_lp", False), ("degenerate_lp", True)):
        program, x, y = made.known_answer(kind, 60, 40, 1)
        slack = program.matrix @ x - program.row_lower
        reduced = program.cost - program.transposed @ y
        tight, free = np.sum(slack == 0), np.sum(reduced == 0)
        assert (tight > np.sum(x > 0)) == (free > np.sum(y > 0)) == ties


@pytest.mark.parametrize(("n", "m"), [(6, 8), (1, 2), (20, 5)])
@pytest.mark.parametrize("seed", [1, 2])
def test_rows_that_contradict_each_other(n, m, seed):
    program = made.infeasible_lp(n, m, seed)
    assert solved(program)[0] in (INFEASIBLE, UNDECIDED)
    last = program.row_lower.copy()
    last[-1] = -np.inf
    freed = made.frozen(made.Program(**{**vars(program), "row_lower": last, "cost": np.zeros(n)}))
    assert solved(freed)[0] == OPTIMAL


@pytest.mark.parametrize(("n", "m"), [(6, 8), (1, 1), (20, 5)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_direction_of_endless_descent(n, m, seed):
    program = made.unbounded_lp(n, m, seed)
    assert solved(program)[0] in (UNBOUNDED, UNDECIDED)
    still = made.frozen(made.Program(**{**vars(program), "cost": np.zeros(n)}))
    assert solved(still)[0] == OPTIMAL


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: made.transport(0, 4, 1), "transport: m=0 is not 1 or more"),
        (lambda: made.assignment(10**5, 1), "20000000000 coefficients are more than"),
        (lambda: made.svm(10**4, 3, 1), "svm: 100000000 coefficients"),
        (lambda: made.portfolio(5, 0, 1), "portfolio: k=0"),
        (lambda: made.infeasible_lp(5, 1, 1), "infeasible_lp: m=1 is not 2 or more"),
    ],
)
def test_impossible_arguments(make, message):
    with pytest.raises(UserError, match=message):
        make()
