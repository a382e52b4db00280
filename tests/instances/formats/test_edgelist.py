import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import from_edges
from dnnbench.instances.formats import edgelist

from ..same import assert_same


def test_vertices_count_from_0_and_n_is_the_largest_plus_1():
    assert_same(edgelist.parse(b"0 1\n1 4 -2\n", "g"), from_edges([[0, 1, 1], [1, 4, -2]]))


def test_comment_says_the_number_of_vertices():
    graph = edgelist.parse(b"% a comment, \xc3\xa9\n# n = 9\n0 1\n  # more\n1 2\n", "g")
    assert_same(graph, from_edges([[0, 1], [1, 2]], 9))
    assert edgelist.parse(b"#n=4\n", "g").num_edges == 0


def test_csv_with_column_names():
    text = b"source, target ,weight\r\n0,1,0.5\r\n1 , 2,1\r\n"
    assert_same(edgelist.parse(text, "g", commas=True), from_edges([[0, 1, 0.5], [1, 2, 1.0]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n1 0\n", "g, line 2: edge 0 1 stands already on line 1"),
        ("# hi\n\n3 3\n", "g, line 3: self-loop at vertex 3"),
        ("0 -1\n", r"g, line 1: vertex -1 is not in 0\.\.0"),
        ("# n=3\n0 3\n", r"g, line 2: vertex 3 is not in 0\.\.2"),
        ("0 1\n0 2000000000\n", "g: 2000000001 vertices are more than the 100000000 accepted"),
        ("# n=99999999999\n0 1\n", "g: 99999999999 vertices are more than .*"),
        ("# n=3\n# n=4\n0 1\n", "g: several '# n=' comments that differ"),
        ("# n=0\n", "g: a graph needs at least one vertex, not 0"),
        ("# nothing\n", "g: no edges, and no '# n=' comment"),
        ("0,1\n", "g, line 1: '0,1' is not a number"),
        ("0\n", "g, line 1: expected 'u v' or 'u v w', found 1 number"),
        ("4 2\n0 1 1\n1 2 1\n", "g, line 1: reads as the header of a rudy file; .*"),
        ("4 2\n1 2\n2 3\n", "g, line 1: reads as the header of a rudy file; .*"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message + "$"):
        edgelist.parse(text.encode(), "g")


def test_a_comment_resolves_the_ambiguity():
    assert edgelist.parse(b"# n=5\n4 2\n1 2\n2 3\n", "g").num_edges == 3


@pytest.mark.parametrize("text", ["0,1\n1,,2\n", "a,b\n1,\n", "\n,1,2\n"])
def test_empty_field_in_csv(text):
    with pytest.raises(UserError, match=r"g, line 2: empty field"):
        edgelist.parse(text.encode(), "g", commas=True)


@pytest.mark.parametrize("table", [[[0, 1]], [[0, 2, 0.25], [1, 2, 1]], [[3, 1], [0, 1]]])
def test_round_trip(table):
    graph = from_edges(table, 7)
    assert_same(edgelist.parse(edgelist.write(graph).encode(), "g"), graph)
