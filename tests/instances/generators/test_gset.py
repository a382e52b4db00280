import hashlib

import pytest

from dnnbench.errors import UserError
from dnnbench.instances.formats import rudy
from dnnbench.instances.generators.gset import arguments, gset
from dnnbench.instances.registry import entry, suite

from ..same import assert_same


def test_there_are_71_graphs_and_no_others():
    numbers = {*range(1, 68), 70, 72, 77, 81}
    assert set(arguments()) == {f"G{i}" for i in numbers}
    assert {f"gset/{name}" for name in arguments()} == set(suite("gset"))


@pytest.mark.parametrize("name", sorted(arguments(), key=lambda name: int(name[1:])))
def test_every_graph_is_the_published_file_byte_for_byte(name):
    known = entry(f"gset/{name}")
    graph = gset(name)
    text = rudy.write(graph).encode()
    assert hashlib.sha256(text).hexdigest() == known.raw_sha256
    assert (graph.num_vertices, graph.num_edges) == (known.n, known.m)
    assert_same(rudy.parse(text, name), graph)


def test_unknown_graph_names_the_nearest():
    with pytest.raises(UserError, match=r"unknown G-set graph 'G68' .*'G6"):
        gset("G68")
