"""Counts of pairs above 1 against all pairs written out, ties included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.engine.compat import x64
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.instances.generators.random_graphs import barabasi_albert, gnm, gnp
from dnnbench.kernels.pair_counts import make_slots, pair_counts

GRAPHS = {
    "hubs": barabasi_albert(60, 3, 1),
    "isolated vertices": gnm(40, 20, 2, "pm"),
    "dense": gnp(30, 0.7, 3, "gauss"),
    "no edges": gnm(5, 0, 1),
    "one vertex": gnm(1, 0, 1),
}


def values(n):
    """[n, 5]: general, coarse (many ties), halves, sums of exactly 1, ones and zeros."""
    rng = np.random.default_rng(0)
    x = rng.random((n, 5)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 4) / 4
    x[:, 2] = 0.5
    x[n // 2 :, 3] = 1 - x[: n - n // 2, 3]
    x[:, 4] = np.round(x[:, 4])
    return x


def written_out(graph, x):
    """(near, all) of one column, in float64 on the grid that the kernel looks at."""
    x = np.round(x.astype(np.float64) * 2**24) / 2**24
    above = (x[:, None] + x[None, :]) > 1
    np.fill_diagonal(above, False)
    return np.sum(above & (graph.adjacency.toarray() != 0), axis=1), above.sum(axis=1)


@pytest.mark.parametrize("name", GRAPHS)
def test_counts_are_those_of_all_pairs_written_out(name):
    graph = GRAPHS[name]
    slots = make_slots(graph.adjacency)
    x = values(graph.num_vertices)
    near, every = jax.jit(lanes_last(pair_counts, (False, True)))(slots, jnp.asarray(x))
    assert near.dtype == every.dtype == jnp.float32
    for c in range(x.shape[1]):
        expected = written_out(graph, x[:, c])
        np.testing.assert_array_equal(near[:, c], expected[0])
        np.testing.assert_array_equal(every[:, c], expected[1])


def test_lanes_first_and_no_lanes():
    graph = GRAPHS["hubs"]
    slots, x = make_slots(graph.adjacency), values(graph.num_vertices)
    lanes = jax.vmap(pair_counts, in_axes=(None, 0))(slots, jnp.asarray(x.T))
    alone = pair_counts(slots, jnp.asarray(x[:, 1]))
    for c in range(x.shape[1]):
        expected = written_out(graph, x[:, c])
        np.testing.assert_array_equal(lanes[0][c], expected[0])
        np.testing.assert_array_equal(lanes[1][c], expected[1])
    np.testing.assert_array_equal(alone, written_out(graph, x[:, 1]))


def test_rounding_never_parts_the_two_ends_of_a_pair():
    """1 - x is not exact in floating point where x is small; the grid makes it so."""
    rng = np.random.default_rng(1)
    small = (rng.random(200) * 1e-3).astype(np.float32)
    x = np.concatenate([small, np.float32(1) - small])
    graph = gnp(len(x), 0.2, 1)
    near, every = pair_counts(make_slots(graph.adjacency), jnp.asarray(x))
    expected = written_out(graph, x)
    np.testing.assert_array_equal(near, expected[0])
    np.testing.assert_array_equal(every, expected[1])
    assert int(near.sum()) % 2 == int(every.sum()) % 2 == 0


def test_double_precision_sees_finer_differences():
    graph = gnp(20, 0.5, 1)
    x = np.full(20, 0.5)
    x[0] += 2.0**-40
    with x64(True):
        near, every = pair_counts(make_slots(graph.adjacency), jnp.asarray(x))
    assert int(every[0]) == 19
    assert np.all(np.array(every[1:]) == 1)
    assert int(near[0]) == graph.degrees[0]


def test_derivatives_are_zero():
    slots = make_slots(GRAPHS["hubs"].adjacency)
    x = jnp.asarray(values(60)[:, 0])
    assert not np.any(jax.grad(lambda x: sum(c.sum() for c in pair_counts(slots, x)))(x))
