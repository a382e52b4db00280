"""Weights of vertices: identity, transport, and the formats that cannot hold them."""

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import edges_sha256, from_edges, graph_sha256
from dnnbench.instances.digest import in_memory, public_sha256
from dnnbench.instances.formats import edgelist, rudy
from dnnbench.instances.load import load_instance
from dnnbench.instances.quadratic import quadratic_model
from dnnbench.instances.serialise import from_arrays, to_arrays

from .same import assert_same, with_vertex_weights

GRAPH = from_edges([[1, 2], [0, 1]], 4)


def test_graphs_without_them_keep_their_digest():
    path = from_edges([[0, 1], [1, 2]])
    assert GRAPH.vertex_weights is None
    recorded = "02990c072eb69e515e0901c5684e9fd9f5699b54a3138a73975993f96f62587d"
    assert graph_sha256(path) == public_sha256("graph", path) == recorded
    assert set(to_arrays("graph", path)) == {"num_vertices", "edges", "weights"}


def test_digests_tell_weights_apart():
    weighted = [
        with_vertex_weights(GRAPH, weights)
        for weights in ([1, 1, 1, 1], [1, 2, 1, 1], [2, 1, 1, 1], [1.0, 1.0, 1.0, 1.0])
    ]
    digests = [graph_sha256(graph) for graph in [GRAPH, *weighted]]
    assert len(set(digests)) == 5
    assert [public_sha256("graph", graph) for graph in [GRAPH, *weighted]] == digests
    assert in_memory("x", "graph", weighted[1]).sha256 == digests[2]
    of_edges = {edges_sha256(graph) for graph in [GRAPH, *weighted]}
    assert len(of_edges) == 5


@pytest.mark.parametrize("weights", [[1, 5, -3, 0], [0.5, 1, 2, 3]])
def test_they_travel_with_the_graph(weights):
    graph = with_vertex_weights(GRAPH, weights)
    arrays = to_arrays("graph", graph)
    assert_same(from_arrays("graph", arrays), graph)
    assert_same(from_arrays("graph", to_arrays("graph", GRAPH)), GRAPH)
    ordered = graph.in_order()
    assert ordered.edges.tolist() == [[0, 1], [1, 2]]
    assert ordered.vertex_weights.tolist() == weights


def test_models_of_quadratic_problems_are_as_before():
    model = quadratic_model("bits", GRAPH, np.zeros(4, np.int64), 0)
    assert set(to_arrays("qubo", model)) == {"num_vertices", "edges", "weights", "linear", "offset"}


def test_formats_that_cannot_hold_them_refuse():
    graph = with_vertex_weights(GRAPH, [1, 2, 3, 4])
    for write, form in ((rudy.write, "rudy format"), (edgelist.write, "edge list")):
        with pytest.raises(UserError, match=f"the {form} has no weights of vertices; .*DIMACS"):
            write(graph)
        assert write(GRAPH)


def test_a_file_with_them(tmp_path):
    (tmp_path / "own.clq").write_text("p edge 3 1\nn 2 7\ne 1 3\n")
    instance = load_instance(f"{tmp_path}/own.clq", cache_dir=tmp_path)
    assert instance.public.vertex_weights.tolist() == [1, 7, 1]
    assert not instance.public.vertex_weights.flags.writeable
