import itertools

import numpy as np
import pytest

from dnnbench.baselines.base import Limits
from dnnbench.baselines.cut_bound import StoppedError, cut_bound
from dnnbench.baselines.goemans_williamson import GoemansWilliamson, _Relaxation
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.graph import Graph

N = 12
PAIRS = np.array(list(itertools.combinations(range(N), 2)), np.int32)
SIDES = (np.arange(2 ** (N - 1))[:, None] >> np.arange(N)) & 1  # the last vertex on side 0
CROSSING = SIDES[:, PAIRS[:, 0]] != SIDES[:, PAIRS[:, 1]]


def random_graph(seed):
    """A graph of 12 vertices: its density and kind of weights (unit, signed, real) vary too."""
    rng = np.random.default_rng(seed)
    kept = rng.random(len(PAIRS)) < rng.uniform(0.1, 1.0)
    kind = seed % 3
    if kind == 0:
        weights = np.ones(len(PAIRS), np.int64)
    elif kind == 1:
        weights = rng.integers(-5, 6, len(PAIRS))
    else:
        weights = rng.normal(size=len(PAIRS))
    graph = Graph(N, PAIRS[kept], weights[kept])
    return graph, (CROSSING[:, kept] @ weights[kept]).max()


def never():
    return False


def bound_of(graph, y, seed=0):
    return cut_bound(graph, y, np.random.default_rng(seed), never)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_the_bound_is_never_below_the_exact_cut(maxcut, search, first):
    for seed in range(first, first + 50):
        graph, optimum = random_graph(seed)
        run = search()
        GoemansWilliamson(1e-9).solve(
            maxcut, graph, np.random.default_rng(seed), Limits(restarts=1), run
        )
        bound = run.notes["upper_bound"]
        assert bound >= optimum
        assert bound <= run.notes["relaxation_value"] * (1 + 1e-3) + 1e-6
        if (graph.weights >= 0).all():
            assert 0.878 * bound <= optimum


@pytest.mark.parametrize("seed", range(30))
def test_any_dual_point_gives_a_bound(seed):
    """Far from feasible, far inside, zero: the eigenvalue mends it, at a price."""
    graph, optimum = random_graph(seed)
    rng = np.random.default_rng(seed)
    for y in (np.zeros(N), rng.normal(size=N), 100 * rng.random(N), -50 * rng.random(N)):
        assert bound_of(graph, y) >= optimum


@pytest.mark.parametrize("seed", range(10))
def test_the_bound_is_the_dual_value_with_the_exact_smallest_eigenvalue(seed):
    graph, _ = random_graph(seed)
    y = np.random.default_rng(seed).normal(size=N)
    smallest = np.linalg.eigvalsh(graph.adjacency.toarray() + np.diag(y))[0]
    value = graph.weights.sum() / 2 + (y.sum() + N * max(-smallest, 0)) / 4
    assert value <= bound_of(graph, y) <= value + 2e-3 * N * abs(smallest)


def test_the_bound_is_exact_where_the_relaxation_is_known(maxcut, search):
    """The odd cycle: n/2 (1 + cos(pi/n)); the complete graph: n^2 / 4."""
    cycle = Graph(5, np.array([[0, 1], [1, 2], [2, 3], [3, 4], [0, 4]], np.int32), np.ones(5, int))
    complete = parse_spec("gen/sk-n9-wone-s1").generate()
    for graph, value in ((cycle, 2.5 * (1 + np.cos(np.pi / 5))), (complete, 81 / 4)):
        run = search()
        GoemansWilliamson(1e-12).solve(
            maxcut, graph, np.random.default_rng(0), Limits(restarts=1), run
        )
        assert run.notes["relaxation_value"] == pytest.approx(value, rel=1e-6)
        assert value - 1e-9 <= run.notes["upper_bound"] <= value * (1 + 1e-4)


def test_hyperplanes_keep_the_guarantee_on_average():
    graph = parse_spec("gen/gnm-n200-m1000-s8").generate()
    rng = np.random.default_rng(0)
    relaxation = _Relaxation(graph, rng)
    relaxation.sweep(300)
    u, v = graph.edges.T
    cuts = [relaxation.round(1, rng) for _ in range(200)]
    mean = np.mean([np.sum(z[u] != z[v]) for z in cuts])
    assert 0.878 * relaxation.value <= mean <= relaxation.value


def test_rounding_returns_the_best_of_its_hyperplanes():
    graph = parse_spec("gen/gnm-n50-m200-wpm-s8").generate()
    relaxation = _Relaxation(graph, np.random.default_rng(0))
    relaxation.sweep(50)
    planes = np.random.default_rng(1).normal(size=(relaxation._vectors.shape[1], 40))
    sides = relaxation._vectors @ planes > 0
    u, v = graph.edges.T
    best = max(int(graph.weights[sides[u, k] != sides[v, k]].sum()) for k in range(40))
    z = relaxation.round(40, np.random.default_rng(1))
    assert graph.weights[z[u] != z[v]].sum() == best


def test_sweeps_lower_the_value_by_what_they_say():
    graph = parse_spec("gen/gnm-n80-m300-wgauss-s8").generate()
    relaxation = _Relaxation(graph, np.random.default_rng(0))
    assert np.allclose(np.linalg.norm(relaxation._vectors, axis=1), 1)
    for _ in range(20):
        before = relaxation.value
        fallen = relaxation.sweep(1)
        assert relaxation.value - before == pytest.approx(fallen / 2, abs=1e-9)
    assert np.allclose(np.linalg.norm(relaxation._vectors, axis=1), 1)


def test_a_bound_that_was_stopped_is_not_noted(maxcut, search):
    graph, _ = random_graph(1)
    with pytest.raises(StoppedError):
        cut_bound(graph, np.ones(N), np.random.default_rng(0), lambda: True)
    run = search(stop_after=0)
    GoemansWilliamson(1e-9).solve(maxcut, graph, np.random.default_rng(0), Limits(), run)
    assert "upper_bound" not in run.notes
    assert run.offers


def test_half_of_the_steps_go_to_the_hyperplanes(maxcut, search):
    graph = parse_spec("gen/gnm-n200-m1000-s8").generate()
    run = search()
    GoemansWilliamson(1e-15).solve(maxcut, graph, np.random.default_rng(0), Limits(steps=40), run)
    _, _, steps, planes = run.offers[-1]
    assert (steps, planes) == (40, 20)


def test_a_tolerance_that_is_never_met_ends_all_the_same(maxcut, search, monkeypatch):
    monkeypatch.setattr(_Relaxation, "sweep", lambda self, count: 1.0)
    graph, optimum = random_graph(1)
    run = search()
    GoemansWilliamson(1e-9).solve(maxcut, graph, np.random.default_rng(0), Limits(restarts=1), run)
    assert run.offers[-1][2] == 20_001
    assert run.notes["upper_bound"] >= optimum
