"""The differentiable side equals the exact one on every binary point."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.kernels.choice import KERNELS
from dnnbench.problems.cut.energy import MaxCutEnergy
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.problems.cut.tiny import tiny_graphs


def all_points(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)


@pytest.mark.parametrize("name", tiny_graphs())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kernel", [k for k in KERNELS if k != "dense_bf16"])
def test_equals_minus_the_cut_on_all_points(kernel, dtype, name):
    graph = tiny_graphs()[name]
    points = all_points(graph.num_vertices)
    exact = [MaxCut().verify(z, graph, None).objective for z in points]
    with x64(dtype == "float64"):
        energy = MaxCutEnergy(kernel, dtype)
        data = energy.prepare(graph)
        x = jnp.asarray(points, dtype)
        for form in (energy.energy, energy.qubo):
            values = jax.vmap(form, in_axes=(0, None))(x, data)
            assert values.dtype == dtype
            np.testing.assert_array_equal(values, -np.array(exact))
        key, merit = jax.random.key(0), jnp.zeros((), dtype)
        z, score = jax.vmap(energy.round_score, in_axes=(0, None, None, None))(x, merit, data, key)
    np.testing.assert_array_equal(z, points)
    np.testing.assert_array_equal(score.cost, -np.array(exact))
    assert not np.any(score.violation)


@pytest.mark.parametrize("form", ["energy", "qubo"])
def test_gradient_agrees_with_finite_differences(form):
    graph = tiny_graphs()["signed"]
    with x64(True):
        energy = MaxCutEnergy("ell", "float64")
        data = energy.prepare(graph)
        f = getattr(energy, form)
        x = jnp.asarray(np.random.default_rng(0).uniform(size=graph.num_vertices))
        ours = jax.grad(f)(x, data)
        h = 1e-6
        for i in range(len(x)):
            step = jnp.zeros_like(x).at[i].set(h)
            slope = (f(x + step, data) - f(x - step, data)) / (2 * h)
            assert float(ours[i]) == pytest.approx(float(slope), abs=1e-7)


def test_energy_is_the_expected_energy_of_independent_bits():
    graph = tiny_graphs()["dense"]
    p = np.random.default_rng(1).uniform(size=graph.num_vertices)
    points = all_points(graph.num_vertices)
    weight = np.prod(np.where(points, p, 1 - p), axis=1)
    cuts = np.array([MaxCut().verify(z, graph, None).objective for z in points])
    energy = MaxCutEnergy("ell", "float32")
    value = energy.energy(jnp.asarray(p, jnp.float32), energy.prepare(graph))
    assert float(value) == pytest.approx(-float(weight @ cuts), rel=1e-5)
