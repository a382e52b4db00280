"""Sizes, violations, repair and maximality against enumeration and networkx."""

import itertools

import networkx as nx
import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.exact import (
    IndependentSet,
    MaxClique,
    VertexCover,
    WeightedIndependentSet,
)
from dnnbench.problems.independent_set.tiny import tiny_graphs

PROBLEMS = (IndependentSet(), WeightedIndependentSet(), MaxClique(), VertexCover())


def points(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.uint8)


def random_graph(seed, n=8, p=0.4, weighted=False):
    rng = np.random.default_rng(seed)
    pairs = [e for e in itertools.combinations(range(n), 2) if rng.random() < p]
    edges = np.array(pairs, np.int32).reshape(-1, 2)
    weights = rng.integers(1, 9, n) if weighted else None
    return Graph(n, edges, np.ones(len(edges), np.int64), weights)


def complement(graph):
    present = {tuple(e) for e in graph.edges.tolist()}
    every = itertools.combinations(range(graph.num_vertices), 2)
    pairs = [e for e in every if e not in present]
    edges = np.array(pairs, np.int32).reshape(-1, 2)
    return Graph(graph.num_vertices, edges, np.ones(len(edges), np.int64))


def best(problem, graph):
    values = [
        v.objective
        for z in points(graph.num_vertices)
        if (v := problem.verify(z, graph, None)).feasible
    ]
    return max(values) if problem.sense == "max" else min(values)


def violations_by_hand(problem, graph, z):
    """Pairs in conflict inside the set, edges that a cover misses: one pair after another."""
    adjacent = {tuple(e) for e in graph.edges.tolist()}
    count = 0
    for i, j in itertools.combinations(range(graph.num_vertices), 2):
        if problem.name == "vertex_cover":
            count += (i, j) in adjacent and not z[i] and not z[j]
        elif z[i] and z[j]:
            count += ((i, j) in adjacent) != (problem.name == "max_clique")
    return count


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
@pytest.mark.parametrize("seed", range(3))
def test_every_point_is_judged_as_by_hand(problem, seed):
    graph = random_graph(seed, n=6, weighted=True)
    for z in points(6):
        verdict = problem.verify(z, graph, None)
        assert verdict.violation == violations_by_hand(problem, graph, z)
        assert verdict.metrics["chosen"] == z.sum()
        if not verdict.feasible:
            assert verdict.objective == (6 if problem.name == "vertex_cover" else 0)
            assert verdict.metrics["maximal"] == 0
            continue
        worth = graph.vertex_weights @ z if problem.name == "mwis" else z.sum()
        assert verdict.objective == worth
        changed = []
        for i in range(6):
            other = z.copy()
            other[i] = problem.name != "vertex_cover"
            changed.append(not np.array_equal(other, z) and problem.verify(other, graph, None))
        larger = any(v and v.feasible for v in changed)
        assert verdict.metrics["maximal"] == (not larger)


@pytest.mark.parametrize("seed", range(5))
def test_independence_cover_and_clique_numbers(seed):
    """alpha(G) = n - tau(G) = omega(complement of G), and networkx agrees."""
    graph = random_graph(seed)
    alpha = best(IndependentSet(), graph)
    assert alpha == 8 - best(VertexCover(), graph)
    assert alpha == best(MaxClique(), complement(graph))
    other = nx.Graph()
    other.add_nodes_from(range(8))
    other.add_edges_from(complement(graph).edges.tolist())
    assert alpha == nx.max_weight_clique(other, weight=None)[1]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_polish_repairs_and_completes(problem):
    rng = np.random.default_rng(0)
    for seed in range(20):
        graph = random_graph(seed, n=12, weighted=True)
        z = rng.integers(0, 2, 12, dtype=np.uint8)
        before = z.copy()
        polished = problem.polish("greedy", z, graph, np.random.default_rng(1), lambda: False)
        verdict = problem.verify(polished, graph, None)
        assert verdict.feasible
        assert verdict.metrics["maximal"] == 1
        np.testing.assert_array_equal(z, before)
        if problem.verify(z, graph, None).feasible:  # nothing is taken from what is right
            chosen, after = problem.answer(z), problem.answer(polished)
            assert np.all(after >= chosen)


