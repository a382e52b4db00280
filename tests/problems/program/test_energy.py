"""The differentiable side against the exact one, and its gradient."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.problems.program.energy import ProgramEnergy
from dnnbench.problems.program.exact import LinearProgram
from dnnbench.problems.program.residuals import residuals, violations
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic
from tests.methods.programs import random_program

PROGRAMS = {
    "mixed": tiny_linear()["mixed"],
    "semidefinite": tiny_quadratic()["semidefinite"],
    "random": random_program(14, 9, 0, density=0.4),
    "curved": random_program(14, 9, 1, "semidefinite", density=0.4),
    "no rows": random_program(5, 0, 2),
}
ENERGY = ProgramEnergy("none", "float64")
LP = LinearProgram()


@pytest.fixture(autouse=True)
def double():
    with x64(True):
        yield


def points(given, count=5):
    rng = np.random.default_rng(0)
    n, m = given.num_variables, given.num_rows
    return [LP.random(given, rng), *rng.standard_normal((count, n + m))]


@pytest.mark.parametrize(
    ("name", "kernel"), [*((name, "none") for name in PROGRAMS), ("curved", "dense")]
)
def test_it_equals_the_exact_side_and_its_gradient_is_that_of_the_objective(name, kernel):
    given, energy = PROGRAMS[name], ProgramEnergy(kernel, "float64")
    n = given.num_variables

    @jax.jit
    def everything(z, data):
        x, y = z[:n], z[n:]
        value, slope = jax.value_and_grad(energy.objective)(x, data)
        rounded = energy.round_score(z, 0.0, data, jax.random.key(0))
        return value, slope, energy.gradient(x, data), energy.residuals(x, y, data), rounded

    data = energy.prepare(given)
    for z in points(given):
        expected = residuals(z[:n], z[n:], given)
        value, slope, gradient, found, (answer, score) = everything(z, data)
        assert value == pytest.approx(expected.objective, rel=1e-12)
        assert np.allclose(gradient, slope, rtol=1e-12, atol=1e-14)
        assert found.primal == pytest.approx(expected.relative_primal, rel=1e-12)
        assert found.dual == pytest.approx(expected.relative_dual, rel=1e-12)
        assert found.gap == pytest.approx(expected.relative_gap, rel=1e-9, abs=1e-14)
        assert np.array_equal(answer, z)
        assert score.violation == 0
        assert score.cost == pytest.approx(expected.kkt_error, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("name", ["mixed", "random"])
def test_projection_and_violation_have_the_signs_of_the_bounds(name):
    given, energy = PROGRAMS[name], ENERGY
    data = energy.prepare(given)
    far = jnp.full(given.num_variables, 100.0)
    assert np.array_equal(energy.project(far, data), np.minimum(100.0, given.upper))
    rows = given.matrix @ np.asarray(far)
    found = np.asarray(energy.row_violation(jnp.asarray(rows), data))
    assert np.array_equal(found > 0, rows > given.row_upper)
    assert np.array_equal(found < 0, rows < given.row_lower)
    assert np.allclose(np.abs(found), violations(np.asarray(far), given)[: given.num_rows])


def test_lanes_are_independent_with_the_lane_axis_last():
    given = PROGRAMS["curved"]
    data, n = ENERGY.prepare(given), given.num_variables
    z = np.stack(points(given), axis=-1)

    def error(z):
        return ENERGY.kkt_error(z[:n], z[n:], data)

    one_by_one = [residuals(lane[:n], lane[n:], given).kkt_error for lane in z.T]
    assert np.allclose(jax.jit(lanes_last(error, [True]))(z), one_by_one, rtol=1e-9)


def test_items_of_a_stack_have_bounds_and_coefficients_of_their_own():
    given = PROGRAMS["random"]
    changes = {"cost": 2 * given.cost, "matrix": 3 * given.matrix, "lower": given.lower - 1}
    both = [given, replace(given, **changes)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *map(ENERGY.prepare, both))
    z, n = points(given)[1], given.num_variables
    found = jax.jit(jax.vmap(lambda item: ENERGY.kkt_error(z[:n], z[n:], item)))(stacked)
    expected = [residuals(z[:n], z[n:], each).kkt_error for each in both]
    assert np.allclose(found, expected, rtol=1e-9)
