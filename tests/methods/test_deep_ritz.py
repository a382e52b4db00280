"""Deep Ritz: the integral is estimated without bias, and the answer comes from the average."""

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.kernels.taylor import Jet
from tests.methods.pde_methods import assembled


def test_the_energy_of_the_solution_is_that_of_the_integral():
    """-Laplace(u) = f with u = sin sin: the least energy is minus half the integral of f u."""
    method, *_ = assembled("deep_ritz", "poisson_2d", interior=200_000, boundary=10)
    e = method.energy
    points = method.sampler.draw(jax.random.key(0), {}).interior
    x, y = jnp.pi * points.T
    rows = [
        jnp.sin(x) * jnp.sin(y),
        jnp.pi * jnp.cos(x) * jnp.sin(y),
        jnp.pi * jnp.sin(x) * jnp.cos(y),
    ]
    u = Jet(jnp.concatenate(rows)[:, None], e.first_order, len(points))
    least = float(jnp.mean(e.ritz(u, points)))
    np.testing.assert_allclose(least, -(np.pi**2) / 4, rtol=2e-2)
    doubled = Jet(2 * u.rows, e.first_order, len(points))
    assert float(jnp.mean(e.ritz(doubled, points))) > least


def test_the_boundary_term_is_an_integral_over_the_sides():
    """For u = 1 and g = 0 on the L-shape it is the length of the boundary, 8."""
    method, ctx, *_ = assembled("deep_ritz", "poisson_lshape")
    params, aux = method.start(ctx)
    points = method.sampler.draw(ctx.key, {})
    fresh = method.u(params, aux.fixed, points.boundary, method.energy.value_only).value
    inside, sides = method._integrals(params, aux.fixed, points._replace(given=fresh - 1.0))
    np.testing.assert_allclose(sides, 8.0, rtol=1e-5)
    loss, _ = method.loss(params, aux, ctx)
    _, own = method._integrals(params, aux.fixed, points)
    np.testing.assert_allclose(loss, inside + ctx.hp["penalty"] * own, rtol=1e-5)


def test_points_are_new_in_every_step():
    method, ctx, *_ = assembled("deep_ritz", "poisson_2d")
    params, aux = method.start(ctx)
    losses = {
        float(method.loss(params, aux, ctx._replace(key=jax.random.key(k)))[0]) for k in range(4)
    }
    assert len(losses) == 4


def test_the_merit_is_an_average_without_bias_from_its_start():
    method, ctx, *_ = assembled("deep_ritz", "poisson_2d")
    (phase,) = method.phases
    s, seen = method.init(ctx), []
    weights, average = 0.0, 0.0
    for k in range(4):
        here = ctx._replace(key=jax.random.key(k))
        seen.append(float(method.loss(s.params, s.aux, here)[0]))
        s, info = method.step(s, phase, here)
        average = 0.99 * average + 0.01 * seen[-1]
        weights = 0.99 * weights + 0.01
        np.testing.assert_allclose(info.merit, average / weights, rtol=1e-4)
    assert min(seen) <= float(info.merit) <= max(seen)
