"""The gate's rules on made-up records; its files; its clock."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.records.store import Store
from dnnbench.report.differences.paired import Outcome
from dnnbench.runner.supervise import Watch
from dnnbench.studies.regress import clocked
from dnnbench.studies.regress.calibration import calibrate
from dnnbench.studies.regress.clocked import Calibrations, Clock, Timing
from dnnbench.studies.regress.judge import LEAST_SECONDS, Side, judge
from dnnbench.studies.regress.processor_time import seconds_of_children
from dnnbench.studies.regress.reference import read_reference, read_side, replace_reference
from dnnbench.studies.regress.render import render, summary
from dnnbench.sweep import manifest
from dnnbench.sweep.execute import Event, How
from dnnbench.sweep.manifest import Manifest

SOLVERS = ("greedy", "pi_gnn", "tabu")
SEEDS = range(10)
KERNEL_SECONDS = 0.002


def record(solver, seed, **changes):
    number = SOLVERS.index(solver) * 100 + seed
    own = {"trial_id": f"{number:020x}", "solver": solver, "seed": seed}
    budget = {"seconds": None, "steps": 4000, "restarts": None, "target": None, "cores": 1}
    about = {"value": 3000 + 7 * seed, "steps": 4000, "solve_seconds": 0.5, "budget": budget}
    return example_record(**own | about | {"run_id": f"{number:08x}"} | changes)


def side(change=lambda r: r, *, kernel=KERNEL_SECONDS, name="run"):
    """All records, each changed (None leaves it out), and as many processor seconds as seconds."""
    made = [change(record(solver, seed)) for solver in SOLVERS for seed in SEEDS]
    records = tuple(r for r in made if r is not None)
    timings = {r.trial_id: Timing(r.run_id, r.solve_seconds, kernel, kernel) for r in records}
    trials = tuple(r.trial_id for r in records)
    experiment = Manifest("ci", (("baseline=greedy",),), (), trials, "2026-01-02T03:04:05Z")
    return Side(name, experiment, records, Calibrations("code", timings=timings))


def only(solver, **changes):
    """A change of one solver's records; a function is given the record."""

    def change(r):
        if r.solver != solver:
            return r
        return replace(r, **{k: v(r) if callable(v) else v for k, v in changes.items()})

    return change


def test_an_exact_repeat_is_no_regression_and_is_called_exact():
    found = judge(side(), side())
    assert found.reasons == ()
    assert found.exact
    assert (found.changed, found.pairs) == (0, 30)
    assert summary(found) == "no regression"


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_loss_of_one_per_cent_is_found_and_only_there(solver):
    worse = side(only(solver, value=lambda r: r.value * 0.99))
    found = judge(side(), worse)
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith(f"answers: {solver} on gset/G14 (maxcut): -1 %")
    text = render(found, "terminal", _names())
    assert text.startswith("regression: 1 finding\n")
    assert "worse" in text


def test_a_gain_of_one_per_cent_is_no_regression():
    better = side(only("tabu", value=lambda r: r.value * 1.01))
    found = judge(side(), better)
    assert found.reasons == ()
    assert found.quality.outcomes()[Outcome.BETTER] == 1


def test_a_loss_within_the_margin_is_no_regression_but_is_said():
    found = judge(side(), side(only("tabu", value=lambda r: r.value - 1)))
    assert found.reasons == ()
    assert found.changed == 10
    assert "10 of 30 values differ" in render(found, "terminal", _names())


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_slowdown_of_one_and_a_half_is_found_and_only_there(solver):
    found = judge(side(), side(only(solver, solve_seconds=0.75)))
    assert [reason.partition(" on ")[0] for reason in found.reasons] == [f"speed: {solver}"]
    assert "x1.5" in found.reasons[0]


def test_speed_is_in_units_of_the_kernel():
    # The machine runs at half its speed: the solves take twice as long, and so does the kernel.
    half = side(lambda r: replace(r, solve_seconds=1.0), kernel=2 * KERNEL_SECONDS)
    assert judge(side(), half).reasons == ()
    # The kernel alone has become slower: the solvers have become faster.
    found = judge(side(), side(kernel=2 * KERNEL_SECONDS))
    assert found.reasons == ()
    assert found.speed.outcomes()[Outcome.BETTER] == 3


def test_speed_is_for_a_step():
    # Twice the steps in twice the time, as where a solver converges later.
    assert judge(side(), side(only("tabu", steps=8000, solve_seconds=1.0))).reasons == ()


