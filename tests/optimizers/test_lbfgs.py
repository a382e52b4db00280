"""L-BFGS against dense products of its pairs, written in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from dnnbench.errors import UserError
from dnnbench.optimizers.lbfgs import LBFGS
from dnnbench.optimizers.quasi_newton import Pair
from tests.optimizers.problems import (
    SIZE,
    START,
    counted,
    mean_square,
    oracle,
    rosenbrock,
    value_and_gradient,
    walk,
)


def inverse_hessian(pairs):
    """The matrix that the recursion stands for, from (s, y) pairs, the oldest first."""
    if not pairs:
        return np.eye(SIZE)
    s, y = pairs[-1]
    matrix = (s @ y) / (y @ y) * np.eye(SIZE)
    for s, y in pairs:
        rho = 1 / (s @ y)
        left = np.eye(SIZE) - rho * np.outer(s, y)
        matrix = left @ matrix @ left.T + rho * np.outer(s, s)
    return matrix


def two_loop(pairs, g):
    """Algorithm 7.4 of Nocedal and Wright."""
    q, alphas = g.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (s @ y))
        q -= alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q *= s @ y / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q += (alpha - y @ q / (s @ y)) * s
    return q


@pytest.mark.parametrize("memory_size", [3, 20])
def test_steps_of_the_recursion(memory_size):
    path = walk(LBFGS(memory_size), None, jnp.asarray(START), 7)
    x, pairs = START.copy(), []
    value, g = value_and_gradient(x)
    for params, state, reported in path:
        assert reported == pytest.approx(value, rel=1e-12)
        alpha = float(state.length)
        p = -two_loop(pairs, g)
        np.testing.assert_allclose(p, -inverse_hessian(pairs) @ g, rtol=1e-8, atol=1e-10)
        x = x + alpha * p
        new_value, new_g = value_and_gradient(x)
        assert new_value <= value + 1e-4 * alpha * (g @ p)
        assert abs(new_g @ p) <= 0.9 * abs(g @ p)
        pairs = [*pairs, (alpha * p, new_g - g)][-memory_size:]
        value, g = new_value, new_g
        np.testing.assert_allclose(params, x, rtol=0, atol=1e-10)
    assert state.skips == state.resets == 0


def test_rosenbrock_beside_scipy():
    options = {"maxcor": 20, "ftol": 1e-20, "gtol": 1e-9}
    known = minimize(value_and_gradient, START, jac=True, method="L-BFGS-B", options=options)
    path = walk(LBFGS(20), None, jnp.asarray(START), 120)
    params, state, _ = path[-1]
    np.testing.assert_allclose(params, np.ones(SIZE), rtol=0, atol=1e-7)
    spent = next(int(s.evaluations) for _, s, v in path if v <= max(known.fun, 1e-16))
    assert spent <= 2 * known.nfev
    assert state.resets == 0


def test_an_evaluation_is_made_once():
    loss, calls = counted(mean_square(rosenbrock))
    params, state, _ = walk(LBFGS(), oracle(loss), jnp.asarray(START), 10)[-1]
    assert int(state.evaluations) == len(calls) < 10 * 3
    renewed = LBFGS().renew(state)
    walk(LBFGS(), oracle(loss), params, 1, renewed)
    jax.tree.map(np.testing.assert_array_equal, renewed.memory, state.memory)
    assert len(calls) >= int(state.evaluations) + 2


def test_bad_pairs_are_not_learnt_and_emptying_empties():
    _, state, _ = walk(LBFGS(3), None, jnp.asarray(START), 5)[-1]
    memory, g = state.memory, jnp.asarray(START)
    s, y = jnp.ones((SIZE,)), jnp.full((SIZE,), jnp.nan)
    pair = Pair(s, y, s @ y, -g, jnp.ones((), bool))
    learn = jax.jit(LBFGS(3).learn)
    kept, learnt = learn(memory, jnp.zeros((), bool), pair)
    assert not learnt
    jax.tree.map(np.testing.assert_array_equal, kept, memory)
    emptied, learnt = learn(memory, jnp.ones((), bool), pair)
    assert not learnt
    assert LBFGS(3).is_empty(emptied)
    np.testing.assert_array_equal(LBFGS(3).direction(emptied, g), -g)
    good = Pair(s, 2 * s, 2 * s @ s, -g, jnp.ones((), bool))
    one, learnt = learn(memory, jnp.ones((), bool), good)
    assert learnt
    np.testing.assert_allclose(
        LBFGS(3).direction(one, g), -inverse_hessian([(np.ones(SIZE), np.full(SIZE, 2.0))]) @ g
    )


def test_pairs_that_are_not_finite_are_dropped():
    params, state, _ = walk(LBFGS(3), None, jnp.asarray(START), 5)[-1]
    broken = state._replace(memory=state.memory._replace(y=state.memory.y * jnp.nan))
    after, new, value = walk(LBFGS(3), None, params, 1, broken)[-1]
    assert new.resets == 1
    assert value_and_gradient(np.asarray(after))[0] < value
    assert all(jnp.all(jnp.isfinite(part)) for part in new.memory)
    assert np.count_nonzero(new.memory.rho) == 1


def test_lanes_are_as_alone():
    optimizer, starts = LBFGS(3), jnp.stack([START, START[::-1]])
    asked = oracle(mean_square(rosenbrock))

    def five(x):
        def step(_, carry):
            return optimizer.update(asked, *carry, {})[:2]

        return jax.lax.fori_loop(0, 5, step, (x, optimizer.init(x, {})))[0]

    alone = jnp.stack([walk(optimizer, None, start, 5)[-1][0] for start in starts])
    for batch in (jax.vmap(five), lambda xs: jax.lax.map(five, xs)):
        np.testing.assert_allclose(jax.jit(batch)(starts), alone, rtol=1e-9)


def test_memory_size():
    with pytest.raises(UserError, match="memory_size=0 must be at least 1"):
        LBFGS(0)
