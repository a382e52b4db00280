"""Copies of the registry's graphs: whichever is used, the instance is the same."""

import gzip

import pytest

from dnnbench.errors import UserError
from dnnbench.instances import copies
from dnnbench.instances.convert import graph_sha256
from dnnbench.instances.formats import dimacs
from dnnbench.instances.generators.dimacs import construction
from dnnbench.instances.graph import Graph
from dnnbench.instances.load import export, load_instance, locate, raw_bytes, verify
from dnnbench.instances.registry import entry, suite

from .same import assert_same

NAME = "dimacs/hamming6-4"
GRAPH = construction(NAME)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def put(folder, content, name=NAME):
    path = folder / entry(name).raw_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def turned(graph):
    """The same graph in another file: comments, and the edges from the last to the first."""
    lines = [f"e {v + 1} {u + 1}\n" for u, v in graph.edges[::-1].tolist()]
    return f"c other\np col {graph.num_vertices} {graph.num_edges}\n{''.join(lines)}".encode()


@pytest.mark.parametrize("folder", ["data", "cache"])
@pytest.mark.parametrize("content", [dimacs.write(GRAPH).encode(), turned(GRAPH)])
def test_every_copy_is_the_same_instance(tmp_path, cache, folder, content):
    made = load_instance(NAME, data_dir=tmp_path / "data", cache_dir=cache)
    assert made.source == "generated"
    put(tmp_path / folder, content)
    found = load_instance(NAME, data_dir=tmp_path / "data", cache_dir=cache)
    assert found.source == {"data": "data folder"}.get(folder, folder)
    assert_same(found.public, made.public)
    assert found.sha256 == made.sha256 == entry(NAME).raw_sha256
    checked = verify([NAME], data_dir=tmp_path / "data", cache_dir=cache)
    assert [each.ok for each in checked] == [True]
    assert locate(NAME, data_dir=tmp_path / "data", cache_dir=cache) is not None
    assert raw_bytes(NAME, data_dir=tmp_path / "data", cache_dir=cache) == content


@pytest.mark.parametrize(
    "content",
    [
        dimacs.write(GRAPH).replace("e 1 16\n", "e 1 15\n").encode(),
        dimacs.write(construction("dimacs/hamming6-2")).encode(),
        dimacs.write(GRAPH).encode()[:-9],
        b"p edge 2 1\ne 1 9\n",
        b"\x00",
    ],
)
def test_a_copy_of_other_edges_is_damaged(tmp_path, cache, content):
    assert content != dimacs.write(GRAPH).encode()
    put(tmp_path, content)
    with pytest.raises(UserError, match=f"{NAME}: the copy in the data folder is damaged"):
        load_instance(NAME, data_dir=tmp_path, cache_dir=cache)
    (checked,) = verify([NAME], data_dir=tmp_path, cache_dir=cache)
    assert not checked.ok


def test_a_graph_whose_edges_are_not_recorded_needs_the_file_itself(tmp_path, cache):
    name = "dimacs/brock200_1"
    known = entry(name)
    assert known.edges_sha256 is None
    lines = "".join(f"e {u} {v}\n" for v in range(2, 201) for u in range(1, v))
    lines = "\n".join(lines.split("\n")[: known.m])
    put(tmp_path, f"p edge {known.n} {known.m}\n{lines}\n".encode(), name)
    with pytest.raises(UserError, match="damaged"):
        load_instance(name, data_dir=tmp_path, cache_dir=cache)


@pytest.mark.parametrize(
    "wrong",
    [
        construction("dimacs/hamming6-2"),
        Graph(64, GRAPH.edges[:-1], GRAPH.weights[:-1]),
        Graph(64, GRAPH.edges[::-1], GRAPH.weights * 2),
    ],
)
def test_a_generator_gone_wrong_is_noticed(cache, monkeypatch, wrong):
    monkeypatch.setattr(copies, "construction", lambda name: wrong)
    with pytest.raises(UserError, match="generator makes another graph"):
        load_instance(NAME, cache_dir=cache)
    assert [each.ok for each in verify([NAME], cache_dir=cache)] == [False]


def test_constructions_need_no_file(cache):
    names = [n for n in (*suite("dimacs"), *suite("mis_dimacs")) if copies.is_construction(n)]
    assert len(names) == 24
    for checked in verify(names, cache_dir=cache):
        assert checked == (checked.name, True, "generated")
    instance = load_instance("mis/keller6-complement", cache_dir=cache)
    assert (instance.public.num_vertices, instance.public.num_edges) == (3361, 1026582)
    assert graph_sha256(instance.public) == entry("mis/keller6-complement").edges_sha256
    assert export(NAME, cache_dir=cache) == dimacs.write(GRAPH)


def test_a_packed_copy(tmp_path, cache):
    path = tmp_path / entry(NAME).path
    path.parent.mkdir()
    path.write_bytes(gzip.compress(turned(GRAPH)))
    assert_same(load_instance(NAME, data_dir=tmp_path, cache_dir=cache).public, GRAPH)
