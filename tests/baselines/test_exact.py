import itertools

import numpy as np
import pytest

from dnnbench.baselines.base import Limits
from dnnbench.baselines.exact import ExactCut
from dnnbench.baselines.odd_cycles import Separation, tree_cut
from dnnbench.instances.generators.gset import gset
from dnnbench.instances.generators.spec import parse_spec
from dnnbench.instances.graph import Graph


def all_cuts(graph):
    """Which edges each cut crosses, bool [2^(n-1), m]."""
    n = graph.num_vertices
    sides = (np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1
    return sides[:, graph.edges[:, 0]] != sides[:, graph.edges[:, 1]]


def solve(maxcut, search, graph, seed=0, run=None, **limits):
    run = run or search()
    ExactCut().solve(maxcut, graph, np.random.default_rng(seed), Limits(**limits), run)
    return run


@pytest.mark.parametrize("weights", ["one", "pm", "gauss"])
@pytest.mark.parametrize(
    "name", ["gnp-n12-p0.3", "gnp-n12-p0.7", "sk-n10", "random_regular-n14-d3"]
)
def test_proves_what_enumeration_finds(maxcut, search, name, weights):
    graph = parse_spec(f"gen/{name}-w{weights}-s7").generate()
    optimum = (all_cuts(graph) @ graph.weights).max()
    run = solve(maxcut, search, graph)
    assert run.proved
    assert run.best == pytest.approx(optimum, abs=1e-9)
    gap = 1 if graph.integral else 1e-4
    assert optimum <= run.notes["upper_bound"] <= optimum + gap


def test_branches_where_odd_cycles_leave_a_gap(maxcut, search):
    """The complete graph on 7: odd cycles bound it by 14, 12 is the most."""
    graph = parse_spec("gen/sk-n7-wone-s1").generate()
    run = solve(maxcut, search, graph)
    assert run.proved
    assert run.best == 12
    thirds = np.full(graph.num_edges, 2 / 3)
    assert thirds.sum() == pytest.approx(14)
    assert not [c for block in Separation(graph).violated(thirds, np.arange(7)) for c in block]


def test_proves_a_toroidal_grid_of_100_vertices(maxcut, search):
    graph = parse_spec("gen/toroidal_2d-r10-c10-s1").generate()
    run = solve(maxcut, search, graph)
    assert run.proved
    assert run.best == 68


def branch(graph, gap, most_nodes):
    """Branch and bound alone, from the cut that separates nothing: model, nodes, best cut."""
    from dnnbench.baselines.exact_model import Model

    model = Model(graph, lambda: False)
    seen = [np.zeros(graph.num_vertices, np.uint8)]
    nodes = model.branch(seen[0], gap, most_nodes, lambda z, _: seen.append(z))
    values = [graph.weights[z[graph.edges[:, 0]] != z[graph.edges[:, 1]]].sum() for z in seen]
    return model, nodes, max(values)


@pytest.mark.parametrize("seed", range(6))
def test_the_integer_program_alone_is_exact(seed):
    graph = parse_spec(f"gen/sk-n9-wgauss-s{seed}").generate()
    optimum = (all_cuts(graph) @ graph.weights).max()
    model, _, found = branch(graph, 1e-6, None)
    assert found == pytest.approx(optimum)
    assert model.bound == pytest.approx(optimum)


def test_nodes_are_bounded():
    graph = parse_spec("gen/gnp-n26-p0.5-s1").generate()
    model, nodes, found = branch(graph, 0.9, 2)
    assert nodes <= 2
    assert model.bound > found + 1


@pytest.mark.full
def test_proves_the_optimum_of_g11(maxcut, search):
    run = solve(maxcut, search, gset("G11"))
    assert run.proved
    assert run.best == 564


@pytest.mark.parametrize("seed", range(8))
def test_inequalities_hold_for_every_cut_and_are_violated_where_found(seed):
    graph = parse_spec(f"gen/gnp-n10-p0.5-s{seed + 1}").generate()
    cuts = all_cuts(graph).astype(int)
    y = np.random.default_rng(seed).random(graph.num_edges)
    blocks = Separation(graph).violated(y, np.arange(10))
    found = {cut: violation for block in blocks for violation, cut in block}
    assert found
    for inequality, violation in found.items():
        edges = [e for e, _ in inequality]
        signs = np.array([1 if odd else -1 for _, odd in inequality])
        odd = int((signs > 0).sum())
        assert odd % 2 == 1
        assert len(set(edges)) == len(edges)
        ends, times = np.unique(graph.edges[edges], return_counts=True)
        assert (times == 2).all()
        assert len(ends) == len(edges)
        left = cuts[:, edges] @ signs
        assert left.max() == odd - 1
        assert y[edges] @ signs - (odd - 1) == pytest.approx(violation)


def test_nothing_is_found_at_a_cut():
    graph = parse_spec("gen/gnp-n10-p0.5-s1").generate()
    for y in all_cuts(graph)[::37]:
        blocks = Separation(graph).violated(y.astype(float), np.arange(10))
        assert not list(itertools.chain.from_iterable(blocks))


def test_a_cut_is_rounded_to_itself():
    graph = parse_spec("gen/gnp-n12-p0.3-s2").generate()
    rng = np.random.default_rng(0)
    for y in all_cuts(graph)[::101]:
        z = tree_cut(graph, y.astype(float), rng)
        assert np.array_equal(z[graph.edges[:, 0]] != z[graph.edges[:, 1]], y)
    edgeless = Graph(3, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    assert tree_cut(edgeless, np.zeros(0), rng).shape == (3,)


def test_a_stopped_run_claims_no_proof_and_bounds_the_optimum(maxcut, search):
    graph = parse_spec("gen/gnp-n40-p0.5-s1").generate()
    run = solve(maxcut, search, graph, run=search(stop_after=6))
    assert run.asked == 7
    assert not run.proved
    assert run.best <= 240 <= run.notes["upper_bound"]  # 240: found by annealing


def test_steps_bound_programs_and_nodes(maxcut, search):
    graph = parse_spec("gen/gnp-n26-p0.5-s1").generate()
    for most in (1, 5, 40):
        run = solve(maxcut, search, graph, steps=most)
        assert run.offers[-1][2] <= most


def test_values_beyond_double_precision_are_claimed_exactly(maxcut, search):
    big = 2**60 + 1
    path = Graph(3, np.array([[0, 1], [1, 2]], np.int32), np.array([big, -big + 2]))
    run = solve(maxcut, search, path)
    assert run.offers[-1][1] == big
    assert run.notes["upper_bound"] >= big
