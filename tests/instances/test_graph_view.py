"""Complements of graphs by name."""

import hashlib
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.instances import graph_view
from dnnbench.instances.convert import from_edges
from dnnbench.instances.formats import dimacs
from dnnbench.instances.generators.dimacs import construction
from dnnbench.instances.graph import Graph
from dnnbench.instances.graph_view import complement
from dnnbench.instances.load import export, load_instance, raw_bytes
from dnnbench.instances.registry import entry

from .same import assert_same, assert_valid, with_vertex_weights

PATH = from_edges([[1, 2], [0, 1]], 4)
MISSING = [[0, 2], [0, 3], [1, 3], [2, 3]]


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.data(), st.integers(1, 14), st.integers(1, 40))
def test_exactly_the_missing_edges_in_order(data, n, block):
    pairs = list(combinations(range(n), 2))
    table = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    graph = from_edges(np.array(table).reshape(-1, 2), n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_view, "_BLOCK", block)
        other = complement(graph, "x")
    assert_valid(other)
    assert other.num_vertices == n
    assert [tuple(e) for e in other.edges.tolist()] == sorted(set(pairs) - set(table))


def test_weights_of_vertices_stay():
    weights = [3.0, -1, 0.5, 2]
    other = complement(with_vertex_weights(PATH, weights), "x")
    assert other.vertex_weights.tolist() == weights
    assert complement(PATH, "x").vertex_weights is None


def test_weights_of_edges_are_refused():
    with pytest.raises(UserError, match="g@complement: edges have weights other than 1"):
        complement(from_edges([[0, 1, 2]]), "g@complement")


