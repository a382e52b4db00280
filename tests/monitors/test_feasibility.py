"""Counts of feasible candidates, by hand and through a run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.config.compose import compose
from dnnbench.engine.contract import Ctx, Data, Reading
from dnnbench.instances.load import load_instance
from dnnbench.monitors.feasibility import Feasibility
from dnnbench.problems.independent_set.energy import SetEnergy
from dnnbench.problems.independent_set.exact import IndependentSet
from dnnbench.problems.independent_set.tiny import tiny_graphs
from dnnbench.runner.inprocess import solve_in_process
from dnnbench.runner.spec import make_spec

GRAPH = tiny_graphs()["star"]
ENERGY = SetEnergy("ell", "float32", repair="none")


def reading(x, live=True):
    data = Data(ENERGY.prepare(IndependentSet().shown(GRAPH)), ())
    ctx = Ctx(data, None, {}, jnp.zeros((), jnp.int32), jax.random.key(0))
    return Reading(jnp.asarray(x, jnp.float32), ctx.t, ctx, jnp.asarray(live), None)


def test_candidates_are_counted_one_by_one():
    rng = np.random.default_rng(0)
    points = rng.random((40, 9)) * (rng.random((40, 1)) < 0.7)
    monitor = Feasibility(ENERGY, -1.0)
    state = monitor.init(jnp.zeros(9))
    feasible, best = 0, None
    for x in points:
        state = monitor.update(state, reading(x))
        verdict = IndependentSet().verify((x > 0.5).astype(np.uint8), GRAPH, None)
        feasible += verdict.feasible
        if verdict.feasible:
            best = max(best or 0, verdict.objective)
    state = monitor.update(state, reading(np.zeros(9), live=False))  # a lost lane says nothing
    found = monitor.summary(jax.tree.map(lambda x: np.asarray(x)[None], state))
    assert 0 < feasible < 40
    assert found["candidates"] == 40
    assert found["feasible_share"] == feasible / 40
    assert found["best_before_repair"] == best


def test_every_replica_of_an_ensemble_is_a_candidate():
    x = np.zeros((9, 3))
    x[1:3, 0] = x[:2, 1] = 1  # two leaves of the star; its centre and a leaf; nothing
    monitor = Feasibility(ENERGY, -1.0, axis=1)
    state = monitor.update(monitor.init(jnp.zeros((9, 3))), reading(x))
    found = monitor.summary(jax.tree.map(lambda x: np.asarray(x)[None], state))
    assert (found["candidates"], found["best_before_repair"]) == (3, 2.0)
    assert found["feasible_share"] == pytest.approx(2 / 3)


def test_nothing_feasible_is_no_value():
    monitor = Feasibility(ENERGY, -1.0)
    state = monitor.update(monitor.init(jnp.zeros(9)), reading(np.ones(9)))
    found = monitor.summary(jax.tree.map(lambda x: np.asarray(x)[None], state))
    assert found == {"candidates": 1, "feasible_share": 0.0, "best_before_repair": None}


def test_a_run_tallies_all_its_lanes_and_restarts():
    words = (
        "method=rlsa problem=mis instance=gen/gnp-n40-p0.2-s1 hardware=cpu method.num_steps=20 "
        "method.distance=3 plan.lanes=4 plan.score_every=10 budget.restarts=12"
    ).split()
    spec = make_spec(compose(words), load_instance("gen/gnp-n40-p0.2-s1", cache_dir=None))
    final = solve_in_process(spec, "max").finals[0]
    found = final.diagnostics["feasibility"]
    assert found["candidates"] == 12 * 2  # twelve restarts, each looked at twice
    assert 0 <= found["feasible_share"] <= 1
    verdict = IndependentSet().verify(final.z, spec.instance.public, None)
    assert verdict.feasible
    assert verdict.objective >= (found["best_before_repair"] or 0)
