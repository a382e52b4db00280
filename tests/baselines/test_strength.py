"""How the baselines compare, by steps and restarts (never by time)."""

import sys

import networkx as nx
import numpy as np
import pytest

from dnnbench.baselines.base import Limits
from dnnbench.baselines.greedy import Greedy
from dnnbench.baselines.local_search import LocalSearch
from dnnbench.baselines.random import Random
from dnnbench.baselines.simulated_annealing import SimulatedAnnealing
from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph


@pytest.fixture(scope="module")
def sparse_800():
    graph = nx.gnm_random_graph(800, 4800, seed=14)
    edges = np.sort(np.array(graph.edges, dtype=np.int32), axis=1)
    return Graph(800, edges, np.ones(len(edges), np.int64))


def best(baseline, maxcut, instance, search, **limits):
    baseline.prepare(maxcut, instance)
    run = search()
    baseline.solve(maxcut, instance, np.random.default_rng(0), Limits(**limits), run)
    return run.best


@pytest.mark.parametrize("order", ["random", "degree"])
@pytest.mark.parametrize("rule", ["first", "best"])
def test_each_stronger_baseline_beats_the_weaker(maxcut, sparse_800, search, order, rule):
    chance = best(Random(), maxcut, sparse_800, search, restarts=2000)
    greedy = best(Greedy(order), maxcut, sparse_800, search, restarts=20)
    local = best(LocalSearch(rule), maxcut, sparse_800, search, restarts=200)
    annealed = best(SimulatedAnnealing(None), maxcut, sparse_800, search, steps=4000)
    assert 2400 < chance < greedy < annealed
    assert chance < local < annealed


def test_local_search_ends_in_local_optima(maxcut, sparse_800, search):
    for rule in ("first", "best"):
        run = search()
        LocalSearch(rule).solve(
            maxcut, sparse_800, np.random.default_rng(1), Limits(restarts=3), run
        )
        z, claim, _, _ = run.offers[0]
        spins = 2 * z.astype(np.int64) - 1
        assert (spins * (sparse_800.adjacency @ spins)).max() <= 0
        assert claim == maxcut.verify(z, sparse_800, None).objective


def test_greedy_guarantees_half_of_the_weight(maxcut, sparse_800, search):
    run = search()
    Greedy("random").solve(maxcut, sparse_800, np.random.default_rng(1), Limits(restarts=1), run)
    assert run.offers[0][1] >= sparse_800.num_edges / 2


class TestAnnealing:
    def test_slices_play_one_whole_schedule(self, maxcut, sparse_800, search, monkeypatch):
        """A read longer than a slice is as cold at its end as one that is not."""
        places = []
        monkeypatch.setattr(
            "dnnbench.baselines.simulated_annealing._Sampler.anneal",
            lambda self, spins, where: places.append(where) or spins,
        )
        SimulatedAnnealing(9000).solve(
            maxcut, sparse_800, np.random.default_rng(0), Limits(restarts=1), search()
        )
        assert len(places) > 1
        assert np.allclose(np.concatenate(places), np.arange(1, 9001) / 9000)

    def test_sizes_its_reads_by_steps(self, maxcut, sparse_800, search):
        run = search()
        SimulatedAnnealing(None).solve(
            maxcut, sparse_800, np.random.default_rng(0), Limits(steps=1000), run
        )
        assert [(s, r) for _, _, s, r in run.offers] == [
            (0, 0), (50, 1), (200, 2), (1000, 3), (1000, 3)
        ]  # fmt: skip

    def test_one_restart_is_one_read_of_all_steps(self, maxcut, sparse_800, search):
        run = search()
        SimulatedAnnealing(None).solve(
            maxcut, sparse_800, np.random.default_rng(0), Limits(steps=1000, restarts=1), run
        )
        assert [(s, r) for _, _, s, r in run.offers] == [(0, 0), (1000, 1), (1000, 1)]

    def test_a_clock_with_steps_to_spare_changes_nothing(self, maxcut, sparse_800, search):
        """The steps bind, so the reads after the probe are sized by them alone."""
        run = search(seconds=1e6, tick=1e-3)
        SimulatedAnnealing(None).solve(
            maxcut, sparse_800, np.random.default_rng(0), Limits(steps=1050), run
        )
        assert [(s, r) for _, _, s, r in run.offers if r] == [
            (102, 1), (259, 2), (1050, 3), (1050, 3)
        ]  # fmt: skip

    def test_most_of_the_time_goes_into_one_read(self, maxcut, sparse_800, search, monkeypatch):
        """On a machine that does 1000 sweeps a second by the fake clock."""
        run = search(seconds=100.0, tick=0.0)

        def anneal(self, spins, places):
            run.left -= len(places) / 1000
            return spins

        monkeypatch.setattr("dnnbench.baselines.simulated_annealing._Sampler.anneal", anneal)
        SimulatedAnnealing(None).solve(maxcut, sparse_800, np.random.default_rng(0), Limits(), run)
        ends = {r: s for _, _, s, r in run.offers}
        lengths = [ends[1], ends[2] - ends[1], ends[3] - ends[2]]
        assert np.allclose(lengths, [5000, 15000, 79950], rtol=0.01)
        assert 0 >= run.left >= -0.1

    def test_a_machine_that_slows_down_still_gets_cold_in_time(
        self, maxcut, sparse_800, search, monkeypatch
    ):
        run = search(seconds=100.0, tick=0.0)
        read = []

        def anneal(self, spins, places):
            run.left -= len(places) / (1000 if run.left > 50 else 250)
            read.append((run.left, places[-1]))
            return spins

        monkeypatch.setattr("dnnbench.baselines.simulated_annealing._Sampler.anneal", anneal)
        SimulatedAnnealing(None).solve(maxcut, sparse_800, np.random.default_rng(0), Limits(), run)
        left = max(left for left, place in read if left < 50 and place == 1)
        assert 0.3 < left < 2  # the main read's planned end is 0.8 seconds before the clock's


@pytest.mark.parametrize(
    ("baseline", "module"),
    [
        (SimulatedAnnealing(None), "dimod"),
        (SimulatedAnnealing(None), "dwave.samplers"),
        (LocalSearch("best"), "numba"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(
    maxcut, sparse_800, search, monkeypatch, baseline, module
):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "dnnbench.baselines.local_search_kernel", raising=False)
    monkeypatch.delattr("dnnbench.baselines.local_search_kernel", raising=False)
    for call in (
        lambda: baseline.prepare(maxcut, sparse_800),
        lambda: best(baseline, maxcut, sparse_800, search, restarts=1),
    ):
        with pytest.raises(UserError, match=r"needs the extra 'baselines': pip install"):
            call()


@pytest.mark.parametrize(
    ("baseline", "named"),
    [(Greedy("degre"), "did you mean 'degree'"), (LocalSearch("bst"), "did you mean 'best'")],
)
def test_an_unknown_choice_is_named(maxcut, sparse_800, search, baseline, named):
    with pytest.raises(UserError, match=named):
        best(baseline, maxcut, sparse_800, search, restarts=1)
