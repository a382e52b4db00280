"""Boltzmann machine: its schedule, its law at a fixed temperature, its order of vertices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from dnnbench.engine.contract import Ctx, Data
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.generators.random_graphs import gnp
from dnnbench.methods.boltzmann_machine import BoltzmannMachine
from dnnbench.problems.cut.energy import MaxCutEnergy
from dnnbench.problems.cut.tiny import tiny_graphs

SETTINGS = {"initial_temperature": 0.5, "final_temperature": 0.1}


def on(graph, num_steps=50, **settings):
    """Method, its context as a function of lane and step."""
    energy = MaxCutEnergy("ell", "float32")
    method = BoltzmannMachine(energy, num_steps)
    own, _ = method.prepare(graph)
    data = Data(energy.prepare(graph), own)
    hp = {k: jnp.float32(v) for k, v in (SETTINGS | settings).items()}

    def context(lane, t):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(5), lane), t)
        return Ctx(data, None, hp, jnp.asarray(t, jnp.int32), key)

    return method, context


def cut(w, x):
    """Cut of each column of x [n, lanes]."""
    return np.sum(x * (w @ (1 - x)), axis=0)


@pytest.mark.parametrize("factor", [1.0, 10.0])
def test_temperature_is_in_units_of_the_local_field(factor):
    graph = gnp(30, 0.3, 1, "gauss")
    graph = type(graph)(graph.num_vertices, graph.edges, factor * graph.weights)
    method, context = on(graph, num_steps=100)
    w = graph.adjacency.toarray()
    unit = np.sqrt((w**2).sum() / 30)
    found = [float(method.temperature(context(0, t))) for t in (0, 50, 100)]
    np.testing.assert_allclose(found, unit * np.array([0.5, 0.3, 0.1]), rtol=1e-5)


@pytest.mark.parametrize("weights", ["one", "gauss"])
def test_steps_equal_a_numpy_transcription(weights):
    """One vertex at a time, by the paper's rule: a flip is accepted with the logistic chance."""
    n, lanes, steps = 30, 4, 20
    graph = gnp(n, 0.2, 3, weights)
    method, context = on(graph, num_steps=steps)
    order = np.argsort(context(0, 0).data.method["network"].rank)
    w = graph.adjacency.toarray().astype(np.float64)
    state = lanes_last(lambda i: method.init(context(i, 1_000_000)), (True,))(jnp.arange(lanes))
    advance = jax.jit(
        lanes_last(
            lambda s, i, t: method.step(s, method.phases[0], context(i, t))[0], (True, True, False)
        )
    )
    read = lanes_last(lambda s: method.readout(s, context(0, 0)), (True,))
    x = np.array(read(state), np.float64)
    moved = 0
    for t in range(steps):
        state = advance(state, jnp.arange(lanes), t)
        temperature = np.sqrt((w**2).sum() / n) * (0.5 - 0.4 * t / steps)
        for lane in range(lanes):
            bits = np.array(jax.random.bits(context(lane, t).key, (n,), jnp.uint16))
            for place, i in enumerate(order):
                y = x[:, lane].copy()
                y[i] = 1 - y[i]
                gain = float(cut(w, y) - cut(w, x[:, lane]))
                if (bits[place] + 0.5) / 65536 < 1 / (1 + np.exp(-gain / temperature)):
                    x[:, lane] = y
                    moved += 1
        np.testing.assert_array_equal(read(state), x)
    assert moved > n


@pytest.mark.parametrize("name", ["dense", "signed"])
def test_samples_the_boltzmann_law_on_8_spins(name):
    """Heat-bath sweeps in a fixed order keep the law and, from anywhere, come to it."""
    graph, chains, sweeps = tiny_graphs()[name], 20_000, 60
    method, context = on(graph, initial_temperature=0.8, final_temperature=0.8)
    lanes = jnp.arange(chains)
    begin = lanes_last(lambda i: method.init(context(i, 1_000_000)), (True,))
    one = lanes_last(
        lambda s, i, t: method.step(s, method.phases[0], context(i, t))[0], (True, True, False)
    )
    run = jax.jit(lambda s: jax.lax.fori_loop(0, sweeps, lambda t, s: one(s, lanes, t), s))
    state = run(begin(lanes))
    x = np.array(lanes_last(lambda s: method.readout(s, context(0, 0)), (True,))(state))
    numbers = np.bincount((x.astype(int) * 2 ** np.arange(8)[:, None]).sum(axis=0), minlength=256)
    points = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.float64).T
    temperature = float(method.temperature(context(0, 0)))

    def pvalue(temperature):
        chance = np.exp(cut(graph.adjacency.toarray(), points) / temperature)
        chance /= chance.sum()
        label = np.where(chains * chance < 5, 256, np.arange(256))  # rare states as one class
        classes = np.unique(label, return_inverse=True)[1]
        return stats.chisquare(
            np.bincount(classes, numbers), chains * np.bincount(classes, chance)
        ).pvalue

    assert pvalue(temperature) > 1e-3
    assert pvalue(1.5 * temperature) < 1e-9  # the test can tell temperatures apart
    assert pvalue(temperature / 1.5) < 1e-9
