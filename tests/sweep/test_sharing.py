"""Sweeps that share a store share its trials: nothing is lost, doubled or done twice."""

import subprocess
import sys
from collections import Counter

from dnnbench.records.store import Store
from tests.cli.command import INSTANCE
from tests.sweep.processes import PLUGIN

WRITERS, TRIALS = 32, 40

# Every writer wants all trials, in an order of its own; a line in the log for each that it runs.
WRITER = """
import os, random, sys, time
from pathlib import Path
import numpy as np
from dnnbench.records.example import example_record
from dnnbench.records.store import Store
from dnnbench.sweep.claims import claim

root, log, me, trials = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = Store(root)
left = [f"{i:020x}" for i in range(trials)]
random.Random(me).shuffle(left)
print("ready", flush=True)
sys.stdin.readline()
while left:
    trial = left.pop(0)
    with claim(root, trial) as mine:
        if store.has(trial):
            continue
        if not mine:
            left.append(trial)
            continue
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{trial}\\n".encode())
        os.close(handle)
        time.sleep(0.01)
        assert store.put(example_record(trial_id=trial, seed=me), np.full(5, me))
assert store.problems == []
"""


def test_32_processes_claim_from_one_store(place):
    command = [sys.executable, "-c", WRITER, str(place.results), str(place.log)]
    writers = [
        subprocess.Popen(
            [*command, str(me), str(TRIALS)],
            env={**place.environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    runs = Counter(place.log.read_text().split())
    assert runs == dict.fromkeys((f"{i:020x}" for i in range(TRIALS)), 1)
    store = Store(place.results)
    assert [record.trial_id for record in store.records()] == sorted(runs)
    assert store.problems == []
    for record in store.records():
        assert store.solution(record.trial_id).tolist() == [record.seed] * 5
    assert not list((place.results / "claims").iterdir())


def test_two_sweeps_at_once_share_the_work(place):
    words = ("baseline=slow", "baseline.pause=0.2", f"instance={INSTANCE}", "budget.steps=5")
    words = (*words, "hardware.threads=1", "seed=range(0,12)", "--plugin", PLUGIN)
    sweeps = [place.start("sweep", *words, "--name", name) for name in ("one", "other")]
    done = []
    for sweep in sweeps:
        out, err = sweep.communicate(timeout=120)
        assert sweep.returncode == 0, err
        assert ", 0 failed, 0 timed out" in out
        done.append(int(out.split()[1]))
        assert sum(int(word) for word in out.split() if word.isdigit()) == 12
    assert sum(done) == 12
    assert len(place.lines("begin")) == len(place.lines("end")) == 12
    assert len({who for who, _ in place.lines("begin")}) == 12
    store = Store(place.results)
    assert len(list(store.ids())) == len(list(store.records())) == 12
    assert place.all_gone()
