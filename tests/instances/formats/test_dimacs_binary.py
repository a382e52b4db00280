import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.convert import edges_sha256, from_edges
from dnnbench.instances.formats import dimacs_binary, parse_graph, read_graph
from dnnbench.instances.formats.open_text import read_bytes
from dnnbench.instances.load import export, load_instance
from dnnbench.instances.registry import entry, suite

from ..same import assert_same, assert_valid, with_vertex_weights

HEAD = b"c x\np col 4 3\n"
# Rows 1; 1 2; 1 2 3; 1 2 3 4 of the lower triangle, one byte each: edges 2-1, 3-1, 4-3.
BITS = bytes([0b00000000, 0b10000000, 0b10000000, 0b00100000])
FILE = b"14\n" + HEAD + BITS


def test_reads_the_published_layout():
    graph = dimacs_binary.parse(FILE, "g.b")
    assert_same(graph, from_edges([[0, 1], [0, 2], [2, 3]], 4))
    assert_same(dimacs_binary.parse(b" 14 \r\n" + HEAD + BITS, "g.b"), graph)


def test_a_row_of_nine_takes_two_bytes_and_the_ninth_column_opens_the_second():
    graph = from_edges([[0, 8], [7, 9], [8, 9]], 10)
    data = dimacs_binary.write(graph)
    head = b"p edge 10 3\n"
    rows = [bytes(8), b"\x80\x00", bytes([0b00000001, 0b10000000])]
    assert data == b"12\n" + head + b"".join(rows)
    assert_same(dimacs_binary.parse(data, "g.b"), graph)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1: expected the length of the preamble in bytes"),
        (HEAD + BITS, "line 1: expected the length of the preamble"),
        (b"-3\n" + HEAD + BITS, "line 1: expected the length"),
        (b"9999999999\n", "line 1: expected the length"),
        (b"14\n" + HEAD[:-2], "announces a preamble of 14 bytes, but only 12 follow; truncated"),
        (FILE[:-1], "3 bytes after the preamble, but n=4 needs 4; truncated"),
        (FILE + b"\n", "5 bytes after the preamble, but n=4 needs 4; overlong"),
        (b"15\n" + HEAD + BITS, "g.b, preamble, line 3: expected a line"),
        (b"13\n" + HEAD + BITS, "g.b: 5 bytes after the preamble, but n=4 needs 4"),
        (b"3\n" + HEAD + BITS, "g.b, preamble: no line 'p edge n m'"),
        (b"10\n" + HEAD + BITS, "g.b, preamble, line 2: expected 'p edge n m'"),
        (FILE.replace(b"4 3", b"4 2"), "g.b: 3 edges, but the header announces 2"),
        (FILE.replace(b"4 3", b"4 5"), "g.b: 3 edges, but the header announces 5"),
        (FILE.replace(b"4 3", b"4 9"), "g.b, preamble, line 2: no simple graph"),
        (FILE.replace(b"4 3", b"9 3"), "g.b: 4 bytes after the preamble, but n=9 needs 10"),
        (FILE[:-1] + b"\x30", "g.b: self-loop at vertex 4"),
        (FILE[:-1] + b"\x21", "g.b: the row of vertex 4 has a bit beyond its end"),
        (b"20\n" + HEAD + b"e 1 2\n" + BITS, "g.b, preamble, line 3: an edge in the preamble"),
        (b"13\np edge 99 10\n", "g.b: 0 bytes after the preamble, but n=99 needs 663; truncated"),
        (b"19\np edge 100000001 0\n", "g.b, preamble, line 1: 100000001 vertices are more"),
    ],
)
def test_each_mistake_is_named(data, message):
    with pytest.raises(UserError, match=message) as caught:
        dimacs_binary.parse(data, "g.b")
    assert str(caught.value).startswith("g.b")
    assert len(str(caught.value)) < 150


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))
        )
    )
)
def test_round_trip(drawn):
    n, pairs = drawn
    table = sorted({(min(p), max(p)) for p in pairs if p[0] != p[1]}, key=lambda p: p[::-1])
    graph = from_edges(np.array(table).reshape(-1, 2), n)
    data = dimacs_binary.write(graph)
    assert_same(dimacs_binary.parse(data, "g.b"), graph)
    assert len(data) == data.index(b"p") + len(f"p edge {n} {len(table)}\n") + sum(
        i // 8 + 1 for i in range(n)
    )


def test_weights_of_vertices_and_comments_stand_in_the_preamble():
    graph = with_vertex_weights(from_edges([[0, 1], [1, 2]]), [3, 1, -5])
    data = dimacs_binary.write(graph, "c by hand\n")
    assert data.split(b"\n")[1:3] == [b"c by hand", b"p edge 3 2"]
    assert_same(dimacs_binary.parse(data, "g.b"), graph)
    with pytest.raises(UserError, match="no weights of edges"):
        dimacs_binary.write(from_edges([[0, 1, 2]]))


def test_the_suffix_chooses_the_format(tmp_path):
    for name in ("g.clq.b", "g.col.B", "g.b"):
        assert_valid(parse_graph(FILE, name))
    (tmp_path / "g.clq.b").write_bytes(FILE)
    assert read_graph(tmp_path / "g.clq.b").num_edges == 3
    instance = load_instance(f"{tmp_path}/g.clq.b", cache_dir=tmp_path)
    assert (instance.family, instance.public.num_edges) == ("graph", 3)
    with pytest.raises(UserError, match="is binary"):
        export(f"{tmp_path}/g.clq.b", cache_dir=tmp_path)
    assert export(f"{tmp_path}/g.clq.b@complement", cache_dir=tmp_path).startswith("p edge 4 3\n")


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["C125.9", "MANN_a9", "c-fat200-2", "hamming8-4", "p_hat300-2", "san400_0.7_1"]
)
def test_converted_files_of_the_challenge_keep_their_edges(data_dir, name):
    known = entry(f"dimacs/{name}")
    assert known.name in suite("dimacs")
    graph = parse_graph(read_bytes(data_dir / known.path), known.raw_path)
    back = dimacs_binary.parse(dimacs_binary.write(graph, "c converted\n"), "g.b")
    assert edges_sha256(back) == edges_sha256(graph) == known.edges_sha256
