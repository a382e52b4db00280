"""Sweeps in this process, and places for those in others."""

from types import SimpleNamespace

import pytest

from dnnbench.cli.main import _run
from dnnbench.config import catalog
from tests.sweep.processes import Workplace


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A workplace; nothing that is started from it outlives the test."""
    monkeypatch.delenv("DNNBENCH_DATA", raising=False)
    monkeypatch.setenv("DNNBENCH_CACHE", str(tmp_path / "cache"))
    made = Workplace(tmp_path)
    yield made
    made.clean_up()


@pytest.fixture
def cli(place, capsys, monkeypatch):
    """Call the command line in this process, in the workplace; plug-ins go when the test ends."""
    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("NAUGHTY_LOG", str(place.log))
    monkeypatch.setenv("SWEEP_MARK", place.mark)
    monkeypatch.setattr(catalog, "_LOADED", {})

    def call(*arguments):
        capsys.readouterr()
        code = _run([str(a) for a in arguments])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return call
