"""Many writers at once, and writers that are killed."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from dnnbench.records.example import example_record
from dnnbench.records.store import Store

WRITERS = 32
SHARED, OWN = 12, 3

# Every writer puts the shared trials, in an order of its own, and its own ones; the value and the
# solution say who wrote them.
CROWD = """
import random, sys
import numpy as np
from pathlib import Path
from dnnbench.records.example import example_record
from dnnbench.records.store import Store

root, me, replace = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "replace"
store = Store(root)
shared, own = int(sys.argv[4]), int(sys.argv[5])
ids = [f"{i:020x}" for i in range(shared)] + [f"{me + 1:02x}{i:018x}" for i in range(own)]
random.Random(me).shuffle(ids)
print("ready", flush=True)
sys.stdin.readline()
for trial in ids:
    record = example_record(trial_id=trial, value=me)
    if store.put(record, np.full(5, me), replace=replace and int(trial, 16) % 2 == 0):
        print(trial, flush=True)
    assert store.has(trial)
    assert store.get(trial).trial_id == trial
assert store.problems == []
"""


@pytest.fixture
def start():
    """Starts a process in a session of its own, so that its group can be killed."""
    started = []

    def start(code, *arguments):
        started.append(process(code, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            os.killpg(one.pid, signal.SIGKILL)
        one.communicate()


def process(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


@pytest.mark.parametrize("mode", ["keep", "replace"])
def test_32_writers(tmp_path, start, mode):
    writers = [start(CROWD, tmp_path, me, mode, SHARED, OWN) for me in range(WRITERS)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    added = []
    for writer in writers:
        out, _ = writer.communicate()
        assert writer.returncode == 0
        added.append(out.split())

    results = Store(tmp_path)
    records = {record.trial_id: record for record in results.records()}
    assert results.problems == []
    assert len(list(results.ids())) == len(records) == SHARED + WRITERS * OWN
    assert not list(tmp_path.rglob(".tmp-*"))
    for trial, record in records.items():
        wrote = [me for me, trials in enumerate(added) if trial in trials]
        if mode == "keep" or int(trial, 16) % 2 == 1:
            assert wrote == [record.value]  # exactly one was told that its record was added
        assert record.value in wrote
        np.testing.assert_array_equal(results.solution(trial), np.full(5, record.value))


# One writer that stops for ever at the n-th of the calls through which anything reaches the disk.
KILLED = """
import os, sys, time
import numpy as np
from pathlib import Path
from dnnbench.records.example import example_record
from dnnbench.records.store import Store

root, stop = Path(sys.argv[1]), int(sys.argv[2])
store = Store(root)
store.put(example_record(trial_id="00" * 10), np.zeros(4))
calls = 0

def stopping(original):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == stop:
            print(original.__name__, flush=True)
            time.sleep(3600)
        return original(*args, **kwargs)
    return call

for owner, name in [(os, "link"), (os, "fsync"), (Path, "replace"), (Path, "unlink"),
                    (Path, "mkdir"), (Path, "open")]:
    setattr(owner, name, stopping(getattr(owner, name)))
store.put(example_record(trial_id="11" * 10), np.ones(4))
print("done", flush=True)
sys.stdin.readline()
"""


def test_a_writer_killed_between_any_two_steps(tmp_path, start):
    seen = []
    for stop in range(1, 100):
        root = tmp_path / str(stop)
        writer = start(KILLED, root, stop)
        seen.append(writer.stdout.readline().strip())
        os.killpg(writer.pid, signal.SIGKILL)
        writer.communicate()
        results = Store(root)
        there = results.has("11" * 10)
        assert list(results.ids()) == ["00" * 10] + ["11" * 10] * there
        assert [record.trial_id for record in results.records()] == list(results.ids())
        assert results.problems == []
        if there:
            np.testing.assert_array_equal(results.solution("11" * 10), np.ones(4))
        # Whatever was left behind, the trial can be run again, and nothing else is in the way.
        assert results.put(example_record(trial_id="11" * 10), np.ones(4)) is not there
        np.testing.assert_array_equal(results.solution("11" * 10), np.ones(4))
        results.clean(older_than=-60)
        assert len([path for path in root.rglob("*") if path.is_file()]) == 4
        if seen[-1] == "done":
            break
    assert seen[-1] == "done"
    assert seen.count("fsync") == 3  # solution, record, folder
    assert {"link", "replace", "unlink", "mkdir", "open"} <= set(seen)


ENDLESS = """
import itertools, sys
import numpy as np
from pathlib import Path
from dnnbench.records.example import example_record
from dnnbench.records.store import Store

store = Store(Path(sys.argv[1]))
for i in itertools.count(int(sys.argv[2])):
    trial = f"{i:020x}"
    store.put(example_record(trial_id=trial, seed=i), np.full(3000, i))
    print(trial, flush=True)
"""


def test_a_writer_killed_while_writing(tmp_path, start):
    results = Store(tmp_path)
    told = []
    for kill in range(5):
        writer = start(ENDLESS, tmp_path, 1000 * kill)
        for _ in range(3 + 2 * kill):
            told.append(writer.stdout.readline().strip())
        os.killpg(writer.pid, signal.SIGKILL)
        told += writer.communicate()[0].split()
        ids = list(results.ids())
        assert set(told) <= set(ids)
        assert len(ids) <= len(told) + kill + 1  # at most the running one was added untold
        for trial in ids:
            seed = int(trial, 16)
            assert results.get(trial).seed == seed
            np.testing.assert_array_equal(results.solution(trial), np.full(3000, seed))
        assert results.problems == []
