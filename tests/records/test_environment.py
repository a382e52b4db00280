import getpass
import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dnnbench
from dnnbench.records import environment as module
from dnnbench.records.environment import environment, fingerprint
from dnnbench.records.example import example_record

KEYS = {
    "python",
    "packages",
    "os",
    "kernel",
    "machine",
    "cpu_model",
    "cores_physical",
    "cores_logical",
    "memory_gib",
    "load_1min",
    "git_commit",
    "git_dirty",
}


@pytest.fixture(autouse=True)
def _fresh():
    module._lasting.cache_clear()
    yield
    module._lasting.cache_clear()


def test_facts():
    facts = environment()
    assert set(facts) == KEYS
    assert facts["python"].endswith(platform.python_version())
    assert facts["packages"]["dnnbench"] == dnnbench.__version__
    assert {"numpy", "scipy", "jax"} <= set(facts["packages"])
    assert facts["os"] == platform.system()
    assert facts["cores_logical"] >= 1
    assert facts["memory_gib"] > 0.1
    assert example_record(environment=facts).dumps()  # it is plain data


def test_what_was_not_asked_for_stays_out(monkeypatch):
    """Planted names of a user, a host, a home, a token and a private package leak nowhere."""
    planted = "zaphod"
    for name in ("USER", "LOGNAME", "HOME", "HOSTNAME", "API_TOKEN", "PWD", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"/home/{planted}")
    monkeypatch.setattr(platform, "node", lambda: planted)
    monkeypatch.setattr(socket, "gethostname", lambda: planted)
    monkeypatch.setattr(platform, "release", lambda: f"6.8.0-45-{planted}@host")
    monkeypatch.setattr(platform, "python_version", lambda: f"3.11.7+{planted}")
    monkeypatch.setattr(module.importlib.metadata, "version", lambda _: f"1.2.3.dev4+{planted}")
    monkeypatch.setattr(sys, "argv", [f"/home/{planted}/run", f"--secret={planted}"])
    text = json.dumps(environment())
    assert planted not in text
    assert '"kernel": "6.8.0-45"' in text
    assert '"numpy": "1.2.3.dev4"' in text


def test_nothing_of_this_machine_leaks():
    text = json.dumps(environment())
    names = {socket.gethostname(), str(Path.home()), str(Path.cwd()), getpass.getuser()}
    assert not [name for name in names if name in text]
    assert "://" not in text
    assert "/" not in text.replace("CPU/", "")


def repository(folder):
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    identity = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "m"]):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def test_git_commit_and_dirty_flag(tmp_path, monkeypatch):
    folder = repository(tmp_path / "checkout")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # must not mislead
    commit, dirty = module._git(folder)
    assert len(commit) == 12
    assert dirty is False
    (folder / "pyproject.toml").write_text("[x]")
    assert module._git(folder) == (commit, True)
    inside = folder / "site-packages"
    inside.mkdir()
    assert module._git(inside) == (None, None)  # someone else's repository around an installation


def test_without_git(tmp_path, monkeypatch):
    folder = repository(tmp_path / "checkout")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._git(folder) == (None, None)


def test_without_proc(monkeypatch):
    def missing(*args, **kwargs):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert set(environment()) == KEYS


def test_fingerprint_is_of_the_machine_alone():
    facts = {"cpu_model": "A", "cores_logical": 2, "machine": "x86_64", "load_1min": 0.1}
    assert fingerprint(facts) == fingerprint(facts | {"load_1min": 3.0, "packages": {"jax": "9"}})
    assert fingerprint(facts) != fingerprint(facts | {"cpu_model": "B"})
    assert fingerprint(facts) != fingerprint(facts | {"cores_logical": 64})
    assert fingerprint({}) == fingerprint({"load_1min": 1.0})


def test_records_and_report_do_not_import_jax():
    names = ["environment", "example", "schema", "store", "trial_id"]
    code = "import sys; sys.modules['jax'] = None\n"
    code += "".join(f"import dnnbench.records.{name}\n" for name in names)
    code += "import dnnbench.report.table, dnnbench.report.summary\n"
    subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
