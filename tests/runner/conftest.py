"""Specs of tiny trials, and workers that can import misbehaving solvers."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from dnnbench.config.compose import compose
from dnnbench.instances.load import load_instance
from dnnbench.runner.pool import Pool
from dnnbench.runner.spec import make_spec

INSTANCE = "gen/gnp-n12-p0.5-s1"

_SITE = """
import importlib.util
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "dnnbench.baselines.naughty":
            return importlib.util.spec_from_file_location(name, {path!r})


sys.meta_path.append(Finder())
"""


@pytest.fixture
def spec(tmp_path):
    """A trial's spec from overrides."""

    def make(*overrides):
        instance = load_instance(INSTANCE, cache_dir=tmp_path)
        return make_spec(compose(list(overrides)), instance)

    return make


@pytest.fixture
def naughty(spec, tmp_path, monkeypatch):
    """The spec of a trial solved by a class of `tests.runner.solvers`, in one process."""
    solvers = Path(__file__).with_name("solvers.py")
    (tmp_path / "sitecustomize.py").write_text(_SITE.format(path=str(solvers)))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")

    def make(name, *overrides):
        plain = spec("baseline=random", "budget.cores=1", "problem.polish=none", *overrides)
        return replace(plain, about=plain.about | {"implementation": f"naughty.{name}"})

    return make


@pytest.fixture
def pool():
    with Pool() as warm:
        yield warm
