"""Plans, budgets, notes and the polish, without workers."""

from dataclasses import replace

import numpy as np
import pytest

from dnnbench.config import catalog
from dnnbench.config.hardware import resolve
from dnnbench.engine.budget import Budget
from dnnbench.problems.base import Verdict
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.problems.satisfiability.exact import MaxSat, Sat
from dnnbench.runner.diagnose import notes
from dnnbench.runner.messages import Final
from dnnbench.runner.planning import make_budget, make_plan
from dnnbench.runner.polishing import Polisher

CPU = resolve(catalog.entry("hardware", "cpu").node | {"threads": 1})
CPU = replace(CPU, threads=4)
GPU = replace(CPU, platform="gpu", devices=None)
LIMITS = {"seconds": None, "steps": None, "restarts": None, "target": None, "cores": None}
LIMITS |= {"fallback_seconds": 10.0}
PLAN = {
    "lanes": {"cpu": 12, "gpu": 64},
    "micro_batch": {"cpu": 8, "gpu": 64},
    "score_every": 10,
    "columns": "width",
    "batching": "vmap",
    "loop": {"cpu": "call", "gpu": "loop"},
    "lane_axis": 0,
    "dtype": "float32",
}


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 10.0),
        ({"target": 5.0}, 10.0),
        ({"steps": 5}, None),
        ({"restarts": 5}, None),
        ({"seconds": 2.0, "steps": 5}, 2.0),
    ],
)
def test_seconds_fall_back_where_nothing_else_ends_a_run(given, seconds):
    budget = make_budget(LIMITS | given, CPU)
    assert budget.seconds == seconds
    assert budget.finite


@pytest.mark.parametrize(("asked", "cores"), [(None, 4), (2, 2), (9, 4)])
def test_cores_are_those_of_the_hardware_at_most(asked, cores):
    assert make_budget(LIMITS | {"cores": asked}, CPU).cores == cores


def plan(hardware=CPU, restarts=None, settings=None, **overrides):
    settings = {"width": 3} if settings is None else settings
    defaults = PLAN | overrides.pop("defaults", {})
    return make_plan(defaults, overrides, settings, hardware, None, Budget(restarts=restarts))


def test_plan_takes_the_platform_s_sizes():
    made = plan()
    assert (made.platform, made.lanes, made.loop, made.devices) == ("cpu", 12, "call", 1)
    assert made.micro_batch == 6  # the largest divisor of 12 that is at most 8
    assert made.kernel == "none"
    gpu = plan(GPU)
    assert (gpu.lanes, gpu.micro_batch, gpu.loop) == (64, 64, "loop")


@pytest.mark.parametrize(
    ("restarts", "lanes", "micro_batch"), [(5, 5, 5), (11, 11, 1), (99, 12, 6)]
)
def test_restarts_cap_the_lanes(restarts, lanes, micro_batch):
    made = plan(restarts=restarts)
    assert (made.lanes, made.micro_batch) == (lanes, micro_batch)


def test_overrides_come_before_the_method_s_own():
    made = plan(lanes=4, micro_batch=2, score_every=7, dtype="float64")
    assert (made.lanes, made.micro_batch, made.score_every, made.dtype) == (4, 2, 7, "float64")


def test_serial_units_hold_one_lane():
    assert plan(defaults={"batching": "serial"}).micro_batch == 1


def final(**more):
    given = {"claim": 5.0, "restarts": 4, "diagnostics": {}} | more
    return Final(None, None, status="budget", steps=1, load_seconds=0, compile_seconds=0,
                 solve_seconds=0, **given)  # fmt: skip


SPREAD = {"count": 4, "min": -5.0, "max": -5.0, "mean": -5.0, "std": 0.0}


@pytest.mark.parametrize(
    ("diagnostics", "said"),
    [
        ({}, None),
        ({"restarts_diverged": 3}, "3 of 4 restarts diverged"),
        ({"restart_cost": SPREAD}, "all 4 restarts ended at the same value"),
        ({"restart_cost": SPREAD | {"max": 0.0}}, None),
        ({"restart_cost": SPREAD | {"count": 3}}, None),
        ({"integrality": {"last": 0.3, "least": 0.1}}, "0.30 from binary on average"),
        ({"integrality": {"last": 0.05, "least": 0.01}}, None),
        ({"integrality": {"last": 0.3, "least": 0.1}, "restarts_finished": 2}, None),
        (
            {"out_of_memory": {"micro_batch_before": 8, "micro_batch_after": 4}},
            "micro-batch 8 became 4",
        ),
    ],
)
def test_notes(diagnostics, said):
    found = notes(final(diagnostics=diagnostics), Verdict(5), MaxCut())
    assert found == [] if said is None else said in found[0]


@pytest.mark.parametrize(
    "diagnostics", [{"restart_cost": SPREAD}, {"integrality": {"last": 0.3, "least": 0.1}}]
)
def test_notes_are_silent_about_what_is_solved(diagnostics):
    found = final(claim=0.0, diagnostics=diagnostics)
    assert notes(found, Verdict(0), Sat()) == []
    assert len(notes(replace(found, claim=1.0), Verdict(1), Sat())) == 1
    assert len(notes(found, Verdict(0, violation=1), MaxSat())) == 2


@pytest.mark.parametrize(
    ("claim", "verdict", "said"),
    [
        (5.0001, Verdict(5), None),
        (6.0, Verdict(5), "the solver claimed 6, verification found 5"),
        (5.0, Verdict(5, violation=2.0), "infeasible after rounding (violation 2)"),
        (9.0, Verdict(5, violation=2.0), "infeasible after rounding (violation 2)"),
        (None, Verdict(5), None),
        (5.0, None, None),
    ],
)
def test_notes_on_verification(claim, verdict, said):
    found = notes(final(claim=claim), verdict, MaxCut())
    assert found == [] if said is None else said in found[0]
    assert len(found) <= 1


def path_of(n):
    from dnnbench.instances.graph import Graph

    edges = np.column_stack([np.arange(n - 1), np.arange(1, n)]).astype(np.int32)
    return Graph(n, edges, np.ones(n - 1, np.int64))


def test_polish_is_timed_and_reported():
    graph, z = path_of(50), np.zeros(50, np.uint8)
    polisher = Polisher(MaxCut(), graph, "one_flip", np.random.default_rng(0))
    polisher.rehearse(z)
    reserve = polisher.reserve
    assert reserve > 0
    polisher.rehearse(z)
    assert polisher.reserve == reserve
    report = polisher.report(z, polisher.polish(z, lambda: False), 0.5)
    assert (report["name"], report["seconds"], report["before"]) == ("one_flip", 0.5, 0)
    assert report["after"] > 20
    assert report["improved"]
    assert not z.any()


def test_no_polish_says_nothing():
    graph, z = path_of(5), np.zeros(5, np.uint8)
    polisher = Polisher(MaxCut(), graph, "none", np.random.default_rng(0))
    polisher.rehearse(z)
    assert polisher.polish(z, lambda: False) is z
    assert polisher.reserve == polisher.seconds == 0
    assert polisher.report(z, z, 0.0) is None
