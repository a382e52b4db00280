"""Ctrl-C keeps the incumbent; a killed parent leaves no worker behind."""

import json
import os
import signal
import subprocess

import psutil
import pytest

from dnnbench.records.store import Store
from tests.cli.command import HEARING, INSTANCE, dnnbench, environment

SOLVERS = {
    "method": ("method=mean_field", "plan.lanes=4"),
    "baseline": ("baseline=greedy",),
}


def start(tmp_path, *arguments):
    """A run that would take two minutes, in a session of its own."""
    words = ("run", *arguments, f"instance={INSTANCE}", "budget.seconds=120", "results=results")
    return subprocess.Popen(
        [*HEARING, *words],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_until(stream, part):
    """Read lines until one holds `part`; what was read, failing at the stream's end."""
    read = []
    for line in stream:
        read.append(line)
        if part in line:
            return read
    raise AssertionError(f"{part!r} never came: {read}")


def all_gone(processes):
    """Whether the processes end within a bounded time; those that do not are killed here."""
    left = psutil.wait_procs(processes, timeout=30)[1]
    for process in left:
        process.kill()
    return bool(processes) and not left


@pytest.mark.parametrize("role", SOLVERS)
def test_ctrl_c_verifies_and_records_the_incumbent(tmp_path, role):
    with start(tmp_path, *SOLVERS[role]) as process:
        read_until(process.stderr, " best ")
        workers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "The user interrupted the run" in out
    assert all_gone(workers)
    (record,) = Store(tmp_path / "results").records()
    assert record.status == "interrupted"
    assert record.feasible
    assert 15 <= record.value <= 30
    assert record.trace
    assert Store(tmp_path / "results").solution(record.trial_id).shape == (20,)


def test_ctrl_c_before_the_solve_leaves_nothing(tmp_path):
    with start(tmp_path, *SOLVERS["method"]) as process:
        read_until(process.stderr, "compile")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert (out, err) == ("", "dnnbench: interrupted before there was anything to keep\n")
    assert not list(Store(tmp_path / "results").ids())


def test_killed_parent_leaves_no_worker(tmp_path):
    with start(tmp_path, *SOLVERS["baseline"]) as process:
        read_until(process.stderr, " best ")
        workers = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert all_gone(workers)
    assert not list(Store(tmp_path / "results").ids())


def test_a_record_of_an_interrupted_run_reads_as_json(tmp_path):
    words = (*SOLVERS["baseline"], "--json")
    with start(tmp_path, *words) as process:
        worker = _worker_that_solves(process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert worker
    assert process.returncode == 130
    if out:  # interrupted in the solve: before it there is nothing to print
        assert json.loads(out)["status"] == "interrupted"


def _worker_that_solves(process):
    """The first worker, once it exists (`--json` shows no progress to read)."""
    while process.poll() is None:
        children = psutil.Process(process.pid).children()
        if children:
            return children[0]
    return None


def test_usage_errors_do_not_start_workers(tmp_path):
    assert dnnbench("run", "method=mean_field", "seed=x", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "results").exists()
