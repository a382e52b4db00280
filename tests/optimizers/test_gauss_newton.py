"""Gauss-Newton, its damped and kernel forms and SPRING, against dense solves in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.gradient import GradientMethod
from dnnbench.errors import UserError
from dnnbench.optimizers.gauss_newton import GaussNewton
from tests.optimizers.problems import (
    START,
    counted,
    mean_square,
    oracle,
    rosenbrock,
    rosenbrock_numpy,
    tree,
    untree,
    walk,
)

MIX = np.random.default_rng(3).normal(size=(10, 10))


def redundant(x):
    """Residuals that see the sums of pairs of parameters only: half the directions do nothing."""
    return rosenbrock(x[:5] + x[5:])


def redundant_numpy(x):
    r, jacobian = rosenbrock_numpy(x[:5] + x[5:])
    return r, np.concatenate([jacobian, jacobian], axis=1)


def few(x):
    """Three residuals."""
    return rosenbrock(x)[jnp.asarray([2, 4, 11])]


def few_numpy(x):
    r, jacobian = rosenbrock_numpy(x)
    return r[[2, 4, 11]], jacobian[[2, 4, 11]]


def least_squares(r, jacobian, previous, rcond, damping, momentum):
    """min |J d + r|^2 / N + lambda |d - mu phi|^2, singular values of J^T J cut at rcond."""
    n, p = jacobian.shape
    shift = damping * np.mean(r**2)
    matrix = jacobian.T @ jacobian / n + shift * np.eye(p)
    rhs = -jacobian.T @ r / n + shift * momentum * previous
    return np.linalg.lstsq(matrix, rhs, rcond=rcond)[0]


CASES = {
    "gram": (rosenbrock, rosenbrock_numpy, GaussNewton(1e-12)),
    "gram, singular": (redundant, redundant_numpy, GaussNewton(1e-12)),
    "gram, damped": (redundant, redundant_numpy, GaussNewton(1e-13, damping=1e-2)),
    "gram, Cholesky": (redundant, redundant_numpy, GaussNewton(0.0, damping=1e-2)),
    "kernel": (few, few_numpy, GaussNewton(1e-12, "kernel")),
    "kernel, damped": (rosenbrock, rosenbrock_numpy, GaussNewton(1e-13, "kernel", damping=1e-2)),
    "kernel, Cholesky": (few, few_numpy, GaussNewton(0.0, "kernel", damping=0.1)),
    "SPRING": (few, few_numpy, GaussNewton(0.0, "kernel", damping=0.1, momentum=0.9)),
}


@pytest.mark.parametrize("case", CASES)
def test_five_steps(case):
    residuals, transcribed, optimizer = CASES[case]
    asked = oracle(mean_square(residuals), residuals)
    path = walk(optimizer, asked, jnp.asarray(START), 5)
    x, previous = START.copy(), np.zeros(START.size)
    for params, state, reported in path:
        r, jacobian = transcribed(x)
        direction = least_squares(
            r,
            jacobian,
            previous,
            optimizer.rcond or None,
            optimizer.damping,
            optimizer.momentum,
        )
        lengths = np.concatenate([[0], 0.5 ** np.arange(31)])
        losses = [np.mean(transcribed(x + a * direction)[0] ** 2) for a in lengths]
        assert reported == pytest.approx(losses[0], rel=1e-12)
        assert losses[0] > 1e-12, "the case should not be over before five steps"
        assert state.length == lengths[np.argmin(losses)] > 0
        x, previous = x + float(state.length) * direction, direction
        np.testing.assert_allclose(params, x, rtol=0, atol=1e-10)
    assert (state.fallbacks, state.evaluations) == (0, 5 * 32)


def test_without_momentum_the_pieces_differ():
    """The transcription of SPRING is not that of the plain kernel form."""
    asked = oracle(mean_square(few), few)
    ends = [
        walk(GaussNewton(0.0, "kernel", 0.1, momentum), asked, jnp.asarray(START), 5)[-1][0]
        for momentum in (0.0, 0.9)
    ]
    assert np.abs(ends[0] - ends[1]).max() > 1e-3


def test_linear_residuals_take_one_step():
    target = jnp.asarray(MIX @ START)
    asked = oracle(mean_square(lambda x: MIX @ x - target), lambda x: MIX @ x - target)
    params, state, _ = walk(GaussNewton(1e-14), asked, jnp.zeros(10), 1)[-1]
    assert state.length == 1
    np.testing.assert_allclose(params, START, rtol=0, atol=1e-9)


def test_rosenbrock():
    asked = oracle(mean_square(rosenbrock), rosenbrock)
    for optimizer in (GaussNewton(1e-12), GaussNewton(1e-15, "kernel", damping=1e-3)):
        params, _, value = walk(optimizer, asked, jnp.asarray(START), 60)[-1]
        np.testing.assert_allclose(params, 1, rtol=0, atol=1e-9)
        assert value < 1e-18


def test_parameters_may_be_a_tree():
    asked = oracle(mean_square(lambda p: rosenbrock(untree(p))), None)
    packed = oracle(mean_square(rosenbrock), rosenbrock, unpack=untree)
    as_tree = walk(GaussNewton(1e-12), packed, tree(START), 4)[-1][0]
    assert asked.residuals is None
    plain = oracle(mean_square(rosenbrock), rosenbrock)
    alone = walk(GaussNewton(1e-12), plain, jnp.asarray(START), 4)[-1][0]
    np.testing.assert_allclose(untree(as_tree), alone, rtol=0, atol=1e-10)


class Method(GradientMethod):
    """A method that says no more than its residuals."""

    def residuals(self, params, aux, ctx):
        return aux * rosenbrock(untree(params))


def test_the_default_jacobian():
    r, jacobian = Method().jacobian(tree(START), 2.0, None)
    known_r, known = rosenbrock_numpy(START)
    order = np.concatenate([np.arange(4, 10), np.arange(4)])  # leaf "a" comes before "b"
    np.testing.assert_allclose(r, 2 * known_r, rtol=1e-13)
    np.testing.assert_allclose(jacobian, 2 * known[:, order], rtol=1e-13)


# Guards -------------------------------------------------------------------------------------------


def test_a_solve_that_fails_becomes_a_gradient_step():
    """Cholesky's factor of a singular matrix is not finite."""

    def residuals(x):
        return x[:3] * x[3:6] - 1  # four parameters unused, the rest rank 3

    asked = oracle(mean_square(residuals), residuals)
    x = jnp.asarray(START)
    after, state, value = walk(GaussNewton(0.0), asked, x, 1)[-1]
    gradient = jax.grad(mean_square(residuals))(x)
    assert state.fallbacks == 1
    assert state.length > 0
    np.testing.assert_allclose(after, x - state.length * gradient, rtol=1e-13)
    assert mean_square(residuals)(after) < value
    np.testing.assert_array_equal(state.previous, 0)


