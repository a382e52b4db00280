"""A trial's record: sane, of the best process, and the same every time."""

from dataclasses import asdict

import numpy as np
import pytest

from dnnbench.problems.cut.exact import MaxCut
from dnnbench.runner.messages import Final
from dnnbench.runner.supervise import Report
from dnnbench.runner.trial import _merge, run_trial

SECONDS = ("load_seconds", "compile_seconds", "solve_seconds", "verify_seconds")


VOLATILE = {"load_1min", "program_reused"}


def lasting(record):
    """What two runs of one trial must agree in."""
    kept = asdict(record)
    for key in ("run_id", "created", *SECONDS):
        del kept[key]
    kept["environment"] = {k: v for k, v in kept["environment"].items() if k not in VOLATILE}
    if kept["polish"]:
        del kept["polish"]["seconds"]
    # A row of the trace is what was seen at the end of a chunk, and the clock sets the chunks.
    kept["trace"] = kept["trace"][-1][2]
    return kept


@pytest.fixture
def three_cores(monkeypatch):
    monkeypatch.setattr("dnnbench.config.hardware.available_cores", lambda: 3)


METHOD = ("method=mean_field", "plan.lanes=1", "budget.steps=300")
BASELINE = ("baseline=greedy", "budget.steps=40")


@pytest.mark.parametrize("words", [METHOD, BASELINE], ids=["method", "baseline"])
def test_two_runs_under_a_step_budget_leave_the_same_record(spec, pool, words, three_cores):
    trial = spec(*words)
    first, second = run_trial(trial, pool), run_trial(trial, pool)
    assert lasting(first.record) == lasting(second.record)
    assert np.array_equal(first.solution, second.solution)
    assert first.record.run_id != second.record.run_id


def test_another_seed_leaves_another_record(spec, pool):
    words = ("baseline=random", "budget.steps=1", "budget.cores=1", "problem.polish=none")
    first = run_trial(spec(*words), pool)
    second = run_trial(spec(*words, "seed=1"), pool)
    assert first.record.trial_id != second.record.trial_id
    assert not np.array_equal(first.solution, second.solution)


def test_fields_of_a_method_s_record(spec, pool):
    trial = spec(*METHOD)
    record = run_trial(trial, pool).record
    assert record.trial_id == trial.trial_id
    assert (record.role, record.kind, record.sense) == ("method", "relaxation", "max")
    assert record.instance_size == {"n": 12, "m": trial.instance.public.num_edges}
    assert record.steps == 300
    assert record.restarts >= 1
    assert record.settings["learning_rate"] > 0
    assert record.plan["platform"] == record.hardware["platform"] == "cpu"
    assert record.claimed_value == record.raw_value
    assert record.raw_value <= record.value == record.polish["after"]
    assert record.polish["before"] == record.raw_value
    assert all(getattr(record, key) >= 0 for key in SECONDS)
    assert record.compile_seconds > 0
    seconds, steps, values = zip(*record.trace, strict=True)
    assert list(seconds) == sorted(seconds)
    assert list(steps) == sorted(steps)
    assert list(values) == sorted(values)
    assert seconds[-1] <= record.solve_seconds
    assert values[-1] == record.raw_value
    assert record.diagnostics["notes"] is not None


def test_work_of_several_processes_is_summed(spec, pool, three_cores):
    record = run_trial(spec("baseline=random", "budget.restarts=7"), pool).record
    assert record.hardware["processes"] == 3
    assert record.restarts == 7
    few = run_trial(spec("baseline=random", "budget.restarts=2"), pool).record
    assert few.hardware["processes"] == 2
    assert few.restarts == 2


def test_best_of_several_processes_is_the_best_of_each(spec, pool, three_cores):
    words = ("baseline=random", "budget.steps=2", "problem.polish=none")
    trial = spec(*words)
    alone = []
    for process in range(3):
        rng = np.random.default_rng([0, 0, process])
        alone += [MaxCut().random(trial.instance.public, rng)]
    result = run_trial(trial, pool)
    values = {MaxCut().verify(z, trial.instance.public, None).objective for z in alone}
    assert result.record.value >= max(values)


def final(z, value, seconds, **more):
    z = None if z is None else np.array(z, np.uint8)
    return Final(
        z, z, value, "budget", 10, 2, 0.1, 0.2, seconds, trace=[[seconds, 10, value]], **more
    )


def test_merge_takes_the_best_answer_and_all_the_work(spec):
    trial = spec("baseline=random")
    public = trial.instance.public
    ends = np.zeros((3, 12), np.uint8)
    ends[1, 0] = 1
    ends[2, :6] = 1
    values = [MaxCut().verify(z, public, None).objective for z in ends]
    finals = [final(z, v, s) for z, v, s in zip(ends, values, (3.0, 1.0, 2.0), strict=True)]
    best = int(np.argmax(values))
    merged = _merge(Report(finals=dict(enumerate(finals))), MaxCut(), trial)
    assert np.array_equal(merged.z, ends[best])
    assert merged.claim == values[best]
    assert (merged.steps, merged.restarts, merged.solve_seconds) == (30, 6, 3.0)
    rows = [row[2] for row in merged.trace]
    assert rows == sorted(set(rows))
    assert rows[-1] == values[best]


def test_the_first_process_wins_a_tie_whoever_arrives_first(spec):
    trial = spec("baseline=random")
    ends = np.zeros((2, 12), np.uint8)
    ends[1] = 1  # the same cut, written the other way round
    finals = [final(z, 0.0, 1.0) for z in ends]
    for arrival in ((0, 1), (1, 0)):
        report = Report(finals={index: finals[index] for index in arrival})
        assert np.array_equal(_merge(report, MaxCut(), trial).z, ends[0])


def test_merge_counts_the_work_of_ended_processes_once(spec):
    trial = spec("baseline=random")
    z = np.zeros(12, np.uint8)
    report = Report(finals={0: final(z, 0.0, 1.0)}, status="timeout", solve_seconds=5.0)
    report.streamed |= {0: (z, 0.0, 0.0), 1: (z, 0.0, 0.0)}
    report.steps |= {0: 10, 1: 7}
    merged = _merge(report, MaxCut(), trial)
    assert (merged.steps, merged.restarts, merged.solve_seconds) == (17, 2, 5.0)


def test_target_ends_a_trial(spec, pool):
    for words in (METHOD[:2], BASELINE[:1]):
        record = run_trial(spec(*words, "budget.target=1", "budget.seconds=60"), pool).record
        assert record.status == "target"
        assert record.value >= 1


def test_warm_workers_serve_the_next_trial(spec, pool):
    words = ("baseline=random", "budget.cores=1", "budget.steps=3")
    run_trial(spec(*words), pool)
    (first,) = pool._idle.values()
    run_trial(spec(*words, "seed=1"), pool)
    (second,) = pool._idle.values()
    assert second is first
