import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.formats.families import parse_public, split_part
from dnnbench.instances.formula import Formula
from dnnbench.instances.graph import Graph
from dnnbench.instances.load import load_instance
from dnnbench.instances.quadratic import QuadraticModel

VALID = {
    "f.qubo": b"p qubo 0 3 1 2\n0 0 2\n0 1 -6\n1 2 10\n",
    "f.sparse": b"3 2\n1 1 2\n1 2 -3\n",
    "f.bqp": b"2\n2 1\n1 2 9\n3 1\n1 1 -2\n",
    "f.ising": b"# n=4\n0 1 -1\n0 0 5\n",
}
PIECES = [b"", b"\n", b" ", b"-", b"e9", b"nan", b"0", b"9" * 30, b"\xff", b"\x00", b"c ", b"#"]
PIECES += [b"p qubo 0 2 1 0\n", b"1e999", b"# n=3", b"\r", b"1 2 3 4\n", b"."]


@pytest.mark.parametrize(
    ("name", "data", "family"),
    [
        ("f.qubo", b"3 1\n1 1 2\n", "qubo"),
        ("f.QUBO", b"3 1\n1 1 2\n", "qubo"),
        ("f.ising", b"3 1\n1 1 2\n", "ising"),
        ("f.ising.gz", b"0 1 2\n", "ising"),
        ("bqp50.txt", b" 1\n2 1\n1 2 9\n", "qubo"),
        ("bqp50", b"1 \r\n2 1\n1 2 9\n", "qubo"),
        ("f", b"3 1\n1 2 2\n", "graph"),
        ("f.txt", b"0 1 2\n", "graph"),
        ("f.clq", b"p edge 2 1\ne 1 2\n", "graph"),
        ("f.dimacs", b"c x\np edge 2 1\ne 1 2\n", "graph"),
        ("f.qubo.xz", b"3 1\n1 1 2\n", "qubo"),
        ("f.clq.bz2", b"p edge 2 1\ne 1 2\n", "graph"),
        ("f.cnf", b"p cnf 2 1\n1 2 0\n", "cnf"),
        ("f.CNF.bz2", b"p cnf 2 1\n1 2 0\n", "cnf"),
        ("f.cnf", b"p wcnf 2 1 3\n3 1 2 0\n", "cnf"),
        ("f.wcnf.xz", b"h 1 2 0\n", "cnf"),
        ("f.wcnf", b"p cnf 2 1\n1 2 0\n", "cnf"),
        ("f.dimacs", b"c x\n\n p cnf 2 1\n1 2 0\n", "cnf"),
        ("f.dimacs", b"p wcnf 2 1\n3 1 2 0\n", "cnf"),
        ("f", b"p cnf 2 1\n1 2 0\n", "cnf"),
    ],
)
def test_name_and_first_line_choose_the_kind(name, data, family):
    found, public = parse_public(data, name)
    assert found == family
    kinds = {"graph": Graph, "cnf": Formula}
    assert isinstance(public, kinds.get(family, QuadraticModel))


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a#3", ("a", 3)), ("a", ("a", None)), ("#3", ("#3", None)), ("a#x", ("a#x", None))],
)
def test_parts(name, parts):
    assert split_part(name) == parts


def test_a_problem_of_a_file_with_several(tmp_path):
    path = tmp_path / "bqp.txt.gz"
    path.write_bytes(gzip.compress(VALID["f.bqp"]))
    first, second = (load_instance(f"{path}#{k}", cache_dir=tmp_path) for k in (1, 2))
    assert first.family == second.family == "qubo"
    assert first.public.graph.weights.tolist() == [-18]
    assert second.public.linear.tolist() == [2, 0, 0]
    assert first.sha256 != second.sha256
    with pytest.raises(UserError, match="holds 2 problems; name one"):
        load_instance(str(path), cache_dir=tmp_path)
    graph = tmp_path / "g.rudy"
    graph.write_text("2 1\n1 2 1\n")
    with pytest.raises(UserError, match="holds one instance, so there is no part 2"):
        load_instance(f"{graph}#2", cache_dir=tmp_path)
    odd = tmp_path / "g#2"
    odd.write_text("3 1\n1 2 1\n")
    assert load_instance(str(odd), cache_dir=tmp_path).public.num_vertices == 3


@settings(derandomize=True, deadline=None, max_examples=800)
@given(
    st.sampled_from(sorted(VALID)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(PIECES)), max_size=3),
    st.sampled_from([None, 1, 2]),
)
def test_whatever_is_in_a_file_is_a_model_or_a_named_mistake(name, changes, part):
    data = VALID[name]
    for place, removed, piece in changes:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + removed :]
    try:
        _, model = parse_public(data, name, part)
    except UserError as error:
        message = str(error)
    else:
        message = None
    if message is not None:
        assert message.startswith(name)
        assert "\n" not in message
        assert len(message) < 200
        return
    assert isinstance(model, QuadraticModel)
    assert model.linear.shape == (model.num_vertices,)
    assert model.linear.dtype == model.graph.weights.dtype
    assert np.isfinite(model.linear).all()
    assert np.isfinite(model.graph.weights).all()
    assert (model.edges[:, 0] < model.edges[:, 1]).all()
    assert model.edges.max(initial=0) < model.num_vertices
