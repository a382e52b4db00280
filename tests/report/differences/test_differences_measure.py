"""What a pair of trials differs by: worked out by hand, failures, proofs and clocks included."""

import math

import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.differences.measure import QUALITY, SPEED
from dnnbench.report.differences.units import DECADES, DECIBELS, RELATIVE, TIME, Margins, unit_of

STEPS = {"seconds": None, "steps": 100, "restarts": None, "target": None, "cores": 2}
SECONDS = {**STEPS, "seconds": 10.0, "steps": None}
FAILED = {"status": Status.ERROR, "value": None, "feasible": None}


def trial(value=100, seconds=1.0, **changes):
    own = {"value": value, "solve_seconds": seconds, "budget": STEPS}
    return example_record(**own | changes)


def sat(value, **changes):
    return trial(value, problem="sat", metric="violated", sense="min", **changes)


def quality(a, b):
    found = QUALITY.difference(a, b)
    back = QUALITY.difference(b, a)
    assert back == -found  # whatever it is
    return found


def seconds(a, b):
    found = SPEED.difference(a, b)
    back = SPEED.difference(b, a)
    assert (back is found is None) or back == -found
    return found


@pytest.mark.parametrize(
    ("a", "b", "sense", "expected"),
    [
        (100, 99, "max", -0.01),
        (99, 100, "max", 0.01),
        (100, 99, "min", 0.01),
        (-100, -99, "max", 0.01),
        (-100, -99, "min", -0.01),
        (0, 3, "min", -1.0),
        (0, 0, "min", 0.0),
        (-1, 1, "max", 2.0),
        (2**60 + 1, 2**60 + 1, "max", 0.0),
        (2**60, 2**60 + 2**40, "max", 2**40 / (2**60 + 2**40)),
    ],
)
def test_values(a, b, sense, expected):
    assert quality(trial(a, sense=sense), trial(b, sense=sense)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("metric", "sense", "a", "b", "expected"),
    [
        ("kkt_error", "min", 1e-3, 1e-6, 3.0),
        ("relative_l2", "min", 0.02, 0.04, -math.log10(2)),
        ("kkt_error", "min", 1e-20, 0.0, 0.0),  # both below what double precision tells
        ("kkt_error", "min", 1e-15, 0.0, 1.0),
        ("psnr", "max", 30.0, 30.25, 0.25),
    ],
)
def test_values_on_logarithmic_scales(metric, sense, a, b, expected):
    pair = (trial(x, metric=metric, sense=sense) for x in (a, b))
    assert quality(*pair) == pytest.approx(expected)


def test_units():
    assert [unit_of(m) for m in ("cut", "violated", "kkt_error", "relative_l2", "psnr")] == [
        *(RELATIVE, RELATIVE, DECADES, DECADES, DECIBELS)
    ]
    margins = Margins(relative=0.1, decades=0.2, decibels=0.3, time=0.25)
    units = (RELATIVE, DECADES, DECIBELS, TIME)
    assert [unit.margin(margins) for unit in units] == [0.1, 0.2, 0.3, math.log(1.25)]
    assert [unit.text(-0.25) for unit in units] == ["-25 %", "-0.25 dec", "-0.25 dB", "x1.284"]
    assert DECADES.mean([1e-2, 1e-4]) == pytest.approx(1e-3)
    assert TIME.mean([1.0, 4.0]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "changes",
    [
        FAILED,
        {"feasible": False, "violation": 1.0},
        {"status": Status.INTERRUPTED},
        {"status": Status.DIVERGED},
        {"value": math.nan},
    ],
)
def test_a_failure_is_the_worst(changes):
    failed = trial(**changes)
    assert quality(trial(1), failed) == -math.inf
    assert quality(failed, trial(**changes | {"seed": 1})) == 0.0
    assert seconds(trial(seconds=100.0), failed) == -math.inf
    assert seconds(failed, failed) == 0.0


def test_a_proof_is_a_result_that_only_the_goal_refutes():
    proof = sat(None, status=Status.UNSAT, feasible=None)
    assert quality(proof, proof) == 0.0
    assert quality(sat(1), proof) == math.inf
    assert quality(sat(0, status=Status.TARGET), proof) == -math.inf
    assert quality(trial(**FAILED), proof) == math.inf
    assert quality(sat(3, status=Status.UNSAT), proof) == 0.0


def test_seconds():
    assert seconds(trial(seconds=3.0), trial(seconds=2.0)) == pytest.approx(math.log(1.5))
    assert seconds(trial(seconds=2.0), trial(seconds=2.0)) == 0.0
    assert seconds(trial(stacked=True), trial()) is None
    assert seconds(trial(seconds=None), trial()) is None


def test_what_its_budget_in_seconds_ended_says_nothing_of_speed():
    ended = trial(seconds=10.0, budget=SECONDS)
    assert seconds(ended, trial(seconds=10.1, budget=SECONDS)) is None
    sooner = trial(seconds=5.0, budget=SECONDS, status=Status.CONVERGED)
    assert seconds(ended, sooner) == pytest.approx(math.log(2))
    both = {**SECONDS, "steps": 100}
    by_steps = [trial(seconds=s, budget=both) for s in (2.0, 4.0)]
    assert seconds(*by_steps) == pytest.approx(-math.log(2))
    by_clock = [trial(seconds=s, budget=both) for s in (10.0, 10.2)]
    assert seconds(*by_clock) is None


def test_seconds_are_those_to_the_target():
    budget = {**SECONDS, "target": 0}
    there = trial(seconds=4.0, budget=budget, status=Status.TARGET)
    assert seconds(there, trial(seconds=10.0, budget=budget)) == -math.inf
    sooner = trial(seconds=2.0, budget=budget, status=Status.TARGET)
    assert seconds(there, sooner) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": {"cpu_model": "Another CPU", "cores_logical": 2, "machine": "x86_64"}},
        {"environment": {"cpu_model": "Example CPU", "cores_logical": 4, "machine": "x86_64"}},
        {"hardware": {"platform": "gpu", "device_kind": "NVIDIA H200", "threads": 2}},
        {"hardware": {"platform": "cpu", "device_kind": "cpu", "devices": 1, "threads": 1}},
    ],
)
def test_times_of_different_hardware_are_refused(changes):
    SPEED.refuse([(trial(), trial())])
    for pairs in ([(trial(), trial(**changes))], [(trial(), trial()), (trial(**changes),) * 2]):
        with pytest.raises(UserError, match="times of different hardware cannot be compared"):
            SPEED.refuse(pairs)
        QUALITY.refuse(pairs)
