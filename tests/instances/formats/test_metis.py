import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.convert import from_edges
from dnnbench.instances.formats import metis, parse_graph

from ..same import assert_same, assert_valid, with_vertex_weights

PATH = "4 2\n2\n1 3\n2\n\n"
BOTH = "% x\n3 2 011\n 7 2 -5\n% y\n1 1 -5 3 9\n0 2 9\n"


def test_reads_a_graph_with_an_isolated_vertex():
    assert_same(metis.parse(PATH.encode(), "g"), from_edges([[0, 1], [1, 2]], 4))


@pytest.mark.parametrize("head", ["4 2 0", "4 2 000 1", "\n% c\n\n4 2 0 0"])
def test_headers_without_weights(head):
    text = head + PATH[3:]
    assert_same(metis.parse(text.encode(), "g"), metis.parse(PATH.encode(), "g"))


def test_reads_weights():
    graph = metis.parse(BOTH.encode(), "g")
    wanted = with_vertex_weights(from_edges([[0, 1, -5], [1, 2, 9]]), [7, 1, 0])
    assert_same(graph, wanted)
    edges_only = metis.parse(b"2 1 1\n2 4\n1 4", "g")
    assert_same(edges_only, from_edges([[0, 1, 4]]))
    vertices_only = metis.parse(b"2 1 10 1\r\n5 2\r\n6 1\r\n", "g")
    assert_same(vertices_only, with_vertex_weights(from_edges([[0, 1]]), [5, 6]))


def test_an_edge_stands_where_the_line_of_its_lower_vertex_has_it():
    graph = metis.parse(b"4 3\n4 2\n1 3\n2\n1\n", "g")
    assert graph.edges.tolist() == [[0, 3], [0, 1], [1, 2]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("% only\n", "g: the file is empty"),
        ("4\n", "g, line 1: expected the header 'n m', 'n m fmt' or 'n m fmt 1'"),
        ("1 2 3 4 5\n", "g, line 1: expected the header"),
        ("2.0 1\n2\n1\n", "g, line 1: expected the header"),
        ("2 1 100\n2\n1\n", r"g, line 1: fmt 100 is not one of 0, 1, 10, 11 .sizes"),
        ("2 1 2\n2\n1\n", "g, line 1: fmt 002 is not"),
        ("2 1 10 3\n1 1 1 2\n1 1 1 1\n", "g, line 1: 3 weights a vertex; 1 is read"),
        ("2 1 10 0\n2\n1\n", "g, line 1: 0 weights a vertex"),
        ("0 0\n", "g, line 1: header counts n=0 m=0"),
        ("2 2\n2\n1\n", "g, line 1: no simple graph has n=2"),
        ("1000000000 1\n2\n1\n", "g, line 1: 1000000000 vertices are more"),
        ("3 1\n2\n1\n", "g: 2 lines after the header, but there are n=3 vertices"),
        ("90000000 1\n2\n1\n", "g: 2 lines after the header, but there are n=90000000"),
        ("2 1\n2\n1\n\n% c\n1\n", "g, line 6: more lines than the n=2 vertices"),
        ("2 1\n2\nx\n", "g, line 3: 'x' is not a number"),
        ("2 1\n2\n1.0\n", "g, line 3: a number that is not an integer"),
        ("2 1\n% c\n3\n1\n", r"g, line 3: vertex 3 is not in 1\.\.2"),
        ("2 1\n2\n0\n", r"g, line 3: vertex 0 is not in 1\.\.2"),
        ("2 1\n2\n1 2\n", "g, line 3: self-loop at vertex 2"),
        ("2 1\n2 2\n1\n", "g, line 2: neighbour 2 is given twice"),
        ("3 2\n2\n1 3\n\n", "g, line 3: neighbour 3, whose own line lacks 2"),
        ("3 1\n\n3\n\n", "g, line 3: neighbour 3, whose own line lacks 2"),
        ("3 1\n2\n1 3\n2\n", "g: 2 edges, but the header announces 1"),
        ("3 3\n2\n1 3\n2\n", "g: 2 edges, but the header announces 3"),
        ("2 1 1\n2\n1 4\n", "g, line 2: a neighbour without its weight"),
        ("2 1 1\n2 3\n1 4\n", "g, line 2: edge 1 2 has the weight 3, on line 3 4"),
        ("2 1 10\n5 2\n\n", "g, line 3: the weight of the vertex is missing"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message) as caught:
        metis.parse(text.encode(), "g")
    assert len(str(caught.value)) < 150


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.data(), st.integers(1, 12), st.booleans(), st.booleans())
def test_round_trip(data, n, weighted, own):
    whole = st.integers(-(2**53), 2**53)
    pairs = data.draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))))
    table = sorted((a, b) for a, b in pairs if a < b)
    rows = [[*p, data.draw(whole) if weighted else 1] for p in table]
    graph = from_edges(np.array(rows, np.float64).reshape(-1, 3), n)
    if own:
        graph = with_vertex_weights(graph, data.draw(st.lists(whole, min_size=n, max_size=n)))
    back = metis.parse(metis.write(graph).encode(), "g")
    assert_valid(back)
    assert_same(back, graph)


def test_written_text():
    graph = from_edges([[0, 1], [1, 2]], 4)
    assert metis.write(graph) == PATH
    weighted = with_vertex_weights(from_edges([[0, 1, 3]]), [5, 6])
    assert metis.write(weighted) == "2 1 11\n5 2 3\n6 1 3\n"
    for wrong in (from_edges([[0, 1, 0.5]]), with_vertex_weights(graph, [1, 2, 3, 0.5])):
        with pytest.raises(UserError, match="integer weights only"):
            metis.write(wrong)


def test_the_suffix_chooses_the_format():
    for name in ("g.graph", "g.METIS", "g.graph.gz"):
        assert parse_graph(PATH.encode(), name).num_edges == 2
