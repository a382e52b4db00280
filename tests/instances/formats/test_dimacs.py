import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import from_edges
from dnnbench.instances.formats import dimacs

from ..same import assert_same, assert_valid, with_vertex_weights


@pytest.mark.parametrize("kind", ["edge", "col", "clq"])
def test_reads_a_graph(kind):
    text = f"c 1 2 3\nc\n\n p {kind} 4 2 \r\ne 2 1\nc e 1 3\ne 3 4 \n"
    assert_same(dimacs.parse(text.encode(), "g"), from_edges([[0, 1], [2, 3]], 4))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c\np edge 3 2\ne 1 2\n", "g: 1 edges, the last on line 3, but the header announces 2"),
        (
            "p edge 3 1\ne 1 2\ne 2 3\n",
            "g, line 3: more edges than the 1 the header announces; there are 2",
        ),
        ("p edge 3 1\n\ne 1 4\n", r"g, line 3: vertex 4 is not in 1\.\.3"),
        ("p edge 3 2\ne 1 2\ne 2 1\n", "g, line 3: edge 1 2 stands already on line 2"),
        ("p edge 3 1\ne 1 1\n", "g, line 2: self-loop at vertex 1"),
        ("p edge 3 1\ne 1 x\n", "g, line 2: 'x' is not a number"),
        ("p edge 3 1\ne 1 2 5\n", "g, line 2: expected 'u v', found 3 numbers"),
        ("p edge 3 1\ne 1\n", "g, line 2: expected 'u v', found 1 number"),
        ("p edge 3 1\ne\n", "g, line 2: expected a line 'c .*found 'e'"),
        ("p edge 3 1\n1 2\n", "g, line 2: expected a line 'c .*found '1'"),
        ("p edge 3 1\ne1 2\n", "g, line 2: expected a line 'c .*found 'e1'"),
        ("p edge 3 1\nx 1 5\ne 1 2\n", "g, line 2: expected a line 'c .*found 'x'"),
        ("p edge 3 1\ne e 1 2\n", "g, line 2: 'e' is not a number"),
        ("p edge 3 1\nn\ne 1 2\n", "g, line 2: expected a line 'c .*found 'n'"),
        ("p edge 3 1\nn 1\ne 1 2\n", "g, line 2: expected 'n v w'"),
        ("p edge 3 1\nn 1 2 3\ne 1 2\n", "g, line 2: expected 'n v w'"),
        ("p edge 3 1\ne 1 2\n\nn 4 1\n", r"g, line 4: vertex 4 is not in 1\.\.3"),
        ("p edge 3 1\nn 1.5 1\ne 1 2\n", r"g, line 2: vertex 1\.5 is not in 1\.\.3"),
        ("p edge 3 1\nn 2 1\nc\nn 2 1\n", "g, line 4: a second weight of vertex 2"),
        ("p edge 3 1\nn 2 x\ne 1 2\n", "g, line 2: 'x' is not a number"),
        ("p edge 3 1\nn 2 1e999\ne 1 2\n", "g, line 2: weight inf is not finite"),
        ("n 2 1\np edge 3 1\ne 1 2\n", "g, line 1: a weight before the 'p' line"),
        ("e 1 2\np edge 3 1\n", "g, line 1: an edge before the 'p' line"),
        ("c only\ne 1 2\n", "g: no line 'p edge n m'"),
        ("p edge 3 1\nc\np edge 3 1\ne 1 2\n", "g, line 3: a second 'p' line, after line 1"),
        ("c\np 3 1\n", "g, line 2: expected 'p edge n m'"),
        ("p edge 3\n", "g, line 1: expected 'p edge n m'"),
        ("p edge -3 1\n", "g, line 1: header counts n=-3 m=1 are negative or zero"),
        ("p edge 3 7\n", "g, line 1: no simple graph has n=3 vertices and m=7 edges"),
        ("p edge 1000000000 1\n", "g, line 1: 1000000000 vertices are more than .*"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message + "$"):
        dimacs.parse(text.encode(), "g")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("p edge 4 2\nn 1 5\nn 3 -2\ne 1 2\ne 3 4\n", [5, 1, -2, 1]),
        ("p edge 4 2\r\nn 1 5\r\n\r\ne 1 2\r\nn 3 -2\r\ne 3 4\r\n", [5, 1, -2, 1]),
        ("p edge 4 2\ne 1 2\nc n 2 9\n n\t4  0.5 \ne 3 4", [1, 1, 1, 0.5]),
    ],
)
def test_weights_of_vertices(text, weights):
    graph = dimacs.parse(text.encode(), "g")
    assert_valid(graph)
    assert_same(graph, with_vertex_weights(from_edges([[0, 1], [2, 3]], 4), weights))
    assert_same(dimacs.parse(dimacs.write(graph).encode(), "g"), graph)


def test_lines_of_edges_in_unusual_forms_are_read_alike():
    usual = dimacs.parse(b"p edge 3 2\ne 1 2\ne 2 3\n", "g")
    for text in (b"p edge 3 2\n e 1 2\ne\t2 3", b"p edge 3 2\r\ne  1 2\r\n\te 2 3\r\n"):
        assert_same(dimacs.parse(text, "g"), usual)


def test_write():
    graph = from_edges([[1, 0], [1, 2]], 4)
    assert dimacs.write(graph) == "p edge 4 2\ne 1 2\ne 2 3\n"
    assert_same(dimacs.parse(dimacs.write(graph).encode(), "g"), graph)
    with pytest.raises(UserError, match="no weights of edges; use the rudy format"):
        dimacs.write(from_edges([[0, 1, 2]]))
