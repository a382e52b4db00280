"""Which cores the workers of a pool are bound to."""

import os
import time

import pytest

from dnnbench.config.compose import compose
from dnnbench.config.hardware import resolve
from dnnbench.runner import pool as module
from dnnbench.runner.process import Worker
from dnnbench.sweep import launchers
from dnnbench.sweep.execute import Settings


@pytest.fixture
def hardware():
    return resolve(compose(["method=pi_gnn", "problem=maxcut", "hardware=cpu"])["hardware"])


@pytest.mark.parametrize(
    ("line", "cores", "count", "firsts"),
    [(0, 1, 2, [0, 1]), (1, 1, 1, [1]), (1, 1, 2, [2, 3]), (2, 2, 1, [4])],
)
def test_workers_of_other_lines_have_other_cores(hardware, monkeypatch, line, cores, count, firsts):
    seen = []

    class Stub:
        def __init__(self, hardware, cores, inbox, first_core):
            seen.append(first_core)

        def kill(self):
            pass

    monkeypatch.setattr(module, "Worker", Stub)
    with module.Pool(line) as pool:
        pool.take(hardware, cores, count)
    assert seen == firsts


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores cannot be chosen here")
def test_two_lines_of_one_core_each_use_two_cores(hardware):
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        pytest.skip("one core")
    bound = []
    for line in range(2):
        with module.Pool(line) as pool:
            (worker,) = pool.take(hardware, 1, 1)
            assert isinstance(worker, Worker)
            pid = worker._process.pid
            until = time.monotonic() + 60  # it is bound by the first lines that it runs
            while len(os.sched_getaffinity(pid)) > 1 and time.monotonic() < until:
                time.sleep(0.01)
            bound.append(os.sched_getaffinity(pid))
    assert bound == [{available[0]}, {available[1]}]


def test_the_local_launcher_numbers_its_lines(monkeypatch, tmp_path):
    lines = []

    class Executor:
        def __init__(self, settings, line=0):
            lines.append(line)

        def run(self, task, watch):
            return launchers.Event(task, launchers.How.DONE)

        def close(self):
            pass

    monkeypatch.setattr(launchers, "Executor", Executor)
    settings = Settings(tmp_path, None, tmp_path)
    launchers.Local(3).launch([1, 2, 3, 4], settings, lambda task: object(), lambda event: None)
    assert sorted(lines) == [0, 1, 2]
