"""Baselines for independent sets, cliques and covers: optima, claims, limits, proofs."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from dnnbench.baselines.base import Limits
from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph
from dnnbench.instances.load import load_instance
from dnnbench.problems.independent_set.exact import (
    IndependentSet,
    MaxClique,
    VertexCover,
    WeightedIndependentSet,
)

from .conftest import CONFIGS, load

MIS, MWIS, CLIQUE, COVER = (
    IndependentSet(),
    WeightedIndependentSet(),
    MaxClique(),
    VertexCover(),
)
PROBLEMS = {problem.name: problem for problem in (MIS, MWIS, CLIQUE, COVER)}
PACKAGES = {
    "chils": "chils",
    "kamis": "chszlablib",
    "cp_sat": "ortools",
    "highs_mis": "highspy",
    "min_degree": "numba",
    "two_improvement": "numba",
}
EXACT = ["cp_sat", "highs_mis"]
IN_CHILDREN = ["cp_sat", "highs_mis", "kamis", "networkx_mis"]
ENOUGH = {"chils": {"steps": 100}, "kamis": {"steps": 100}}
"""Work that finds the optimum of a tiny graph, where a step is a millisecond."""


def made(name, **changes):
    """A baseline with its default settings and these, or a skip if its package is not there."""
    package = PACKAGES.get(name)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"the package {package} is not installed")
    path = next(path for path in CONFIGS if path.stem == name)
    raw, kind, settings = load(path)
    quick = raw.get("_conformance", {}).get("settings", {})
    return kind(**(settings | quick | changes))


def marks(name, problem):
    """Those that start a process take a second each: on one problem, and on all in the full run."""
    return [pytest.mark.full] if name in IN_CHILDREN and problem != "mis" else []


PAIRS = [
    pytest.param(
        path.stem,
        PROBLEMS[problem],
        id=f"{path.stem}-{problem}",
        marks=marks(path.stem, problem),
    )
    for path in CONFIGS
    for problem in load(path)[0]["_about"]["problems"]
    if problem in PROBLEMS
]
NAMES = sorted({param.values[0] for param in PAIRS})


def solve(baseline, problem, graph, search, seed=0, **limits):
    baseline.prepare(problem, graph)
    baseline.solve(problem, graph, np.random.default_rng(seed), Limits(**limits), search)
    return search


def random_graph(seed, n, p, weights=None):
    rng = np.random.default_rng(seed)
    edges = np.argwhere(np.triu(rng.random((n, n)) < p, 1)).astype(np.int32)
    values = {
        None: None,
        "whole": rng.integers(1, 9, n),
        "real": rng.exponential(size=n),
        "large": rng.integers(10**11, 10**13, n),
    }
    return Graph(n, edges, np.ones(len(edges), np.int64), values[weights])


def optimum(problem, graph):
    """By enumeration: every set as a bit mask, heaviest among those without a conflict."""
    conflicts = problem.shown(graph)
    n = graph.num_vertices
    masks = np.arange(2**n)
    allowed = np.ones(2**n, bool)
    adjacency = conflicts.adjacency.tocoo()
    for u, v in zip(adjacency.row.tolist(), adjacency.col.tolist(), strict=True):
        allowed &= ~((masks >> u & 1) & (masks >> v & 1)).astype(bool)
    worth = np.where(allowed, ((masks[:, None] >> np.arange(n)) & 1) @ conflicts.weights, 0).max()
    return n - worth if problem.covers else worth


def check_offers(problem, graph, offers):
    """Claims are what verification finds, nothing is infeasible, counts never fall."""
    assert offers
    for z, claim, _, _ in offers:
        verdict = problem.verify(z, graph, None)
        assert verdict.violation == 0
        assert claim == verdict.objective
    for counts in ([o[2] for o in offers], [o[3] for o in offers]):
        assert counts == sorted(counts)
    values = [claim for _, claim, _, _ in offers]
    assert values == sorted(values, reverse=problem.sense == "min")


# Every baseline on every problem -----------------------------------------------------------------


@pytest.mark.parametrize(("name", "problem"), PAIRS)
def test_finds_the_optimum_of_the_tiny_graphs(name, problem, search):
    baseline = made(name)
    for key, graph in problem.tiny().items():
        run = solve(
            baseline, problem, graph, search(), **ENOUGH.get(name, {"restarts": 30, "steps": 3000})
        )
        check_offers(problem, graph, run.offers)
        if name != "networkx_mis":
            assert run.offers[-1][1] == optimum(problem, graph), key


@pytest.mark.parametrize(("name", "problem"), PAIRS)
def test_is_the_same_for_the_same_seed_and_ends_within_its_limits(name, problem, search):
    baseline = made(name)
    graph = problem.tiny()["cliques"]
    every = ({"restarts": 2, "steps": 60}, {"restarts": 2}, {"steps": 60}, {"steps": 3})
    for limits in every[:1] if name in IN_CHILDREN else every[1:]:
        first, second = (solve(baseline, problem, graph, search(), **limits) for _ in range(2))
        assert len(first.offers) == len(second.offers)
        for a, b in zip(first.offers, second.offers, strict=True):
            assert np.array_equal(a[0], b[0])
            assert a[1:] == b[1:]
        assert first.notes == second.notes
        _, _, steps, restarts = first.offers[-1]
        assert steps <= limits.get("steps", np.inf)
        assert restarts <= limits.get("restarts", np.inf)


@pytest.mark.parametrize("stop_after", [0, 1, 5])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"kamis", "networkx_mis"}))
def test_stops_when_told_with_something_to_show(name, search, stop_after):
    graph = random_graph(3, 60, 0.2)
    run = solve(made(name), MIS, graph, search(stop_after=stop_after))
    check_offers(MIS, graph, run.offers)
    assert run.asked <= stop_after + 2 or run.notes["optimum_proved"]


@pytest.mark.parametrize("name", NAMES)
def test_ends_with_the_clock(name, search):
    graph = random_graph(4, 40, 0.3)
    run = solve(made(name), COVER, graph, search(seconds=2.0))
    check_offers(COVER, graph, run.offers)


@pytest.mark.parametrize("name", NAMES)
def test_graphs_without_edges_and_without_non_edges(name, search):
    nothing = Graph(4, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    everything = random_graph(0, 4, 1.1)
    single = Graph(1, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    cases = [
        (COVER, nothing, 0),
        (COVER, everything, 3),
        (CLIQUE, everything, 4),
        (MIS, single, 1),
        (MIS, nothing, 4),
        (CLIQUE, nothing, 1),
        (MIS, everything, 1),
        (COVER, single, 0),
    ]
    for problem, graph, best in cases[: 4 if name in IN_CHILDREN else 8]:
        run = solve(made(name), problem, graph, search(), restarts=2, steps=50)
        check_offers(problem, graph, run.offers)
        assert run.offers[-1][1] == best


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_another_run(name, search):
    if name in EXACT:
        pytest.skip("its first set is that of min_degree")
    drawing = {"kamis": {"variant": "online_mis"}, "networkx_mis": {"algorithm": "maximal"}}
    baseline, graph = made(name, **drawing.get(name, {})), random_graph(5, 150, 0.1)
    runs = [
        solve(baseline, MIS, graph, search(), seed, **ENOUGH.get(name, {"restarts": 1}))
        for seed in range(3)
    ]
    assert len({run.offers[0][0].tobytes() for run in runs}) > 1


# Proofs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, "whole", "real", "large"])
@pytest.mark.parametrize("name", EXACT)
def test_proves_what_enumeration_finds(name, weights, search):
    problems = (MIS, CLIQUE, COVER) if weights is None else (MWIS,)
    densities = (0.3, 0.9) if name in IN_CHILDREN else (0.1, 0.3, 0.6, 0.9)
    for seed, p in enumerate(densities):
        graph = random_graph(seed, 13, p, weights)
        for problem in problems:
            run = solve(made(name), problem, graph, search())
            check_offers(problem, graph, run.offers)
            best = optimum(problem, graph)
            assert run.proved
            assert run.offers[-1][1] == pytest.approx(best, rel=1e-12)
            bound = run.notes["lower_bound" if problem.covers else "upper_bound"]
            if weights in (None, "whole"):
                assert bound == best
            else:
                assert best <= bound <= best * (1 + 1e-5)


@pytest.mark.parametrize("problem", [MIS, COVER], ids=["mis", "cover"])
@pytest.mark.parametrize("name", EXACT)
def test_a_stopped_run_claims_no_proof_and_bounds_the_optimum(name, problem, search):
    graph = random_graph(7, 80, 0.3)
    best = solve(made("two_improvement"), problem, graph, search(), steps=2000).offers[-1][1]
    run = solve(made(name), problem, graph, search(stop_after=2))
    check_offers(problem, graph, run.offers)
    assert not run.notes["optimum_proved"]
    if problem.covers:
        assert run.notes["lower_bound"] <= best
    else:
        assert run.notes["upper_bound"] >= best


@pytest.mark.parametrize("name", EXACT)
def test_steps_bound_the_work_and_leave_an_open_bound(name, search):
    graph = random_graph(8, 90, 0.25)
    run = solve(made(name), MIS, graph, search(), steps=2)
    assert run.offers[-1][2] <= 2
    assert not run.proved
    assert run.notes["upper_bound"] > run.offers[-1][1]


def test_networkx_proves_by_branch_and_bound(search):
    for weights, problems in ((None, (MIS, CLIQUE, COVER)), ("whole", (MWIS,))):
        graph = random_graph(9, 13, 0.4, weights)
        for problem in problems:
            run = solve(made("networkx_mis", algorithm="exact"), problem, graph, search())
            assert run.offers[-1][1] == optimum(problem, graph)
            assert run.proved


# Use ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "blocked"),
    [
        ("min_degree", "numba"),
        ("two_improvement", "numba"),
        ("chils", "chils"),
        ("cp_sat", "ortools"),
        ("highs_mis", "highspy"),
        ("kamis", "chszlablib"),
    ],
)
def test_says_which_extra_is_missing(name, blocked, search, monkeypatch):
    baseline = made(name)
    import sys

    for module in list(sys.modules):
        if module.startswith((blocked, "dnnbench.baselines.independent_set")) or (
            blocked == "numba" and module.startswith("dnnbench.baselines.local_search_kernel")
        ):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, blocked, None)
    extra = "kamis" if name == "kamis" else "baselines"
    with pytest.raises(UserError, match=rf"{name}.*dnnbench\[{extra}\]"):
        solve(baseline, MIS, random_graph(0, 4, 0.5), search(), steps=1)


@pytest.mark.parametrize(
    ("name", "setting", "nearest"),
    [
        ("kamis", {"variant": "redumiss"}, "redumis"),
        ("networkx_mis", {"algorithm": "exat"}, "exact"),
    ],
)
def test_a_misspelt_choice_is_answered_with_the_nearest(name, setting, nearest, search):
    with pytest.raises(UserError, match=f"did you mean '{nearest}'"):
        solve(made(name, **setting), MIS, random_graph(0, 4, 0.5), search(), steps=1)


# Public instances --------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(("instance", "size"), [("C125.9", 34), ("keller4", 11)])
@pytest.mark.parametrize(
    "name",
    [
        "two_improvement",
        "chils",
        pytest.param("kamis", marks=pytest.mark.full),
        pytest.param("cp_sat", marks=pytest.mark.full),
    ],
)
def test_reaches_the_largest_known_clique(name, instance, size, search):
    folder = os.environ.get("DNNBENCH_DATA")
    if folder is None:
        pytest.skip("DNNBENCH_DATA is not set")
    graph = load_instance(
        f"dimacs/{instance}", data_dir=Path(folder), cache_dir=Path(folder)
    ).public
    steps = {"two_improvement": 3000, "chils": 100, "kamis": 4000, "cp_sat": 6000}
    run = solve(made(name), CLIQUE, graph, search(), steps=steps[name])
    check_offers(CLIQUE, graph, run.offers)
    assert run.offers[-1][1] == size
