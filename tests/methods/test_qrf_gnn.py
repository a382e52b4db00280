"""QRF-GNN: network against a dense transcription, recurrent feature, ablations, features, loss."""

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest

from dnnbench.engine.contract import Oracle
from dnnbench.errors import UserError
from dnnbench.methods.qrf_gnn import clipped_adam
from dnnbench.networks.dropout import Dropout, bits_needed, keep_mask
from dnnbench.networks.pagerank import pagerank
from tests.methods.networks import (
    Bench,
    exact,
    mean_of,
    minus_cut,
    sage,
    shapes,
    sigmoid,
    signed_graph,
    weights_of,
)


def norm(p, x):
    variance = x.var(axis=0)
    return (x - x.mean(axis=0)) / np.sqrt(variance + 1e-5) * p["scale"] + p["shift"]


def dense_forward(params, graph, noise, recurrent, pooled=True, mask=1.0):
    """Logits [n]; `mask` multiplies the hidden layer."""
    p, w, n = exact(params), weights_of(graph), graph.num_vertices
    walk = nx.pagerank(nx.from_scipy_sparse_array(abs(graph.adjacency)), weight=None, tol=1e-12)
    ranks = np.array([walk[i] for i in range(n)])[:, None]
    columns = [np.asarray(noise, np.float64), np.ones((n, 20)), np.repeat(ranks, 20, axis=1)]
    if recurrent is not None:
        columns.append(np.asarray(recurrent, np.float64)[:, None])
    x = np.concatenate(columns, axis=1)
    h = norm(p["mean_norm"], sage(w, p["mean"], x, "mean"))
    if pooled:
        h = h + norm(p["pool_norm"], sage(w, p["pool"], x, "pool"))
    for _ in range(2):
        h = np.where(h > 0, h, 0.01 * h)
    return sage(w, p["out"], h * mask, "mean")[:, 0]


@pytest.mark.parametrize("pooled", [True, False])
@pytest.mark.parametrize("recurrent", [True, False])
def test_forward_pass_is_the_dense_one_and_feeds_the_last_logits_back(recurrent, pooled):
    graph = signed_graph()
    bench = Bench("qrf_gnn", graph, recurrent=recurrent, pooled=pooled, dropout=0.0)
    state = bench.start()
    fed = np.zeros(40) if recurrent else None
    for t in range(4):
        params, noise = state.params, state.aux.memory.noise
        state, _ = bench.step(state, t)
        logits = dense_forward(params, graph, noise, fed, pooled)
        p = state.aux.probabilities
        np.testing.assert_allclose(p, sigmoid(logits), rtol=0, atol=1e-5)
        if recurrent:
            np.testing.assert_allclose(sigmoid(np.asarray(state.aux.memory.logits)), p, atol=1e-6)
            fed = state.aux.memory.logits
            assert np.ptp(fed) > 0.1
        else:
            assert state.aux.memory.logits is None


def test_the_recurrent_feature_matters_to_the_output():
    graph = signed_graph()
    bench = Bench("qrf_gnn", graph, dropout=0.0)
    state, _ = bench.step(bench.start(), 0)
    with_it = bench.loss(state.params, state.aux, 1)[1].probabilities
    memory = state.aux.memory._replace(logits=jnp.zeros(40))
    without = bench.loss(state.params, state.aux._replace(memory=memory), 1)[1].probabilities
    assert np.max(np.abs(with_it - without)) > 1e-3


def test_dropout_drops_hidden_features_of_the_training_pass():
    graph = signed_graph()
    bench = Bench("qrf_gnn", graph)
    state = bench.start()
    kept = np.asarray(keep_mask(bench.ctx(3).key, (40, 51), 0.5))
    assert 0.4 < kept.mean() < 0.6
    _, aux = bench.loss(state.params, state.aux, 3)
    logits = dense_forward(state.params, graph, state.aux.memory.noise, np.zeros(40), mask=2 * kept)
    np.testing.assert_allclose(aux.probabilities, sigmoid(logits), rtol=0, atol=1e-5)


def layer(name, inputs):
    return {f"{name}/self": (inputs, 51), f"{name}/neighbour": (inputs, 51)}


def branches(inputs, pooled):
    mean = layer("mean", inputs) | {"mean_norm/scale": (51,), "mean_norm/shift": (51,)}
    out = {"out/self": (51, 1), "out/neighbour": (51, 1), "out/bias": (1,)}
    if not pooled:
        return mean | out
    pool = layer("pool", inputs) | {"pool_norm/scale": (51,), "pool_norm/shift": (51,)}
    return mean | pool | out | {"pool/pool": (inputs, inputs), "pool/pool_bias": (inputs,)}


