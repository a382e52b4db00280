import itertools

import numpy as np
import pytest

from dnnbench.baselines import burer_monteiro_kernel as kernel
from dnnbench.baselines.base import Limits
from dnnbench.baselines.burer_monteiro import BurerMonteiro, _Circle
from dnnbench.baselines.local_search import LocalSearch
from dnnbench.instances.generators.spec import parse_spec


@pytest.fixture(scope="module")
def graph():
    return parse_spec("gen/gnm-n60-m300-wgauss-s4").generate()


def objective(graph, theta):
    """The relaxation itself, edge by edge."""
    u, v = graph.edges[:, 0], graph.edges[:, 1]
    return float(np.sum(graph.weights * np.cos(theta[u] - theta[v])))


def rows(graph):
    a = graph.adjacency
    return a.indptr.astype(np.int64), a.indices.astype(np.int32), a.data


def test_value_and_gradient_are_those_of_the_relaxation(graph):
    theta = np.random.default_rng(0).uniform(-4, 4, graph.num_vertices)
    gradient, aligned = np.empty_like(theta), np.empty_like(theta)
    arrays = (np.cos(theta), np.sin(theta))
    value = kernel._evaluate(*rows(graph), *arrays, gradient, aligned)
    assert value == pytest.approx(objective(graph, theta))
    assert kernel._value(*rows(graph), *arrays) == pytest.approx(value)
    step = 1e-6
    for i in range(0, graph.num_vertices, 7):
        shift = np.zeros_like(theta)
        shift[i] = step
        slope = (objective(graph, theta + shift) - objective(graph, theta - shift)) / (2 * step)
        assert gradient[i] == pytest.approx(slope, abs=1e-6)


def test_each_iteration_descends(graph):
    circle = _Circle(graph)
    theta = np.random.default_rng(1).uniform(-np.pi, np.pi, graph.num_vertices)
    circle.begin(theta)
    values = [objective(graph, circle._theta)]
    while not circle.flat:
        circle.descend(1)
        values.append(objective(graph, circle._theta))
    assert len(values) > 5
    assert all(b <= a for a, b in itertools.pairwise(values))
    assert values[-1] < 0.5 * sum(-abs(graph.weights)) * 0.5


def half_planes(graph, theta):
    """Every cut by a line through the origin, the slow way."""
    for angle in np.sort(np.mod(theta, np.pi)):
        for side in (angle - 1e-9, angle + 1e-9):
            yield (np.mod(theta - side, 2 * np.pi) < np.pi).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_the_sweep_finds_the_best_half_plane(graph, maxcut, seed):
    theta = np.random.default_rng(seed).uniform(-9, 9, graph.num_vertices)
    best = max(maxcut.verify(z, graph, None).objective for z in half_planes(graph, theta))
    turn = np.mod(theta, 2 * np.pi)
    spins = np.where(turn < np.pi, 1.0, -1.0)
    order = np.argsort(np.mod(turn, np.pi), kind="stable")
    moved = spins.copy()
    place = kernel.sweep(*rows(graph), order, moved, moved * (graph.adjacency @ moved))
    assert np.array_equal(moved, -spins)  # half a turn
    spins[order[:place]] *= -1
    found = maxcut.verify((spins > 0).astype(np.uint8), graph, None).objective
    assert found == pytest.approx(best)


def test_a_cut_cannot_be_improved_by_flips_of_one_or_two(graph, maxcut):
    circle = _Circle(graph)
    circle.begin(np.random.default_rng(3).uniform(-np.pi, np.pi, graph.num_vertices))
    circle.descend(200)
    z = circle.cut()
    value = maxcut.verify(z, graph, None).objective
    pairs = [[v] for v in range(graph.num_vertices)] + graph.edges.tolist()
    for flips in pairs:
        other = z.copy()
        other[flips] ^= 1
        assert maxcut.verify(other, graph, None).objective <= value + 1e-9


def test_the_scale_of_the_weights_changes_nothing(graph, maxcut, search):
    from dataclasses import replace

    found = []
    for scale in (1.0, 2.0**20):
        run = search()
        scaled = replace(graph, weights=graph.weights * scale)
        rng = np.random.default_rng(0)
        BurerMonteiro(3, 0.2).solve(maxcut, scaled, rng, Limits(restarts=2), run)
        found.append(run.offers[-1][0])
    assert np.array_equal(*found)


def test_perturbing_beats_starting_afresh_and_local_search(maxcut, search):
    graph = parse_spec("gen/gnm-n800-m4694-s6").generate()
    values = {}
    for name, baseline, limits in [
        ("local", LocalSearch("best"), Limits(restarts=300)),
        ("afresh", BurerMonteiro(1, 1e-9), Limits(steps=3000)),
        ("perturbed", BurerMonteiro(10, 0.2), Limits(steps=3000)),
    ]:
        run = search()
        baseline.solve(maxcut, graph, np.random.default_rng(0), limits, run)
        values[name] = run.best
    assert values["perturbed"] > values["afresh"] > values["local"]
