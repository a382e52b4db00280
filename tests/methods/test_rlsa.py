"""RLSA: its threshold, its steps against a NumPy transcription, the flips it aims at."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.contract import Ctx, Data
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.generators.random_graphs import gnp
from dnnbench.methods.rlsa import RLSA, kth_largest
from dnnbench.problems.cut.energy import MaxCutEnergy

N, LANES, STEPS = 40, 6, 25
TAU0, DISTANCE = 2.0, 5


def on(graph, num_steps=STEPS, distance=DISTANCE):
    """Method, its context as a function of lane and step, and the one phase."""
    energy = MaxCutEnergy("ell", "float32")
    method = RLSA(energy, num_steps)
    data = Data(energy.prepare(graph), ())
    hp = {"tau0": jnp.float32(TAU0), "distance": jnp.float32(distance)}

    def context(lane, t):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(7), lane), t)
        return Ctx(data, None, hp, jnp.asarray(t, jnp.int32), key)

    return method, context, method.phases[0]


def start(method, context, lanes):
    return lanes_last(lambda lane: method.init(context(lane, 1_000_000)), (True,))(lanes)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).integers(-6, 7, (31, LANES)),
        np.tile(np.float32(3), (31, LANES)),
        np.random.default_rng(1).permuted(np.tile(np.arange(31), (LANES, 1)), axis=1).T,
    ],
    ids=["ties", "equal", "distinct"],
)
@pytest.mark.parametrize("k", [1, 2, 20, 31])
def test_kth_largest_of_whole_numbers_is_exact(values, k):
    found = lanes_last(kth_largest, (True, False))(jnp.asarray(values, jnp.float32), jnp.float32(k))
    np.testing.assert_array_equal(found, -np.sort(-values, axis=0)[k - 1])


def test_kth_largest_of_real_numbers_is_within_the_last_halving():
    values = np.random.default_rng(2).normal(size=(500, LANES)).astype(np.float32)
    found = lanes_last(kth_largest, (True, False))(jnp.asarray(values), jnp.float32(20))
    error = np.abs(found - -np.sort(-values, axis=0)[19])
    assert np.all(error <= np.ptp(values, axis=0) * 2.0**-18)
    assert np.all(np.isin(found, values))


@pytest.mark.parametrize("weights", ["one", "gauss"])
def test_steps_equal_a_numpy_transcription(weights):
    graph = gnp(N, 0.2, 3, weights)
    method, context, phase = on(graph)
    lanes = jnp.arange(LANES)
    chains = start(method, context, lanes)
    w = graph.adjacency.toarray().astype(np.float64)
    x = np.array(chains.x, np.float64)
    best, best_cut = x.copy(), cut(w, x)
    advance = jax.jit(
        lanes_last(lambda s, i, t: method.step(s, phase, context(i, t)), (True, True, False))
    )
    for t in range(STEPS):
        chains, info = advance(chains, lanes, t)
        draws = np.stack(
            [jax.random.uniform(context(i, t).key, (N,), jnp.float32) for i in range(LANES)], axis=1
        )
        # The paper's update in its own terms: H = -cut, gain of a flip halved.
        gradient = -(w @ (1 - 2 * x))
        delta = gradient * (2 * x - 1) / 2
        threshold = -np.sort(-delta, axis=0)[DISTANCE - 1]
        tau = TAU0 * (1 - t / STEPS)
        with np.errstate(over="ignore"):
            chance = 1 / (1 + np.exp(-(delta - threshold) / tau))
        unsure = np.abs(draws - chance) < 1e-4
        flips = draws < chance
        x = np.where(np.where(unsure, np.array(chains.x) != x, flips), 1 - x, x)
        np.testing.assert_array_equal(chains.x, x)
        np.testing.assert_allclose(info.merit, -cut(w, x), rtol=1e-5, atol=1e-4)
        better = cut(w, x) > best_cut + 1e-4
        best = np.where(better, x, best)
        best_cut = np.maximum(cut(w, x), best_cut)
        assert np.mean(unsure) < 0.01
    np.testing.assert_allclose(-np.array(chains.best_energy), best_cut, rtol=1e-5, atol=1e-4)
    readout = np.array(method.readout(chains, None), np.float64)
    np.testing.assert_allclose(cut(w, readout), best_cut, rtol=1e-5, atol=1e-4)
    assert np.any(best_cut > cut(w, x) + 0.5)  # the best is not just the last point


def cut(w, x):
    """Cut of each column of x [n, lanes]."""
    return np.sum(x * (w @ (1 - x)), axis=0)


@pytest.mark.parametrize("distance", [3, 12])
def test_flips_follow_the_distance(distance):
    """Of gains that all differ, the d largest flip with a chance of a half and more."""
    graph = gnp(N, 0.5, 1, "gauss")
    method, context, phase = on(graph, num_steps=100_000, distance=distance)
    lanes = jnp.arange(400)
    chains = start(method, context, lanes)
    moved, _ = lanes_last(lambda s, i: method.step(s, phase, context(i, 99_999)), (True, True))(
        chains, lanes
    )
    flips = np.sum(np.array(chains.x != moved.x), axis=0)
    # At tau0 / 100,000 all above the threshold flip, and the one on it with a chance of a half.
    assert set(flips.tolist()) == {distance - 1, distance}
    assert abs(flips.mean() - (distance - 0.5)) < 0.1


def test_distance_beyond_the_graph():
    """The threshold is then the least gain: every other bit flips at temperature zero."""
    graph = gnp(8, 0.6, 1, "gauss")
    method, context, phase = on(graph, num_steps=100_000, distance=20)
    lanes = jnp.arange(50)
    chains = start(method, context, lanes)
    moved, _ = lanes_last(lambda s, i: method.step(s, phase, context(i, 99_999)), (True, True))(
        chains, lanes
    )
    assert np.all(np.sum(np.array(chains.x != moved.x), axis=0) >= 7)
