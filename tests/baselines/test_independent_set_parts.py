"""Parts of the baselines for independent sets: claims, clique covers, greedy, local search."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from dnnbench.baselines.independent_set.common import Incumbent, random_set, whole
from dnnbench.instances.graph import Graph
from dnnbench.problems.independent_set.conflicts import Conflicts

from .test_independent_set import CLIQUE, COVER, MIS, MWIS, made, random_graph, solve


def test_covers_are_what_a_set_leaves_out(search):
    graph = random_graph(1, 9, 0.4)
    run = search()
    best = Incumbent(COVER, graph, run)
    chosen = random_set(best.conflicts, np.random.default_rng(0))
    best.offer(chosen, 1, 2)
    best.note_bound(6.0, False)
    z, claim, *counts = run.offers[0]
    assert np.array_equal(z, 1 - chosen)
    assert claim == 9 - chosen.sum()
    assert counts == [1, 2]
    assert run.notes == {"lower_bound": 3.0, "optimum_proved": False}


def test_real_weights_become_whole_ones_that_order_sets_alike():
    graph = random_graph(2, 12, 0.3, "real")
    conflicts = MWIS.shown(graph)
    numbers = whole(conflicts)
    assert numbers.values.dtype == np.int64
    assert numbers.values.min() >= 1
    assert numbers.values.sum() < 2**46
    error = np.abs(numbers.values / numbers.scale - conflicts.weights).sum()
    assert 0 < error == pytest.approx(numbers.error)
    assert error < 1e-11 * conflicts.weights.sum()
    given = np.array([3, 2**52, 5])
    assert np.array_equal(whole(Conflicts(graph, False, given)).values, given)


def test_random_sets_are_maximal_and_differ():
    conflicts = CLIQUE.shown(random_graph(3, 40, 0.6))
    rng = np.random.default_rng(0)
    sets = [random_set(conflicts, rng) for _ in range(20)]
    for chosen in sets:
        beside = conflicts.counts(chosen)
        assert not beside[chosen == 1].any()
        assert beside[chosen == 0].min() > 0
    assert len({chosen.tobytes() for chosen in sets}) > 10


# The clique cover --------------------------------------------------------------------------------


def cliques_of(conflicts):
    from dnnbench.baselines.independent_set.clique_cover import clique_cover

    cover = clique_cover(conflicts, lambda: False, "cp_sat")
    ends = cover.starts.tolist()
    return [set(cover.members[a:b].tolist()) for a, b in pairwise(ends)]


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.1])
def test_cliques_are_maximal_and_hold_every_conflict(p):
    pytest.importorskip("numba")
    conflicts = MIS.shown(random_graph(11, 40, p))
    dense = conflicts.adjacency.toarray().astype(bool)
    covered = np.zeros_like(dense)
    cliques = cliques_of(conflicts)
    for clique in cliques:
        members = sorted(clique)
        inside = dense[np.ix_(members, members)]
        assert inside.sum() == len(members) * (len(members) - 1) > 0
        others = np.setdiff1d(np.arange(40), members)
        assert not dense[np.ix_(others, members)].all(axis=1).any()
        covered[np.ix_(members, members)] = True
    assert np.array_equal(covered & dense, dense)
    assert len(cliques) == {0.0: 0, 1.1: 1}.get(p, len(cliques))


def test_a_cover_made_in_many_pieces_is_the_same(monkeypatch):
    pytest.importorskip("numba")
    from dnnbench.baselines.independent_set import clique_cover

    conflicts = MIS.shown(random_graph(12, 60, 0.4))
    whole_one = cliques_of(conflicts)
    monkeypatch.setattr(clique_cover, "_WORK", 300)
    assert cliques_of(conflicts) == whole_one
    assert clique_cover.clique_cover(conflicts, lambda: True, "cp_sat") is None


# Minimum degree ----------------------------------------------------------------------------------


@pytest.mark.parametrize("complemented", [False, True])
@pytest.mark.parametrize("weights", [None, "whole", "real"])
def test_the_greedy_takes_the_best_free_vertex(weights, complemented):
    """The rule, replayed in NumPy, vertex by vertex."""
    pytest.importorskip("numba")
    from dnnbench.baselines.independent_set.min_degree import passes

    for seed, p in enumerate((0.05, 0.3, 0.8)):
        graph = random_graph(seed, 60, p, weights)
        own = graph.vertex_weights if weights else np.ones(60, np.int64)
        conflicts = Conflicts(graph, complemented, own)
        dense = conflicts.adjacency.toarray()
        greedy = passes(conflicts, "min_degree")
        greedy.begin(np.random.default_rng(seed))
        free = np.ones(60, bool)
        before = greedy.chosen
        while not greedy.over:
            entered = greedy.run(1)
            added = np.flatnonzero(greedy.chosen != before)
            before = greedy.chosen
            assert len(added) == entered <= 1
            if not entered:
                continue
            merit = own / (dense @ free + 1)
            assert free[added[0]]
            assert merit[added[0]] == merit[free].max()
            free[added[0]] = False
            free[dense[added[0]] > 0] = False
        assert not free.any()


@pytest.mark.parametrize("weights", [None, "whole"])
def test_ties_and_later_passes_differ(weights):
    pytest.importorskip("numba")
    from dnnbench.baselines.independent_set.min_degree import passes

    greedy = passes((MWIS if weights else MIS).shown(random_graph(1, 50, 0.2, weights)), "x")
    rng = np.random.default_rng(0)
    sets = set()
    for _ in range(20):
        greedy.begin(rng)
        while not greedy.over:
            greedy.run(7)
        sets.add(greedy.chosen.tobytes())
    assert len(sets) > 5


# Two-improvement ---------------------------------------------------------------------------------


def two_improvement(conflicts, seed=0, patience=1000):
    pytest.importorskip("numba")
    from dnnbench.baselines.independent_set.two_improvement import _Run

    run = _Run(conflicts, np.random.default_rng(seed), patience, lambda: False)
    assert run.advance(1) == 0
    return run


def check_state(run, conflicts):
    """Counts, sums, order and values are those of the set."""
    s, kernel = run._arrays, run._kernel
    n = len(s.of)
    order, weights, best = s.lists[kernel.ORDER], s.of[:, kernel.WEIGHT], s.flags[:, kernel.BEST]
    chosen = np.zeros(n, np.int64)
    chosen[order[: s.state[kernel.SIZE]]] = 1
    dense = conflicts.adjacency.toarray()
    assert np.array_equal(np.sort(order), np.arange(n))
    assert np.array_equal(order[s.of[:, kernel.PLACE]], np.arange(n))
    assert not (dense @ chosen)[chosen == 1].any()
    tight = dense @ chosen
    sums = [dense @ (chosen * weights), tight, dense @ (chosen * np.arange(n))]
    near = s.of[:, [kernel.BURDEN, kernel.TIGHT, kernel.OWNER, kernel.ALONE]]
    assert np.array_equal(near, np.transpose([*sums, chosen * (dense @ (tight == 1))]))
    assert s.state[kernel.VALUE] == chosen @ weights
    assert s.state[kernel.MOST] == best @ weights
    assert not (dense @ best)[best == 1].any()
    assert not s.state[[kernel.PENDING, kernel.RAISED]].any()
    assert not s.flags[:, [kernel.PENDING, kernel.RAISED]].any()
    return chosen, dense


@pytest.mark.parametrize("weights", [None, "whole"])
@pytest.mark.parametrize("p", [0.05, 0.3, 0.8])
def test_the_state_stays_true_over_steps_kept_and_undone(weights, p):
    graph = random_graph(2, 80, p, weights)
    conflicts = (MWIS if weights else MIS).shown(graph)
    run = two_improvement(conflicts)
    check_state(run, conflicts)
    seen, values = set(), []
    for _ in range(300):
        assert run.advance(1) == 1
        chosen, _ = check_state(run, conflicts)
        seen.add(chosen.tobytes())
        values.append(int(run._arrays.state[run._kernel.VALUE]))
    assert len(seen) > 10
    assert any(b < a for a, b in pairwise(values))  # worse sets are kept
    assert any(np.diff(values) == 0)


@pytest.mark.parametrize("p", [0.05, 0.2, 0.6])
def test_no_single_vertex_can_be_exchanged_for_two(p):
    """By trying every exchange at every local optimum of a run."""
    conflicts = MIS.shown(random_graph(3, 60, p))
    run = two_improvement(conflicts)
    for _ in range(50):
        chosen, dense = check_state(run, conflicts)
        beside = dense @ chosen
        assert beside[chosen == 0].min() > 0
        for u in np.flatnonzero(chosen):
            alone = np.flatnonzero((beside == 1) & (dense[u] == 1) & (chosen == 0))
            assert dense[np.ix_(alone, alone)].sum() == len(alone) * (len(alone) - 1)
        run.advance(1)


def test_a_lighter_set_is_kept_as_often_as_the_rule_says():
    """One edge between 1000 and 1: the light end is forced in, and stays with probability 1/5.

    Half of the steps force in more than one vertex, which ends at the heavy end again.
    """
    edge = Graph(2, np.array([[0, 1]], np.int32), np.ones(1), np.array([1000, 1]))
    run = two_improvement(MWIS.shown(edge), patience=10**6)
    values = []
    for _ in range(4000):
        run.advance(1)
        values.append(int(run._arrays.state[run._kernel.VALUE]))
    heavy = np.array(values[:-1]) == 1000
    kept = np.mean(np.array(values[1:])[heavy] == 1)
    loss = 999 / 500.5
    assert kept == pytest.approx(0.5 / (1 + loss**2), abs=0.02)


def test_logs_that_are_too_short_are_noticed():
    conflicts = MIS.shown(random_graph(4, 80, 0.1))
    run = two_improvement(conflicts)
    run._arrays = run._arrays._replace(log=np.zeros(2, np.int64))
    for _ in range(200):
        run.advance(1)
        check_state(run, conflicts)
    state = run._arrays.state
    assert state[run._kernel.CHANGES] > 80
    state[run._kernel.MOST] = 0  # so that the next set counts as the best
    run.advance(1)
    assert state[run._kernel.CHANGES] == 0
    check_state(run, conflicts)


def test_slices_make_one_search(monkeypatch):
    from dnnbench.baselines.independent_set import two_improvement as module

    conflicts = MIS.shown(random_graph(5, 100, 0.2))
    runs = [two_improvement(conflicts, patience=20)]
    assert runs[0].advance(500) == 500
    monkeypatch.setattr(module, "_WORK", 1)
    runs.append(module._Run(conflicts, np.random.default_rng(0), 20, lambda: False))
    made, calls = 0, 0
    while made < 500:
        made += runs[1].advance(500 - made)
        calls += 1
    assert calls > 505
    for a, b in zip(runs[0]._arrays, runs[1]._arrays, strict=True):
        assert np.array_equal(a, b)


def test_exchanges_find_what_degrees_do_not(search):
    graph = random_graph(6, 200, 0.1)
    greedy = solve(made("min_degree"), MIS, graph, search(), restarts=20).offers[-1][1]
    exchanged = solve(made("two_improvement"), MIS, graph, search(), steps=2000).offers[-1][1]
    assert exchanged > greedy


def test_patience_ends_a_start_and_the_next_is_another(search):
    graph = random_graph(7, 30, 0.2)
    run = solve(made("two_improvement", patience=2), MIS, graph, search(), restarts=3)
    _, _, steps, restarts = run.offers[-1]
    assert restarts == 3
    assert steps >= 3 * 2 * 30


# Libraries ---------------------------------------------------------------------------------------


def test_the_milliseconds_that_chils_is_given_are_the_steps(search, monkeypatch):
    baseline = made("chils")
    from dnnbench.baselines.independent_set.chils import _Solver

    given, run = [], _Solver.run
    monkeypatch.setattr(_Solver, "run", lambda self, n: given.append(n) or run(self, n))
    steps = solve(baseline, MIS, random_graph(9, 30, 0.2), search(), steps=40).offers[-1][2]
    assert given == [0, 1, 2, 4, 8, 16, 9]
    assert steps == sum(given)


def test_kamis_has_two_short_calls_and_a_long_one_or_its_own_limit(search, monkeypatch):
    baseline, graph = made("kamis"), random_graph(9, 20, 0.2)
    from dnnbench.baselines.independent_set import kamis

    monkeypatch.setattr(kamis, "_DEFAULT_SECONDS", 0.05)
    for limits, expected in (
        ({"steps": 100}, (100, 3)),
        ({"steps": 100, "restarts": 2}, (100, 2)),
        ({"restarts": 2}, (100, 2)),
    ):
        run = solve(baseline, MIS, graph, search(), **limits)
        assert run.offers[-1][2:] == expected
        assert run.notes == {"calls_ended": 0}


@pytest.mark.parametrize("problem", [MIS, MWIS, CLIQUE, COVER], ids=lambda p: p.name)
def test_networkx_answers_what_its_functions_return(problem, search):
    graph = random_graph(10, 30, 0.3, "whole")
    theirs = nx.Graph()
    theirs.add_nodes_from(range(30))
    theirs.add_edges_from(graph.edges.tolist())
    for vertex, weight in enumerate(graph.vertex_weights.tolist()):
        theirs.nodes[vertex]["weight"] = weight if problem is MWIS else 1
    if problem is MIS:
        expected = nx.approximation.maximum_independent_set(theirs)
    elif problem is CLIQUE:
        expected = nx.approximation.max_clique(theirs)
    else:
        expected = nx.approximation.min_weighted_vertex_cover(theirs, weight="weight")
        expected = expected if problem is COVER else set(theirs) - expected
    z = solve(made("networkx_mis"), problem, graph, search()).offers[-1][0]
    assert set(np.flatnonzero(z)) == set(expected)


@pytest.mark.parametrize(
    ("weights", "error", "closes"),
    [(None, 0.0, 0.999), (None, 0.01, 0.97), ("whole", 1e-6, 0.999), ("real", 1e-6, 1.5e-6)],
)
def test_nothing_is_proved_while_a_better_set_may_exist(weights, error, closes, search):
    pytest.importorskip("numba")
    from dnnbench.baselines.independent_set.bounded import _Run
    from dnnbench.baselines.independent_set.common import Weights

    graph = random_graph(2, 20, 0.3, weights)
    best = Incumbent(MWIS if weights else MIS, graph, search())
    best.offer(random_set(best.conflicts, np.random.default_rng(0)), 0, 0)
    run = _Run(best, Weights(best.conflicts.weights * 2.0, 2.0, error), search())
    assert run.open
    run.learn(3, 2 * (best.value + (1.0 if weights != "real" else 1e-5)))
    assert run.open
    run.learn(2, 2 * (best.value + closes))
    assert not run.open
    assert run.steps == 3
    assert best.value <= run.bound <= best.value + 1


# Processes of their own --------------------------------------------------------------------------


def test_a_call_that_does_not_end_is_ended_and_leaves_no_answer(search):
    graph = random_graph(8, 400, 0.5)
    baseline = made("networkx_mis", algorithm="exact")
    run = solve(baseline, MIS, graph, search(seconds=1.0, tick=0.02))
    assert run.offers == []
    assert run.notes == {"calls_ended": 1, "optimum_proved": False}


def test_what_goes_wrong_in_the_process_is_said():
    from dnnbench.baselines.apart.child import loaded

    with loaded("independent_set.networkx") as child:
        child.send({"algorithm": "nothing"}, ())
        with pytest.raises(RuntimeError, match="ValueError: not enough values"):
            child.answer(lambda: False)
    assert not child.lives
    with loaded("independent_set.networkx") as child:
        child._process.kill()
        with pytest.raises(RuntimeError, match="killed by signal 9"):
            child.answer(lambda: False)


def test_a_process_that_died_while_it_waited_is_replaced():
    from dnnbench.baselines.apart import child

    child.load("independent_set.networkx")
    child._WAITING["independent_set.networkx"]._process.kill()
    child._WAITING["independent_set.networkx"]._process.wait()
    with child.loaded("independent_set.networkx") as alive:
        assert alive.lives
