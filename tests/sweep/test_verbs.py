"""`sweep`, `resume`, `status` and `compare` as their users see them."""

import json
from pathlib import Path

import pytest
import yaml

from dnnbench.records.store import Store
from tests.cli.command import INSTANCE
from tests.sweep.processes import PLUGIN

WORDS = ("baseline=random", f"instance={INSTANCE}", "budget.steps=50", "hardware.threads=1")
SWEEP = ("sweep", *WORDS, "seed=range(0,3)")
LATEST = ("--plugin", PLUGIN)


def run_ids(place):
    return {record.trial_id: record.run_id for record in Store(place.results).records()}


def test_a_second_sweep_has_nothing_to_do(cli, place):
    first = cli(*SWEEP, "--name", "mine")
    assert (first.code, first.out) == (0, "mine: 3 done, 0 skipped, 0 failed, 0 timed out\n")
    assert [line.split()[0] for line in first.err.splitlines()] == ["1/3", "2/3", "3/3"]
    before = run_ids(place)
    second = cli(*SWEEP, "--name", "mine")
    assert (second.code, second.out) == (0, "mine: 0 done, 3 skipped, 0 failed, 0 timed out\n")
    assert second.err == ""
    assert run_ids(place) == before
    more = cli("sweep", *WORDS, "seed=range(0,4)", "--name", "mine")
    assert more.out == "mine: 1 done, 3 skipped, 0 failed, 0 timed out\n"
    assert before.items() < run_ids(place).items()


def test_json(cli):
    done = cli(*SWEEP, "--name", "mine", "--json")
    assert done.err == ""
    assert json.loads(done.out) == {
        "experiment": "mine",
        "results": "results",
        "done": 3,
        "skipped": 0,
        "failed": 0,
        "timed_out": 0,
        "interrupted": False,
    }
    assert json.loads(cli("resume", "mine", "--json").out)["skipped"] == 3


def test_cfg_prints_what_is_composed_and_runs_nothing(cli, place):
    done = cli("sweep", *WORDS, "method=mean_field", "seed=4,2", "plan.lanes=2,3", "--cfg")
    documents = list(yaml.safe_load_all(done.out))
    assert [d.get("method", {}).get("name") for d in documents] == ["mean_field"] * 2 + [None]
    assert [d["plan"]["lanes"] for d in documents] == [2, 3, None]
    assert all(d["seed"] == [4, 2] and d["instance"] == [INSTANCE] for d in documents)
    assert all(d["budget"]["steps"] == 50 for d in documents)
    assert "_about" not in done.out
    assert not place.results.exists()


def test_dry_run_counts_and_runs_nothing(cli, place):
    said = cli(*SWEEP, "--name", "mine", "--dry-run").out
    assert said.startswith("mine: 3 trials, 0 on record, 3 to run")
    assert "3 trials of which nothing is known" in said
    assert not place.results.exists()
    assert cli("sweep", *WORDS, "seed=1").code == 0
    before = sorted(place.folder.rglob("*"))
    found = json.loads(cli(*SWEEP, "--name", "mine", "--dry-run", "--json").out)
    assert found["experiment"] == "mine"
    assert (found["trials"], found["on_record"], found["to_run"]) == (3, 1, 2)
    assert found["not_estimated"] == 0
    assert [task["seed"] for task in found["tasks"]] == [0, 2]
    assert found["estimated_seconds"] > 0
    assert sorted(place.folder.rglob("*")) == before


def test_resume_from_another_folder(cli, place, monkeypatch, tmp_path):
    assert cli(*SWEEP, "--name", "mine").code == 0
    store = Store(place.results)
    lost = next(store.ids())
    store.path(lost).unlink()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = cli("resume", "--results", place.results)
    assert done.code == 0
    assert "mine: 1 done, 2 skipped" in done.out
    assert store.has(lost)
    assert not list(Path().iterdir())


def test_resume_brings_its_plugin(cli, place):
    words = ("baseline=chatters", f"instance={INSTANCE}", "budget.steps=1", "hardware.threads=1")
    assert cli("sweep", *words, *LATEST, "--name", "mine").code == 0
    store = Store(place.results)
    for trial in list(store.ids()):
        store.path(trial).unlink()
    place_free = place.run("resume", "mine")  # a process that knows of no plug-in
    assert (place_free.returncode, place_free.stderr) == (0, place_free.stderr)
    assert "mine: 1 done, 0 skipped" in place_free.stdout


def test_status(cli, place):
    assert cli("status").code == 2
    assert cli(*SWEEP, "--name", "mine").code == 0
    assert cli("status").out == "mine: 3 trials: 3 budget\n"
    store = Store(place.results)
    store.path(next(store.ids())).unlink()
    assert cli("status", "mine").out == "mine: 3 trials: 2 budget, 1 left\n"
    (view,) = json.loads(cli("status", "--json").out)
    assert (view["trials"], view["by_status"], view["left"]) == (3, {"budget": 2}, 1)
    assert (view["running"], view["failures"]) == (0, [])
    unknown = cli("status", "mne")
    assert (unknown.code, unknown.out) == (2, "")
    assert "did you mean 'mine'" in unknown.err


