"""`dnnbench rerun`: the same result again, and what is said when it is not the same."""

import json
import shutil

import pytest

from dnnbench.config import catalog
from dnnbench.records.store import Store
from dnnbench.runner import replay
from dnnbench.runner.trial import run_trial
from tests.cli.command import INSTANCE, ROOT, dnnbench

EXAMPLE = ROOT / "examples" / "mean_field_annealing.py"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "_LOADED", {})
    monkeypatch.chdir(tmp_path)


def edit(results, changes):
    """Change the only record in a folder by hand; gives its id."""
    (path,) = results.rglob("records/*/*.json")
    record = json.loads(path.read_text())
    for key, value in changes.items():
        record[key] = {**record[key], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(record))
    return path.stem


@pytest.fixture
def copied(method_trial, baseline_trial, tmp_path):
    """A copy of a stored trial with changes in its record: folder and id."""

    def copy(role, changes=None):
        source = {"method": method_trial, "baseline": baseline_trial}[role].folder / "results"
        shutil.copytree(source, tmp_path / "copy")
        return tmp_path / "copy", edit(tmp_path / "copy", changes or {})

    return copy


@pytest.mark.parametrize("role", ["method", "baseline"])
def test_steps_give_the_same_again(cli, copied, role):
    folder, trial = copied(role)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    said = cli("rerun", trial[:6], "--results", folder, "--quiet")
    assert said.code == 0
    assert "identical: cut " in said.out
    assert " again:" in said.out
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "words",
    [
        ("method=simulated_bifurcation", "plan.lanes=4", "method.num_steps=500"),
        ("baseline=greedy",),
    ],
)
def test_seconds_are_repeated_by_their_steps(cli, words):
    done = cli("run", *words, f"instance={INSTANCE}", "budget.seconds=0.2", "-q", "--json")
    printed = json.loads(done.out)
    again = cli("rerun", printed["trial_id"], "--json")
    said = json.loads(again.out)
    assert said["differences"] == []
    assert (again.code, said["identical"], said["by_steps"]) == (0, True, True)
    assert (said["value"], said["steps"]) == (printed["value"], printed["steps"])
    assert said["trial_id"] == printed["trial_id"]


