import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import from_edges
from dnnbench.instances.formats import rudy

from ..same import assert_same, assert_valid

LARGE = 2**53


def test_reads_a_graph():
    graph = rudy.parse(b"4 3 \n1 2 1\n4 2 -1\n3 1 5\n", "g")
    assert_valid(graph)
    assert graph.num_vertices == 4
    assert graph.edges.tolist() == [[0, 1], [1, 3], [0, 2]]
    assert graph.weights.tolist() == [1, -1, 5]
    assert graph.integral


def test_arrays_are_read_only():
    graph = rudy.parse(b"2 1\n1 2 1\n", "g")
    with pytest.raises(ValueError, match="read-only"):
        graph.weights[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        graph.edges[0, 0] = 1


@pytest.mark.parametrize(
    "text",
    [
        "2 1\n1 2",
        "2 1 \n1 2 1 \n",
        "\n2 1\r\n\r\n1\t2 1\r\n\n",
        "  2   1\n 2 1 1.0\n",
        "2 1\n1 2 1e0",
    ],
)
def test_blanks_line_ends_and_missing_weights_are_tolerated(text):
    assert_same(rudy.parse(text.encode(), "g"), from_edges([[0, 1]]))


def test_weights_are_integers_up_to_2_53_and_floats_beyond():
    whole = rudy.parse(f"3 2\n1 2 {LARGE}\n2 3 -{LARGE}\n".encode(), "g")
    assert whole.weights.tolist() == [LARGE, -LARGE]
    assert whole.weights.dtype == np.int64
    assert rudy.parse(f"2 1\n1 2 {LARGE * 4}\n".encode(), "g").weights.dtype == np.float64
    assert rudy.parse(b"3 2\n1 2 0.5\n2 3 1\n", "g").weights.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3 2\n1 2\n", "g: 1 edges, the last on line 2, but the header announces 2"),
        ("3 2\n", "g: 0 edges, but the header announces 2"),
        ("3 1\n1 2\n\n2 3\n", "g, line 4: more edges than the 1 the header announces; there are 2"),
        ("3 1\n1 2 1\nthe end\n", "g, line 3: 'the' is not a number"),
        ("3 1\n1 4\n", r"g, line 2: vertex 4 is not in 1\.\.3"),
        ("3 1\n0 2\n", r"g, line 2: vertex 0 is not in 1\.\.3"),
        ("3 1\n-1 2\n", r"g, line 2: vertex -1 is not in 1\.\.3"),
        ("3 1\n1 99999999999999999999\n", r"g, line 2: vertex 1e\+20 is not in 1\.\.3"),
        ("3 1\n1 2.0\n", "g, line 2: a vertex is not an integer"),
        ("3 1\n1 1e0\n", "g, line 2: a vertex is not an integer"),
        ("3 2\n1 2\n\n2 1\n", "g, line 4: edge 1 2 stands already on line 2"),
        ("3 3\n1 2\n2 3\n3 2 5\n", "g, line 4: edge 2 3 stands already on line 3"),
        ("4 5\n3 4\n1 2\n2 1\n2 3\n4 3\n", "g, line 4: edge 1 2 stands already on line 3"),
        ("3 2\n1 2\n2 2\n", "g, line 3: self-loop at vertex 2"),
        ("3 1\n1 2 nan\n", "g, line 2: 'nan' is not finite"),
        ("3 1\n1 2 1e999\n", "g, line 2: weight inf is not finite"),
        ("3 1\n1 x\n", "g, line 2: 'x' is not a number"),
        ("3 1\n1\n", "g, line 2: expected 'u v' or 'u v w', found 1 number"),
        ("3 1\n1 2 3 4\n", "g, line 2: expected 'u v' or 'u v w', found 4 numbers"),
        ("3\n1 2\n", "g, line 1: expected the header 'n m', two integers"),
        ("3 1 1\n1 2\n", "g, line 1: expected the header 'n m', two integers"),
        ("3 1.5\n1 2\n", "g, line 1: expected the header 'n m', two integers"),
        ("\n-3 1\n1 2\n", "g, line 2: header counts n=-3 m=1 are negative or zero"),
        ("3 -1\n", "g, line 1: header counts n=3 m=-1 are negative or zero"),
        ("0 0\n", "g, line 1: header counts n=0 m=0 are negative or zero"),
        ("3 4\n1 2\n", "g, line 1: no simple graph has n=3 vertices and m=4 edges"),
        ("9999999999 1\n1 2\n", "g, line 1: no simple graph has n=9999999999 .*"),
        ("2000000000 1\n1 2\n", "g, line 1: 2000000000 vertices are more than .* accepted"),
        ("1" * 400 + " 1\n1 2\n", "g, line 1: no simple graph .*"),
        (" \n", "g: the file is empty"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message + "$"):
        rudy.parse(text.encode(), "g")


def test_absurd_counts_are_refused_without_allocating(monkeypatch):
    def build(*_, **__):
        raise AssertionError("reached the allocation")

    monkeypatch.setattr(rudy, "build_graph", build)
    for header in (b"100000001 5\n1 2\n", b"10 1000000000000\n1 2\n"):
        with pytest.raises(UserError, match="line 1"):
            rudy.parse(header, "g")


def test_edgeless_graph():
    graph = rudy.parse(b"5 0 \n", "g")
    assert (graph.num_vertices, graph.num_edges) == (5, 0)
    assert rudy.write(graph) == "5 0 \n"


def test_write_is_the_published_form_and_reads_back():
    text = "3 2 \n1 3 -1\n1 2 1\n"
    assert rudy.write(rudy.parse(text.encode(), "g")) == text
    uneven = from_edges([[0, 1, 0.1], [1, 2, 1 / 3], [0, 2, 1e300]])
    assert_same(rudy.parse(rudy.write(uneven).encode(), "g"), uneven)
