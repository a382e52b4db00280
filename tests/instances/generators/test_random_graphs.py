from collections import Counter

import networkx as nx
import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.convert import graph_sha256
from dnnbench.instances.generators import random_graphs as made
from dnnbench.instances.generators.spec import parse_spec

from ..same import assert_valid

# One small graph of each kind. The digests pin the graphs: should one change, results of earlier
# releases no longer belong to the same instances, and the generator needs a new name.
PINNED = {
    "gen/random_regular-n20-d3-s1": "ea3dc7610c053722",
    "gen/gnp-n30-p0.2-s1": "305991f2f9cf8469",
    "gen/gnm-n30-m50-s1": "748405940b419a1a",
    "gen/barabasi_albert-n30-m2-s1": "e4c1e65194d01443",
    "gen/toroidal_2d-r4-c5-s1": "8eaf63b876444f2d",
    "gen/toroidal_3d-l3-wgauss-s1": "76a2bb0e89d49820",
    "gen/sk-n12-s1": "24c9660c34d64103",
}


@pytest.mark.parametrize("name", PINNED)
def test_graphs_are_valid_and_pinned(name):
    graph = parse_spec(name).generate()
    assert_valid(graph)
    assert graph_sha256(graph)[:16] == PINNED[name]


@pytest.mark.parametrize("name", PINNED)
def test_one_seed_repeats_and_two_differ(name):
    first, again = (graph_sha256(parse_spec(name).generate()) for _ in range(2))
    other = graph_sha256(parse_spec(name[:-2] + "s2").generate())
    assert first == again != other


@pytest.mark.parametrize("n", range(1, 12))
def test_random_regular_graphs_exist_for_every_feasible_degree(n):
    for d in range(n):
        if n * d % 2:
            with pytest.raises(UserError, match=f"n={n} has all degrees d={d}"):
                made.random_regular(n, d, 1)
            continue
        graph = made.random_regular(n, d, 1)
        assert_valid(graph)
        assert graph.degrees.tolist() == [d] * n


@pytest.mark.parametrize(("n", "d"), [(20_000, 3), (2000, 7), (200, 99), (200, 150)])
def test_random_regular_degrees_are_exact(n, d):
    assert set(made.random_regular(n, d, 5).degrees.tolist()) == {d}


@pytest.mark.parametrize("d", [2, 3])
def test_random_regular_is_uniform(d):
    """Of the 70 labelled 2-regular graphs on 6 vertices, 10 are two triangles; so for cubic."""
    seen = Counter(made.random_regular(6, d, seed).edges.tobytes() for seed in range(7000))
    assert len(seen) == 70
    assert sum((count - 100) ** 2 / 100 for count in seen.values()) < 120  # chi-square, 69 degrees


def test_gnp_has_the_binomial_number_of_edges_and_no_favourite_pairs():
    n, p = 400, 0.1
    pairs = n * (n - 1) / 2
    sizes = [made.gnp(n, p, seed).num_edges for seed in range(20)]
    assert abs(np.mean(sizes) - pairs * p) < 4 * np.sqrt(pairs * p * (1 - p) / 20)
    counts = sum(made.gnp(8, 0.3, seed).adjacency.toarray() for seed in range(1000))
    upper = counts[np.triu_indices(8, 1)]
    assert np.all(np.abs(upper - 300) < 5 * np.sqrt(1000 * 0.3 * 0.7))


def test_pairs_are_numbered_exactly_also_in_the_largest_graphs():
    assert made._pair_keys(np.arange(6), 10).tolist() == [1, 2, 12, 3, 13, 23]
    for v in [*range(1, 50), *range(99_999_900, 99_999_999)]:
        first, last = v * (v - 1) // 2, v * (v + 1) // 2 - 1
        keys = made._pair_keys(np.array([first, last]), 10**8)
        assert keys.tolist() == [v, (v - 1) * 10**8 + v]


def test_gnp_at_the_ends():
    assert made.gnp(10, 0.0, 1).num_edges == 0
    assert made.gnp(10, 1.0, 1).num_edges == 45
    assert made.gnp(1, 0.5, 1).num_edges == 0
    assert made.gnp(30, 0.999, 1).num_edges > 400


@pytest.mark.parametrize("m", [0, 1, 22, 44, 45])
def test_gnm_has_exactly_m_edges(m):
    graph = made.gnm(10, m, 1)
    assert_valid(graph)
    assert graph.num_edges == m


def test_barabasi_albert_grows_from_a_star():
    graph = made.barabasi_albert(500, 3, 1)
    assert_valid(graph)
    assert graph.num_edges == 3 + 496 * 3
    assert graph.degrees.min() >= 1
    assert nx.is_connected(nx.Graph(graph.edges.tolist()))
    assert graph.degrees.max() > 30  # hubs; a random graph with these counts has none
    assert made.barabasi_albert(4, 3, 1).num_edges == 3


def test_toroidal_3d_is_the_cubic_torus():
    graph = made.toroidal_3d(4, 1)
    expected = nx.grid_graph([4, 4, 4], periodic=True)
    number = {(x, y, z): (x * 4 + y) * 4 + z for x, y, z in expected.nodes}
    assert {*map(frozenset, graph.edges.tolist())} == {
        frozenset((number[a], number[b])) for a, b in expected.edges
    }
    assert set(graph.weights.tolist()) == {-1, 1}


def test_sk_is_complete_and_gauss_weights_are_normal():
    graph = made.sk(100, 1, "gauss")
    assert graph.num_edges == 4950
    assert not graph.integral
    assert abs(graph.weights.mean()) < 0.1
    assert abs(graph.weights.std() - 1) < 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: made.random_regular(5, 5, 1), "n=5 has all degrees d=5"),
        (lambda: made.random_regular(10, -2, 1), "d=-2"),
        (lambda: made.gnp(5, 1.5, 1), r"p=1\.5 is not in 0\.\.1"),
        (lambda: made.gnp(5, float("nan"), 1), "p=nan"),
        (lambda: made.gnm(5, 11, 1), r"m=11 is not in 0\.\.10"),
        (lambda: made.barabasi_albert(5, 0, 1), r"m=0 is not in 1\.\.4"),
        (lambda: made.toroidal_2d(2, 9, 1), "sides of at least 3"),
        (lambda: made.toroidal_3d(2, 1), "side of at least 3"),
        (lambda: made.sk(0, 1), "at least one vertex"),
        (lambda: made.sk(10**6, 1), "edges are more than"),
        (lambda: made.gnm(10**9, 5, 1), "vertices are more than"),
        (lambda: made.gnp(10**6, 0.5, 1), "edges are more than"),
    ],
)
def test_impossible_arguments(make, message):
    with pytest.raises(UserError, match=message):
        make()
