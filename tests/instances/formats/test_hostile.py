"""Whatever is in a file: a valid graph or a `UserError` that names the file, nothing else."""

import gzip

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.formats import parse_graph, read_graph

from ..same import assert_valid

NAMES = st.sampled_from(["f", "f.txt", "f.edges", "f.csv", "f.clq", "f.graph", "f.b"])
VALID = {
    "f": b"5 3 \n1 2 1\n2 3 -1\n4 5 0.5\n",
    "f.txt": b"0 1\n1 2\n",
    "f.edges": b"# n=6\n0 1 2\n1 4 1\n",
    "f.csv": b"u,v,w\n0,1,2\n1,4,1\n",
    "f.clq": b"c x\np edge 5 3\nn 2 -7\ne 1 2\ne 5 3\ne 4 3\n",
    "f.graph": b"% x\n5 3 11\n7 2 1\n1 1 1 3 -2\n1 2 -2 4 5\n1 3 5\n0\n",
    "f.snap": b"# Undirected graph\n# Nodes: 4 Edges: 4\n30 7\n7 30\n30 500\n11 11\n",
    "f.b": b"11\np edge 9 2\n\x00\x80" + bytes(6) + b"\x40\x00",
}
PIECES = [b"", b"\n", b" ", b"-", b".", b"e", b"e9", b"nan", b"0", b"99999999999", b"\xff", b"\x00"]
PIECES += [b"% x\n", b"2 1 11\n", b"# Nodes: 2 Edges: 1\n", b"# Directed graph\n", b"\x80", b"n "]
PIECES += [b"c ", b"p ", b"#", b"# n=3", b",", b"\r", b"\x1f\x8b", b"1 2 3 4\n", b"p edge 2 1\n"]

thorough = settings(derandomize=True, deadline=None, max_examples=600)


def parse_or_refuse(data: bytes, name: str) -> None:
    try:
        graph = parse_graph(data, name)
    except UserError as error:
        message = str(error)
    else:
        assert_valid(graph)
        return
    assert message.startswith(name)
    assert "\n" not in message
    assert len(message) < 200


@thorough
@given(st.binary(max_size=60), NAMES)
@example(b"0 " + b"9" * 5000, "f.edges")
@example(b"\xef\xbb\xbf1 0", "f")
def test_random_bytes(data, name):
    parse_or_refuse(data, name)


@thorough
@given(st.text(alphabet="0123 \n\tepcn#%,.-=", max_size=60), NAMES)
def test_random_text_of_the_formats_own_letters(text, name):
    parse_or_refuse(text.encode(), name)


@thorough
@given(
    st.sampled_from(sorted(VALID)),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(PIECES)),
        min_size=1,
        max_size=3,
    ),
)
def test_mutated_files(name, changes):
    data = VALID[name]
    for place, removed, piece in changes:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + removed :]
    parse_or_refuse(data, name)


@pytest.mark.parametrize("name", sorted(VALID))
def test_the_unmutated_files_are_valid(name):
    assert_valid(parse_graph(VALID[name], name))


@pytest.mark.parametrize("name", ["f.clq", "f.graph", "f.snap", "f.b"])
def test_every_cut_of_a_file_is_refused_or_a_graph(name):
    for length in range(len(VALID[name])):
        parse_or_refuse(VALID[name][:length], name)


@pytest.mark.parametrize("name", ["f.graph", "f.b"])
def test_no_cut_of_a_file_passes_for_the_whole(name):
    body = VALID[name].rstrip(b"\n")
    for length in range(len(body)):
        with pytest.raises(UserError):
            parse_graph(body[:length], name)


def test_every_cut_of_a_packed_file(tmp_path):
    packed = gzip.compress(VALID["f"])
    path = tmp_path / "f.gz"
    for length in range(len(packed)):
        path.write_bytes(packed[:length])
        with pytest.raises(UserError, match=r"f\.gz"):
            read_graph(path)
