"""FEM beside a dense transcription of its equations, and its temperatures."""

import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.instances.graph import Graph
from dnnbench.methods.fem import FreeEnergyMachine
from dnnbench.problems.cut.energy import MaxCutEnergy
from tests.methods.dense import FIELD, couplings, double, walk

HP = {
    "hot": 0.5,
    "cold": 0.01,
    "learning_rate": 0.2,
    "alpha": 0.623,
    "momentum": 0.693,
    "weight_decay": 0.02,
    "init_scale": 0.3,
}


def free_energy_slope(h, temperature, share, field, discretize):
    """d/dh of <U> - T S over p = sigmoid(h), the energy part of row i times share_i."""
    p = 1 / (1 + np.exp(-h))
    means = np.where(p > 0.5, 1.0, -1.0) if discretize else 2 * p - 1
    energy = 2 * (couplings() @ means - field)  # d<U>/dp
    entropy = np.log(1 - p) - np.log(p)  # dS/dp
    # The authors' factor: half of d<U>/dp, so that c (W m) and T h carry the same p (1 - p).
    return p * (1 - p) * (share * energy / 2 - temperature * entropy)


@pytest.mark.parametrize("discretize", [True, False])
@pytest.mark.parametrize("fielded", [False, True])
def test_steps_equal_a_dense_transcription(discretize, fielded):
    field = FIELD if fielded else np.zeros(10)
    with x64(True):
        method = FreeEnergyMachine(double(fielded), 5, "linear", discretize, "variable")
        moments = walk(method, HP, 5)
    share = 1 / (np.abs(couplings()).sum(1) + np.abs(field))
    h, v, b = (np.array(x) for x in moments[0].before)
    assert not v.any()
    assert not b.any()
    temperatures = np.linspace(0.5, 0.01, 5)
    for moment, temperature in zip(moments, temperatures, strict=True):
        g = free_energy_slope(h, temperature, share, field, discretize) + 0.02 * h
        v = 0.623 * v + (1 - 0.623) * g**2
        b = 0.693 * b + g / (np.sqrt(v) + 1e-8)
        h = h - 0.2 * b
        np.testing.assert_allclose(moment.after.h, h, atol=1e-9)
        np.testing.assert_allclose(moment.after.v, v, atol=1e-9)
        np.testing.assert_allclose(moment.after.b, b, atol=1e-7)


@pytest.mark.parametrize("schedule", ["linear", "inverse", "exponential"])
def test_temperatures(schedule):
    method = FreeEnergyMachine(MaxCutEnergy("ell", "float32"), 5, schedule, True, "variable")
    hp = {"hot": jnp.float32(0.5), "cold": jnp.float32(0.01)}
    ours = [float(method.temperature(jnp.int32(t), hp)) for t in range(5)]
    wanted = {
        "linear": np.linspace(0.5, 0.01, 5),
        "inverse": 1 / np.linspace(1 / 0.5, 1 / 0.01, 5),
        "exponential": np.geomspace(0.5, 0.01, 5),
    }
    np.testing.assert_allclose(ours, wanted[schedule], rtol=1e-5)


def test_an_isolated_vertex_stays_finite():
    graph = Graph(3, np.array([[0, 1]], np.int32), np.array([1], np.int64))
    method = FreeEnergyMachine(MaxCutEnergy("ell", "float32"), 5, "linear", True, "variable")
    own, _ = method.prepare(graph)
    np.testing.assert_array_equal(own["share"], [1, 1, 0])
