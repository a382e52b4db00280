"""What the exact side refuses, reports and writes."""

import io
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.errors import UserError
from dnnbench.instances.digest import in_memory
from dnnbench.instances.program import Program
from dnnbench.instances.serialise import from_arrays, to_arrays
from dnnbench.problems.program.convexity import negative_eigenvalue
from dnnbench.problems.program.exact import LinearProgram, QuadraticProgram
from dnnbench.problems.program.tiny import program, tiny_linear, tiny_quadratic
from dnnbench.runner.resolve import solution_file
from tests.methods.programs import random_program

LP, QP = LinearProgram(), QuadraticProgram()
INF = np.inf


def simple(**changes):
    given = {"cost": [1, 1], "matrix": [[1, 2]], "rows": ([1], [3]), "bounds": ([0, 0], [9, 9])}
    return program(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cost": [1, np.nan]}, "lp: the cost of variable 1 is nan"),
        ({"matrix": [[1, INF]]}, "lp: the coefficient of row 0 and variable 1 is inf"),
        ({"offset": INF}, "lp: the objective's constant is inf"),
        ({"rows": ([4], [3])}, "lp: row 0 has no value between its bounds 4 and 3"),
        ({"bounds": ([0, 2], [9, 1])}, "lp: variable 1 has no value between its bounds 2 and 1"),
        (
            {"bounds": ([0, INF], [9, INF])},
            "variable 1 has no value between its bounds inf and inf",
        ),
        ({"bounds": ([np.nan, 0], [9, 9])}, "variable 0 has no value between its bounds nan and 9"),
        ({"quadratic": np.eye(2)}, "lp: the objective has a quadratic part (use problem=qp)"),
    ],
)
def test_what_is_no_linear_program_is_refused(changes, message):
    with pytest.raises(UserError) as error:
        LP.check(simple(**changes))
    assert message in str(error.value)


def test_other_instances_are_refused():
    with pytest.raises(UserError, match="qp needs a linear or quadratic program, not int"):
        QP.check(3)


def test_a_quadratic_program_may_be_linear_and_a_zero_q_is_none():
    QP.check(simple())
    LP.check(simple(quadratic=np.zeros((2, 2))))


@pytest.mark.parametrize("n", [4, 600])
def test_what_is_not_convex_is_refused_with_its_eigenvalue(n):
    """Up to 500 variables all eigenvalues are computed; beyond that pivots decide."""
    rng = np.random.default_rng(0)
    root = sp.random_array((n, n), density=2 / n, rng=rng, format="csr")
    semidefinite = sp.csr_array(root @ root.T)
    QP.check(Program(*_free(n), quadratic=semidefinite))
    saddle = sp.csr_array(([-2.0, -2.0], ([0, 1], [1, 0])), shape=(n, n))
    bad = Program(*_free(n), quadratic=sp.csr_array(semidefinite + 3 * saddle))
    expected = np.linalg.eigvalsh(bad.quadratic.toarray())[0]
    assert expected < -1
    assert negative_eigenvalue(bad) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(UserError, match="not convex, Q has the eigenvalue -"):
        QP.check(bad)


@pytest.mark.parametrize("n", [4, 600])
@pytest.mark.parametrize(("lowest", "convex"), [(-1e-6, False), (-1e-12, True)])
def test_a_negative_eigenvalue_may_be_rounding(n, lowest, convex):
    values = np.ones(n)
    values[2] = lowest
    found = negative_eigenvalue(Program(*_free(n), quadratic=sp.csr_array(sp.diags_array(values))))
    assert (found is None) == convex


def _free(n):
    none = np.zeros(0)
    return np.zeros(n), sp.csr_array((0, n)), none, none, np.full(n, -INF), np.full(n, INF)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros(4), r"shape \(3,\): 2 variables and 1 multipliers, not \(4,\)"),
        (np.zeros(3, np.int64), "floating point values, not int64"),
        (np.array([0, np.nan, 0]), "variable 1 is nan"),
        (np.array([0, 0, INF]), "the multiplier of row 0 is inf"),
        ([0.0, 0.0, 0.0], "a numpy array, not list"),
    ],
)
def test_wrong_answers_are_no_answers(z, message):
    with pytest.raises(ValueError, match=message):
        LP.verify(z, simple(), None)


def test_an_answer_is_infeasible_above_the_loosest_tolerance_only():
    off = LP.verify(np.array([-1e-3, 0.5, 0.5]), simple(), None)
    assert 0 < off.metrics["relative_primal"] < 1e-3
    assert off.feasible
    far = LP.verify(np.array([-1.0, 0.5, 0.5]), simple(), None)
    assert far.violation == far.metrics["relative_primal"] > 1e-3
    assert far.metrics["primal_residual"] == 1.0


def test_the_objective_of_a_maximised_program_is_reported_as_in_its_file():
    given = simple()
    turned = replace(given, maximised=True)
    z = np.array([1.0, 0.0, 0.0])
    assert LP.verify(z, given, None).metrics["objective"] == 1.0
    assert LP.verify(z, turned, None).metrics["objective"] == -1.0


def test_random_points_are_between_the_bounds_without_multipliers():
    given = random_program(40, 5, 3)
    z = LP.random(given, np.random.default_rng(0))
    assert z.shape == (45,)
    assert ((z[:40] >= given.lower) & (z[:40] <= given.upper)).all()
    assert len(np.unique(z[:40])) == 40
    assert not z[40:].any()


def test_a_solution_file_has_the_variables_alone():
    given = tiny_linear()["mixed"]
    content = solution_file(LP, np.arange(5.0), given)
    assert np.array_equal(np.load(io.BytesIO(content)), [0.0, 1.0, 2.0])


@pytest.mark.parametrize("given", [*tiny_linear().values(), *tiny_quadratic().values()])
def test_programs_survive_the_way_to_a_worker(given):
    back = from_arrays("program", to_arrays("program", given))
    for name in ("cost", "row_lower", "row_upper", "lower", "upper"):
        assert np.array_equal(getattr(back, name), getattr(given, name))
    assert (back.matrix != given.matrix).nnz == 0
    assert (back.quadratic is None) == (given.quadratic is None)
    assert given.quadratic is None or (back.quadratic != given.quadratic).nnz == 0
    assert (back.offset, back.maximised) == (given.offset, given.maximised)


def test_the_checksum_is_that_of_the_content():
    def sha(given):
        return in_memory("x", "program", given).sha256

    assert sha(simple()) == sha(simple())
    others = [
        simple(offset=1.0),
        simple(cost=[1, 2]),
        simple(rows=([1], [INF])),
        simple(quadratic=np.eye(2)),
        replace(simple(), maximised=True),
    ]
    assert len({sha(simple()), *map(sha, others)}) == 6
