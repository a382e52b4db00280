"""Wolfe steps, the grid, and the reuse of the last evaluation."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.optimizers.line_search import Point, first_trial, grid, look, nowhere, wolfe
from tests.optimizers.problems import START, counted, mean_square, rosenbrock

ROSENBROCK = mean_square(rosenbrock)


@functools.cache
def compiled(loss, most):
    return jax.jit(lambda start, direction, guess: wolfe(loss, start, direction, guess, most))


def search(loss, start, direction, guess, most):
    """A search, compiled once for each loss."""
    return compiled(loss, most)(start, direction, guess)


def at(loss, x):
    value, grad = jax.value_and_grad(loss)(x)
    return Point(x, value, grad, jnp.zeros((), bool))


@pytest.mark.parametrize("guess", [1e-6, 1e-2, 1.0, 1e3])
@pytest.mark.parametrize(
    "loss", [ROSENBROCK, lambda x: jnp.sum(jnp.cosh(x)) + x @ x], ids=["r", "c"]
)
def test_wolfe_conditions(loss, guess):
    start = at(loss, jnp.asarray(START))
    direction = -start.grad
    found = search(loss, start, direction, jnp.asarray(guess), 40)
    end = at(loss, start.x + found.length * direction)
    slope = direction @ start.grad
    assert found.accepted
    assert end.value <= start.value + 1e-4 * found.length * slope
    assert abs(direction @ end.grad) <= 0.9 * abs(slope)
    np.testing.assert_allclose(found.point.x, end.x, rtol=1e-14)
    np.testing.assert_allclose(found.point.value, end.value, rtol=1e-13)
    np.testing.assert_allclose(found.point.grad, end.grad, rtol=1e-9, atol=1e-12)


def test_the_first_trial_repeats_the_last_drop():
    """The parabola with the start's slope reaches the last drop at its minimum, times 1.01."""
    drop, slope = -0.3, -2.0
    length = float(first_trial(jnp.asarray(drop), jnp.asarray(slope)))
    a = np.linspace(0, 1, 100001)
    curvature = -slope / (length / 1.01)
    parabola = slope * a + curvature * a**2 / 2
    assert parabola.min() == pytest.approx(drop, rel=1e-6)
    for unknown in (0.0, 1e-9, jnp.nan):
        assert first_trial(jnp.asarray(unknown), jnp.asarray(slope)) == 1
    assert first_trial(jnp.asarray(-50.0), jnp.asarray(slope)) == 1


def test_where_the_loss_is_not_finite():
    """The first trial leaves the domain; the search comes back into it."""

    def barrier(x):
        return jnp.sum(x - jnp.log(x))

    start = at(barrier, jnp.full((3,), 0.1))
    found = search(barrier, start, -start.grad, jnp.asarray(100.0), 40)
    assert found.accepted
    assert jnp.all(found.point.x > 0)
    assert found.point.value < start.value


@pytest.mark.parametrize("loss", [lambda x: jnp.sum(x) * jnp.nan, lambda x: -jnp.sum(x) + 2e9])
def test_nothing_acceptable(loss):
    """A loss that is NaN, and a direction that the loss does not follow: the start is kept."""
    x = jnp.asarray(START)
    start = Point(x, jnp.asarray(1.0), x, jnp.zeros((), bool))
    found = search(loss, start, -x, jnp.asarray(1.0), 15)
    assert not found.accepted
    assert found.length == 0
    assert found.evaluations == 15
    jax.tree.map(np.testing.assert_array_equal, found.point, start)


def test_single_precision_has_its_own_types():
    with x64(False):
        start = at(ROSENBROCK, jnp.asarray(START, jnp.float32))
        found = search(ROSENBROCK, start, -start.grad, jnp.asarray(1e-3, jnp.float32), 20)
        assert found.accepted
        assert [x.dtype for x in found.point] == [x.dtype for x in start]


def test_look_computes_only_what_it_does_not_know():
    loss, calls = counted(ROSENBROCK)
    x = jnp.asarray(START)
    seen = jax.jit(lambda known, x: look(known, x, loss))

    point, spent = seen(nowhere(x), x)
    assert (int(spent), len(calls)) == (1, 1)
    again, spent = seen(point, x)
    assert (int(spent), len(calls)) == (0, 1)
    jax.tree.map(np.testing.assert_array_equal, again, point)
    moved, spent = seen(point, x + 1)
    assert (int(spent), len(calls)) == (1, 2)
    np.testing.assert_allclose(moved.grad, jax.grad(ROSENBROCK)(x + 1), rtol=1e-13)
    _, spent = seen(point._replace(stale=jnp.ones((), bool)), x)
    assert (int(spent), len(calls)) == (1, 3)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 0.037])
def test_grid_takes_the_least(scale):
    x, direction = jnp.asarray(START), -scale * jax.grad(ROSENBROCK)(jnp.asarray(START))
    lengths = np.concatenate([[0.0], 0.5 ** np.arange(13)])
    losses = [float(ROSENBROCK(x + a * direction)) for a in lengths]
    length, value, evaluations = jax.jit(lambda d: grid(ROSENBROCK, x, d, 12))(direction)
    assert length == lengths[np.argmin(losses)] > 0
    assert float(value) == pytest.approx(losses[0], rel=1e-14)
    assert evaluations == 14


def test_grid_keeps_what_is_best_and_passes_over_what_is_not_finite():
    def loss(x):
        return jnp.where(x[0] < -0.3, jnp.nan, jnp.sum(x))

    zero = jnp.zeros((2,))
    assert grid(loss, zero, jnp.ones((2,)), 5)[0] == 0
    assert grid(loss, zero, -jnp.ones((2,)), 5)[0] == 0.25
    everywhere = grid(lambda x: jnp.sum(x) * jnp.nan, zero, jnp.ones((2,)), 5)
    assert everywhere[0] == 0
    assert jnp.isnan(everywhere[1])
