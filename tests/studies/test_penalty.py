"""The penalty's minimisers, against perturbations, networkx, and the three statements."""

import itertools
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest

from dnnbench.studies.penalty import breaks, strict_minimisers

SEEDS = range(6)


def random_adjacency(seed, n=8):
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) < rng.uniform(0.2, 0.7), 1)
    return (upper | upper.T).astype(np.float64)


def loss(x, a, gamma, prime):
    b = 1 - np.eye(len(a)) - a
    return -x.sum() + gamma / 2 * x @ a @ x - prime / 2 * x @ b @ x


def maximal_sets(a):
    """Cliques that cannot be extended, of the complement."""
    n = len(a)
    other = nx.Graph()
    other.add_nodes_from(range(n))
    other.add_edges_from(e for e in itertools.combinations(range(n), 2) if not a[e])
    return {frozenset(c) for c in nx.find_cliques(other)}


def as_sets(points):
    return {frozenset(np.flatnonzero(p).tolist()) for p in points}


@pytest.mark.parametrize(("gamma", "prime"), [(0.7, 0.0), (2.0, 0.0), (3.1, 1.03), (0.8, 0.5)])
def test_they_are_what_no_small_step_into_the_cube_improves(gamma, prime):
    a, rng = random_adjacency(0, 6), np.random.default_rng(1)
    found = as_sets(strict_minimisers(a, gamma, prime).sets)
    for point in itertools.product([0.0, 1.0], repeat=6):
        x = np.array(point)
        inward = np.where(x > 0, -1, 1) * rng.uniform(0, 1, (200, 6))
        inward = np.concatenate([inward, np.where(x > 0, -1, 1) * np.eye(6)])
        rises = [loss(x + 1e-4 * d, a, gamma, prime) > loss(x, a, gamma, prime) for d in inward]
        assert (frozenset(np.flatnonzero(x).tolist()) in found) == all(rises)


@pytest.mark.parametrize("seed", SEEDS)
def test_without_the_clique_term_one_is_the_break_point(seed):
    """Above 1 exactly the maximal independent sets; at 1 and below not."""
    a = random_adjacency(seed)
    truth = maximal_sets(a)
    for gamma in (1.01, 2.0, 8.0):
        found = strict_minimisers(a, gamma, 0.0)
        assert as_sets(found.sets) == truth
        assert found.maximal.all()
    assert as_sets(strict_minimisers(a, 1.0, 0.0).sets) != truth


def test_below_one_infeasible_ones_appear():
    infeasible = [
        not strict_minimisers(random_adjacency(s, 10), 0.99, 0.0).independent.all() for s in SEEDS
    ]
    assert sum(infeasible) >= len(SEEDS) - 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("prime", [0.5, 1.0, 3.0])
def test_with_the_clique_term_sets_survive_up_to_their_size(seed, prime):
    a = random_adjacency(seed)
    truth = maximal_sets(a)
    alpha = max(len(s) for s in truth)
    for gamma in (1.01, 1 + prime, 1 + prime * (alpha - 1) + 0.01):
        found = as_sets(strict_minimisers(a, gamma, prime).sets)
        for s in truth:
            beside = [sum(a[i, j] for j in s) for i in range(len(a)) if i not in s]
            survives = all(gamma * d > 1 + prime * (len(s) - d) for d in beside)
            assert (s in found) == survives
            if gamma > 1 + prime * (len(s) - 1):
                assert survives


def test_a_small_penalty_beside_the_clique_term_has_infeasible_minimisers():
    counts = {
        gamma: sum(
            not strict_minimisers(random_adjacency(s), gamma, 1.0).independent.all() for s in SEEDS
        )
        for gamma in (1.01, 10.0)
    }
    assert counts[1.01] == len(SEEDS)
    assert counts[10.0] == 0


def test_too_many_vertices_are_refused():
    with pytest.raises(ValueError, match="at most 20 vertices"):
        strict_minimisers(np.zeros((21, 21)), 2.0, 0.0)


def test_break_curves_lie_where_the_formulas_say():
    gamma = SimpleNamespace(name="gamma", values=(1.0, 10.0))
    prime = SimpleNamespace(name="gamma_prime", values=(0.0, 2.0))
    for x, y, swap in ((gamma, prime, False), (prime, gamma, True)):
        curves = breaks(x, y, 5.0)
        assert len(curves) == 2
        for name, (across, up) in curves.items():
            g, p = np.array((up, across) if swap else (across, up))
            np.testing.assert_allclose(g, 1 if "alpha" not in name else 1 + 4 * p)
    assert len(breaks(gamma, prime, None)) == 1
    assert breaks(gamma, SimpleNamespace(name="learning_rate", values=(1.0,)), 5.0) == {}
