"""The wheel carries its configs and works from any folder."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dnnbench.instances.registry import entry

pytest.importorskip("build")
pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parents[1]
SHARE = "dnnbench/_share"


def python(*arguments, **options):
    options = {"capture_output": True, "text": True, "check": False} | options
    done = subprocess.run([sys.executable, *map(str, arguments)], **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the installed wheel alone; the dependencies are this environment's."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    python("-m", "pip", "install", *options, "--target", folder, wheel)
    return folder


@pytest.fixture
def command(installed, tmp_path):
    """Run python with the installed wheel, from a folder that knows nothing of the checkout."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DNNBENCH_", "PYTHON"))}
    variables = kept | {"PYTHONPATH": str(installed), "DNNBENCH_CACHE": str(tmp_path / "cache")}
    return lambda *arguments: python(*arguments, cwd=tmp_path, env=variables)


def shipped(folder, target):
    return {f"{target}/{p.relative_to(folder)}" for p in folder.rglob("*") if p.is_file()}


def test_wheel_carries_configs_datasets_and_reference(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("configs", "datasets"):
        assert shipped(ROOT / folder, f"{SHARE}/{folder}") <= names
    assert shipped(ROOT / "results" / "reference", f"{SHARE}/reference") <= names
    assert f"{SHARE}/reference/README.md" in names
    assert "dnnbench/cli/main.py" in names


def test_wheel_carries_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0] for n in names} <= {"dnnbench", "dnnbench-0.1.0.dist-info"}
    assert not [n for n in names if n.endswith((".pyc", ".npy.tmp"))]
    assert sum(i.file_size for i in zipfile.ZipFile(wheel).infolist()) < 5_000_000


def test_the_installed_package_is_the_one_that_runs(command, installed):
    where = command("-c", "import dnnbench; print(dnnbench.__file__)")
    assert Path(where.strip()) == installed / "dnnbench" / "__init__.py"


def test_commands_work_from_another_folder(command):
    assert "simulated_bifurcation" in command("-m", "dnnbench", "list")
    assert "gset/G1: generated" in command("-m", "dnnbench", "data", "verify", "gset/G1")
    exported = command("-m", "dnnbench", "data", "export", "gset/G1")
    assert hashlib.sha256(exported.encode()).hexdigest() == entry("gset/G1").raw_sha256


def test_a_trial_runs_from_another_folder(command):
    words = ("run", "baseline=greedy", "budget.steps=20", "instance=gen/sk-n12-s1", "--json")
    assert json.loads(command("-m", "dnnbench", *words))["status"] == "budget"


def test_metadata(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
    text = archive.read(name).decode()
    for extra in ("baselines", "cuda", "cuda12", "cuda13", "dev", "noncommercial"):
        assert f"Provides-Extra: {extra}\n" in text
    assert "Requires-Dist: jax<0.13,>=0.10\n" in text
