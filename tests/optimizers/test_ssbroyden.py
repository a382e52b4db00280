"""SSBroyden against the paper's update in NumPy, once for H and once for its inverse."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from dnnbench.engine.compat import x64
from dnnbench.errors import UserError
from dnnbench.optimizers.quasi_newton import Pair
from dnnbench.optimizers.ssbroyden import Dense, SSBroyden
from tests.optimizers.problems import (
    SIZE,
    START,
    counted,
    family,
    mean_square,
    member,
    oracle,
    rosenbrock,
    value_and_gradient,
    walk,
)

VARIANTS = ["ssbroyden", "ssbfgs", "bfgs"]


def scales(variant, s, y, g, hess_inv, alpha, first):
    """tau and theta as Urban et al. choose them, written out once more."""
    n = s.size
    sy = y @ s
    b = -alpha * (s @ g) / sy
    h = y @ hess_inv @ y / sy
    a = b * h - 1
    theta, tau = 0.0, 1.0
    if variant == "ssbfgs":
        tau = min(1, 1 / b)
    if variant == "ssbroyden":
        c = np.sqrt(abs(a) / (1 + a))
        rho_minus = min(1, h * (1 - c))
        theta_minus, theta_plus = (rho_minus - 1) / a, 1 / rho_minus
        theta = max(theta_minus, min(theta_plus, (1 - b) / b))
        sigma = 1 + theta * a
        sigma_n = abs(sigma) ** (1 / (1 - n))
        if theta <= 0:
            tau = min(min(1, 1 / b) * sigma_n, sigma)
        else:
            tau = min(1, 1 / b) * min(sigma_n, 1 / theta)
    if first:
        tau = h / (1 + a * theta)
    return tau, theta, a


def updated(hess_inv, s, y, tau, theta, a):
    """The inverse Hessian's update."""
    sy, hy = s @ y, hess_inv @ y
    yhy = y @ hy
    phi = (1 - theta) / (1 + a * theta)
    v = np.sqrt(yhy) * (s / sy - hy / yhy)
    return (hess_inv - np.outer(hy, hy) / yhy + phi * np.outer(v, v)) / tau + np.outer(s, s) / sy


def updated_dual(hess, s, y, tau, theta):
    """The same member of Broyden's family as an update of the Hessian."""
    sy, bs = s @ y, hess @ s
    sbs = s @ bs
    w = np.sqrt(sbs) * (y / sy - bs / sbs)
    return tau * (hess - np.outer(bs, bs) / sbs + theta * np.outer(w, w)) + np.outer(y, y) / sy


@pytest.mark.parametrize(
    ("variant", "initial_scale"), [*((v, True) for v in VARIANTS), ("ssbroyden", False)]
)
def test_five_steps_of_the_paper(variant, initial_scale):
    path = walk(SSBroyden(variant, initial_scale), None, jnp.asarray(START), 5)
    x, hess_inv = START.copy(), np.eye(SIZE)
    value, g = value_and_gradient(x)
    for k, (params, state, reported) in enumerate(path):
        assert reported == pytest.approx(value, rel=1e-12)
        alpha = float(state.length)
        p = -hess_inv @ g
        s = alpha * p
        x = x + s
        new_value, new_g = value_and_gradient(x)
        assert new_value <= value + 1e-4 * alpha * (g @ p)
        assert abs(new_g @ p) <= 0.9 * abs(g @ p)
        y = new_g - g
        tau, theta, a = scales(variant, s, y, g, hess_inv, alpha, initial_scale and k == 0)
        dual = updated_dual(np.linalg.inv(hess_inv), s, y, tau, theta)
        hess_inv = updated(hess_inv, s, y, tau, theta, a)
        value, g = new_value, new_g
        np.testing.assert_allclose(params, x, rtol=0, atol=1e-10)
        np.testing.assert_allclose(state.memory.h, hess_inv, rtol=0, atol=1e-10)
        np.testing.assert_allclose(state.memory.h @ dual, np.eye(SIZE), rtol=0, atol=1e-8)
        np.testing.assert_allclose(state.memory.h @ y, s, rtol=1e-10, atol=1e-13)
        assert np.linalg.eigvalsh(state.memory.h).min() > 0
        np.testing.assert_array_equal(state.memory.h, state.memory.h.T)
    assert state.resets == state.skips == 0