def test_repair_takes_the_centre_of_a_star_not_its_leaves():
    star = Graph(6, np.array([[0, i] for i in range(1, 6)], np.int32), np.ones(5, np.int64))
    whole = np.ones(6, np.uint8)
    repaired = IndependentSet().polish("greedy", whole, star, np.random.default_rng(0), bool)
    np.testing.assert_array_equal(repaired, [0, 1, 1, 1, 1, 1])


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_random_answers_are_maximal_and_differ(problem):
    graph = random_graph(3, n=12, weighted=True)
    made = [problem.random(graph, np.random.default_rng(s)) for s in range(10)]
    assert all(problem.verify(z, graph, None).metrics["maximal"] for z in made)
    assert len({z.tobytes() for z in made}) > 1


@pytest.mark.parametrize("complemented", [False, True])
@pytest.mark.parametrize("p", [0.2, 0.8])
def test_conflicts_agree_with_their_matrix(complemented, p):
    graph = random_graph(5, n=9, p=p)
    conflicts = Conflicts(graph, complemented, np.ones(9, np.int64))
    assert conflicts.implicit == (complemented and p == 0.2)
    truth = np.zeros((9, 9))
    for i, j in (complement(graph) if complemented else graph).edges:
        truth[i, j] = truth[j, i] = 1
    np.testing.assert_array_equal(conflicts.adjacency.toarray(), truth)
    np.testing.assert_array_equal(conflicts.degrees, truth.sum(axis=1))
    assert conflicts.num_edges == truth.sum() / 2
    x = np.random.default_rng(0).normal(size=(9, 2))
    np.testing.assert_allclose(conflicts.counts(x), truth @ x, atol=1e-12)
    for i in range(9):
        np.testing.assert_array_equal(conflicts.neighbours(i), np.flatnonzero(truth[i]))
    stored = conflicts.stored.toarray()
    rest = np.ones((9, 9)) - np.eye(9)
    np.testing.assert_array_equal(rest - stored if conflicts.implicit else stored, truth)
    assert conflicts.stored_graph.num_edges == stored.sum() / 2
    np.testing.assert_array_equal(conflicts.stored_graph.degrees, stored.sum(axis=1))


def test_a_complement_that_is_too_large_is_refused_with_its_size():
    graph = Graph(100_000, np.array([[0, 1]], np.int32), np.ones(1, np.int64))
    conflicts = Conflicts(graph, True, np.ones(100_000, np.int64))
    assert conflicts.counts(np.ones(100_000))[:3].tolist() == [99_998, 99_998, 99_999]
    with pytest.raises(UserError, match=r"4,999,949,999 edges, 112 GiB"):
        _ = conflicts.adjacency


def test_a_large_sparse_graph_is_judged_without_its_complement():
    n = 200_000
    edges = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1).astype(np.int32)
    path = Graph(n, edges, np.ones(n - 1, np.int64))
    z = np.zeros(n, np.uint8)
    z[[5, 6]] = 1
    verdict = MaxClique().verify(z, path, None)
    assert (verdict.objective, verdict.violation, verdict.metrics["maximal"]) == (2, 0, 1)
    z[9] = 1
    assert MaxClique().verify(z, path, None).violation == 2


def test_tiny_graphs_have_something_to_find():
    """A random maximal set is not always a largest one."""
    missed = 0
    for graph in tiny_graphs().values():
        draws = [IndependentSet().random(graph, np.random.default_rng(s)) for s in range(50)]
        sizes = {int(z.sum()) for z in draws}
        assert max(sizes) == best(IndependentSet(), graph)
        missed += len(sizes) > 1
    assert missed


def test_what_does_not_fit_is_refused():
    with pytest.raises(UserError, match="needs a graph"):
        IndependentSet().check(np.zeros(3))
    with pytest.raises(UserError, match="at least one vertex"):
        IndependentSet().check(random_graph(0, n=0))
    with pytest.raises(UserError, match="vertex weights, and this graph has none"):
        WeightedIndependentSet().check(random_graph(0))
    for weights in ([1, 0, 2], [1.0, np.nan, 1.0], [2**53, 1, 1]):
        graph = Graph(3, np.zeros((0, 2), np.int32), np.zeros(0, np.int64), np.array(weights))
        with pytest.raises(UserError, match="mwis needs"):
            WeightedIndependentSet().check(graph)
    for z in ([0, 1], np.zeros(2, np.uint8), np.zeros(3), np.array([0, 1, 2], np.uint8)):
        with pytest.raises(ValueError, match="a set of vertices"):
            IndependentSet().verify(z, random_graph(0, n=3), None)
    with pytest.raises(UserError, match="solution has 2 values"):
        IndependentSet().read_solution("0\n1\n", random_graph(0, n=3))
