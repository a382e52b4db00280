"""Disks that are full and folders that may not be written."""

import os
import shutil
import subprocess
import sys

import pytest

from dnnbench.records.store import Store
from tests.cli.command import INSTANCE

WORDS = (f"instance={INSTANCE}", "baseline=random", "budget.steps=5", "hardware.threads=1")

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root"
)


@pytest.fixture
def mounted(place):
    """The results folder as a disk of 160 KiB."""
    place.results.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(place.results)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")
    yield place.results
    place.clean_up()
    subprocess.run(["umount", str(place.results)], check=True)


@needs_root
@pytest.mark.parametrize("launcher", ["launcher.jobs=1", "launcher.jobs=2"])
def test_full_disk(cli, mounted, launcher):
    words = ("sweep", *WORDS, "seed=range(0,40)", launcher, "--name", "mine", "-q")
    done = cli(*words)
    assert (done.code, done.out) == (2, "")
    assert "No space left on device" in done.err
    assert done.err.count("\n") == 1
    store = Store(mounted)
    kept = {record.trial_id: record.run_id for record in store.records()}
    assert 0 < len(kept) < 40
    assert store.problems == []
    assert all(store.solution(trial).shape == (20,) for trial in kept)
    assert not list(mounted.rglob(".tmp-*"))
    again = cli("resume", "mine", "-q")
    assert (again.code, again.err.count("\n")) == (2, 1)

    subprocess.run(["mount", "-o", "remount,size=4m", str(mounted)], check=True)
    done = cli("resume", "mine", "-q")
    assert (done.code, done.err) == (0, "")
    after = {record.trial_id: record.run_id for record in store.records()}
    assert len(after) == 40
    assert kept.items() <= after.items()


def without_override(*command):
    """The command, as root without root's right to write where permissions forbid it."""
    if os.geteuid() != 0:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root may write everywhere, and there is no setpriv to drop that right")
    return (setpriv, "--bounding-set=-dac_override,-dac_read_search", *command)


@pytest.mark.parametrize("verb", ["sweep", "compare"])
def test_folder_without_write_permission(place, verb):
    place.results.mkdir(mode=0o555)
    command = without_override(sys.executable, "-m", "dnnbench", verb, *WORDS)
    done = subprocess.run(
        command,
        cwd=place.folder,
        env=place.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if "setpriv:" in done.stderr:
        pytest.skip(f"cannot drop rights here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "dnnbench: cannot write to the results folder results: Permission denied\n"
    )
    assert not list(place.results.iterdir())