def test_other_hardware_compares_answers_but_never_speed():
    other = {"cpu_model": "Another CPU", "cores_logical": 8, "machine": "x86_64"}
    slow = side(lambda r: replace(r, solve_seconds=5.0, environment=other))
    found = judge(side(), slow)
    assert (found.speed, found.exact, found.reasons) == (None, False, ())
    assert "Another CPU, 8 cores" in found.no_speed
    assert "Speed is not compared" in render(found, "terminal", _names())
    worse = side(lambda r: replace(r, value=r.value * 0.99, environment=other))
    assert len(judge(side(), worse).reasons) == 3


def test_a_run_on_two_kinds_of_machine_compares_no_speed():
    other = {"cpu_model": "Another CPU", "cores_logical": 8, "machine": "x86_64"}
    found = judge(side(), side(only("tabu", environment=other)))
    assert found.speed is None
    assert " | " in found.no_speed


def test_without_calibration_no_speed_is_compared():
    bare = replace(side(), clock=Calibrations("code"))
    found = judge(bare, bare)
    assert found.speed is None
    assert "no pair" in found.no_speed


def test_another_kernel_is_never_compared():
    run = side()
    found = judge(side(), replace(run, clock=replace(run.clock, kernel=99)))
    assert found.speed is None
    assert "another version of the kernel" in found.no_speed


def test_a_trial_that_was_run_again_without_the_gate_has_no_clock():
    run = side()
    again = replace(run, records=tuple(replace(r, run_id="f" * 8) for r in run.records))
    assert judge(side(), again).speed is None


def test_short_solves_say_nothing_about_speed():
    short = side(only("tabu", solve_seconds=LEAST_SECONDS / 4))
    slower = side(only("tabu", solve_seconds=LEAST_SECONDS / 2))
    found = judge(short, slower)
    assert {line.solver for line in found.speed.cells} == {"greedy", "pi_gnn"}
    assert found.reasons == ()


def test_a_failure_where_there_was_an_answer_is_a_regression_without_a_test():
    lost = {"status": Status.ERROR, "message": "no memory", "value": None, "feasible": None}

    def change(r):
        return replace(r, **lost) if (r.solver, r.seed) == ("pi_gnn", 3) else r

    found = judge(side(), side(change))
    assert found.reasons[0] == (
        "failed: pi_gnn on gset/G14, seed 3, which had an answer in the reference: no memory"
    )
    # One that failed before is none, and one that is mended is none.
    assert judge(side(change), side(change)).reasons == ()
    assert judge(side(change), side()).reasons == ()


def _two_seeds_worse(r):
    return replace(r, value=r.value * 0.9) if r.solver == "tabu" and r.seed < 2 else r


def test_two_changed_seeds_count_where_values_repeat_exactly():
    (reason,) = judge(side(), side(_two_seeds_worse)).reasons
    assert reason == "answers: tabu on gset/G14 (maxcut): -2 %, 2 of 10 seeds changed"
    better = side(lambda r: replace(r, value=r.value * 1.1) if r.seed < 2 else r)
    assert judge(side(), better).reasons == ()
    within = side(lambda r: replace(r, value=r.value - 1) if r.seed < 2 else r)
    assert judge(side(), within).reasons == ()


@pytest.mark.parametrize(
    "environment",
    [
        {"cpu_model": "Another CPU", "cores_logical": 8, "machine": "x86_64"},
        {
            "cpu_model": "Example CPU",
            "cores_logical": 2,
            "machine": "x86_64",
            "packages": {"jax": "9"},
        },
    ],
)
def test_two_changed_seeds_say_nothing_elsewhere(environment):
    moved = side(lambda r: replace(_two_seeds_worse(r), environment=environment))
    found = judge(side(), moved)
    assert (found.exact, found.reasons) == (False, ())


def test_another_version_of_dnnbench_is_no_other_software():
    about = {"cpu_model": "Example CPU", "cores_logical": 2, "machine": "x86_64"}

    def with_version(version):
        return side(lambda r: replace(r, environment=about | {"packages": {"dnnbench": version}}))

    assert judge(with_version("1"), with_version("2")).exact


def test_changed_settings_and_missing_solvers_are_said():
    changed = side(only("pi_gnn", settings={"learning_rate": 0.02, "layers": [64, 32]}))
    without = replace(changed, records=tuple(r for r in changed.records if r.solver != "tabu"))
    text = render(judge(side(), without), "terminal", _names(), width=200)
    assert "pi_gnn: learning_rate 0.01 -> 0.02" in text
    assert "tabu" in text
    assert "10 trials of A" in text


def test_other_budgets_are_refused():
    other = {"seconds": None, "steps": 8000, "restarts": None, "target": None, "cores": 1}
    with pytest.raises(UserError, match=r"another budget.*steps 4000 -> 8000.*dnnbench accept"):
        judge(side(), side(lambda r: replace(r, budget=other)))