def test_a_record_s_file_in_a_process_of_its_own(method_trial, tmp_path):
    path = method_trial.folder / method_trial.printed["record"]
    done = dnnbench("rerun", path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the same answer, steps and restarts" in done.stdout


@pytest.fixture(scope="module")
def once():
    """`run_trial` that runs each trial once: what these records differ in is not what is run."""
    results = {}

    def run(spec, *rest):
        if spec.trial_id not in results:
            results[spec.trial_id] = run_trial(spec, *rest)
        return results[spec.trial_id]

    return run


@pytest.mark.parametrize("role", ["method", "baseline"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": 2}, "value: 2 on record, "),
        ({"raw_value": 3}, "raw_value: 3 on record, "),
        ({"claimed_value": 1e9}, "claimed_value: 1000000000.0 on record, "),
        ({"steps": 7}, "steps: 7 on record, "),
        ({"restarts": 77}, "restarts: 77 on record, "),
        ({"status": "converged"}, "status: converged on record, budget now"),
        ({"seed": 5}, "the trial is another one ("),
        ({"problem_settings": {"polish": "none"}}, "the trial is another one ("),
    ],
)
def test_a_record_that_was_changed(cli, copied, once, monkeypatch, role, changes, said):
    monkeypatch.setattr(replay, "run_trial", once)
    folder, trial = copied(role, changes)
    done = cli("rerun", trial, "--results", folder, "-q")
    assert done.code == 1
    assert said in done.out
    assert "identical" not in done.out


def test_another_answer_of_the_same_value(cli, copied):
    """The complement of a cut cuts the same: only the answer itself tells them apart."""
    folder, trial = copied("baseline")
    store = Store(folder)
    record, answer = store.get(trial), store.solution(trial)
    store.put(record, 1 - answer, replace=True)
    said = json.loads(cli("rerun", trial, "--results", folder, "--json").out)
    assert said["differences"] == ["the answers differ"]
    assert said["identical"] is False
    assert said["value"] == record.value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"solver_version": 2}, "made by version 2 of greedy; here is version 1"),
        ({"instance_sha256": "0" * 64}, f"{INSTANCE} has changed since"),
        ({"instance": "no/such.txt"}, "no such file"),
        ({"solver": "grady"}, "unknown baseline 'grady' (did you mean 'greedy'"),
        ({"problem": "maxcat"}, "maxcat"),
        ({"settings": {"ordre": 1}}, "baseline has no option 'ordre' (did you mean 'order'?)"),
        ({"settings": {"order": "up"}}, "baseline.order must be one of random, degree"),
        ({"budget": {"cores": 4096}}, "made on 4096 cores"),
    ],
)
def test_what_cannot_be_repeated(cli, copied, monkeypatch, changes, said):
    folder, trial = copied("baseline", changes)
    monkeypatch.setattr(replay, "run_trial", None)
    done = cli("rerun", trial, "--results", folder)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_an_instance_file_that_was_changed(cli, tmp_path):
    (tmp_path / "g.txt").write_text("3 2\n1 2\n2 3\n")
    words = ("run", "baseline=random", "budget.steps=9", "instance=g.txt", "-q", "--json")
    trial = json.loads(cli(*words).out)["trial_id"]
    assert cli("rerun", trial, "-q").code == 0
    (tmp_path / "g.txt").write_text("3 2\n1 2\n1 3\n")
    done = cli("rerun", trial)
    assert done.code == 2
    assert "g.txt has changed since: its sha256 is another one" in done.err


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("0" * 20, "no record 00000000000000000000 in "),
        ("00000", "no record in "),
        ("123", "give at least 4 digits"),
        ("../../etc", "no record in"),
        ("0123456789abcdef0123.json", "no such record file"),
    ],
)
def test_names_of_nothing(cli, copied, named, said):
    folder, trial = copied("baseline")
    assert not trial.startswith("00000")
    done = cli("rerun", named, "--results", folder)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_first_digits_of_two_records(cli, copied):
    folder, trial = copied("baseline")
    text = (folder / "records" / trial[:2] / f"{trial}.json").read_text()
    twin = trial[:-1] + ("0" if trial[-1] != "0" else "1")
    (folder / "records" / twin[:2] / f"{twin}.json").write_text(text.replace(trial, twin))
    done = cli("rerun", trial[:10], "--results", folder)
    assert done.code == 2
    assert f"2 records in {folder} with an id that begins with '{trial[:10]}'" in done.err


def test_a_record_s_file_outside_a_results_folder(cli, copied, tmp_path):
    folder, trial = copied("baseline")
    path = tmp_path / f"{trial}.json"
    shutil.copy(folder / "records" / trial[:2] / f"{trial}.json", path)
    done = cli("rerun", path)
    assert done.code == 2
    assert f"{path} is not where records are" in done.err


def test_no_results_folder(cli):
    done = cli("rerun", "0" * 20)
    assert done.code == 2
    assert "no results folder 'results'" in done.err


def test_a_plugin_s_trial_and_a_changed_plugin(cli, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(EXAMPLE.read_text())
    words = ("run", "method=mean_field_annealing", f"instance={INSTANCE}", "budget.steps=50", "-q")
    trial = json.loads(cli(*words, "plan.lanes=2", "--json", "--plugin", path).out)["trial_id"]
    assert cli("rerun", trial, "-q", "--plugin", path).code == 0
    catalog._LOADED.clear()
    done = cli("rerun", trial, "-q")
    assert done.code == 2
    assert "if a plug-in brings it, name it with --plugin" in done.err
    path.write_text(EXAMPLE.read_text() + "# changed\n")
    done = cli("rerun", trial, "--json", "--plugin", path)
    assert done.code == 1
    (difference,) = json.loads(done.out)["differences"]
    assert "the trial is another one" in difference
    assert "a plug-in's file" in difference


def test_a_failure_is_repeated_too(cli, tmp_path):
    path = tmp_path / "raises.py"
    path.write_text(
        EXAMPLE.read_text().replace("return (s.m + 1) / 2", "raise ValueError('no readout')")
    )
    words = ("run", "method=mean_field_annealing", f"instance={INSTANCE}", "budget.seconds=0.2")
    done = cli(*words, "-q", "--json", "--plugin", path)
    printed = json.loads(done.out)
    assert (done.code, printed["value"]) == (1, None)
    again = cli("rerun", printed["trial_id"], "-q", "--plugin", path)
    assert again.code == 0
    assert "identical: The solver failed; the message says how. ValueError: no readout" in again.out
