import itertools

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import qubo
from dnnbench.instances.generators.spec import parse_spec

Q = np.array([[2, -3, 0], [-3, 0, 5], [0, 5, -7]])  # symmetric
QBSOLV = b"c made by hand\np qubo 0 3 2 2\n0 0 2\n2 2 -7\n0 1 -6\n2 1 10\n"
SPARSE = b"# a comment\n3 4\n1 1 2\n1 2 -3\n3 2 5\n3 3 -7\n"
BEASLEY = b" 2\n2 1\n1 2 9\n 3 4\n1 1 -2\n1 2 3\n2 3 -5\n3 3 7\n"


def values(model):
    """By the definition, for all x."""
    found = []
    for x in itertools.product((0, 1), repeat=model.num_vertices):
        total = model.offset + sum(a * b for a, b in zip(model.linear.tolist(), x, strict=True))
        pairs = zip(model.edges.tolist(), model.graph.weights.tolist(), strict=True)
        found.append(total + sum(c * x[u] * x[v] for (u, v), c in pairs))
    return found


def test_all_formats_mean_x_q_x():
    expected = [int(np.array(x) @ Q @ np.array(x)) for x in itertools.product((0, 1), repeat=3)]
    assert values(qubo.parse(QBSOLV, "f")) == expected
    assert values(qubo.parse(SPARSE, "f")) == expected
    assert values(qubo.parse(BEASLEY, "f", part=2)) == expected  # negated: there to be maximised
    assert qubo.parse(BEASLEY, "f", part=1).graph.weights.tolist() == [-18]
    for model in (qubo.parse(QBSOLV, "f"), qubo.parse(SPARSE, "f")):
        assert model.integral
        assert model.domain == "bits"


def test_write_reads_back():
    for spec in ("gen/qubo-n20-p0.4-s1", "gen/qubo-n5-p0-s1"):
        model = parse_spec(spec).generate()
        again = qubo.parse(qubo.write(model).encode(), "f")
        assert np.array_equal(again.linear, model.linear)
        assert np.array_equal(again.edges, model.edges)
        assert np.array_equal(again.graph.weights, model.graph.weights)
        assert again.num_vertices == model.num_vertices
    with pytest.raises(UserError, match="bits only"):
        qubo.write(parse_spec("gen/ising_sk-n4-s1").generate())


def test_real_coefficients():
    model = qubo.parse(b"2 2\n1 1 0.1\n1 2 1e-3\n", "f")
    assert not model.integral
    assert model.linear.tolist() == [0.1, 0.0]
    assert model.graph.weights.tolist() == [2e-3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p qubo 0 3 1\n0 0 1\n", "f, line 1: expected 'p qubo 0 n diagonals pairs', found .*"),
        ("p ising 0 3 1 0\n0 0 1\n", "f, line 1: expected 'p qubo .*"),
        ("c x\n", "f: no line 'p qubo 0 n diagonals pairs'"),
        ("p qubo 0 2 0 0\np qubo 0 2 0 0\n", "f, line 2: a second 'p' line, after line 1"),
        ("c x\n0 0 1\np qubo 0 2 1 0\n", "f, line 2: an entry before the 'p' line"),
        ("p qubo 0 2 1 0\n0 1 1\n", "f, line 1: 1 entries are pairs, but the header announces 0"),
        ("p qubo 0 2 1 1\n0 0 1\n", "f: 1 entries, the last on line 2, but .* announces 2"),
        ("p qubo 0 2 1 0\n0 0 1\n\n1 1 1\n", "f, line 4: more entries than the 1 the header .*"),
        ("p qubo 0 2 1 0\n2 2 1\n", r"f, line 2: variable 2 is not in 0\.\.1"),
        ("p qubo 0 2 1 0\n-1 -1 1\n", r"f, line 2: variable -1 is not in 0\.\.1"),
        ("p qubo 0 2 0 1\n0 1\n", "f, line 2: expected 'i j value', found 2 numbers"),
        ("p qubo 0 2 0 1\n0 x 1\n", "f, line 2: 'x' is not a number"),
        ("p qubo 0 2 0 1\n0 1 nan\n", "f, line 2: 'nan' is not finite"),
        ("p qubo 0 2 0 1\n0 1 1e999\n", "f, line 2: weight inf is not finite"),
        ("p qubo 0 2 1 0\n1 1 1e999\n", "f, line 2: inf is not finite"),
        ("p qubo 0 2 0 1\n0 1.0 1\n", "f, line 2: a variable is not an integer"),
        ("p qubo 0 -2 0 1\n0 1 1\n", "f, line 1: header counts n=-2 and 0 entries .*"),
        ("p qubo 0 2 0 9\n0 1 1\n", "f, line 1: 9 entries are more than n=2 variables have"),
        ("p qubo 0 999999999999 0 1\n0 1 1\n", "f, line 1: 999999999999 vertices are more .*"),
        ("3 2\n1 1 2\n1 1 3\n", "f, line 3: entry 1 1 stands already on line 2"),
        ("3 2\n1 2 2\n2 1 2\n", "f, line 3: edge 1 2 stands already on line 2"),
        ("3 1\n0 1 2\n", r"f, line 2: variable 0 is not in 1\.\.3"),
        ("3 1\n4 4 2\n", r"f, line 2: variable 4 is not in 1\.\.3"),
        ("3 2\n1 1 2\n", "f: 1 entries, the last on line 2, but the header announces 2"),
        ("3 0\n1 1 2\n", "f, line 2: more entries than the 0 the header announces"),
        ("3 1.5\n", "f, line 1: expected the header 'n m', two integers"),
        ("1 1 1\n", "f, line 1: expected the header 'n m', two integers"),
        ("0 0\n", "f, line 1: header counts n=0 and 0 entries are negative or zero"),
        ("3 7\n1 1 1\n", "f, line 1: 7 entries are more than n=3 variables have"),
        ("# x\n", "f: the file is empty"),
        ("2\n2 1\n1 2 9\n2 1\n1 2 9\n", "f: holds 2 problems; name one, 'f#1' for instance"),
        ("0\n", "f, line 1: expected the number of problems, found 0"),
        ("9\n2 1\n1 2 9\n", "f, line 1: expected the number of problems, found 9"),
        ("1.0\n2 1\n1 2 9\n", "f, line 1: expected the number of problems, found 1"),
        ("1\n2 2\n1 2 9\n", "f: 1 entries, the last on line 3, but the header announces 2"),
        ("1\n2 1\n1 2 9\n1 1 1\n", "f, line 4: more entries than the 1 the header announces"),
        ("1\n2\n", "f, line 2: expected the header 'n m', two integers"),
        ("1\n", "f: ends where a header 'n m' is expected"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message + "$"):
        qubo.parse(text.encode(), "f")


@pytest.mark.parametrize("part", [0, 3])
def test_a_part_that_is_not_there(part):
    with pytest.raises(UserError, match=f"f: holds 2 problems, not one with the number {part}"):
        qubo.parse(BEASLEY, "f", part=part)