def test_the_level_is_shared_where_a_solver_has_several_instances():
    def twice(one):
        more = tuple(
            replace(r, instance="gset/G15", instance_sha256="cd" * 32, trial_id=r.trial_id[::-1])
            for r in one.records
        )
        return replace(one, records=one.records + more)

    assert judge(side(), side(), level=0.04).quality.level == 0.04
    assert judge(twice(side()), twice(side()), level=0.04).quality.level == 0.02


def test_equal_records_raise_no_more_alarms_than_the_level_allows():
    from scipy.stats import binom

    level, runs = 0.05, 200
    random = np.random.default_rng(0)

    def draw():
        noise = iter(random.normal(0, [[5, 0.05]], (len(SOLVERS) * 10, 2)))

        def change(r):
            value, seconds = next(noise)
            packages = {"packages": {"jax": str(random.integers(2**40))}}
            return replace(
                r,
                value=round(3000 + value),
                solve_seconds=0.5 * np.exp(seconds).item(),
                environment=r.environment | packages,
            )

        return side(change)

    alarms = {"answers": 0, "speed": 0}
    for _ in range(runs):
        margins = replace_margins()
        found = judge(draw(), draw(), level=level, margins=margins)
        for what in alarms:
            alarms[what] += any(reason.startswith(what) for reason in found.reasons)
    assert max(alarms.values()) <= binom.ppf(0.999, runs, level)
    assert min(alarms.values()) > 0  # the test is not empty: without margins, some must come


def replace_margins():
    """None at all, so that only the test keeps alarms away."""
    from dnnbench.report.differences.units import Margins

    return Margins(relative=0.0, decades=0.0, decibels=0.0, time=0.0)


def _names():
    from dnnbench.report.differences.as_data import Names

    return Names("the reference", "the run")


def test_json_and_csv_have_both_measures():
    found = judge(side(), side(only("tabu", solve_seconds=0.75)))
    data = json.loads(render(found, "json", _names()))
    assert data["regression"] is True
    assert data["reasons"] == list(found.reasons)
    assert {line["solver"] for line in data["speed"]["cells"]} == set(SOLVERS)
    rows = render(found, "csv", _names()).splitlines()
    assert sum(row.startswith("scope,") for row in rows) == 1
    assert sum(",time," in row for row in rows) == 6


def test_names_cannot_break_the_page():
    evil = "x|<b>\x1b[31m\ny"
    low = side(lambda r: replace(r, instance=evil, value=r.value * 0.99))
    found = judge(side(lambda r: replace(r, instance=evil)), low)
    for layout in ("terminal", "markdown"):
        text = render(found, layout, _names())
        assert "\x1b" not in text
    assert "<b>" not in render(found, "markdown", _names())


# Files


def _stored(root, one):
    store = Store(root)
    for r in one.records:
        store.put(r, np.zeros(3, np.uint8))
    manifest.write(root, "ci", one.experiment.blocks, (), one.experiment.trials)
    clocked.write(root, one.clock)


def test_a_reference_is_replaced_whole_and_keeps_what_is_not_its_own(tmp_path):
    root, results = tmp_path / "ci", tmp_path / "run"
    _stored(results, side())
    replace_reference(root, results, read_side(results, None, "run"))
    (root / "README.md").write_text("how it was made")
    first = read_reference(root)
    assert len(first.records) == 30
    assert all(r.trace == [] and r.solution is None for r in first.records)
    assert judge(first, side()).reasons == ()
    assert judge(first, side()).speed is not None

    fewer = side(lambda r: None if r.solver == "tabu" else replace(r, value=1))
    _stored(tmp_path / "second", fewer)
    replace_reference(root, tmp_path / "second", read_side(tmp_path / "second", None, "run"))
    second = read_reference(root)
    assert {r.solver for r in second.records} == {"greedy", "pi_gnn"}
    assert {r.value for r in second.records} == {1}
    assert len(second.clock.timings) == 20
    assert len([*Store(root).ids()]) == 20
    assert (root / "README.md").read_text() == "how it was made"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ci", "run", "second"]


def test_a_reference_stays_as_it_was_if_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    root, results = tmp_path / "ci", tmp_path / "run"
    _stored(results, side())
    replace_reference(root, results, read_side(results, None, "run"))
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}

    def full(root, known):
        raise UserError("disk full")

    monkeypatch.setattr(clocked, "write", full)
    with pytest.raises(UserError, match="disk full"):
        replace_reference(root, results, read_side(results, None, "run"))
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ci", "run"]