@pytest.mark.parametrize("optimizer", [GaussNewton(1e-12), GaussNewton(0.0, "kernel", 1.0, 0.5)])
def test_what_is_not_finite_moves_nothing(optimizer):
    def residuals(x):
        return rosenbrock(x) / jnp.where(jnp.arange(18) == 3, 0, 1)

    asked = oracle(mean_square(residuals), residuals)
    after, state, value = walk(optimizer, asked, jnp.asarray(START), 2)[-1]
    np.testing.assert_array_equal(after, START)
    assert not np.isfinite(value)
    assert state.fallbacks == 2
    assert jnp.all(jnp.isfinite(state.previous))


def test_a_jacobian_with_a_hole():
    """A finite loss whose derivative is not: the loss is returned, the parameters stay."""

    def residuals(x):
        return jnp.sqrt(jnp.abs(x - START)) + x

    asked = oracle(mean_square(residuals), residuals)
    after, state, value = walk(GaussNewton(1e-12), asked, jnp.asarray(START), 1)[-1]
    np.testing.assert_array_equal(after, START)
    assert np.isfinite(value)
    assert state.fallbacks == 1


def test_at_the_minimum_it_stays():
    asked = oracle(mean_square(rosenbrock), rosenbrock)
    after, state, value = walk(GaussNewton(1e-12), asked, jnp.ones(10), 1)[-1]
    assert (state.length, value) == (0, 0)
    np.testing.assert_array_equal(after, 1)


def test_losses_are_counted():
    loss, calls = counted(mean_square(rosenbrock))
    _, state, _ = walk(GaussNewton(1e-12, halvings=6), oracle(loss, rosenbrock), START, 3)[-1]
    assert int(state.evaluations) == len(calls) == 3 * 8


def test_single_precision():
    with x64(False):
        asked = oracle(mean_square(rosenbrock), rosenbrock)
        params, state, _ = walk(GaussNewton(1e-6), asked, jnp.asarray(START, jnp.float32), 40)[-1]
        assert {x.dtype for x in (params, state.previous, state.length)} == {jnp.dtype("float32")}
        np.testing.assert_allclose(params, 1, atol=1e-3)


def test_lanes_are_as_alone():
    asked = oracle(mean_square(rosenbrock), rosenbrock)
    optimizer, starts = GaussNewton(1e-12), jnp.stack([START, START[::-1]])

    def five(x):
        def step(_, carry):
            return optimizer.update(asked, *carry, {})[:2]

        return jax.lax.fori_loop(0, 5, step, (x, optimizer.init(x, {})))[0]

    alone = jnp.stack([walk(optimizer, asked, start, 5)[-1][0] for start in starts])
    for batch in (jax.vmap(five), lambda xs: jax.lax.map(five, xs)):
        np.testing.assert_allclose(jax.jit(batch)(starts), alone, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "gramm"}, "unknown form 'gramm' .did you mean 'gram'"),
        ({"damping": -1.0}, "damping cannot be negative"),
        ({"momentum": 0.9}, "needs form=kernel"),
        ({"momentum": 1.0, "form": "kernel"}, r"lies in \[0, 1\)"),
        ({"halvings": -1}, "halvings cannot be negative"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(UserError, match=message):
        GaussNewton(1e-12, **options)
