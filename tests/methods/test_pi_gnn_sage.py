"""PI-GNN's layers against dense transcriptions, and the neighbour maximum they need."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.instances.convert import as_graph
from dnnbench.networks.neighbour_max import make_slots, neighbour_max
from tests.methods.networks import (
    Bench,
    exact,
    max_of,
    mean_of,
    sage,
    shapes,
    sigmoid,
    signed_graph,
    weights_of,
)

AGGREGATIONS = ["gcn", "mean", "pool"]


def dense_forward(params, graph, aggregation):
    p = exact(params)
    pattern = (weights_of(graph) != 0).astype(np.float64)  # the layers ignore the weights
    degree = np.maximum(pattern.sum(1), 1)
    normal = pattern / np.sqrt(np.outer(degree, degree))

    def layer(number, x):
        if aggregation == "gcn":
            own = p[f"GraphConv_{number}"]
            return normal @ x @ own["weight"] + own["bias"]
        return sage(pattern, p[f"SageConv_{number}"], x, aggregation)

    return sigmoid(layer(1, np.maximum(layer(0, p["embedding"]), 0))[:, 0])


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize(("embedding", "hidden"), [(6, 3), (4, 9)])
def test_forward_pass_is_the_dense_one(aggregation, embedding, hidden):
    graph = signed_graph()
    settings = {"aggregation": aggregation, "embedding": embedding, "hidden": hidden}
    bench = Bench("pi_gnn_sage", graph, **settings)
    state = bench.start()
    _, aux = bench.loss(state.params, state.aux, 0)
    wanted = dense_forward(state.params, graph, aggregation)
    assert np.ptp(wanted) > 0.05
    np.testing.assert_allclose(aux.probabilities, wanted, rtol=0, atol=1e-5)


def test_parameters_of_each_aggregation():
    def of(aggregation):
        settings = {"embedding": 6, "hidden": 3, "aggregation": aggregation}
        return shapes(Bench("pi_gnn_sage", signed_graph(), **settings).start().params)

    table = {"embedding": (40, 6)}
    assert of("gcn") == table | {
        **{"GraphConv_0/weight": (6, 3), "GraphConv_0/bias": (3,)},
        **{"GraphConv_1/weight": (3, 1), "GraphConv_1/bias": (1,)},
    }
    mean = table | {
        **{f"SageConv_0/{k}": s for k, s in {"self": (6, 3), "neighbour": (6, 3)}.items()},
        **{f"SageConv_1/{k}": s for k, s in {"self": (3, 1), "neighbour": (3, 1)}.items()},
        **{"SageConv_0/bias": (3,), "SageConv_1/bias": (1,)},
    }
    assert of("mean") == mean
    assert of("pool") == mean | {
        **{"SageConv_0/pool": (6, 6), "SageConv_0/pool_bias": (6,)},
        **{"SageConv_1/pool": (3, 3), "SageConv_1/pool_bias": (3,)},
    }


@pytest.mark.parametrize(("aggregation", "parted"), [("gcn", False), ("mean", True)])
def test_sage_sees_the_vertex_itself_and_parts_twins(aggregation, parted):
    square = as_graph([(0, 1), (1, 2), (2, 3), (3, 0), (0, 4)])  # 1 and 3 have the same neighbours
    bench = Bench("pi_gnn_sage", square, aggregation=aggregation, embedding=8, hidden=8)
    state = bench.start()
    p = bench.loss(state.params, state.aux, 0)[1].probabilities
    assert (abs(float(p[1] - p[3])) > 1e-3) == parted


# The maximum over neighbours ----------------------------------------------------------------------


def slots_and_weights(graph):
    return make_slots(graph.adjacency, np.float32), weights_of(graph)


@pytest.mark.parametrize("columns", [1, 5, 20])
def test_neighbour_max_is_the_dense_one(columns):
    graph = signed_graph()
    slots, w = slots_and_weights(graph)
    x = np.random.default_rng(1).normal(size=(40, columns)).astype(np.float32)
    ours = neighbour_max(slots, jnp.asarray(x))
    np.testing.assert_allclose(ours, max_of(w, x.astype(np.float64)), rtol=1e-6)
    assert not np.any(ours[-1])  # the isolated vertex


def test_gradient_of_neighbour_max_goes_to_the_one_winner():
    graph = signed_graph()
    slots, w = slots_and_weights(graph)
    rng = np.random.default_rng(2)
    x, g = (rng.normal(size=(40, 3)).astype(np.float32) for _ in range(2))
    ours = jax.grad(lambda y: jnp.sum(jnp.asarray(g) * neighbour_max(slots, y)))(jnp.asarray(x))
    wanted = np.zeros((40, 3))
    for i in range(40):
        near = np.flatnonzero(w[i])
        for c in range(3) if len(near) else []:
            j = near[np.argmax(w[i, near] * x[near, c])]
            wanted[j, c] += w[i, j] * g[i, c]
    np.testing.assert_allclose(ours, wanted, rtol=1e-5, atol=1e-6)


def test_equal_messages_give_the_gradient_once():
    slots, _ = slots_and_weights(as_graph([(0, 1), (0, 2), (0, 3)]))
    gradient = jax.grad(lambda x: neighbour_max(slots, x)[0, 0])(jnp.ones((4, 1)))
    assert sorted(gradient[:, 0].tolist()) == [0, 0, 0, 1]


def test_lanes_of_neighbour_max_are_as_one_after_the_other():
    slots, _ = slots_and_weights(signed_graph())
    x = jnp.asarray(np.random.default_rng(3).normal(size=(3, 40, 4)), jnp.float32)

    def value(y):
        return jnp.sum(jnp.sin(neighbour_max(slots, y)))

    together = jax.jit(jax.vmap(jax.value_and_grad(value)))(x)
    apart = [jax.value_and_grad(value)(lane) for lane in x]
    for k in range(2):
        np.testing.assert_allclose(together[k], [one[k] for one in apart], rtol=1e-5, atol=1e-6)


def test_lanes_join_the_columns_of_one_pass():
    slots, _ = slots_and_weights(signed_graph())
    x = jnp.zeros((3, 40, 5), jnp.float32)
    text = str(jax.make_jaxpr(jax.vmap(lambda y: neighbour_max(slots, y)))(x))
    assert "f32[40,15]" in text


def test_a_graph_without_edges_has_maxima_of_zero():
    empty = sp.csr_array((5, 5), dtype=np.float64)
    x = jnp.ones((5, 2))
    np.testing.assert_array_equal(neighbour_max(make_slots(empty, np.float32), x), 0)
    np.testing.assert_array_equal(mean_of(empty.toarray(), np.ones((5, 2))), 0)
