import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import ising
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.graph import Graph
from dnnbench.instances.quadratic import quadratic_model


@pytest.mark.parametrize(
    "text",
    [
        "# J and h\n0 1 -1\n2 1 3\n0 0 5\n2 2 -2\n",
        "3 4\n1 2 -1\n3 2 3\n1 1 5\n3 3 -2\n",
        "# n=3\n% x\n0 1 -1\n\n2 1 3\r\n0 0 5\n2 2 -2",
    ],
)
def test_reads_couplings_and_fields(text):
    model = ising.parse(text.encode(), "f")
    assert model.domain == "spins"
    assert model.edges.tolist() == [[0, 1], [1, 2]]
    assert model.graph.weights.tolist() == [-1, 3]
    assert model.linear.tolist() == [5, 0, -2]
    assert model.integral
    assert model.offset == 0


def test_spins_without_entries_count():
    assert ising.parse(b"# n=9\n0 1 1\n", "f").num_vertices == 9
    assert ising.parse(b"9 1\n1 2 1\n", "f").num_vertices == 9
    assert ising.parse(b"# n=4\n", "f").num_edges == 0


def test_write_reads_back():
    graph = Graph(4, np.array([[0, 1], [1, 3]], np.int32), np.array([0.1, -1 / 3]))
    fields = quadratic_model("spins", graph, np.array([0, 1e-300, 0, 2.5]), 0)
    for model in (parse_spec("gen/ising_sk-n9-s1").generate(), fields):
        again = ising.parse(ising.write(model).encode(), "f")
        assert np.array_equal(again.linear, model.linear)
        assert np.array_equal(again.edges, model.edges)
        assert np.array_equal(again.graph.weights, model.graph.weights)
    with pytest.raises(UserError, match="no constant term"):
        ising.write(quadratic_model("spins", graph, np.zeros(4), 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1 1\n1 0 2\n", "f, line 2: edge 0 1 stands already on line 1"),
        ("1 1 1\n0 1 3\n1 1 2\n", "f, line 3: entry 1 1 stands already on line 1"),
        ("0 1 1\n0 2\n", "f, line 2: expected 'i j value', found 2 numbers"),
        ("0 1 1\n0\n", "f, line 2: expected 'i j value', found 1 number"),
        ("0 1 1 1\n", "f, line 1: expected 'i j value', found 4 numbers"),
        ("0 -1 1\n", r"f, line 1: variable -1 is not in 0\.\.0"),
        ("# n=2\n0 2 1\n", r"f, line 2: variable 2 is not in 0\.\.1"),
        ("3 1\n0 2 1\n", r"f, line 2: variable 0 is not in 1\.\.3"),
        ("3 2\n1 2 1\n", "f: 1 edges, the last on line 2, but the header announces 2"),
        ("3 0\n1 2 1\n", "f, line 2: more edges than the 0 the header announces; there are 1"),
        ("3.0 1\n1 2 1\n", "f, line 1: expected the header 'n m', two integers"),
        ("# n=3\n4 1\n1 2 1\n", "f, line 2: n=4 is not that of the '# n=' comment"),
        ("# n=3\n# n=4\n", "f: several '# n=' comments that differ"),
        ("# n=0\n", "f, line 1: header counts n=0 and 0 entries are negative or zero"),
        ("0 99999999999 1\n", "f, line 1: 100000000000 vertices are more than .*"),
        ("0 1e0 1\n", "f, line 1: a variable is not an integer"),
        ("0 1 inf\n", "f, line 1: 'inf' is not finite"),
        ("0 0 1e400\n", "f, line 1: inf is not finite"),
        ("0 1 J\n", "f, line 1: 'J' is not a number"),
        ("# nothing\n", "f: no entries, and no '# n=' comment"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message + "$"):
        ising.parse(text.encode(), "f")
