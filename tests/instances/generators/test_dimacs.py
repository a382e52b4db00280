"""The DIMACS constructions, by the recorded checksums of their edges and by plain definitions."""

import hashlib
import math
from itertools import combinations, product

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import edges_sha256, graph_sha256
from dnnbench.instances.formats import read_graph
from dnnbench.instances.generators import dimacs
from dnnbench.instances.generators.dimacs import construction, is_construction
from dnnbench.instances.graph_view import complement
from dnnbench.instances.registry import registry

from ..same import assert_same, assert_valid

NAMES = [name for name in registry() if is_construction(name)]


def test_which_instances_of_the_registry_are_constructions():
    assert len(NAMES) == 24
    families = {name.split("/")[1].rstrip("0123456789-") for name in NAMES}
    assert families == {
        *("MANN_a", "hamming", "johnson", "keller", "c-fat"),
        *("MANN_a45-complement", "MANN_a81-complement", "keller6-complement"),
        *("hamming10-2-complement", "hamming10-4-complement"),
    }
    for name in ("gset/G1", "dimacs/C125.9", "mis/C2000.9-complement", "keller4", "x/keller4"):
        assert not is_construction(name)


@pytest.mark.parametrize("name", NAMES)
def test_edges_are_those_of_the_published_file(name):
    known, graph = registry()[name], construction(name)
    assert (graph.num_vertices, graph.num_edges) == (known.n, known.m)
    assert graph_sha256(graph) == known.edges_sha256


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_edges_are_those_of_the_file_at_hand(data_dir, name):
    stored = read_graph(data_dir / registry()[name].path)
    assert_same(construction(name), stored.in_order())


def apart(a, b):
    return sum(x != y for x, y in zip(a, b, strict=True))


def edges_where(words, joined):
    return [[i, j] for i, j in combinations(range(len(words)), 2) if joined(words[i], words[j])]


@pytest.mark.parametrize(("n", "d"), [(1, 1), (4, 2), (5, 3), (5, 5)])
def test_hamming_by_its_definition(n, d):
    graph = dimacs.hamming(n, d)
    assert_valid(graph)
    words = list(product("01", repeat=n))
    assert graph.edges.tolist() == edges_where(words, lambda a, b: apart(a, b) >= d)


@pytest.mark.parametrize(("n", "w", "d"), [(6, 2, 4), (7, 3, 4), (5, 1, 1), (4, 4, 1)])
def test_johnson_by_its_definition(n, w, d):
    words = [word for word in product("01", repeat=n) if word.count("1") == w]
    graph = dimacs.johnson(n, w, d)
    assert graph.num_vertices == len(words) == math.comb(n, w)
    assert graph.edges.tolist() == edges_where(words, lambda a, b: apart(a, b) >= d)


@pytest.mark.parametrize("d", [2, 3])
def test_keller_by_its_definition(d):
    def joined(a, b):
        return apart(a, b) >= 2 and any((x - y) % 4 == 2 for x, y in zip(a, b, strict=True))

    words = [word for word in product(range(4), repeat=d) if joined(word, (0,) * d)]
    graph = dimacs.keller(d)
    assert graph.num_vertices == len(words) == 4**d - 3**d - d
    assert graph.edges.tolist() == edges_where(words, joined)


def test_c_fat_by_its_definition():
    graph = dimacs.c_fat(40, 2)
    classes = int(40 / (2 * math.log(40)))
    wanted = edges_where(range(40), lambda a, b: (a - b) % classes in (0, 1, classes - 1))
    assert classes == 5
    assert graph.edges.tolist() == wanted


@pytest.mark.parametrize("v", [9, 15, 27, 81])
def test_mann_covers_a_triple_system(v):
    graph = dimacs.mann(v, complement=True)
    triples = v * (v - 1) // 6
    assert (graph.num_vertices, graph.num_edges) == (v + 3 * triples, 6 * triples)
    points = graph.edges[graph.edges[:, 0] < v]
    assert np.all(points[:, 1] >= v)
    owner = {int(own): int(point) for point, own in points}
    found = [frozenset(owner[v + 3 * t + k] for k in range(3)) for t in range(triples)]
    pairs = {pair for triple in found for pair in combinations(sorted(triple), 2)}
    assert len(pairs) == v * (v - 1) // 2


@pytest.mark.parametrize(
    "make",
    [
        lambda c: dimacs.hamming(6, 3, complement=c),
        lambda c: dimacs.johnson(8, 3, 4, complement=c),
        lambda c: dimacs.keller(4, complement=c),
        lambda c: dimacs.c_fat(150, 3, complement=c),
        lambda c: dimacs.mann(9, complement=c),
    ],
)
def test_the_complement_is_made_at_once(make):
    assert_same(make(True), complement(make(False), "x"))


def test_a_large_one_needs_no_complement_in_between():
    graph = dimacs.keller(6)
    assert (graph.num_vertices, graph.num_edges) == (3361, 3361 * 3360 // 2 - 1026582)
    assert edges_sha256(graph) == graph_sha256(graph)
    seen = hashlib.sha256(graph.edges.astype("<i4").tobytes())
    again = complement(construction("mis/keller6-complement"), "x")
    assert hashlib.sha256(again.edges.astype("<i4").tobytes()).digest() == seen.digest()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: dimacs.hamming(4, 5), r"hamming: d=5 is not in 1\.\.4"),
        (lambda: dimacs.hamming(4, 0), "hamming: d=0"),
        (lambda: dimacs.hamming(0, 0), "hamming: d=0"),
        (lambda: dimacs.hamming(15, 2), r"hamming: 32768 vertices are not in 1\.\.20000"),
        (lambda: dimacs.hamming(10**15, 2), "hamming: too many vertices"),
        (lambda: dimacs.johnson(4, 5, 1), "johnson: needs 1 <= w <= n <= 62"),
        (lambda: dimacs.johnson(10**15, 5, 1), "johnson: needs"),
        (lambda: dimacs.johnson(62, 31, 4), "johnson: too many vertices"),
        (lambda: dimacs.keller(1), "keller: needs at least 2 digits"),
        (lambda: dimacs.keller(8), "keller: 58967 vertices"),
        (lambda: dimacs.keller(10**15), "keller: too many vertices"),
        (lambda: dimacs.c_fat(100, 0), "c_fat: n=100 c=0 gives no class"),
        (lambda: dimacs.c_fat(100, 50), "c_fat: n=100 c=50 gives no class"),
        (lambda: dimacs.c_fat(1, 1), "c_fat: n=1 c=1 gives no class"),
        (lambda: dimacs.c_fat(10**15, 1), "c_fat: too many vertices"),
        (lambda: dimacs.mann(8), "no triple system with v=8: there are those of 9, 15 and"),
        (lambda: dimacs.mann(0), "no triple system with v=0"),
        (lambda: dimacs.mann(3), "no triple system with v=3"),
        (lambda: dimacs.mann(30), "no triple system with v=30"),
        (lambda: dimacs.mann(3**20), "no triple system"),
        (lambda: dimacs.mann(243), r"mann: 29646 vertices are not in 1\.\.20000"),
    ],
)
def test_impossible_or_too_large(make, message):
    with pytest.raises(UserError, match=message):
        make()