@pytest.mark.parametrize(
    ("settings", "inputs", "pooled"),
    [
        ({}, 51, True),
        ({"recurrent": False}, 50, True),
        ({"pooled": False}, 51, False),
        ({"recurrent": False, "pooled": False}, 50, False),
        ({"random_features": 3, "constant_features": 0, "pagerank_features": 2}, 6, True),
        ({"random_features": 0}, 41, True),
    ],
)
def test_ablations_change_the_parameters_as_they_should(settings, inputs, pooled):
    bench = Bench("qrf_gnn", signed_graph(), **settings)
    assert shapes(bench.start().params) == branches(inputs, pooled)


def test_no_static_feature_at_all_is_refused():
    none = {"random_features": 0, "constant_features": 0, "pagerank_features": 0}
    with pytest.raises(UserError, match="static features"):
        Bench("qrf_gnn", signed_graph(), **none)


def test_noise_is_drawn_once_a_restart():
    bench = Bench("qrf_gnn", signed_graph())
    state = bench.start()
    after, _ = bench.step(state, 0)
    noise = np.asarray(state.aux.memory.noise)
    np.testing.assert_array_equal(after.aux.memory.noise, noise)
    assert noise.min() >= 0
    assert noise.max() < 1
    assert len(np.unique(noise)) == noise.size
    w = weights_of(signed_graph())
    np.testing.assert_allclose(state.aux.memory.noise_mean, mean_of(w, noise), atol=1e-5)


@pytest.mark.parametrize("t", [0, 3000])
def test_the_penalty_grows_by_a_ten_thousandth_a_step(t):
    graph = signed_graph()
    bench = Bench("qrf_gnn", graph)
    state = bench.start()
    loss, aux = bench.loss(state.params, state.aux, t)
    p = np.asarray(aux.probabilities, np.float64)
    wanted = minus_cut(weights_of(graph), p) + t / 1e4 * np.sum(np.abs(p * (p - 1)))
    assert float(loss) == pytest.approx(wanted, rel=1e-4)


def test_adam_sees_the_gradient_clipped_to_the_norm():
    params, gradient = jnp.zeros(3), jnp.array([6.0, 0.0, -8.0])
    hp = {"learning_rate": jnp.float32(0.014), "clip_norm": jnp.float32(2.0)}
    optimizer = clipped_adam()
    oracle = Oracle(lambda p: (0.0, ()), lambda p: ((0.0, ()), gradient), None)
    _, state, *_ = optimizer.update(oracle, params, optimizer.init(params, hp), hp)
    moments = [leaf for leaf in jax.tree.leaves(state) if leaf.shape == (3,)]
    np.testing.assert_allclose(moments[0], 0.1 * np.array([1.2, 0, -1.6]), rtol=1e-5)


# Static features and dropout ----------------------------------------------------------------------


def test_pagerank_solves_its_linear_equations():
    graph = signed_graph()
    n, pattern = 40, (weights_of(graph) != 0).astype(float)
    walk = np.where(pattern.sum(0) > 0, pattern / np.maximum(pattern.sum(0), 1), 1 / n)
    wanted = np.linalg.solve(np.eye(n) - 0.85 * walk, np.full(n, 0.15 / n))
    np.testing.assert_allclose(pagerank(graph.adjacency), wanted, rtol=1e-8)


@pytest.mark.parametrize(("rate", "bits"), [(0.5, 1), (0.25, 2), (0.75, 2), (0.125, 4), (0.3, 32)])
def test_dropout_takes_as_few_bits_as_the_rate_needs_and_keeps_its_law(rate, bits):
    assert bits_needed(rate) == bits
    shape = (400, 51)
    kept = np.asarray(keep_mask(jax.random.key(1), shape, rate))
    assert kept.shape == shape
    error = 5 * np.sqrt(rate * (1 - rate) / kept.size)
    assert abs(kept.mean() - (1 - rate)) < error
    neighbours = np.mean(kept[:, 1:] & kept[:, :-1])  # entries that share a word
    assert abs(neighbours - (1 - rate) ** 2) < 2 * error
    assert np.any(kept != np.asarray(keep_mask(jax.random.key(2), shape, rate)))


def test_dropout_keeps_the_mean_and_no_rate_changes_nothing():
    x, key = jnp.ones((400, 50)), jax.random.key(0)
    dropped = Dropout(0.25).apply({}, x, key)
    np.testing.assert_allclose(np.unique(dropped), [0, 4 / 3], rtol=1e-6)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(Dropout(0.0).apply({}, x, key), x)