@pytest.mark.parametrize("error", [OSError(28, "disk full"), KeyboardInterrupt()])
def test_a_reference_is_never_lost_between_the_two_renames(tmp_path, monkeypatch, error):
    root, results = tmp_path / "ci", tmp_path / "run"
    _stored(results, side())
    replace_reference(root, results, read_side(results, None, "run"))
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    rename = Path.rename

    def fails(self, target):
        if ".new-" in self.name:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises((UserError, KeyboardInterrupt)):
        replace_reference(root, results, read_side(results, None, "run"))
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ci", "run"]


def test_what_is_not_complete_is_no_reference(tmp_path):
    _stored(tmp_path, side())
    incomplete = side()
    trials = (*incomplete.experiment.trials, "f" * 20)
    manifest.write(tmp_path, "ci", incomplete.experiment.blocks, (), trials)
    with pytest.raises(UserError, match="1 of 31 trials"):
        replace_reference(tmp_path / "ci", tmp_path, read_side(tmp_path, None, "run"))


def test_a_damaged_file_of_calibrations_is_said(tmp_path):
    assert clocked.read(tmp_path) is None
    for text in ("{", "[]", '{"version": 1, "code": "x", "kernel": 1, "timings": {"a": [1]}}'):
        (tmp_path / clocked.FILE).write_text(text)
        with pytest.raises(UserError, match="damaged"):
            clocked.read(tmp_path)


# Clock


def test_the_kernel_takes_some_milliseconds_and_leaves_the_thread_where_it_was():
    import os

    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    assert 1e-5 < calibrate() < 10
    assert before is None or os.sched_getaffinity(0) == before


def test_the_clock_runs_right_before_and_right_after_the_solve(tmp_path, monkeypatch):
    said = []

    def timed():
        said.append("kernel")
        return float(len(said))

    def children():
        said.append("children")
        return 10.0 * len(said)

    monkeypatch.setattr(clocked, "calibrate", timed)
    monkeypatch.setattr(clocked, "seconds_of_children", children)
    clock = Clock(tmp_path, "code")
    watch = Watch(phase=said.append)
    started, ended = clock.around(lambda task: watch, lambda event: said.append("ended"))
    phases = started(None)
    for name in ("load", "compile", "solve"):
        phases.phase(name)
    done = record("greedy", 0)
    ended(Event(None, How.DONE, done))
    ended(Event(None, How.SKIPPED))
    assert said == [
        *("load", "compile", "solve", "kernel", "children"),
        *("children", "kernel", "ended", "ended"),
    ]
    found = clocked.read(tmp_path)
    assert found.code == "code"
    timing = Timing(done.run_id, solve=10.0, before=4.0, after=7.0)
    assert found.timings == {done.trial_id: timing}
    assert found.of(done) == timing
    assert timing.ratio == 10 / 5.5
    assert found.of(replace(done, run_id="other")) is None


def test_a_trial_that_fails_before_its_solve_has_no_timing(tmp_path):
    clock = Clock(tmp_path, "code")
    clock.start()
    assert clocked.read(tmp_path) == Calibrations("code")
    started, ended = clock.around(lambda task: Watch(), lambda event: None)
    started(None).phase("compile")
    ended(Event(None, How.FAILED, record("greedy", 0)))
    assert clocked.read(tmp_path) == Calibrations("code")


def test_a_clock_that_is_too_coarse_gives_no_ratio():
    assert Timing("run", 0.0, 0.1, 0.1).ratio is None
    assert Timing("run", 0.1, 0.0, 0.0).ratio is None


def test_processor_seconds_are_those_of_the_processes_below_and_no_waiting():
    before = seconds_of_children()
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); input()"
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as child:
        child.stdout.readline()
        worked = seconds_of_children()
        assert 0.25 < worked - before < 5.0
        time.sleep(0.3)  # it waits for us
        assert seconds_of_children() - worked < 0.1
        child.communicate(b"\n")


# What stands in the repository


def test_the_reference_is_of_the_experiment_as_it_is_now(tmp_path):
    from dnnbench.paths import shared_folder
    from dnnbench.sweep.campaign import plan_request, read_request

    root = shared_folder("reference") / "ci"
    reference = read_reference(root)
    tasks = plan_request(read_request(["experiment=ci"]), data_dir=None, cache_dir=tmp_path)
    assert [task.trial_id for task in tasks] == [*reference.experiment.trials]
    assert len(reference.records) == len(tasks) == 90
    assert all(reference.clock.of(r) for r in reference.records)
    assert {r.seed for r in reference.records} == {*range(10)}
    assert {r.problem for r in reference.records} == {
        *("maxcut", "mis", "max_sat", "lp", "denoise", "heat_1d")
    }
    assert sum(p.stat().st_size for p in root.rglob("*") if p.is_file()) < 300_000
