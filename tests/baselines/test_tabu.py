from itertools import pairwise

import numpy as np
import pytest

from dnnbench.baselines import tabu_kernel
from dnnbench.baselines.base import Limits
from dnnbench.baselines.local_search import LocalSearch
from dnnbench.baselines.tabu import Tabu, _Phase
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.graph import Graph


@pytest.fixture(scope="module")
def graph():
    return parse_spec("gen/gnm-n300-m1200-s3").generate()


def play(graph, steps, tenure=10, patience=1000, seed=0):
    """Flips of a phase, one step at a time, with the spins before and the gains of each."""
    phase = _Phase(graph, Tabu(tenure, patience, 0.1), np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    phase.begin(rng.integers(0, 2, graph.num_vertices, dtype=np.uint8))
    rows = []
    for _ in range(steps):
        before, gains, values = phase._spins.copy(), phase._gains.copy(), phase._values.copy()
        phase.run(1)
        rows.append((before, gains, values, np.flatnonzero(phase._spins != before)))
    return phase, rows


def test_gains_and_values_stay_true(graph, maxcut):
    phase, _ = play(graph, 500)
    spins = phase._spins
    assert np.array_equal(phase._gains, spins * (graph.adjacency @ spins))
    z = (spins > 0).astype(np.uint8)
    assert phase._values[0] == maxcut.verify(z, graph, None).objective
    assert phase._values[1] == maxcut.verify(phase.z, graph, None).objective


def test_each_step_flips_the_best_vertex_that_is_not_tabu(graph):
    """The rule itself, replayed in NumPy: tabu for tenure + 1..10 steps, unless it aspires."""
    _, rows = play(graph, 600)
    last = np.full(graph.num_vertices, -(10**6))
    aspired = 0
    for step, (_, gains, (value, best), flipped) in enumerate(rows):
        assert len(flipped) == 1
        v = flipped[0]
        age = step - last
        surely_free = age > 10 + tabu_kernel.SHORTEST_RANDOM + 1
        surely_tabu = age <= 10 + 1
        if surely_tabu[v]:
            aspired += 1
            assert value + gains[v] > best
        else:
            assert gains[v] >= gains[surely_free].max()
        last[v] = step
    assert aspired < 60


@pytest.mark.parametrize("best_before", [0, 100])
def test_a_tabu_vertex_is_flipped_only_for_a_new_best_value(best_before):
    """A star whose centre is tabu: all gains lie there, the leaves' flips gain less."""
    edges = np.array([[0, leaf] for leaf in range(1, 8)], np.int32)
    star = Graph(8, edges, np.ones(7, np.int64))
    phase = _Phase(star, Tabu(10, 1000, 0.1), np.random.default_rng(0))
    phase.begin(np.zeros(8, np.uint8))
    phase._tabu[0], phase._members[0], phase._state[3] = 50, 0, 1
    phase._values[1] = best_before
    phase.run(1)
    assert (phase._spins[0] == 1) == (best_before == 0)


def test_a_phase_leaves_local_optima(graph):
    _, rows = play(graph, 600)
    values = [values[0] for _, _, values, _ in rows]
    assert any(b < a for a, b in pairwise(values))
    assert max(values) > values[next(i for i, row in enumerate(rows) if row[1].max() <= 0)]


def test_slices_make_one_phase(graph):
    whole, sliced = (_Phase(graph, Tabu(5, 3, 0.1), np.random.default_rng(1)) for _ in range(2))
    z = np.random.default_rng(2).integers(0, 2, graph.num_vertices, dtype=np.uint8)
    whole.begin(z)
    sliced.begin(z)
    total = whole.run(10**6)
    assert whole.over
    assert sum(sliced.run(37) for _ in range(-(-total // 37))) == total
    assert sliced.over
    assert np.array_equal(whole.z, sliced.z)


def test_patience_ends_a_phase(graph):
    phase, _ = play(graph, 0, patience=2)
    made = phase.run(10**7)
    assert phase.over
    assert made >= 2 * graph.num_vertices
    assert phase._state[1] - phase._state[2] == 2 * graph.num_vertices


def test_beats_local_search_with_as_many_flips(graph, maxcut, search):
    runs = []
    for baseline in (Tabu(None, 3, 0.2), LocalSearch("best")):
        runs.append(search())
        baseline.solve(maxcut, graph, np.random.default_rng(0), Limits(steps=100_000), runs[-1])
    assert runs[0].best > runs[1].best


def test_a_long_tenure_does_not_freeze_a_small_graph(maxcut, search):
    pair = parse_spec("gen/sk-n5-wone-s1").generate()
    run = search()
    Tabu(1000, 5, 0.5).solve(maxcut, pair, np.random.default_rng(0), Limits(restarts=5), run)
    assert run.best == 6
