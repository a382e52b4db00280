"""A killed trial goes on from its checkpoint and ends like one that was never killed."""

import os

import numpy as np
import pytest

from dnnbench.records.store import Store
from dnnbench.runner import checkpoint_file
from tests.sweep.processes import kill_group, wait_for

INSTANCE = "gen/random_regular-n200-d3-s1"
COMMON = (f"instance={INSTANCE}", "hardware.threads=1", "hardware.checkpoint_every=0.2")
METHODS = {
    "lanes-last": ("method=simulated_bifurcation", "budget.steps=350000", "plan.lanes=32"),
    "lane-axis-0": ("method=pi_gnn", "budget.steps=16000", "plan.lanes=2"),
}


def only(results):
    """The one record of a store, and its solution."""
    store = Store(results)
    (record,) = store.records()
    return record, store.solution(record.trial_id)


def same(one, other):
    """Whether two runs of a trial had the same result and made the same work of it."""
    (a, z), (b, y) = one, other
    fields = ("trial_id", "status", "value", "raw_value", "claimed_value", "steps", "restarts")
    assert [getattr(a, f) for f in fields] == [getattr(b, f) for f in fields]
    # All chunks but the first follow the clock; a trace that lost its beginning shows here.
    assert a.trace[0][1:] == b.trace[0][1:]
    assert a.trace[-1][2] == b.trace[-1][2]
    np.testing.assert_array_equal(z, y)
    return True


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(METHODS["lanes-last"], marks=pytest.mark.full, id="lanes-last"),
        pytest.param(METHODS["lane-axis-0"], id="lane-axis-0"),
    ],
)
def test_killed_in_the_middle(place, words):
    whole = place.run("sweep", *words, *COMMON, "results=whole", "--quiet")
    assert whole.returncode == 0, whole.stderr
    process = place.start("sweep", *words, *COMMON, "--name", "mine", "--quiet")
    folder = place.results / "checkpoints"
    first = wait_for(lambda: list(folder.glob("*.npz")), "a checkpoint")[0]
    inode = first.stat().st_ino
    wait_for(lambda: not first.exists() or first.stat().st_ino != inode, "the next checkpoint")
    kill_group(process)
    assert place.all_gone()
    assert first.exists(), "the trial was over before it could be killed"
    assert not list(Store(place.results).ids())
    saved = checkpoint_file.read(first)
    assert saved is not None

    done = place.run("resume", "mine", "--quiet")
    assert done.returncode == 0, done.stderr
    record, solution = only(place.results)
    assert same((record, solution), only(place.folder / "whole"))
    assert record.environment["resumed"] is True
    assert only(place.folder / "whole")[0].environment["resumed"] is False
    assert not list(folder.glob("*.npz"))


def test_damaged_checkpoints_are_ignored_and_go(cli, place):
    words = ("sweep", "method=mean_field", "budget.steps=200", "plan.lanes=2", *COMMON, "--quiet")
    words = (*words, "seed=range(0,4)")
    assert cli(*words, "results=whole").code == 0
    whole, store = Store(place.folder / "whole"), Store(place.results)
    paths = [store.checkpoint_path(trial) for trial in whole.ids()]
    for path, damage in zip(paths, (b"", b"PK\x03\x04 no", os.urandom(2000)), strict=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damage)
    # One that can be read, but is of another run.
    checkpoint_file.write(paths[3], {"meta": np.zeros(3, np.uint8), "unit0_0": np.zeros(5)})

    assert cli(*words).code == 0
    for trial in whole.ids():
        one, other = store.get(trial), whole.get(trial)
        assert same((one, store.solution(trial)), (other, whole.solution(trial)))
        if trial != paths[3].stem:
            assert one.environment["resumed"] is False
    assert not any(path.exists() for path in paths)

    # As when the sweep is killed after the record is stored and before the checkpoint goes.
    paths[0].write_bytes(b"left over")
    assert "4 skipped" in cli(*words).out
    assert not paths[0].exists()


def test_an_archive_that_is_whole_but_not_what_was_written(tmp_path):
    path = tmp_path / "checkpoints" / "x.npz"
    checkpoint_file.write(path, {"z": np.ones((3, 4))})
    np.testing.assert_array_equal(checkpoint_file.read(path)["z"], np.ones((3, 4)))
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **arrays | {"z": np.ones((4, 3))})
    assert checkpoint_file.read(path) is None
    np.savez(path, z=np.ones((3, 4)))
    assert checkpoint_file.read(path) is None


def test_reading_survives_every_damage(tmp_path):
    path = tmp_path / "checkpoints" / "x.npz"
    checkpoint_file.write(path, {"meta": np.arange(7, dtype=np.uint8), "z": np.ones((3, 4))})
    whole = path.read_bytes()
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        assert checkpoint_file.read(path) is None
    rng = np.random.default_rng(0)
    for _ in range(2000):
        spoilt = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 4)):
            spoilt[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(spoilt))
        found = checkpoint_file.read(path)
        if found is not None and set(found) == {"meta", "z"}:
            np.testing.assert_array_equal(found["meta"], np.arange(7))
            np.testing.assert_array_equal(found["z"], np.ones((3, 4)))


def test_a_checkpoint_that_cannot_be_written_is_said_and_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    keeper = checkpoint_file.Checkpointer(tmp_path / "file" / "x.npz", 0.0, lambda: True)
    keeper.start()
    keeper(lambda: {"z": np.ones(3)})
    assert set(keeper.report()) == {"checkpoint_failure"}
    assert keeper.report()["checkpoint_failure"]
    keeper.path = tmp_path / "x.npz"
    keeper(lambda: {"z": np.ones(3)})
    assert keeper.report() == {}
    np.testing.assert_array_equal(checkpoint_file.read(keeper.path)["z"], np.ones(3))
