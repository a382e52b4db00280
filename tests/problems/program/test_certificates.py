"""Certificates: those that prove something are accepted, and no others."""

import numpy as np
import pytest

from dnnbench.problems.program.exact import LinearProgram
from dnnbench.problems.program.tiny import program, tiny_linear

LP = LinearProgram()
INF = np.inf

# x0 + x1 >= 3 and x0 - x1 <= 1 with x0 <= 1.5 and x1 <= 1: their sum is 2.5 at most.
EMPTY = program([0, 0], [[1, 1], [1, -1]], ([3, -INF], [INF, 1]), ([0, 0], [1.5, 1]))
# The same with x1 free above, which x0 = 1, x1 = 2 solves.
OPEN = program([0, 0], [[1, 1], [1, -1]], ([3, -INF], [INF, 1]), ([0, 0], [1.5, INF]))
# Minimise x1 - x0 over x0 - x1 <= 4 ... with both free to grow: no bound on 2 x0 - x1 = descent.
FALLING = program([-2, 1], [[1, -1]], ([-INF], [4]), ([0, 0], [INF, INF]))


def test_a_farkas_vector_proves_infeasibility_whatever_its_length():
    for length in (1.0, 1e-8, 1e8):
        proof = LP.prove("infeasible", length * np.array([1.0, 0.0]), EMPTY)
        assert proof.holds
        assert proof.figures == {"farkas_value": 0.5, "farkas_reach": INF}


@pytest.mark.parametrize("y", [[0.0, 0.0], [-1.0, 0.0], [1.0, -3.0], [1.0, 0.01]])
def test_other_vectors_prove_nothing(y):
    """The last one's second multiplier belongs to a bound that its row does not have."""
    assert not LP.prove("infeasible", np.array(y), EMPTY).holds


@pytest.mark.parametrize("y", [[1.0, 0.0], [1.0, -1.0], [1.0, -0.999]])
def test_a_feasible_program_is_never_proved_infeasible(y):
    assert not LP.prove("infeasible", np.array(y), OPEN).holds


def test_rounding_in_a_farkas_vector_limits_its_reach():
    proof = LP.prove("infeasible", np.array([1.0, 1e-9]), EMPTY)
    assert proof.holds
    assert proof.figures["farkas_reach"] == pytest.approx(0.5e9, rel=1e-6)


def test_a_point_and_a_ray_prove_unboundedness():
    point, ray = [0.0, 1.0], [3.0, 3.0]
    proof = LP.prove("unbounded", np.array([point, ray]), FALLING)
    assert proof.holds
    assert proof.figures == {"ray_descent": 1.0, "ray_residual": 0.0, "relative_primal": 0.0}


@pytest.mark.parametrize(
    ("point", "ray"),
    [
        ([0.0, 1.0], [-3.0, -3.0]),  # towards a bound
        ([0.0, 1.0], [1.0, 0.0]),  # towards a row
        ([0.0, 1.0], [0.0, 1.0]),  # upwards
        ([0.0, 1.0], [0.0, 0.0]),
        ([9.0, 1.0], [1.0, 1.0]),  # not from a feasible point
    ],
)
def test_other_rays_prove_nothing(point, ray):
    assert not LP.prove("unbounded", np.array([point, ray]), FALLING).holds


def test_a_ray_must_not_change_a_quadratic_part():
    curved = program([-1, 0], np.zeros((0, 2)), ([], []), ([0, 0], [INF, INF]), np.diag([1, 0]))
    assert not LP.prove("unbounded", np.array([[0.0, 0.0], [1.0, 0.0]]), curved).holds
    flat = program([-1, 0], np.zeros((0, 2)), ([], []), ([0, 0], [INF, INF]), np.diag([0, 1]))
    assert LP.prove("unbounded", np.array([[0.0, 0.0], [1.0, 0.0]]), flat).holds


def test_certificates_of_a_wrong_form_are_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\), not \(2,\)"):
        LP.prove("infeasible", np.zeros(3), tiny_linear()["mixed"])
    with pytest.raises(ValueError, match="not finite"):
        LP.prove("infeasible", np.full(2, np.nan), tiny_linear()["mixed"])
    with pytest.raises(ValueError, match="no certificate shows that a program is unsat"):
        LP.prove("unsat", np.zeros(2), tiny_linear()["mixed"])
