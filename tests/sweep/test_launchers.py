"""Several trials at the same time, and timed ones one after the other all the same."""

from itertools import pairwise

import pytest

from dnnbench.records.store import Store
from tests.cli.command import INSTANCE
from tests.sweep.processes import PLUGIN

COMMON = (f"instance={INSTANCE}", "hardware.threads=1", "--plugin", PLUGIN, "--name", "mine", "-q")
LAUNCHERS = {
    "local": ("launcher.jobs=2",),
    "joblib": ("launcher=joblib", "launcher.jobs=2", "launcher.batch=2"),
}
both = pytest.mark.parametrize("launcher", LAUNCHERS.values(), ids=LAUNCHERS)


@both
def test_two_jobs_run_everything_at_the_same_time(place, launcher):
    words = ("baseline=random,aborts,meets", "seed=0,1", "budget.steps=5", *launcher)
    done = place.run("sweep", *words, *COMMON)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("mine: 4 done, 0 skipped, 2 failed, 0 timed out\n")
    store = Store(place.results)
    records = list(store.records())
    assert len(records) == 6
    # Neither trial of `meets` ends before the other has begun.
    assert {r.status for r in records if r.solver == "meets"} == {"budget"}
    assert {r.environment["concurrent"] for r in records} == {2}
    assert {r.environment["exclusive"] for r in records} == {False}
    assert place.all_gone()
    again = place.run("resume", "mine", *(f"--launcher={word}" for word in launcher))
    assert again.stdout.startswith("mine: 0 done, 6 skipped, 2 failed (2 of them before)")


@both
def test_timed_trials_never_overlap(place, launcher):
    words = ("baseline=slow", "baseline.pause=0.3", "seed=range(0,4)", "budget.seconds=1")
    done = place.run("sweep", *words, *launcher, *COMMON)
    assert done.returncode == 0, done.stderr
    begins = {who: float(at) for who, at in place.lines("begin")}
    ends = {who: float(at) for who, at in place.lines("end")}
    assert len(begins) == len(ends) == 4
    spans = sorted((begins[who], ends[who]) for who in begins)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    for record in Store(place.results).records():
        assert record.environment["exclusive"] is True
        assert record.environment["concurrent"] == 1


def test_timed_trials_may_overlap_if_told_so(place):
    words = ("baseline=meets", "seed=0,1", "budget.seconds=90", "hardware.exclusive=false")
    done = place.run("sweep", *words, "launcher.jobs=2", *COMMON)
    assert done.stdout == "mine: 2 done, 0 skipped, 0 failed, 0 timed out\n"


def test_timed_trials_of_two_sweeps_never_overlap(place):
    words = ("baseline=slow", "baseline.pause=0.3", "budget.seconds=1", *COMMON)
    sweeps = [place.start("sweep", *words, f"seed={s},{s + 1}", f"results=r{s}") for s in (0, 2)]
    for sweep in sweeps:
        _, err = sweep.communicate(timeout=120)
        assert sweep.returncode == 0, err
    spans = sorted(
        (float(begin), float(end))
        for who, begin in place.lines("begin")
        for other, end in place.lines("end")
        if who == other
    )
    assert len(spans) == 4
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
