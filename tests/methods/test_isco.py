"""iSCO: path law, one step against a NumPy transcription, and the Boltzmann law on 8 spins."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from dnnbench.engine.contract import Ctx, Data
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.generators.random_graphs import gnp
from dnnbench.methods.isco import ISCO, Path, draw_path, log_chance
from dnnbench.problems.cut.energy import MaxCutEnergy
from dnnbench.problems.cut.tiny import tiny_graphs

SETTINGS = {
    "initial_temperature": 1.0,
    "final_temperature": 0.001,
    "decay_rate": 0.05,
    "initial_path": 4,
    "adaptation_rate": 1.0,
    "target_acceptance": 0.574,
}


class AlwaysAccepting(ISCO):
    """Takes every path: locally balanced moves without any correction."""

    def log_acceptance(self, drop, there, back, temperature):
        return jnp.zeros_like(drop)


class IgnoringThePath(ISCO):
    """Corrects for the energy alone, as if paths were as likely as their reverses."""

    def log_acceptance(self, drop, there, back, temperature):
        return drop / temperature


def on(graph, cls=ISCO, num_steps=50, max_path=8, **settings):
    """Method, its context as a function of lane and step."""
    energy = MaxCutEnergy("ell", "float32")
    method = cls(energy, num_steps, max_path)
    data = Data(energy.prepare(graph), ())
    hp = {k: jnp.float32(v) for k, v in (SETTINGS | settings).items()}

    def context(lane, t):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(5), lane), t)
        return Ctx(data, None, hp, jnp.asarray(t, jnp.int32), key)

    return method, context


def start(method, context, lanes):
    return lanes_last(lambda lane: method.init(context(lane, 1_000_000)), (True,))(lanes)


def stepper(method, context):
    one = lanes_last(
        lambda s, i, t: method.step(s, method.phases[0], context(i, t)), (True, True, False)
    )
    return jax.jit(one)


# The law of a path ------------------------------------------------------------------------------


def sequential(log_weights, order):
    """log chance of drawing `order` without replacement, one renormalisation a draw."""
    left = np.exp(np.asarray(log_weights, np.float64))
    total = 0.0
    for i in order:
        total += np.log(left[i] / left.sum())
        left[i] = 0
    return total


@pytest.mark.parametrize("length", [1, 3, 5])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("spread", [1.0, 8.0])
def test_chance_of_a_path_is_the_product_of_its_draws(spread, reverse, length):
    rng = np.random.default_rng(length)
    weights = spread * rng.normal(size=9)
    weights -= weights.max()
    order = rng.permutation(9)[:5]
    used = np.arange(5) < length
    flips = np.isin(np.arange(9), order[:length])
    path = Path(jnp.asarray(order), jnp.asarray(used), jnp.asarray(flips))
    found = log_chance(path, jnp.asarray(weights, jnp.float32), reverse)
    drawn = order[:length][::-1] if reverse else order[:length]
    np.testing.assert_allclose(found, sequential(weights, drawn), rtol=1e-5, atol=1e-5)


def test_chance_where_a_few_bits_hold_nearly_all_the_weight():
    """The sum of what is left is not got by subtraction: no weight of 1e-20 is lost beside 1."""
    weights = np.array([0.0, -1.0, -46.0, -47.0, -48.0])
    path = Path(jnp.array([0, 1, 2]), jnp.ones(3, bool), jnp.array([1, 1, 1, 0, 0], bool))
    found = log_chance(path, jnp.asarray(weights, jnp.float32), False)
    np.testing.assert_allclose(found, sequential(weights, [0, 1, 2]), rtol=1e-5)


def test_paths_are_drawn_with_the_chance_that_is_claimed():
    weights = jnp.array([0.0, -0.5, -2.0, -1.0])
    draws = 20_000
    keys = jax.random.split(jax.random.key(1), draws)
    paths = jax.vmap(lambda key: draw_path(key, weights, jnp.int32(2), 3))(keys)
    bits = np.array(paths.bits)
    assert np.array_equal(np.array(paths.used), np.tile([True, True, False], (draws, 1)))
    counts, expected = [], []
    for a in range(4):
        for b in range(4):
            if a != b:
                counts.append(np.sum((bits[:, 0] == a) & (bits[:, 1] == b)))
                expected.append(draws * np.exp(sequential(weights, [a, b])))
    assert np.sum(counts) == draws
    assert stats.chisquare(counts, expected).pvalue > 1e-3
    as_sets = np.zeros((draws, 4), bool)
    np.put_along_axis(as_sets, bits[:, :2], True, axis=1)
    np.testing.assert_array_equal(paths.flips, as_sets)


# One step ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", ["one", "gauss"])
def test_steps_equal_a_numpy_transcription(weights):
    n, lanes, steps, slots = 30, 5, 40, 8
    graph = gnp(n, 0.2, 3, weights)
    method, context = on(graph, num_steps=steps, max_path=slots)
    chains = start(method, context, jnp.arange(lanes))
    advance = stepper(method, context)
    w = graph.adjacency.toarray().astype(np.float64)
    x = np.array(chains.x, np.float64)
    length, best = np.full(lanes, 4.0), cut(w, x)
    accepted = []
    for t in range(steps):
        chains, info = advance(chains, jnp.arange(lanes), t)
        temperature = 0.05 ** (t / steps)
        for i in range(lanes):
            draw, accept = jax.random.split(context(i, t).key)
            noise = np.array(jax.random.gumbel(draw, (n,), jnp.float32), np.float64)
            uniform = float(jax.random.uniform(accept, (), jnp.float32))
            forward = log_ratios(w, x[:, i], temperature) / 2
            count = int(np.clip(np.round(length[i]), 1, slots))
            order = np.argsort(-(forward + noise), kind="stable")[:count]
            y = x[:, i].copy()
            y[order] = 1 - y[order]
            backward = log_ratios(w, y, temperature) / 2
            log_ratio = (cut(w, y) - cut(w, x[:, i])) / temperature
            log_ratio += sequential(backward, order[::-1]) - sequential(forward, order)
            chance = np.exp(min(log_ratio, 0))
            assert abs(uniform - chance) > 1e-5  # else rounding decides and the seed is unlucky
            accepted.append(uniform < chance)
            if uniform < chance:
                x[:, i] = y
            length[i] = np.clip(length[i] + chance - 0.574, 1, slots)
        best = np.maximum(best, cut(w, x))
        np.testing.assert_array_equal(chains.x, x)
        np.testing.assert_allclose(chains.length, length, atol=1e-2)
        np.testing.assert_allclose(info.merit, -cut(w, x), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(chains.best_energy, -best, rtol=1e-5, atol=1e-4)
    assert 0.2 < np.mean(accepted) < 0.9
    readout = np.array(method.readout(chains, None), np.float64)
    np.testing.assert_allclose(cut(w, readout), best, rtol=1e-5, atol=1e-4)


def cut(w, x):
    """Cut of each column of x [n, ...]."""
    return np.sum(x * (w @ (1 - x)), axis=0)


def log_ratios(w, x, temperature):
    """log p(x with bit i flipped) - log p(x), each by flipping and counting anew, [n]."""
    flipped = np.where(np.eye(len(x), dtype=bool), 1 - x, x).T  # column i: bit i flipped
    return (cut(w, flipped) - cut(w, x[:, None])) / temperature


def test_temperature_falls_and_is_held():
    method, context = on(tiny_graphs()["cycle"], num_steps=100, final_temperature=0.3)
    found = [float(method.temperature(context(0, t))) for t in (0, 10, 99)]
    np.testing.assert_allclose(found, [1, 0.05**0.1, 0.3], rtol=1e-6)


# The law it samples -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Law:
    """Chi-square of final states of independent chains against the Boltzmann law.

    Attributes:
        pvalue: chance of a statistic this large under the law.
        distance: total variation distance, in units of what as many exact samples have on average.
    """

    pvalue: float
    distance: float


def law(cls, path, chains=20_000, steps=60, temperature=4.0):
    graph = tiny_graphs()["dense"]
    method, context = on(
        graph,
        cls,
        max_path=8,
        initial_temperature=temperature,
        decay_rate=1.0,
        initial_path=path,
        adaptation_rate=0.0,
    )
    lanes = jnp.arange(chains)
    one = lanes_last(
        lambda s, i, t: method.step(s, method.phases[0], context(i, t))[0], (True, True, False)
    )
    run = jax.jit(
        lambda s: jax.lax.fori_loop(0, steps, lambda t, s: one(s, lanes, t), s),
    )
    x = np.array(run(start(method, context, lanes)).x, np.int64)
    numbers = np.bincount((x * 2 ** np.arange(8)[:, None]).sum(axis=0), minlength=256)
    points = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.float64).T
    chance = np.exp(cut(graph.adjacency.toarray(), points) / temperature)
    chance /= chance.sum()
    rare = chains * chance < 5  # one class together, so that the statistic has its law
    classes = [*numbers[~rare], numbers[rare].sum()]
    pvalue = stats.chisquare(classes, [*chains * chance[~rare], chains * chance[rare].sum()]).pvalue
    expected = np.sqrt(2 / np.pi * chance * (1 - chance) / chains)
    return Law(pvalue, np.abs(numbers / chains - chance).sum() / expected.sum())


@pytest.mark.parametrize("path", [1, 3, 5])
def test_samples_the_boltzmann_law_on_8_spins(path):
    found = law(ISCO, path)
    assert found.pvalue > 1e-3
    assert found.distance < 1.2


@pytest.mark.parametrize("path", [2, 3])
@pytest.mark.parametrize("cls", [AlwaysAccepting, IgnoringThePath])
def test_without_the_correction_the_law_is_another(cls, path):
    found = law(cls, path)
    assert found.pvalue < 1e-12
    assert found.distance > 1.4
