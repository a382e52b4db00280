"""Sweeps killed at random instants and resumed end like one that was never killed."""

import csv
import io
import random
import time
from functools import partial

import pytest

from dnnbench.records.store import Store
from dnnbench.sweep import manifest
from tests.cli.command import INSTANCE
from tests.sweep.processes import PLUGIN, kill_group, wait_for

SOLVERS = ("method=simulated_bifurcation", "plan.lanes=4", "baseline=random,greedy,slow")
CLOCK = {"solve_seconds"}


def words(results, seeds, launcher):
    sizes = (f"instance={INSTANCE}", "budget.steps=60", "hardware.threads=1")
    return (*SOLVERS, *sizes, f"seed=range(0,{seeds})", f"results={results}", *launcher)


def sweep(place, results, seeds, launcher=()):
    """The words that begin the sweep, or go on with it if it has got far enough for that."""
    if "mine" in manifest.names(place.folder / results):
        again = [f"--launcher={word}" for word in launcher]
        return ("resume", "mine", "--results", results, *again, "--quiet")
    plain = words(results, seeds, launcher)
    return ("sweep", *plain, "--plugin", PLUGIN, "--name", "mine", "--quiet")


def table(place, results):
    """The table of the records, without what the clock decides."""
    done = place.run("table", results, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    rows = csv.DictReader(io.StringIO(done.stdout))
    return [{k: v for k, v in row.items() if k not in CLOCK} for row in rows]


def answers(store):
    """Per trial what must not depend on whether it was killed."""
    return {
        record.trial_id: (
            record.status,
            record.value,
            record.raw_value,
            record.steps,
            record.restarts,
            store.solution(record.trial_id).tolist(),
        )
        for record in store.records()
    }


def events(place):
    """How much has happened so far: records, and trials begun."""
    return len(list(Store(place.results).ids())) + len(place.lines("begin"))


def working(place, process, before):
    """Whether a sweep has begun to work, or has ended."""
    return events(place) > before or process.poll() is not None


def killed_again_and_again(place, seeds, kills, launcher, seed):
    whole = place.run(*sweep(place, "whole", seeds))
    assert whole.returncode == 0, whole.stderr
    assert "Traceback" not in whole.stderr
    rng = random.Random(seed)
    before = {}
    store = Store(place.folder / "results")
    for kill in range(kills):
        so_far = events(place)
        process = place.start(*sweep(place, "results", seeds, launcher))
        if kill % 3:
            # Most of a short sweep is getting ready, so two of three kills wait until it works.
            wait_for(partial(working, place, process, so_far), "its first trial")
            time.sleep(rng.uniform(0.0, 1.0))
        else:
            time.sleep(rng.uniform(0.1, 5.0))
        kill_group(process)
        assert place.all_gone()
        # What was once on record stays as it is.
        now = {record.trial_id: record.run_id for record in store.records()}
        assert before.items() <= now.items()
        before = now
    last = place.run(*sweep(place, "results", seeds, launcher))
    assert last.returncode == 0, last.stderr
    assert "Traceback" not in last.stderr
    assert place.all_gone()

    planned = manifest.read(place.results, "mine").trials
    assert len(planned) == len(set(planned)) == 4 * seeds
    assert sorted(planned) == list(store.ids())
    assert len({record.run_id for record in store.records()}) == 4 * seeds
    assert store.problems == []
    assert not list((place.results / "quarantine").glob("*"))
    assert not list((place.results / "checkpoints").glob("*.npz"))
    assert table(place, "results") == table(place, "whole")
    assert answers(store) == answers(Store(place.folder / "whole"))
    after = place.run(*sweep(place, "results", seeds))
    assert f"0 done, {4 * seeds} skipped, 0 failed" in after.stdout


@pytest.mark.full
def test_12_trials_6_kills(place):
    killed_again_and_again(place, 3, 6, (), seed=1)


@pytest.mark.full
@pytest.mark.parametrize(
    "launcher",
    [(), ("launcher.jobs=2",), ("launcher=joblib", "launcher.jobs=2", "launcher.batch=2")],
    ids=["one", "two", "joblib"],
)
def test_40_trials_20_kills(place, launcher):
    killed_again_and_again(place, 10, 20, launcher, seed=2)