def random_pair(seed, size=6):
    """A positive definite H, and a pair with s = -alpha H g."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    hess_inv = root @ root.T + 0.1 * np.eye(size)
    g, alpha = rng.normal(size=size), 10.0 ** rng.uniform(-2, 1)
    s = -alpha * hess_inv @ g
    y = rng.normal(size=size) + 10.0 ** rng.uniform(-2, 2) * s
    return hess_inv, g, alpha, s, y


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_pair_keeps_secant_and_positive_definite(variant):
    """All branches of theta and tau, against the transcription."""
    signs = set()
    learn = jax.jit(SSBroyden(variant, initial_scale=False).learn)
    for seed in range(60):
        hess_inv, g, alpha, s, y = random_pair(seed)
        if s @ y <= 0:
            continue
        tau, theta, a = scales(variant, s, y, g, hess_inv, alpha, first=False)
        signs.add(np.sign(theta))
        memory = Dense(jnp.asarray(hess_inv), jnp.zeros((), bool))
        pair = Pair(*map(jnp.asarray, (s, y, s @ y, -alpha * g, True)))
        new, learnt = learn(memory, jnp.zeros((), bool), pair)
        assert learnt
        size = np.abs(new.h).max()
        expected = updated(hess_inv, s, y, tau, theta, a)
        np.testing.assert_allclose(new.h, expected, rtol=0, atol=1e-10 * size)
        np.testing.assert_allclose(new.h @ y, s, rtol=0, atol=1e-9 * size * np.abs(y).max())
        assert np.linalg.eigvalsh(new.h).min() > 0
    assert signs == ({-1.0, 1.0} if variant == "ssbroyden" else {0.0})


@pytest.mark.parametrize("variant", VARIANTS)
def test_rosenbrock_beside_scipy(variant):
    known = minimize(value_and_gradient, START, jac=True, method="BFGS", options={"gtol": 1e-9})
    path = walk(SSBroyden(variant), None, jnp.asarray(START), 120)
    np.testing.assert_allclose(path[-1][0], np.ones(SIZE), rtol=0, atol=1e-8)
    np.testing.assert_allclose(known.x, np.ones(SIZE), rtol=0, atol=1e-6)
    spent = next(int(s.evaluations) for _, s, v in path if v <= max(known.fun, 1e-18))
    assert spent <= 2 * known.nfev
    values = [v for *_, v in path]
    assert all(b <= a * (1 + 1e-6) for a, b in pairwise(values))


def test_an_evaluation_is_made_once():
    """Every step after the first starts from what the last search computed."""
    loss, calls = counted(mean_square(rosenbrock))
    path = walk(SSBroyden(), oracle(loss), jnp.asarray(START), 12)
    params, state, _ = path[-1]
    assert int(state.evaluations) == len(calls) < 12 * 3
    before = int(state.evaluations)
    state = SSBroyden().renew(state)
    _, state, _ = walk(SSBroyden(), oracle(loss), params, 1, state)[-1]
    assert int(state.evaluations) == len(calls) >= before + 2


def test_new_points_need_renewal_and_keep_the_curvature():
    params, state, _ = walk(SSBroyden(), None, jnp.asarray(START), 12)[-1]
    renewed = SSBroyden().renew(state)
    np.testing.assert_array_equal(renewed.memory.h, state.memory.h)
    other = family(rosenbrock=1, far=1)
    after, _, value = walk(SSBroyden(), None, params, 1, renewed, other)[-1]
    truth = float(member(params, other))
    assert value == pytest.approx(truth, rel=1e-13)
    forgotten = walk(SSBroyden(), None, params, 1, state, other)[-1][2]
    assert forgotten != pytest.approx(truth, rel=1e-3)
    step = np.asarray(after - params)
    along = -np.asarray(state.memory.h @ jax.grad(member)(params, other))
    assert step @ along == pytest.approx(np.linalg.norm(step) * np.linalg.norm(along), rel=1e-10)


# Guards -------------------------------------------------------------------------------------------


def settled(steps=10):
    """Parameters and state in the middle of a descent."""
    params, state, _ = walk(SSBroyden(), None, jnp.asarray(START), steps)[-1]
    return params, state


@pytest.mark.parametrize("broken", [jnp.nan, jnp.inf, -1.0])
def test_a_useless_matrix_is_replaced(broken):
    """Not finite, or negative definite: the step goes along the negative gradient."""
    params, state = settled()
    h = broken * jnp.eye(SIZE)
    state = state._replace(memory=Dense(h, jnp.zeros((), bool)))
    (after, new, value), *_ = walk(SSBroyden(), None, params, 1, state)
    assert (new.resets, new.skips) == (1, 0)
    assert not new.memory.blank
    assert jnp.all(jnp.isfinite(new.memory.h))
    _, g = value_and_gradient(np.asarray(params))
    np.testing.assert_allclose(after - params, -float(new.length) * g, rtol=1e-9, atol=1e-15)
    assert value_and_gradient(np.asarray(after))[0] < value
    # As after the first step ever: identity, scaled, with this pair.
    s, y = np.asarray(after - params), value_and_gradient(np.asarray(after))[1] - g
    chosen = scales("ssbroyden", s, y, g, np.eye(SIZE), float(new.length), first=True)
    expected = updated(np.eye(SIZE), s, y, *chosen)
    np.testing.assert_allclose(new.memory.h, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("wrong", ["curvature", "use", "nan", "zero"])
def test_a_useless_pair_is_not_learnt(wrong):
    hess_inv, g, alpha, s, y = random_pair(1)
    y = {"curvature": -s, "nan": np.full_like(s, np.nan), "zero": 0 * s}.get(wrong, 2 * s)
    use = jnp.asarray(wrong in ("nan", "zero") or s @ y > 0) & (wrong != "use")
    memory = Dense(jnp.asarray(hess_inv), jnp.zeros((), bool))
    pair = Pair(*map(jnp.asarray, (s, y, s @ y, -alpha * g)), use)
    new, learnt = jax.jit(SSBroyden().learn)(memory, jnp.zeros((), bool), pair)
    assert not learnt
    np.testing.assert_array_equal(new.h, hess_inv)


def test_negative_curvature_on_the_way():
    """A double well from beside its ridge: H stays positive definite and a well is reached."""
    wells = family(wells=1)
    path = walk(SSBroyden(), None, 1e-3 * jnp.asarray(START), 40, hp=wells)
    assert all(np.linalg.eigvalsh(state.memory.h).min() > 0 for _, state, _ in path)
    np.testing.assert_allclose(jax.grad(member)(path[-1][0], wells), 0, atol=1e-7)
    np.testing.assert_allclose(np.abs(path[-1][0]), 1, atol=1e-2)


def test_a_loss_that_is_nan_moves_nothing():
    params, state = settled()
    broken, renewed = family(broken=jnp.nan), SSBroyden().renew(state)
    after, new, value = walk(SSBroyden(), None, params, 2, renewed, broken)[-1]
    assert np.isnan(value)
    np.testing.assert_array_equal(after, params)
    assert jnp.all(jnp.isfinite(new.memory.h))
    assert new.length == 0
    assert new.skips == state.skips + 2


def test_a_gradient_that_lies_empties_the_matrix_once():
    """No trial is acceptable although H predicts a decrease: identity, parameters as they were."""

    @jax.custom_jvp
    def liar(x):
        return x @ x

    liar.defjvp(lambda primals, tangents: (liar(*primals), -2 * primals[0] @ tangents[0]))
    params, state = settled()
    path = walk(SSBroyden(search_steps=8), oracle(liar), params, 2, SSBroyden().renew(state))
    for after, new, _ in path:
        np.testing.assert_array_equal(after, params)
        np.testing.assert_array_equal(new.memory.h, np.eye(SIZE))
        assert new.resets == 1
    assert new.evaluations == state.evaluations + 1 + 8 + 8


def test_rounding_errors_do_not_cost_the_matrix():
    """At the floor of the loss no step is possible, and what was learnt is kept."""
    bowl = family(bowl=1)
    params, state, _ = walk(SSBroyden(), None, jnp.asarray(START), 6, hp=bowl)[-1]
    _, new, _ = walk(SSBroyden(), None, params + 1e-9, 20, state, bowl)[-1]
    assert new.resets == 0
    assert not new.memory.blank


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_parameter(variant):
    """a is 0, theta's bounds are infinite and sigma's exponent is too: the secant is left."""
    memory = Dense(jnp.full((1, 1), 0.3), jnp.zeros((), bool))
    s, y = jnp.asarray([-0.6]), jnp.asarray([-3.0])
    pair = Pair(s, y, s @ y, s / 0.3, jnp.ones((), bool))
    new, learnt = SSBroyden(variant).learn(memory, jnp.zeros((), bool), pair)
    assert learnt
    np.testing.assert_allclose(new.h, [[0.2]], rtol=1e-7)


def test_single_precision():
    with x64(False):
        params, state, _ = walk(SSBroyden(), None, jnp.asarray(START, jnp.float32), 80)[-1]
        assert {x.dtype for x in (params, state.memory.h, state.length)} == {jnp.dtype("float32")}
        np.testing.assert_allclose(params, 1, atol=1e-2)


def test_lanes_are_as_alone():
    optimizer, starts = SSBroyden(), jnp.stack([START, START[::-1]])
    asked = oracle(mean_square(rosenbrock))

    def five(x):
        def step(_, carry):
            return optimizer.update(asked, *carry, {})[:2]

        return jax.lax.fori_loop(0, 5, step, (x, optimizer.init(x, {})))

    alone = [walk(optimizer, None, start, 5)[-1][:2] for start in starts]
    alone = jax.tree.map(lambda *leaves: jnp.stack(leaves), *alone)
    for batch in (jax.vmap(five), lambda xs: jax.lax.map(five, xs)):
        together = jax.jit(batch)(starts)
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-12), together, alone)


def test_unknown_variant():
    with pytest.raises(UserError, match=r"unknown variant 'ssbfg' .did you mean 'ssbfgs'"):
        SSBroyden("ssbfg")
