"""The spin form against the bit form on every point, and the scales by their definitions."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.instances.graph import Graph
from dnnbench.problems.cut import spins
from dnnbench.problems.cut.energy import MaxCutEnergy
from tests.methods.dense import FIELD, couplings, double, weighted_graph


@pytest.mark.parametrize("fielded", [False, True])
def test_twice_the_energy_up_to_a_constant(fielded):
    points = np.array(list(itertools.product([0.0, 1.0], repeat=10)))
    with x64(True):
        energy = double(fielded)
        data = energy.prepare(weighted_graph())
        h = spins.external_field(data)
        np.testing.assert_allclose(h, FIELD if fielded else np.zeros(10), atol=1e-12)
        bits = jax.vmap(energy.energy, (0, None))(jnp.asarray(points), data)
        spin = jax.vmap(spins.spin_energy, (None, None, 0))(data, h, jnp.asarray(2 * points - 1))
    assert np.ptp(2 * np.asarray(bits) - np.asarray(spin)) < 1e-9


def test_spin_energy_of_copies_is_the_sum_with_its_gradient():
    s = np.random.default_rng(0).normal(size=(10, 3))
    with x64(True):
        data = double(True).prepare(weighted_graph())
        value, gradient = jax.value_and_grad(spins.spin_energy, argnums=2)(
            data, jnp.asarray(FIELD)[:, None], jnp.asarray(s)
        )
    w = couplings()
    assert float(value) == pytest.approx(0.5 * np.sum(s * (w @ s)) - np.sum(FIELD @ s))
    np.testing.assert_allclose(gradient, w @ s - FIELD[:, None], atol=1e-12)


def test_scales():
    graph, w = weighted_graph(), couplings()
    energy = MaxCutEnergy("ell", "float32")
    np.testing.assert_allclose(energy.coupling_sums(graph), np.abs(w).sum(1), rtol=1e-6)
    assert spins.field_scale(energy.coupling_squares(graph)) == pytest.approx(
        np.sqrt(np.mean(np.sum(w**2, axis=1)))
    )
    empty = Graph(3, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    assert spins.field_scale(energy.coupling_squares(empty)) == 1.0
