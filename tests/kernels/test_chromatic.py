"""Coloured sweeps: the colouring is proper and a sweep is a sequence of single updates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.generators.random_graphs import barabasi_albert, gnm, gnp, toroidal_2d
from dnnbench.kernels.chromatic import Stack, greedy_colouring, make_chromatic, sweep
from dnnbench.problems.cut.tiny import tiny_graphs

LANES = 3
GRAPHS = {
    "hubs": barabasi_albert(80, 3, 1),
    "sparse with isolated vertices": gnm(60, 40, 2, "pm"),
    "dense": gnp(40, 0.7, 3, "gauss"),
    "torus": toroidal_2d(5, 8, 4, "gauss"),
    **tiny_graphs(),
}


def draws(graph, seed=0):
    """Fields [n], spins and thresholds [n, LANES], in the order of the vertices."""
    rng = np.random.default_rng(seed)
    n = graph.num_vertices
    field, thresholds = rng.normal(size=n), rng.normal(size=(n, LANES))
    return field, rng.choice([-1.0, 1.0], (n, LANES)), thresholds


def one_by_one(graph, field, spins, thresholds, order):
    """The same sweep, a vertex at a time, each seeing all flips before it."""
    w = graph.adjacency.toarray().astype(np.float64)
    spins = spins.copy()
    for i in order:
        flips = spins[i] * (w[i] @ spins + field[i]) > thresholds[i]
        spins[i] = np.where(flips, -spins[i], spins[i])
    return spins


@pytest.mark.parametrize("name", GRAPHS)
def test_colouring_is_proper_and_thrifty(name):
    graph = GRAPHS[name]
    colours = greedy_colouring(graph.adjacency)
    assert np.all(colours[graph.edges[:, 0]] != colours[graph.edges[:, 1]])
    assert colours.min() == 0
    assert colours.max() <= graph.degrees.max()


@pytest.mark.parametrize("most_written_out", [64, 0], ids=["written out", "stacked"])
@pytest.mark.parametrize("name", GRAPHS)
def test_sweep_is_a_sequence_of_single_updates(name, most_written_out):
    graph = GRAPHS[name]
    field, spins, thresholds = draws(graph)
    network = make_chromatic(graph.adjacency, field, "float32", most_written_out)
    assert isinstance(network.blocks, Stack) == (most_written_out == 0)
    order = np.argsort(network.rank)
    run = jax.jit(lanes_last(sweep, (False, True, True)))
    found = run(
        network,
        jnp.asarray(spins[order], jnp.float32),
        jnp.asarray(thresholds[order], jnp.float32),
    )
    expected = one_by_one(graph, field, spins, thresholds, order)
    np.testing.assert_array_equal(found, expected[order])
    assert np.any(found != spins[order])


def test_lanes_first_and_single_agree_with_lanes_last():
    graph = GRAPHS["hubs"]
    field, spins, thresholds = (jnp.asarray(a, jnp.float32) for a in draws(graph))
    network = make_chromatic(graph.adjacency, np.asarray(field), "float32")
    last = lanes_last(sweep, (False, True, True))(network, spins, thresholds)
    first = jax.vmap(sweep, in_axes=(None, 0, 0), out_axes=0)(network, spins.T, thresholds.T)
    np.testing.assert_array_equal(first.T, last)
    np.testing.assert_array_equal(sweep(network, spins[:, 0], thresholds[:, 0]), last[:, 0])
    shared = jax.vmap(sweep, in_axes=(None, None, 1), out_axes=1)(network, spins[:, 0], thresholds)
    np.testing.assert_array_equal(shared[:, 0], last[:, 0])


@pytest.mark.parametrize("name", GRAPHS)
def test_blocks_hold_every_row_once_and_few_empty_slots(name):
    graph = GRAPHS[name]
    network = make_chromatic(graph.adjacency, np.zeros(graph.num_vertices), "float32")
    assert sum(b.field.shape[0] for b in network.blocks) == graph.num_vertices
    assert sum(int((b.weights != 0).sum()) for b in network.blocks) == 2 * graph.num_edges
    for block in network.blocks:
        slots, rows = block.columns.shape
        used = int((block.weights != 0).sum())
        assert slots * rows <= 2 * used + 8 * rows  # half empty, and rounding up to whole chunks
    colours = greedy_colouring(graph.adjacency).max() + 1
    # A class is cut only where the degree has halved, whatever the number of its rows.
    assert len(network.blocks) <= colours * (2 + np.log2(max(int(graph.degrees.max()), 1)))