def test_too_many_edges_are_refused_before_any_is_made(monkeypatch):
    wide = Graph(30_000, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    message = "g: 449985000 edges, which take 6.7 GiB, .*problem=max_clique and problem=mis"
    monkeypatch.setattr(graph_view.np, "empty", None)
    with pytest.raises(UserError, match=message):
        complement(wide, "g")


def test_of_an_instance_of_the_registry(cache):
    base = load_instance("dimacs/hamming6-4", cache_dir=cache)
    seen = load_instance("dimacs/hamming6-4@complement", cache_dir=cache)
    assert (seen.name, seen.family) == ("dimacs/hamming6-4@complement", "graph")
    assert seen.source == base.source == "generated"
    assert_same(seen.public, complement(base.public, "x"))
    assert base.sha256 == entry("dimacs/hamming6-4").raw_sha256
    assert len(seen.sha256) == 64
    assert seen.sha256 != base.sha256
    other = load_instance("dimacs/hamming6-2@complement", cache_dir=cache)
    assert other.sha256 not in (seen.sha256, base.sha256)


def test_weights_by_the_number_of_the_vertex(cache):
    found = load_instance("dimacs/hamming8-4@weights200", cache_dir=cache)
    base = load_instance("dimacs/hamming8-4", cache_dir=cache)
    weights = found.public.vertex_weights
    assert weights.dtype == np.int64
    assert not weights.flags.writeable
    assert weights.tolist() == [(i % 200) + 1 for i in range(1, 257)]
    np.testing.assert_array_equal(found.public.edges, base.public.edges)
    both = load_instance("dimacs/hamming8-4@weights200-complement", cache_dir=cache)
    assert both.name == "dimacs/hamming8-4@complement-weights200"
    np.testing.assert_array_equal(both.public.vertex_weights, weights)
    assert both.public.num_edges == 256 * 255 // 2 - base.public.num_edges
    other = load_instance("dimacs/hamming8-4@weights100", cache_dir=cache)
    assert len({each.sha256 for each in (found, base, both, other)}) == 4


def test_the_sha256_of_a_view_is_fixed(cache):
    found = load_instance("dimacs/hamming6-4@complement", cache_dir=cache)
    base = entry("dimacs/hamming6-4").raw_sha256
    assert found.sha256 == hashlib.sha256(f"{base}@complement".encode()).hexdigest()
    assert found.sha256.startswith("9c7e1117f918dfa4")


def test_the_complement_of_a_complement_has_the_edges_of_the_clique_graph(cache):
    seen = load_instance("mis/hamming10-2-complement@complement", cache_dir=cache)
    assert seen.public.num_edges == 1024 * 1023 // 2 - 5120
    assert_same(complement(seen.public, "x"), construction("mis/hamming10-2-complement"))


def test_of_a_file_and_of_a_generated_graph(tmp_path, cache, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weighted = with_vertex_weights(PATH, [1, 2, 3, 4])
    (tmp_path / "own.clq").write_text(dimacs.write(weighted))
    found = load_instance("own.clq@complement", cache_dir=cache)
    assert (found.name, found.source) == ("own.clq@complement", "file")
    assert found.public.edges.tolist() == MISSING
    assert found.public.vertex_weights.tolist() == [1, 2, 3, 4]
    assert export("own.clq@complement", cache_dir=cache) == dimacs.write(found.public)
    made = load_instance("gen/gnp-p0.50-n9-s1@complement", cache_dir=cache)
    assert made.name == "gen/gnp-n9-p0.5-s1@complement"
    assert (
        made.public.num_edges
        == 36 - load_instance(made.name[:-11], cache_dir=cache).public.num_edges
    )
    assert raw_bytes(made.name, cache_dir=cache) == dimacs.write(made.public).encode()
    (tmp_path / "own.clq").rename(tmp_path / "own@complement")
    whole = load_instance("own@complement", cache_dir=cache)  # a file of that very name
    assert whole.public.edges.tolist() == PATH.edges.tolist()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gset/G11@complement", "gset/G11@complement: edges have weights other than 1"),
        ("gset/G11@gray", "gset/G11 is no picture, .*a graph has NAME@complement"),
        ("gset/G11@complement-gray", "gset/G11 is no picture, .*a graph has NAME@complement"),
        ("gset/G11@complment", r"unknown change 'complment' \(did you mean 'complement'"),
        ("gset/G11@weight200", r"unknown change 'weight200' \(did you mean 'weights'"),
        ("gset/G11@weights", "unknown change 'weights'"),
        ("gset/G11@weights0", "weights are taken modulo at least 1"),
        ("gset/G11@weights2-weights3", "'weights3' is one change too many"),
        ("gset/G11@complement-complement", "'complement' is one change too many"),
        ("weighted.clq@weights2", r"weighted\.clq@weights2: the vertices have weights already"),
        ("skimage/camera@gray-weights5", "skimage/camera is a picture, so it has no complement"),
        ("skimage/camera@complement", "skimage/camera is a picture, so it has no complement"),
        ("satlib/uf20-01@complement", "satlib/uf20-01 is no graph, so it has no complement"),
        ("gset/G99@complement", r"unknown instance 'gset/G99' \(did you mean"),
        ("dimacs/hamming6-4@complement@complement", "unknown instance 'dimacs/hamming6-4@compl"),
        ("no/such.clq@complement", r"no such file, .*: no/such\.clq$"),
        ("gen/qubo-n5-p1-s1@complement", "gen/qubo-n5-p1-s1 is no graph, so it has no compl"),
        ("gen/sk-n5-s1@complement", "edges have weights other than 1"),
        ("gen/sk-n5-s1@gray", "gen/sk-n5-s1 is no picture"),
        ("own.png@complement", r"own\.png is a picture, so it has no complement"),
        ("own.ising@complement", r"own\.ising is no graph, so it has no complement"),
    ],
)
def test_wrong_names(tmp_path, cache, monkeypatch, name, message):
    from dnnbench.instances.formats.pictures import write_picture

    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.png").write_bytes(write_picture(np.zeros((2, 2, 1), np.uint8)))
    (tmp_path / "own.ising").write_text("0 1 1\n")
    (tmp_path / "weighted.clq").write_text("p edge 2 1\nn 1 5\ne 1 2\n")
    with pytest.raises(UserError, match=message):
        load_instance(name, cache_dir=cache)
