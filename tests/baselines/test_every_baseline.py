"""What holds for each baseline that has a YAML file; adding one edits nothing here."""

import dataclasses
import itertools

import numpy as np
import pytest

from dnnbench.baselines.base import Limits
from dnnbench.instances.graph import Graph

from .conftest import load


def optimum(instance):
    """The largest cut, by looking at all of them."""
    best = 0
    for sides in itertools.product((0, 1), repeat=instance.num_vertices):
        total = 0
        for (u, v), w in zip(instance.edges.tolist(), instance.weights.tolist(), strict=True):
            if sides[u] != sides[v]:
                total += w
        best = max(best, total)
    return best


def solve(baseline, maxcut, instance, search, seed=0, **limits):
    baseline.prepare(maxcut, instance)
    baseline.solve(maxcut, instance, np.random.default_rng(seed), Limits(**limits), search)
    return search


def test_the_yaml_documents_each_setting_and_agrees_with_the_class(baseline_file):
    raw, kind, settings = load(baseline_file)
    assert raw["name"] == baseline_file.stem
    fields = dataclasses.fields(kind)
    assert {f.name for f in fields} == set(settings) == set(raw["_options"])
    assert all(f.default is dataclasses.MISSING for f in fields)
    assert raw["_about"]["version"] == kind.version
    assert raw["_about"]["paper"]
    for name, option in raw["_options"].items():
        assert option["help"]
        if settings[name] is None:
            assert option["optional"]
        if "choices" in option:
            assert settings[name] in option["choices"]


def test_finds_the_optimum_of_a_tiny_graph(baseline, maxcut, instance, search):
    found = solve(baseline, maxcut, instance, search(), restarts=1000)
    assert found.best == pytest.approx(optimum(instance))


def test_claims_what_verification_finds(baseline, maxcut, instance, search):
    for z, claim, _, _ in solve(baseline, maxcut, instance, search(), restarts=20).offers:
        assert claim == pytest.approx(maxcut.verify(z, instance, None).objective, abs=1e-12)
        if instance.integral:
            assert claim == maxcut.verify(z, instance, None).objective


@pytest.mark.parametrize("limits", [{"restarts": 7}, {"steps": 100}, {"steps": 3}])
def test_is_the_same_for_the_same_seed_and_ends_within_its_limits(
    baseline, maxcut, instance, search, limits
):
    first, second = (solve(baseline, maxcut, instance, search(), **limits) for _ in range(2))
    assert len(first.offers) == len(second.offers)
    for a, b in zip(first.offers, second.offers, strict=True):
        assert np.array_equal(a[0], b[0])
        assert a[1:] == b[1:]
    assert first.notes == second.notes
    _, _, steps, restarts = first.offers[-1]
    assert steps <= limits.get("steps", np.inf)
    if not first.proved:
        assert restarts == limits.get("restarts", restarts)


def test_another_seed_gives_another_run(baseline, maxcut, instance, search):
    runs = [solve(baseline, maxcut, instance, search(), seed, restarts=1) for seed in range(8)]
    assert len({run.offers[0][0].tobytes() for run in runs}) > 1


def test_counts_never_fall_and_the_last_offer_is_the_best(baseline, maxcut, instance, search):
    offers = solve(baseline, maxcut, instance, search(), restarts=30).offers
    counts = [(steps, restarts) for _, _, steps, restarts in offers]
    assert counts == sorted(counts)
    assert [r for _, r in counts] == sorted(r for _, r in counts)
    assert offers[-1][1] == max(claim for _, claim, _, _ in offers)


@pytest.mark.parametrize("stop_after", [0, 1, 5])
def test_stops_when_told_with_something_to_show(baseline, maxcut, instance, search, stop_after):
    stopped = solve(baseline, maxcut, instance, search(stop_after=stop_after))
    assert stopped.asked == stop_after + 1 or (stopped.proved and stopped.asked <= stop_after)
    assert stopped.offers


def test_ends_with_the_clock(baseline, maxcut, instance, search):
    timed = solve(baseline, maxcut, instance, search(seconds=0.5))
    assert timed.left <= 0 or timed.proved
    assert timed.left > -0.2
    assert timed.offers


@pytest.mark.parametrize("edges", [[], [[0, 1]]], ids=["no edges", "weight zero"])
def test_graphs_on_which_every_cut_is_worth_nothing(baseline, maxcut, search, edges):
    ends = np.array(edges, np.int32).reshape(-1, 2)
    empty = Graph(3, ends, np.zeros(len(ends), np.int64))
    found = solve(baseline, maxcut, empty, search(), restarts=3)
    assert found.best == 0


def test_a_single_vertex(baseline, maxcut, search):
    one = Graph(1, np.zeros((0, 2), np.int32), np.zeros(0, np.int64))
    assert solve(baseline, maxcut, one, search(), restarts=2).best == 0


def test_weights_near_the_largest_allowed(baseline, maxcut, search):
    big = 2**60 + 1
    path = Graph(3, np.array([[0, 1], [1, 2]], np.int32), np.array([big, -big + 2]))
    found = solve(baseline, maxcut, path, search(), restarts=200)
    assert found.best == big
