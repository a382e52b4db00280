"""The gate as a user types it: `regress`, `accept`, and what they refuse."""

import json
import shutil
from dataclasses import replace

import pytest

from dnnbench.records.store import Store
from dnnbench.studies.regress import clocked
from tests.cli.command import INSTANCE, dnnbench

EXPERIMENT = f"""\
overrides:
  - problem=maxcut
  - problem.polish=none
  - instance={INSTANCE}
  - baseline=greedy,random
  - seed=range(0,7)
  - budget.steps=3
  - budget.cores=1
  - hardware=cpu
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """A folder with an experiment, a run of it, and the reference made of that run."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "tiny.yaml").write_text(EXPERIMENT)
    run = dnnbench(
        *("regress", "--record", "--experiment", folder / "tiny.yaml"),
        *("--baseline", folder / "ci", "--results", folder / "run"),
    )
    assert run.returncode == 0, run.stderr
    assert "dnnbench accept" in run.stdout
    done = dnnbench(*("accept", "--yes", "--baseline", folder / "ci", "--results", folder / "run"))
    assert done.returncode == 0, done.stderr
    return folder


def copied(gate, tmp_path, change):
    """A copy of the run with every record changed; None takes a record away."""
    folder = tmp_path / "copy"
    shutil.copytree(gate / "run", folder)
    store = Store(folder)
    for record in [*store.records()]:
        changed = change(record)
        if changed is None:
            store.path(record.trial_id).unlink()
        else:
            store.put(changed, replace=True)
    return folder


def lowered(record):
    return replace(record, value=record.value * 0.99) if record.solver == "greedy" else record


def test_a_new_run_of_the_same_code_passes_and_repeats_exactly(gate, tmp_path, cli):
    words = ("regress", "--baseline", gate / "ci", "--experiment", gate / "tiny.yaml")
    done = cli(*words, "--results", tmp_path / "again", "--exact", "-q")
    assert done.code == 0, done.err
    assert done.out.startswith("no regression\n")
    assert "All 14 values repeat exactly" in done.out
    known = clocked.read(tmp_path / "again")
    assert len(known.timings) == 14
    assert all(timing.ratio is not None for timing in known.timings.values())


def test_without_an_experiment_that_of_the_reference_runs(gate, tmp_path, cli):
    done = cli("regress", "--baseline", gate / "ci", "--results", tmp_path / "again", "-q")
    assert done.code == 0, done.err
    assert "All 14 values" in done.out


def test_a_planted_loss_ends_with_1_and_a_table_that_names_it(gate, tmp_path, cli):
    folder = copied(gate, tmp_path, lowered)
    words = ("regress", "--stored", "--baseline", gate / "ci", "--results", folder)
    done = cli(*words)
    assert done.code == 1
    assert done.out.startswith("regression: 1 finding\n  answers: greedy on ")
    assert "worse" in done.out
    assert "dnnbench accept" in done.err
    data = json.loads(cli(*words, "--format", "json").out)
    assert [line["outcome"] for line in data["quality"]["cells"]] == ["worse", "equivalent"]
    assert "| worse" in cli(*words, "--format", "markdown").out
    assert cli(*words, "--format", "csv").out.startswith("scope,outcome,")
    assert cli(*words, "--margin", "0.02").code == 0


def test_a_change_within_the_margin_fails_only_if_values_must_repeat(gate, tmp_path, cli):
    folder = copied(gate, tmp_path, lambda r: replace(r, value=r.value * (1 - 1e-9)))
    words = ("regress", "--stored", "--baseline", gate / "ci", "--results", folder)
    assert cli(*words).code == 0
    assert cli(*words, "--exact").code == 1


def test_what_the_run_lacks_is_said(gate, tmp_path, cli):
    folder = copied(gate, tmp_path, lambda r: None if r.solver == "random" else r)
    done = cli("regress", "--stored", "--baseline", gate / "ci", "--results", folder)
    assert done.code == 0
    assert "Without a counterpart: 7 trials of A" in " ".join(done.out.split())


