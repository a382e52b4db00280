"""Whatever a solver does, the trial becomes a record."""

import pytest

from dnnbench.problems.cut.exact import MaxCut
from dnnbench.records.schema import Record
from dnnbench.runner import supervise
from dnnbench.runner.trial import run_trial

SECONDS = "budget.seconds=60"


def finish(spec, pool):
    """Run the trial; its record, which must be fit to be stored."""
    result = run_trial(spec, pool)
    record = result.record
    assert Record.loads(record.dumps()) == record
    if result.solution is not None:
        assert (
            record.value == MaxCut().verify(result.solution, spec.instance.public, None).objective
        )
    return record


def test_a_worker_that_dies_keeps_its_incumbent(naughty, pool):
    record = finish(naughty("Dies", SECONDS), pool)
    assert record.status == "error"
    assert record.message == "the solver's process exited with status 7: the last line"
    assert record.value > 0
    assert record.feasible
    assert len(record.trace) == 1


def test_a_worker_that_dies_before_it_has_anything(naughty, pool):
    record = finish(naughty("DiesAtOnce", SECONDS), pool)
    assert record.status == "error"
    assert "was killed by signal 6" in record.message
    assert record.value is None
    assert record.feasible is None


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("Raises", "error", "ArithmeticError: no such number (solvers.py:"),
        ("RunsOut", "out_of_memory", "no memory"),
        ("Malformed", "error", "ValueError: a cut has shape (12,), not (3,)"),
        ("Missing", "error", "AttributeError: "),
    ],
)
def test_exceptions_become_records(naughty, pool, name, status, message):
    record = finish(naughty(name, SECONDS), pool)
    assert record.status == status
    assert message in record.message


def test_a_solver_that_does_not_stop_is_ended(naughty, pool, monkeypatch):
    monkeypatch.setattr(supervise, "_GRACE_SECONDS", 0.1)
    record = finish(naughty("NeverStops", "budget.seconds=0.1"), pool)
    assert record.status == "timeout"
    assert record.value > 0
    assert record.solve_seconds >= 0.2


def test_a_claim_is_no_value(naughty, pool):
    record = finish(naughty("Boasts", SECONDS), pool)
    assert record.claimed_value == 1e9
    assert record.value <= 66
    assert record.trace[-1][2] == record.raw_value == record.value
    assert "the solver claimed 1e+09" in record.diagnostics["notes"][0]


def test_what_a_solver_prints_does_not_mix_with_the_frames(naughty, pool):
    assert finish(naughty("Chatters", SECONDS), pool).status == "converged"


@pytest.mark.parametrize(("name", "status"), [("GivesUp", "budget"), ("Proves", "converged")])
def test_only_a_proof_is_the_end_of_an_exact_solver(naughty, pool, name, status):
    assert finish(naughty(name, SECONDS), pool).status == status


def test_memory_limit(spec, pool):
    words = ("baseline=random", "budget.cores=1", SECONDS, "hardware.memory_limit=0.001")
    record = finish(spec(*words), pool)
    assert record.status == "out_of_memory"
    assert "GiB of 0.00" in record.message


def test_the_pool_serves_the_next_trial_after_a_failure(naughty, spec, pool):
    assert finish(naughty("Dies", SECONDS), pool).status == "error"
    words = ("baseline=random", "budget.cores=1", "budget.steps=5")
    assert finish(spec(*words), pool).status == "budget"
