import gzip

import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import parse_graph, read_graph

RUDY = "4 2 \n1 2 1\n2 4 1\n"
DIMACS = "c hello\np edge 4 2\ne 1 2\ne 2 4\n"
ZERO = "0 1\n1 3\n"
THREE = "# x\n1 3 1\n0 1 1\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("G1", RUDY),
        ("g.rudy", RUDY),
        ("g.mc", RUDY),
        ("g.txt", RUDY),
        ("g.txt", "4 2\n1 2\n2 4\n"),
        ("g.txt", ZERO),
        ("g.txt", THREE),
        ("g.edges", ZERO),
        ("g.EDGELIST", THREE),
        ("g.csv", "u,v\n0,1\n1,3\n"),
        ("g.clq", DIMACS),
        ("g.gph", DIMACS),
        ("g.col", DIMACS),
        ("noname", DIMACS),
        ("g.txt", DIMACS),
        ("g.graph", "4 2\n2\n1 4\n\n2\n"),
        ("g.edges", "# Nodes: 4 Edges: 5\n4 1\n1 4\n4 9\n4 9\n6 6\n"),
    ],
)
def test_suffix_and_content_choose_the_format(tmp_path, name, text):
    assert parse_graph(text.encode(), name).num_vertices == 4
    (tmp_path / (name + ".gz")).write_bytes(gzip.compress(text.encode()))
    graph = read_graph(tmp_path / (name + ".gz"))
    assert sorted(graph.edges.tolist()) == [[0, 1], [1, 3]]


def test_a_cut_off_rudy_file_is_never_taken_for_an_edge_list():
    for name in ("g.txt", "g", "g.edges"):
        for text in ("9 4 \n1 2 1\n2 4 1\n", "9 4\n1 2\n2 4\n"):
            if name == "g.edges" and "1 2 1" not in text:
                continue  # nothing tells them apart; an edge list by its suffix
            with pytest.raises(UserError, match=r"^g(\.txt|\.edges)?[:,]"):
                parse_graph(text.encode(), name)


def test_read_graph_passes_the_cap_on(tmp_path):
    (tmp_path / "g").write_text(RUDY)
    with pytest.raises(UserError, match="cap of 5 bytes"):
        read_graph(tmp_path / "g", max_bytes=5)
