import networkx as nx
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import from_edges
from dnnbench.instances.generators import rudy

from ..same import assert_same, assert_valid


def as_networkx(graph):
    made = nx.Graph()
    made.add_nodes_from(range(graph.num_vertices))
    made.add_edges_from(graph.edges.tolist())
    return made


def test_rnd_graph_has_the_rounded_number_of_edges():
    assert rudy.rnd_graph(800, 6, 1).num_edges == 19176
    # 12497.5, rounded up; 0.1 is taken as one tenth exactly
    assert rudy.rnd_graph(5000, "0.1", 1).num_edges == 12498
    assert rudy.rnd_graph(20, 100, 1).num_edges == 190


def test_planar_graphs_are_planar_and_full_ones_maximal():
    full = rudy.planar(60, 100, 7)
    assert full.num_edges == 3 * 58
    assert nx.check_planarity(as_networkx(full))[0]
    thin = rudy.planar(60, 50, 7)
    assert thin.num_edges == 87
    assert {*map(tuple, thin.edges.tolist())} < {*map(tuple, full.edges.tolist())}


def test_torus():
    graph = rudy.toroidal_grid_2d(4, 3)
    assert_valid(graph)
    assert set(graph.degrees.tolist()) == {4}
    expected = nx.grid_2d_graph(4, 3, periodic=True)
    assert {*map(frozenset, graph.edges.tolist())} == {
        frozenset((a * 3 + b, c * 3 + d)) for (a, b), (c, d) in expected.edges
    }


def test_union_keeps_the_smaller_weight_and_the_walk_order():
    first = from_edges([[0, 3, 5], [0, 1, 1], [2, 3, -9]])
    second = from_edges([[0, 2, 1], [0, 3, -4], [1, 2, 1], [2, 3, 1]])
    # made at vertex 0: 3 (kept at -4), 1, 2; printed newest first
    expected = from_edges([[0, 2, 1], [0, 1, 1], [0, 3, -4], [1, 2, 1], [2, 3, -9]])
    assert_same(rudy.union(first, second), expected)


def test_random_weights_use_the_whole_range_and_times_and_plus_follow():
    graph = rudy.run("-toroidal_grid_2D 9 9 -random 2 4 1")
    assert set(graph.weights.tolist()) == {2, 3, 4}
    signed = rudy.run("-toroidal_grid_2D 9 9 -random 0 1 1 -times 2 -plus -1")
    assert set(signed.weights.tolist()) == {-1, 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-clique 5", "unknown operator '-clique'"),
        ("-rnd_graph 10", "missing operands of '-rnd_graph'"),
        ("-rnd_graph a 1 2", "wrong or missing operands of '-rnd_graph'"),
        ("-planar 5 100 1 +", "missing operands of '\\+'"),
        ("-planar 5 100 1 -planar 6 100 1 +", "differ in their number of vertices"),
        ("-planar 5 100 1 -planar 6 100 1", "leave 2 graphs"),
        ("", "leave 0 graphs"),
        ("-rnd_graph 10 110 1", "density 110 is not in 0..100"),
        ("-toroidal_grid_2D 2 5", "sides of at least 3"),
        ("-planar 2 100 1", "at least 3 vertices"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        rudy.run(arguments)
