"""Ctrl-C and SIGTERM end a sweep in order, and `resume` goes on from there."""

import signal

import pytest

from dnnbench.records.store import Store
from tests.cli.command import INSTANCE
from tests.sweep.processes import PLUGIN, wait_for

TRIALS = 5


@pytest.mark.parametrize(
    ("number", "launcher"),
    [
        (signal.SIGINT, ()),
        pytest.param(signal.SIGTERM, (), marks=pytest.mark.full),
        (signal.SIGINT, ("launcher.jobs=2",)),
        (signal.SIGTERM, ("launcher=joblib", "launcher.jobs=2", "launcher.batch=1")),
    ],
    ids=["int", "term", "int-two-jobs", "term-joblib"],
)
def test_interrupted_and_resumed(place, number, launcher):
    words = ("baseline=slow", "baseline.pause=0.7", f"instance={INSTANCE}", "budget.steps=5")
    words = (*words, "hardware.threads=1", f"seed=range(0,{TRIALS})", *launcher)
    process = place.start("sweep", *words, "--plugin", PLUGIN, "--name", "mine")
    wait_for(lambda: len(place.lines("begin")) >= 2, "the second trial")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out.startswith("mine: ")
    assert out.endswith("interrupted; go on with: dnnbench resume mine\n")
    assert "Traceback" not in err
    assert place.all_gone()
    store = Store(place.results)
    before = {record.trial_id: record.run_id for record in store.records()}
    assert len(before) < TRIALS
    # What was cut short is no result, and least of all a failure.
    assert all(record.status == "budget" for record in store.records())

    done = place.run("resume", "mine")
    assert done.returncode == 0, done.stderr
    left = TRIALS - len(before)
    assert done.stdout == f"mine: {left} done, {len(before)} skipped, 0 failed, 0 timed out\n"
    after = {record.trial_id: record.run_id for record in store.records()}
    assert before.items() <= after.items()
    assert len(after) == TRIALS
    assert place.all_gone()


@pytest.mark.full
def test_interrupted_while_it_waits_for_its_turn(place):
    """A timed trial waits for another's, in a thread of the launcher; Ctrl-C ends the wait."""
    words = ("baseline=slow", f"instance={INSTANCE}", "hardware.threads=1", "budget.seconds=60")
    long = ("baseline.pause=100", "results=other")
    other = place.start("sweep", *words, *long, "--plugin", PLUGIN)
    wait_for(lambda: place.lines("begin"), "the trial that has the machine")
    two = ("seed=0,1", "launcher.jobs=2", "--name", "mine")
    process = place.start("sweep", *words, *two, "--plugin", PLUGIN)
    wait_for(lambda: len(list(place.results.glob("claims/*.lock"))) == 2, "the two that wait")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out.startswith("mine: 0 done, 0 skipped, 0 failed")
    assert other.poll() is None
    assert len(place.lines("begin")) == 1
    other.send_signal(signal.SIGINT)
    other.communicate(timeout=60)
    assert place.all_gone()