def test_a_failure_is_a_record_and_runs_again_when_asked(cli, place):
    words = ("sweep", "baseline=random,aborts,idle", *WORDS[1:], *LATEST, "--name", "mine", "-q")
    summary = "mine: {} done, {} skipped, {} failed{}, 0 timed out"
    first = cli(*words)
    assert first.code == 1
    assert first.out.splitlines()[0] == summary.format(1, 0, 2, "")
    assert "dnnbench status mine" in first.out
    assert len(list(Store(place.results).ids())) == 3
    listed = cli("status")
    assert listed.out.startswith("mine: 3 trials: ")
    assert f"error: aborts {INSTANCE} seed 0\n      the solver's process was killed" in listed.out
    assert f"budget: idle {INSTANCE} seed 0" in listed.out

    again = cli(*words)
    assert again.code == 1
    assert again.out.splitlines()[0] == summary.format(0, 3, 2, " (2 of them before)")
    assert (len(place.lines("aborts")), len(place.lines("idle"))) == (1, 1)

    retried = cli(*words, "--retry-failed")
    assert retried.code == 1
    assert retried.out.splitlines()[0] == summary.format(0, 1, 2, "")
    assert (len(place.lines("aborts")), len(place.lines("idle"))) == (2, 2)
    assert len(list(Store(place.results).ids())) == 3


def test_a_damaged_record_is_named_set_aside_and_run_again(cli, place):
    assert cli(*SWEEP).code == 0
    store = Store(place.results)
    damaged = next(store.ids())
    whole = store.path(damaged).read_bytes()
    store.path(damaged).write_bytes(whole[: len(whole) // 2])
    done = cli(*SWEEP)
    assert done.code == 0
    assert f"dnnbench: record {damaged} is damaged" in done.err
    assert "1 done, 2 skipped, 0 failed" in done.out
    (aside,) = (place.results / "quarantine").iterdir()
    assert aside.name.startswith(damaged)
    assert store.get(damaged).value is not None
    assert "3 trials: 3 budget\n" in cli("status").out


def test_a_failure_that_is_damaged_inside_is_left_to_run(cli, place):
    words = ("sweep", "baseline=aborts", *WORDS[1:], *LATEST, "--name", "mine")
    assert cli(*words).code == 1
    store = Store(place.results)
    path = store.path(next(store.ids()))
    path.write_text(path.read_text().replace('"seed": 0,', '"seed": 0 0,'))
    assert cli("status").out == "mine: 1 trials: none run, 1 left\n"


def test_compare(cli):
    words = ("compare", "baseline=random,greedy", *WORDS[1:], "seed=0,1")
    done = cli(*words, "--format", "csv", "-q")
    assert done.code == 0
    header, *rows = (line.split(",") for line in done.out.splitlines())
    assert [row[header.index("solver")] for row in rows] == ["random", "greedy"]
    assert [row[header.index("seeds")] for row in rows] == ["2", "2"]
    objects = json.loads(cli(*words, "--json").out)
    assert [(o["solver"], o["seed"]) for o in objects] == [
        ("random", 0),
        ("greedy", 0),
        ("random", 1),
        ("greedy", 1),
    ]
    # The table is of these trials, whatever else is on record.
    assert [o["seed"] for o in json.loads(cli(*words[:-1], "seed=1", "--json").out)] == [1, 1]


def test_compare_names_a_damaged_record(cli, place):
    words = ("compare", *WORDS, "-q")
    assert cli(*words).code == 0
    store = Store(place.results)
    damaged = next(store.ids())
    store.path(damaged).write_text("{")
    done = cli(*words)
    assert done.code == 0
    assert f"record {damaged} is damaged" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "experiment=x"), "start them with `dnnbench sweep experiment=x ...`"),
        (("run", "suite=x"), "start them with `dnnbench sweep suite=x ...`"),
        (("run", "baseline=random", "seed=0,1"), "`dnnbench sweep` takes many"),
        (("sweep",), "no solver is named"),
        (("compare",), "no solver is named"),
        (("sweep", *WORDS, "--name", "../x"), "--name: '../x' must consist of"),
        (("sweep", *WORDS, "launcher=joblb"), "did you mean 'joblib'"),
        (("resume",), "none was started there"),
        (("resume", "x", "--results", "nowhere"), "no experiment 'x' in nowhere"),
        (("status", "--results", "nowhere"), "no results folder 'nowhere'"),
    ],
)
def test_wrong_use_is_one_line_and_leaves_nothing(cli, place, arguments, said):
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not [path for path in place.folder.iterdir() if path.name != "cache"]


def test_nothing_but_the_results_folder_appears(place):
    done = place.run(*SWEEP, "method=mean_field", "plan.lanes=2")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in place.folder.iterdir()] == ["results"]
    hydra = [p for p in place.results.rglob("*") if "hydra" in p.name or p.name == "outputs"]
    assert not hydra
    kinds = {path.name for path in place.results.iterdir()}
    assert kinds <= {"records", "solutions", "experiments", "claims", "checkpoints"}
    assert not list(place.results.glob("claims/*"))
    assert not list(place.results.rglob(".tmp-*"))
