"""Plug-ins on the command line: `--plugin` and DNNBENCH_PLUGINS, from listing to sweep."""

import json
import os

import pytest

from dnnbench.config import catalog
from tests.cli.command import INSTANCE, ROOT, dnnbench

EXAMPLE = ROOT / "examples" / "mean_field_annealing.py"
NAME = "mean_field_annealing"

BASELINE = '''
from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.base import Baseline

DNNBENCH = """
baseline:
  guess:
    tries: 3
    _about: {title: Guess, implementation: Guess, kind: classical, problems: [maxcut]}
suite:
  rings: {instances: [gen/toroidal_2d-r3-c3-wone-s0, gen/toroidal_2d-r3-c4-wone-s0]}
experiment:
  rings_twice:
    overrides: [baseline=guess, suite=rings, "seed=0,1", budget.steps=5]
    profiles: {once: [seed=0]}
"""


@dataclass(frozen=True)
class Guess(Baseline):
    tries: int
    version: ClassVar[int] = 1

    def solve(self, problem, public, rng, limits, search):
        for step in range(1, self.tries + 1):
            z = problem.random(public, rng)
            search.offer(z, float(problem.verify(z, public, None).objective), step, step)
'''


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.setattr(catalog, "_LOADED", {})
    monkeypatch.delenv("DNNBENCH_PLUGINS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def guess(tmp_path):
    path = tmp_path / "my plug-in.py"
    path.write_text(BASELINE)
    return path


def test_a_method_from_a_file(tmp_path):
    words = ("run", f"method={NAME}", f"instance={INSTANCE}", "budget.steps=50", "--json")
    done = dnnbench(*words, "--plugin", EXAMPLE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    printed = json.loads(done.stdout)
    assert (printed["solver"], printed["kind"], printed["steps"]) == (NAME, "relaxation", 50)
    refused = dnnbench(*words, cwd=tmp_path)
    assert refused.returncode == 2
    assert f"unknown method '{NAME}'" in refused.stderr


def test_list_and_show(cli, guess):
    rows = json.loads(cli("list", "baselines", "--json", "--plugin", guess).out)
    assert [row["name"] for row in rows if row["plugin"]] == ["guess"]
    said = cli("show", "guess", "--plugin", guess).out
    assert said.startswith("guess (baseline): Guess\n")
    assert "baseline.tries = 3\n        (no description); an integer" in said
    suites = json.loads(cli("list", "suites", "--json", "--plugin", guess).out)
    assert {"name": "rings", "instances": 2} in suites
    names = [row["name"] for row in json.loads(cli("list", "experiments", "--json").out)]
    assert "rings_twice" in names


def test_list_and_show_import_nothing_of_it(tmp_path):
    path = tmp_path / "raises.py"
    path.write_text(BASELINE + "\nraise RuntimeError('imported')\n")
    for words in (["list", "baselines"], ["show", "guess"], ["run", "baseline=guess", "--cfg"]):
        done = dnnbench(*words, "--plugin", path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "guess" in done.stdout
    failed = dnnbench(
        "run", "baseline=guess", f"instance={INSTANCE}", "-q", "--plugin", path, cwd=tmp_path
    )
    assert failed.returncode == 2
    assert failed.stderr == f"dnnbench: plug-in {path}: RuntimeError: imported\n"


def test_the_environment_names_files_too(cli, guess, monkeypatch):
    monkeypatch.setenv("DNNBENCH_PLUGINS", os.pathsep.join([str(guess), str(EXAMPLE), ""]))
    assert cli("show", "guess").code == cli("show", NAME).code == 0
    assert cli("show", "guess", "--plugin", guess).code == 0
    monkeypatch.setenv("DNNBENCH_PLUGINS", "no/such.py")
    refused = cli("list")
    assert (refused.code, refused.out) == (2, "")
    assert "cannot read 'no/such.py'" in refused.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "no string named DNNBENCH"),
        ("def f(:\n", ":1: "),
        ("DNNBENCH = 'method: ['\n", "DNNBENCH is no YAML"),
        (BASELINE.replace("title: Guess, ", ""), "baseline 'guess': _about lacks title"),
        (BASELINE.replace("guess:", "greedy:"), "there is a baseline 'greedy' already"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "sweep", "list", "show", "check", "compare"])
def test_wrong_files_take_one_line(cli, tmp_path, text, said, verb):
    path = tmp_path / "wrong.py"
    path.write_text(text)
    words = {"list": [], "show": ["greedy"], "check": ["greedy"]}.get(verb, ["baseline=greedy"])
    done = cli(verb, *words, "--plugin", path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "wrong.py" in done.err
    assert done.err.count("\n") == 1


def test_an_option_that_it_does_not_have(cli, guess):
    done = cli("run", "baseline=guess", "baseline.trys=2", "--plugin", guess)
    assert done.code == 2
    assert "baseline has no option 'trys' (did you mean 'tries'?)" in done.err


def trial(cli, guess, *words):
    common = ("run", "baseline=guess", f"instance={INSTANCE}", "budget.cores=1", *words)
    done = cli(*common, "--json", "--plugin", guess)
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_a_changed_file_is_run_again(cli, guess):
    first = trial(cli, guess)
    assert trial(cli, guess)["run_id"] == first["run_id"]
    guess.write_text(BASELINE.replace("float(problem", "1 * float(problem"))
    again = trial(cli, guess)
    assert again["trial_id"] != first["trial_id"]
    assert again["value"] == first["value"]
    guess.write_text(BASELINE.replace("tries: 3", "tries: 1"))
    assert trial(cli, guess)["steps"] == 1


def test_a_sweep_of_its_experiment_goes_on_without_the_option(cli, guess):
    words = ("sweep", "experiment=rings_twice", "results=out", "-q")
    done = cli(*words, "--json", "--plugin", guess)
    assert (done.code, json.loads(done.out)["done"]) == (0, 4)
    catalog._LOADED.clear()
    done = cli("resume", "--results", "out", "--json")
    assert (done.code, json.loads(done.out)["skipped"]) == (0, 4)
    done = cli(*words, "profile=once", "--dry-run", "--json", "--plugin", guess)
    assert json.loads(done.out)["trials"] == 2
