import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances.convert import from_edges
from dnnbench.instances.formats import parse_graph, snap

from ..same import assert_same, assert_valid

HEAD = "# Directed graph (each unordered pair of nodes is saved once): x.txt \n# Some network\n"
BODY = "30\t10\n10\t30\n70\t70\n10\t20\n10\t20\n"
GRAPH = from_edges([[0, 1], [0, 2]], 4)  # 10, 20, 30, 70


def test_nodes_are_numbered_in_order_and_edges_made_simple():
    graph = snap.parse((HEAD + BODY).encode(), "g.txt")
    assert_valid(graph)
    assert_same(graph, GRAPH)
    assert_same(snap.parse((HEAD + BODY).replace("\n", "\r\n").encode(), "g"), GRAPH)


def test_far_apart_nodes_are_numbered_alike():
    text = "# Undirected graph\n9007199254740991 5\n5 4000000000\n"
    assert_same(snap.parse(text.encode(), "g"), from_edges([[0, 1], [0, 2]]))


@pytest.mark.parametrize("edges", [5, 2, 3])  # lines; different edges without and with the loop
def test_counts_in_the_comment_may_mean_several_things(edges):
    text = f"# Undirected Node Graph\n# Nodes: 4 Edges: {edges}\n{BODY}"
    assert_same(snap.parse(text.encode(), "g"), GRAPH)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Nodes: 4 Edges: 9\n" + BODY, "g, line 1: the comment says 9 edges, but there are 5 "),
        (
            "#\n# Nodes: 5 Edges: 5\n" + BODY,
            "g, line 2: the comment says 5 nodes, the edges have 4",
        ),
        ("# Nodes: 4 Edges: 4\n" + BODY, "g, line 1: the comment says 4 edges, but there are 5 "),
        (HEAD, "g: no edges"),
        (HEAD + "1 2 3\n", "g, line 3: expected 'u v', found 3 numbers"),
        (HEAD + "1\n", "g, line 3: expected 'u v', found 1 number"),
        (HEAD + "1 2\n1 x\n", "g, line 4: 'x' is not a number"),
        (HEAD + "1 2.0\n", "g, line 3: a vertex is not an integer"),
        (HEAD + "\n2 -1\n", r"g, line 4: node -1 is not in 0\.\.9007199254740991"),
        (HEAD + "9007199254740993 1\n", "g, line 3: node 9007199254740992 is not in"),
        (HEAD + "1 " + "9" * 400 + "\n", "g, line 3: node inf is not in"),
    ],
)
def test_each_mistake_is_named_with_its_line(text, message):
    with pytest.raises(UserError, match="^" + message) as caught:
        snap.parse(text.encode(), "g")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("name", ["g.txt", "g.edges", "g", "g.txt.gz", "g.snap"])
@pytest.mark.parametrize("head", [HEAD, "# Nodes: 4 Edges: 5\n", "\n#x\n # undirected graph\n"])
def test_recognised_by_the_comments_at_the_head(name, head):
    assert_same(parse_graph((head + BODY).encode(), name), GRAPH)


@pytest.mark.parametrize(
    "text",
    [
        "# n=80\n" + BODY,
        "# a graph\n" + BODY,
        "# directed\n" + BODY,
        "10 30\n# Directed graph\n" + BODY,  # comes too late
    ],
)
def test_an_ordinary_edge_list_stays_strict(text):
    with pytest.raises(UserError, match=r"stands already|self-loop"):
        parse_graph(text.encode(), "g.edges")


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 2**53 - 1), st.integers(0, 30)), min_size=1))
def test_what_is_read_is_what_a_plain_reading_gives(pairs):
    text = HEAD + "".join(f"{u} {v}\n" for u, v in pairs)
    graph = parse_graph(text.encode(), "g.txt")
    assert_valid(graph)
    number = {node: i for i, node in enumerate(sorted({node for pair in pairs for node in pair}))}
    ends = {(min(number[u], number[v]), max(number[u], number[v])) for u, v in pairs}
    assert graph.num_vertices == len(number)
    assert graph.edges.tolist() == sorted([u, v] for u, v in ends if u != v)