def test_records_of_other_code_are_never_judged_as_this_one(gate, tmp_path, cli):
    folder = copied(gate, tmp_path, lambda r: r)
    known = clocked.read(folder)
    clocked.write(folder, replace(known, code="another"))
    words = ("regress", "--baseline", gate / "ci", "--experiment", gate / "tiny.yaml")
    done = cli(*words, "--results", folder)
    assert done.code == 2
    assert "other code" in done.err
    (folder / clocked.FILE).unlink()  # as a sweep without the gate leaves it
    assert cli(*words, "--results", folder).code == 2
    assert cli(*words, "--results", folder, "--stored").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--baseline", "nowhere"), "no reference in 'nowhere'"),
        (("--stored",), "--results"),
        (("--level", "2"), "--level 2"),
        (("--margin", "speed=1"), "speed"),
        (("--stored", "--results", "nowhere"), "nowhere"),
        (("--experiment", "cj", "--results", "new"), "cj"),
    ],
)
def test_wrong_use_is_one_line_and_2(gate, tmp_path, monkeypatch, cli, words, said):
    monkeypatch.chdir(tmp_path)
    if "--baseline" not in words:
        words = ("--baseline", gate / "ci", *words)
    done = cli("regress", *words)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""
    assert len(done.err.splitlines()) <= 2
    assert [*tmp_path.iterdir()] == []


def test_accept_shows_what_changes_and_asks(gate, tmp_path, cli, monkeypatch):
    reference = tmp_path / "ci"
    shutil.copytree(gate / "ci", reference)
    folder = copied(gate, tmp_path, lowered)
    words = ("accept", "--baseline", reference, "--results", folder)
    before = sorted(r.value for r in Store(reference).records())
    done = cli(*words)  # nobody can answer here
    assert done.code == 2
    assert "--yes" in done.err
    assert "greedy" in done.out
    assert sorted(r.value for r in Store(reference).records()) == before

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *a, **k: False)
    assert cli(*words).code == 1
    assert sorted(r.value for r in Store(reference).records()) == before

    assert cli(*words, "--yes").code == 0
    assert sorted(r.value for r in Store(reference).records()) == sorted(
        lowered(r).value for r in Store(gate / "run").records()
    )
    stored = ("regress", "--stored", "--baseline", reference, "--results")
    assert cli(*stored, folder).code == 0
    assert cli(*stored, gate / "run").code == 0  # a gain


def test_accept_takes_no_unfinished_run(gate, tmp_path, cli):
    folder = copied(gate, tmp_path, lambda r: None if r.seed == 6 else r)
    done = cli("accept", "--yes", "--baseline", tmp_path / "ci", "--results", folder)
    assert done.code == 2
    assert "2 of 14 trials" in done.err
    assert not (tmp_path / "ci").exists()


def test_accept_replaces_a_damaged_reference(gate, tmp_path, cli):
    reference = tmp_path / "ci"
    shutil.copytree(gate / "ci", reference)
    (reference / clocked.FILE).write_text("{")
    words = ("--baseline", reference, "--results", gate / "run")
    assert cli("regress", "--stored", *words).code == 2
    done = cli("accept", "--yes", *words)
    assert done.code == 0
    assert "damaged" in done.err
    assert cli("regress", "--stored", *words).code == 0


def test_accept_takes_a_run_with_other_budgets(gate, tmp_path, cli):
    folder = copied(gate, tmp_path, lambda r: replace(r, budget=r.budget | {"steps": 4}))
    assert cli("regress", "--stored", "--baseline", gate / "ci", "--results", folder).code == 2
    reference = tmp_path / "ci"
    shutil.copytree(gate / "ci", reference)
    done = cli("accept", "--yes", "--baseline", reference, "--results", folder)
    assert done.code == 0
    assert "another budget" in done.err
    assert {r.budget["steps"] for r in Store(reference).records()} == {4}
