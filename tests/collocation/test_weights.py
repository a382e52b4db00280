"""Weights against their formulas, written out here."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.collocation.weights import Weighting
from dnnbench.errors import UserError

TERMS = {"pde": jnp.array([1.0, -2.0, 0.5]), "boundary": jnp.array([0.25, 4.0])}
SHAPES = {k: jax.ShapeDtypeStruct(v.shape, v.dtype) for k, v in TERMS.items()}


def make(kind, rate=0.1, memory=0.9):
    w = Weighting(kind, rate, memory, ("pde",))
    return w, w.init(SHAPES, jax.random.key(0))


def test_none_changes_nothing():
    w, state = make("none")
    assert w.weighted(TERMS, state) == dict(TERMS)
    assert w.follow(TERMS, state) is state


def test_self_adaptive_weights_climb_the_loss():
    """Their update is Adam's for the gradient that autodiff finds, with the sign turned."""
    import optax

    w, state = make("self_adaptive")
    assert (state.points["pde"] < 1).all()
    assert state.points["boundary"].max() > 1  # U(0, 1) times 100

    def loss(points):
        weighted = w.weighted(TERMS, state._replace(points=points))
        return sum(jnp.mean(r * r) for r in weighted.values())

    adam = optax.adam(0.1)
    gradient = jax.tree.map(jnp.negative, jax.grad(loss)(state.points))
    updates, _ = adam.update(gradient, adam.init(state.points))
    wanted = optax.apply_updates(state.points, updates)
    followed = w.follow(TERMS, state)
    for name in TERMS:
        np.testing.assert_allclose(followed.points[name], wanted[name], rtol=1e-6)
    assert loss(followed.points) > loss(state.points)


def test_residual_attention_is_an_average_of_relative_residuals():
    w, state = make("residual_attention")
    assert set(state.points) == {"pde"}
    size = np.abs(np.asarray(TERMS["pde"])) / 2.0
    expected = np.zeros(3)
    for _ in range(3):
        state = w.follow(TERMS, state)
        expected = 0.9 * expected + 0.1 * size
    np.testing.assert_allclose(state.points["pde"], expected, rtol=1e-6)
    np.testing.assert_allclose(
        w.weighted(TERMS, state)["pde"], expected * np.asarray(TERMS["pde"]), rtol=1e-6
    )
    np.testing.assert_array_equal(w.weighted(TERMS, state)["boundary"], TERMS["boundary"])


def test_zero_residuals_leave_attention_finite():
    w, state = make("residual_attention")
    zero = {k: jnp.zeros_like(v) for k, v in TERMS.items()}
    assert np.isfinite(np.asarray(w.follow(zero, state).points["pde"])).all()


def test_gradient_norms_become_equal():
    w, state = make("gradient_norm")

    def losses(x):
        return {"pde": 0.5 * x @ x, "boundary": 50.0 * x @ x}

    x = jnp.array([3.0, 4.0])  # norms of the gradients: 5 and 500
    state = w.balance(losses, x, state)
    assert float(state.terms["pde"]) == pytest.approx(0.9 + 0.1 * 505 / 5)
    assert float(state.terms["boundary"]) == pytest.approx(0.9 + 0.1 * 505 / 500)
    for _ in range(200):
        state = w.balance(losses, x, state)
    norms = {n: float(state.terms[n]) * g for n, g in (("pde", 5.0), ("boundary", 500.0))}
    assert norms["pde"] == pytest.approx(norms["boundary"], rel=1e-3)
    # A weight multiplies the term's mean square.
    weighted = w.weighted(TERMS, state)["pde"]
    ratio = float(jnp.mean(weighted**2) / jnp.mean(TERMS["pde"] ** 2))
    assert ratio == pytest.approx(float(state.terms["pde"]), rel=1e-5)


def test_unknown_weights():
    with pytest.raises(UserError, match="did you mean 'self_adaptive'"):
        make("self_adaptve")
