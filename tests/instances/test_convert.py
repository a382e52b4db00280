import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.errors import UserError
from dnnbench.instances.convert import (
    as_graph,
    from_edges,
    from_networkx,
    from_sparse,
    graph_sha256,
)

from .same import assert_same, assert_valid


def test_networkx_labels_order_and_weights():
    graph = nx.Graph()
    graph.add_nodes_from(["z", (1, 2), 7])
    graph.add_edge(7, "z", weight=-3)
    graph.add_edge((1, 2), 7)
    assert_same(from_networkx(graph), from_edges([[0, 2, -3], [1, 2, 1]]))


def test_networkx_isolated_nodes_and_float_weights():
    graph = nx.empty_graph(4)
    graph.add_edge(1, 0, weight=np.float32(0.5))
    assert_same(from_networkx(graph), from_edges([[0, 1, 0.5]], 4))


def loop():
    graph = nx.path_graph(3)
    graph.add_edge(1, 1)
    return graph


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.DiGraph([(0, 1)]), "directed"),
        (nx.MultiGraph([(0, 1)]), "multigraph"),
        (loop(), "edge 1 1: self-loop"),
        (nx.Graph([("a", "b", {"weight": "heavy"})]), "edge 'a' 'b': weight 'heavy'"),
        (nx.Graph([("a", "b", {"weight": None})]), "edge 'a' 'b': weight None"),
        (
            nx.Graph([("a", "b", {"weight": float("nan")})]),
            "edge 'a' 'b': weight nan is not finite",
        ),
        (nx.Graph(), "at least one vertex"),
    ],
)
def test_networkx_graphs_that_are_refused(graph, message):
    with pytest.raises(UserError, match=message):
        from_networkx(graph)


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_matrix, sp.coo_array, sp.lil_matrix])
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, np.bool_])
def test_sparse_round_trip(kind, dtype):
    graph = from_edges([[0, 1], [0, 3], [2, 3]], 5)
    matrix = kind(graph.adjacency.astype(dtype))
    assert_same(from_sparse(matrix), graph)


def test_sparse_zeros_are_no_edges_and_doubled_entries_are_added():
    rows, columns = [0, 1, 0, 1, 1, 2, 1, 2], [1, 0, 1, 0, 2, 1, 2, 1]
    matrix = sp.coo_array(([1, 1, 2, 2, 1, 1, -1, -1], (rows, columns)), shape=(3, 3))
    assert_same(from_sparse(matrix), from_edges([[0, 1, 3]], 3))


@pytest.mark.parametrize(
    ("dense", "message"),
    [
        (np.ones((2, 3)), "not square"),
        (np.array([[0, 1], [2, 0]]), r"not symmetric at \(0, 1\)"),
        (np.array([[0, 1], [0, 0]]), r"not symmetric at \(0, 1\)"),
        (np.array([[0, 1], [1, 5]]), "diagonal is not zero at 1"),
        (np.array([[0, np.nan], [np.nan, 0]]), "not finite"),
        (np.array([[0, 1j], [1j, 0]]), "complex"),
    ],
)
def test_sparse_matrices_that_are_refused(dense, message):
    with pytest.raises(UserError, match=message):
        from_sparse(sp.csr_array(dense))


def test_edge_arrays():
    graph = from_edges(np.array([[4, 0], [1, 2]], np.int16))
    assert_valid(graph)
    assert graph.num_vertices == 5
    assert graph.edges.tolist() == [[0, 4], [1, 2]]
    assert from_edges(np.zeros((0, 2)), 3).num_edges == 0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((2, 7)), r"shape \(2, 7\) is not .* transpose it"),
        (np.zeros(4), r"shape \(4,\)"),
        ([["a", "b"]], "not an array of numbers"),
        ([[0, 1], [2]], "not an array of numbers"),
        (np.zeros((0, 2)), "no edges"),
        ([[0, 1], [0.5, 1]], r"row 1: vertex 0\.5 is not in 0\.\.1"),
        ([[0, np.nan]], "vertex"),
        ([[0, np.inf]], "vertex"),
        ([[0, 1], [1, 0]], "row 1: edge 0 1 stands already on row 0"),
        ([[0, 1e15]], "vertices are more than"),
    ],
)
def test_edge_arrays_that_are_refused(table, message):
    with pytest.raises(UserError, match=message):
        from_edges(table)


def test_as_graph_takes_whatever_it_knows(tmp_path):
    graph = from_edges([[0, 1], [1, 2]])
    path = tmp_path / "g"
    path.write_text("3 2\n1 2\n2 3\n")
    assert as_graph(graph) is graph
    for obj in (str(path), path, nx.path_graph(3), graph.adjacency, [[0, 1], [1, 2]]):
        assert_same(as_graph(obj), graph)
    with pytest.raises(UserError, match="from dict"):
        as_graph({})
    with pytest.raises(UserError, match="no such file"):
        as_graph(str(tmp_path / "h"))


def test_sha256_tells_graphs_apart():
    graph = from_edges([[0, 1], [1, 2]])
    others = [
        from_edges([[0, 1], [1, 2]], 4),
        from_edges([[1, 2], [0, 1]]),
        from_edges([[0, 1, 1], [1, 2, 2]]),
        from_edges([[0, 1, 1], [1, 2, 0.5]]),
        from_edges([[0, 1]], 3),
    ]
    assert len({graph_sha256(g) for g in [graph, *others]}) == 6
    assert graph_sha256(graph) == graph_sha256(from_networkx(nx.path_graph(3)))
    assert graph_sha256(graph) == "02990c072eb69e515e0901c5684e9fd9f5699b54a3138a73975993f96f62587d"
