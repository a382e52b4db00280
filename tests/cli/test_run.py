"""`dnnbench run`: what it prints, writes, remembers and returns."""

import json

import pytest
import yaml

from tests.cli.command import INSTANCE, dnnbench

ROLES = ["method_trial", "baseline_trial"]

NUMBER = (int, float)
CONTRACT = {
    "trial_id": str,
    "solver": str,
    "kind": str,
    "problem": str,
    "instance": str,
    "seed": int,
    "status": str,
    "feasible": bool,
    "metric": str,
    "sense": str,
    "value": int,
    "claimed_value": NUMBER,
    "best_known": type(None),
    "gap": type(None),
    "steps": int,
    "restarts": int,
    "load_seconds": NUMBER,
    "compile_seconds": NUMBER,
    "solve_seconds": NUMBER,
    "verify_seconds": NUMBER,
    "hardware": dict,
    "record": str,
    "diagnostics": dict,
}


@pytest.fixture(params=ROLES)
def trial(request):
    return request.getfixturevalue(request.param)


def cut_of(rudy_text, sides):
    """The value of a cut, from the text of a rudy file, with nothing of dnnbench's."""
    lines = rudy_text.splitlines()
    n, m = map(int, lines[0].split())
    edges = [tuple(map(int, line.split())) for line in lines[1:]]
    assert len(sides) == n
    assert len(edges) == m
    return sum(w for u, v, w in edges if sides[u - 1] != sides[v - 1])


@pytest.mark.parametrize("key", CONTRACT)
def test_json_has_the_contract_s_keys(trial, key):
    assert isinstance(trial.printed[key], CONTRACT[key])


def test_json_says_what_was_run(method_trial, baseline_trial):
    printed = method_trial.printed
    assert (printed["solver"], printed["kind"]) == ("simulated_bifurcation", "dynamics")
    assert (printed["steps"], printed["restarts"], printed["status"]) == (60, 4, "budget")
    assert printed["instance"] == baseline_trial.printed["instance"] == INSTANCE
    assert baseline_trial.printed["kind"] == "classical"
    assert baseline_trial.printed["role"] == "baseline"


def test_solution_file_has_the_value_that_was_printed(trial, cli):
    exported = cli("data", "export", INSTANCE).out
    text = trial.solution.read_text()
    assert text.endswith("\n")
    sides = text.split("\n")[:-1]
    assert set(sides) <= {"0", "1"}
    assert cut_of(exported, sides) == trial.printed["value"]
    assert trial.printed["feasible"] is True


def test_json_prints_nothing_else(trial):
    assert trial.stderr == ""


def test_record_file_is_where_json_says(trial):
    record = json.loads((trial.folder / trial.printed["record"]).read_text())
    assert record["trial_id"] == trial.printed["trial_id"]
    assert record["value"] == trial.printed["value"]


def test_second_run_returns_the_record_and_solves_nothing(trial, cli, tmp_path, monkeypatch):
    monkeypatch.setattr("dnnbench.runner.once.run_trial", None)
    answer = tmp_path / "again.txt"
    again = cli(*trial.arguments, "--json", "--solution", answer)
    assert again.code == 0
    assert json.loads(again.out) == trial.printed
    assert answer.read_bytes() == trial.solution.read_bytes()


def test_another_seed_is_another_trial(trial, cli, monkeypatch):
    monkeypatch.setattr("dnnbench.runner.once.run_trial", _Called.now)
    with pytest.raises(_Called):
        cli(*trial.arguments, "seed=1", "--json")


class _Called(Exception):
    @classmethod
    def now(cls, *arguments, **options):
        raise cls


def test_closing_lines(trial, cli):
    said = cli(*trial.arguments)
    assert said.code == 0
    printed = trial.printed
    for part in (
        f"{printed['solver']} ({printed['kind']}) on {INSTANCE} (n 20, m 30), maxcut, seed 0",
        "this trial is on record; --again runs it anew",
        f"cut       {printed['value']} (",
        "no best known value on file",
        "feasible  yes",
        f"{printed['restarts']} restarts, {printed['steps']} steps",
        printed["trial_id"],
        "try next  dnnbench run problem=maxcut",
    ):
        assert part in said.out


def test_again_solves_anew(cli, tmp_path):
    words = ("run", "baseline=random", "budget.steps=5", f"instance={INSTANCE}", "-q")
    words += (f"results={tmp_path}",)
    first = json.loads(cli(*words, "--json").out)
    again = json.loads(cli(*words, "--json", "--again").out)
    assert again["run_id"] != first["run_id"]
    assert (again["trial_id"], again["value"]) == (first["trial_id"], first["value"])
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_plain_progress_goes_to_standard_error(cli, tmp_path):
    words = ("run", "baseline=greedy", "budget.steps=5", f"instance={INSTANCE}")
    said = cli(*words, f"results={tmp_path}")
    title = f"greedy on {INSTANCE}"
    lines = said.err.splitlines()
    assert lines[0] == f"{title}: compile"
    assert lines[1].startswith(f"{title}: 0.")
    assert " best " in lines[1]
    assert "compile" not in "".join(lines[1:])


def test_cfg_prints_the_configuration_and_stops(cli):
    said = cli("run", "method=pi_gnn", "method.learning_rate=1", "budget.steps=5", "--cfg")
    assert said.code == 0
    config = yaml.safe_load(said.out)
    assert config["method"]["name"] == "pi_gnn"
    assert config["method"]["learning_rate"] == 1.0
    assert config["budget"]["steps"] == 5
    assert not [k for node in (config, config["method"]) for k in node if k.startswith("_")]


def test_failed_trial_exits_with_1_and_says_why(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("dnnbench.runner.process._ENTRY", "raise SystemExit('no luck')")
    words = ("run", "baseline=greedy", f"instance={INSTANCE}", f"results={tmp_path}", "-q")
    said = cli(*words, "--solution", tmp_path / "answer.txt")
    assert said.code == 1
    assert "The solver failed" in said.out
    assert "no luck" in said.out
    assert "no solution was found" in said.err
    assert not (tmp_path / "answer.txt").exists()


@pytest.mark.parametrize("name", ["a b.txt", "x=1,2.txt", "[a]{b}.txt", "[/]'q\".txt", "a\\b$.txt"])
def test_files_with_odd_names(cli, tmp_path, monkeypatch, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("3 2\n1 2\n2 3\n")
    monkeypatch.chdir(tmp_path)
    said = cli("run", "baseline=random", "budget.steps=9", f"instance=./{name}", "results=odd [r]")
    assert said.code == 0
    assert f"random (classical) on ./{name} (n 3, m 2)" in said.out
    assert len(list((tmp_path / "odd [r]").rglob("*.json"))) == 1


def test_a_registry_instance_is_compared_with_its_best_known_value(cli, tmp_path):
    words = ("run", "baseline=random", "budget.steps=3", "instance=gset/G1", f"results={tmp_path}")
    printed = json.loads(cli(*words, "--json").out)
    assert printed["best_known"] == 11624
    assert printed["gap"] == pytest.approx(1 - printed["value"] / 11624)
    assert "best known 11624, gap " in cli(*words).out


def test_in_a_process_of_its_own(tmp_path):
    words = ("run", "baseline=greedy", "budget.restarts=2", f"instance={INSTANCE}")
    done = dnnbench(*words, cwd=tmp_path)
    assert done.returncode == 0
    assert "status    The budget was used up." in done.stdout
    assert len(list((tmp_path / "results").rglob("*.json"))) == 1
