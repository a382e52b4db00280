"""The command line in this process, and one stored trial of each role that tests share."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from dnnbench.cli.main import _run
from tests.cli.command import INSTANCE, dnnbench


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    """No data folder, an empty cache: what a fresh machine has."""
    monkeypatch.delenv("DNNBENCH_DATA", raising=False)
    monkeypatch.setenv("DNNBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def cli(capsys):
    """Call the command line in this process: its exit code and what it printed."""

    def call(*arguments):
        capsys.readouterr()
        code = _run([str(a) for a in arguments])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return call


@dataclass(frozen=True)
class Trial:
    """A finished `run --json --solution`: its arguments, its folder, what it printed."""

    arguments: tuple[str, ...]
    folder: Path
    printed: dict
    stderr: str

    @property
    def solution(self):
        return self.folder / "solution.txt"


def _trial(folder, *arguments):
    words = ("run", *arguments, f"instance={INSTANCE}", f"results={folder}/results")
    done = dnnbench(*words, "--json", "--solution", folder / "solution.txt")
    assert done.returncode == 0, done.stderr
    return Trial(words, folder, json.loads(done.stdout), done.stderr)


@pytest.fixture(scope="session")
def method_trial(tmp_path_factory):
    """Simulated bifurcation, 60 steps of four restarts."""
    return _trial(
        tmp_path_factory.mktemp("method"),
        "method=simulated_bifurcation",
        "plan.lanes=4",
        "budget.steps=60",
    )


@pytest.fixture(scope="session")
def baseline_trial(tmp_path_factory):
    """Greedy, 50 steps in each of its processes."""
    return _trial(tmp_path_factory.mktemp("baseline"), "baseline=greedy", "budget.steps=50")
