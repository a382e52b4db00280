import errno
import gc
import os
import pickle
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.records import files, solution_file
from dnnbench.records.example import example_record
from dnnbench.records.store import Store

ONE, TWO = "01" * 10, "ff" * 10
Z = np.array([0, 1, 1, 0], dtype=np.int8)


@pytest.fixture
def results(tmp_path):
    return Store(tmp_path / "results")


def record(trial_id=ONE, **changes):
    return example_record(trial_id=trial_id, **changes)


def all_files(folder):
    return sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file())


def test_put_and_get_back(results):
    assert not results.has(ONE)
    assert results.put(record(seed=5), Z)
    assert results.has(ONE)
    kept = results.get(ONE)
    assert replace(kept, solution=None) == record(seed=5)
    assert (results.root / kept.solution).is_file()
    np.testing.assert_array_equal(results.solution(ONE), Z)
    assert results.solution(ONE).dtype == Z.dtype
    assert list(results.ids()) == [ONE]
    assert list(results.records()) == [kept]
    assert len(all_files(results.root)) == 2
    assert results.path(ONE) == results.root / "records" / "01" / f"{ONE}.json"


def test_all_records_are_those_that_are_wanted(results):
    for trial, seed in ((ONE, 1), (TWO, 2)):
        results.put(record(trial, seed=seed))
    assert results.all_records() == list(results.records())
    assert [r.trial_id for r in results.all_records(lambda r: r.seed == 2)] == [TWO]


def test_reading_leaves_the_search_for_garbage_as_it_was(results):
    results.put(record())
    seen = []

    def look(found):
        seen.append(gc.isenabled())
        raise KeyboardInterrupt

    for on in (True, False):
        gc.enable() if on else gc.disable()
        try:
            with pytest.raises(KeyboardInterrupt):
                results.all_records(look)
            assert gc.isenabled() is on
        finally:
            gc.enable()
    assert seen == [False, False]


def test_a_trial_without_solution(results):
    results.put(record(solution="somewhere/else.npy"))
    assert results.get(ONE).solution is None
    assert results.solution(ONE) is None


def test_the_first_record_stays_unless_replaced(results):
    assert results.put(record(seed=1), Z)
    assert not results.put(record(seed=2), 1 - Z)
    assert results.get(ONE).seed == 1
    np.testing.assert_array_equal(results.solution(ONE), Z)
    assert results.put(record(seed=3), 1 - Z, replace=True)
    assert results.get(ONE).seed == 3
    np.testing.assert_array_equal(results.solution(ONE), 1 - Z)
    assert results.put(record(seed=4), replace=True)
    assert results.solution(ONE) is None
    assert list(results.ids()) == [ONE]


def test_a_missing_folder_is_an_empty_store(results):
    assert list(results.ids()) == []
    assert list(results.records()) == []
    assert results.clean() == 0
    assert not results.root.exists()
    with pytest.raises(UserError, match=f"no record {ONE}"):
        results.get(ONE)


@pytest.mark.parametrize("bad", ["../../x", "a/b", "", "A" * 20, ONE + "\n", ONE[:-1]])
def test_only_ids_become_file_names(results, bad):
    for call in (results.has, results.get, results.solution, results.path):
        with pytest.raises(UserError, match="not a trial id"):
            call(bad)
    with pytest.raises(UserError, match="not a trial id"):
        results.put(record(bad))
    assert not results.root.exists()


def test_strange_files_are_left_alone(results):
    results.put(record())
    shard = results.root / "records" / "01"
    for name in (".tmp-1-ab", "notes.txt", f"{ONE}.json~", f"{TWO}.json", "README"):
        (shard / name).write_text("x")
    (results.root / "records" / "README.md").write_text("x")
    (results.root / "records" / "zz").write_text("x")
    assert list(results.ids()) == [ONE]
    assert len(list(results.records())) == 1
    assert results.problems == []


def test_object_arrays_and_pickles_are_refused(results):
    with pytest.raises(ValueError, match="Object arrays"):
        results.put(record(), np.array([object()], dtype=object))
    assert not results.has(ONE)
    results.put(record(), Z)
    path = results.root / results.get(ONE).solution
    data = pickle.dumps([1, 2])
    named = results.root / solution_file.name_for(ONE, data)
    named.write_bytes(data)
    text = results.path(ONE).read_text().replace(path.name, named.name)
    results.path(ONE).write_text(text)
    with pytest.raises(UserError, match="damaged"):
        results.solution(ONE)


def test_a_damaged_or_missing_solution_is_said(results):
    results.put(record(), Z)
    path = results.root / results.get(ONE).solution
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    with pytest.raises(UserError, match="damaged"):
        results.solution(ONE)
    path.unlink()
    with pytest.raises(UserError, match="missing"):
        results.solution(ONE)


@pytest.mark.parametrize(
    "name", ["/x.npy", "../../secret.npy", f"solutions/ff/{TWO}-{'0' * 16}.npy"]
)
def test_a_record_can_name_no_file_but_its_own(results, name):
    results.put(record())
    text = results.path(ONE).read_text().replace('"solution": null', f'"solution": "{name}"')
    results.path(ONE).write_text(text)
    with pytest.raises(UserError, match="not its own"):
        results.solution(ONE)


# --- damaged records ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"\0" * len(data),
        lambda data: data.replace(b'"seed"', b'"sede"'),
        lambda data: data.replace(ONE.encode(), TWO.encode()),
        lambda data: b"[" * 100_000,
    ],
    ids=["truncated", "empty", "zeros", "unknown field", "another id", "nested"],
)
def test_damaged_record_is_quarantined_and_the_rest_usable(tmp_path, damage):
    said = []
    results = Store(tmp_path, said.append)
    results.put(record(ONE), Z)
    results.put(record(TWO), Z)
    bad = damage(results.path(ONE).read_bytes())
    results.path(ONE).write_bytes(bad)
    assert [r.trial_id for r in results.records()] == [TWO]
    assert list(results.ids()) == [TWO]
    assert said == results.problems
    assert len(said) == 1
    assert ONE in said[0]
    assert "quarantine" in said[0]
    (moved,) = (tmp_path / "quarantine").iterdir()
    assert moved.read_bytes() == bad
    assert moved.name in said[0]
    assert results.put(record(ONE, seed=8), Z)  # the trial can be run again
    assert results.get(ONE).seed == 8


def test_get_says_that_the_record_is_damaged(results):
    results.put(record())
    results.path(ONE).write_text("{")
    with pytest.raises(UserError, match=r"damaged.*run the trial again"):
        results.get(ONE)


def test_a_damaged_record_is_not_in_the_way_of_a_new_one(results):
    results.put(record())
    results.path(ONE).write_text("{")
    assert results.put(record(seed=6))
    assert results.get(ONE).seed == 6
    assert len(results.problems) == 1


def test_a_newer_record_is_named_and_left_where_it_is(results):
    results.put(record(ONE))
    results.put(record(TWO))
    newer = results.path(ONE).read_text().replace('"schema": 1', '"schema": 2')
    results.path(ONE).write_text(newer)
    assert [r.trial_id for r in results.records()] == [TWO]
    assert "update dnnbench" in results.problems[0]
    assert results.path(ONE).read_text() == newer
    assert not results.put(record(ONE))
    with pytest.raises(UserError, match="update dnnbench"):
        results.get(ONE)


def test_quarantine_never_takes_a_good_record(results, monkeypatch):
    """Between reading a damaged file and moving it, another process may put a good one there."""
    results.put(record())
    results.path(ONE).write_text("{")
    rename = Path.rename

    def late(path, target):
        results.path(ONE).write_text(record(seed=9).dumps())
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    list(results.records())
    assert results.get(ONE).seed == 9
    assert list((results.root / "quarantine").iterdir()) == []


# --- folders that cannot be written, full disks ------------------------------------------------


def one_line(error):
    return "\n" not in str(error.value)


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "results").write_text("x")
    for root in (tmp_path / "results", tmp_path / "results" / "deeper"):
        results = Store(root)
        with pytest.raises(UserError, match=r"cannot write record .* to ") as error:
            results.put(record(), Z)
        assert one_line(error)
        with pytest.raises(UserError, match="cannot read the results folder") as error:
            list(results.ids())
        assert one_line(error)


@pytest.mark.parametrize("failing", [1, 2])
def test_an_error_while_writing_leaves_nothing(results, monkeypatch, failing):
    results.put(record(TWO), Z)
    before = all_files(results.root)
    calls = []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left") as error:
        results.put(record(ONE), Z)
    assert one_line(error)
    assert all_files(results.root) == before
    assert results.put(record(ONE), Z)


def mounted(folder, *options):
    done = subprocess.run(
        ["mount", *options, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount here: {done.stderr.strip()}")


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root"
)


@pytest.fixture
def mount_point(tmp_path):
    folder = tmp_path / "mount"
    folder.mkdir()
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


@needs_root
def test_full_disk(mount_point):
    mounted(mount_point, "-t", "tmpfs", "-o", "size=256k", "tmpfs")
    results = Store(mount_point / "results")
    kept = []

    def fill():
        for seed in range(1000):
            trial = f"{seed:020x}"
            results.put(record(trial, seed=seed), np.arange(2000))
            kept.append(trial)

    with pytest.raises(UserError, match="No space left on device") as error:
        fill()
    assert one_line(error)
    assert kept
    assert list(results.ids()) == kept
    assert not [name for name in all_files(results.root) if ".tmp-" in name]
    for trial in kept:
        assert results.solution(trial).shape == (2000,)
    assert results.problems == []


@needs_root
def test_read_only_folder_can_be_read(mount_point):
    results = Store(mount_point / "results")
    mounted(mount_point, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    results.put(record(ONE), Z)
    results.put(record(TWO))
    results.path(TWO).write_text("{")
    mounted(mount_point, "-o", "remount,ro")
    results = Store(mount_point / "results")
    assert list(results.ids()) == [ONE, TWO]
    assert [r.trial_id for r in results.records()] == [ONE]
    assert "left where it is (Read-only file system)" in results.problems[0]
    np.testing.assert_array_equal(results.solution(ONE), Z)
    with pytest.raises(UserError, match="Read-only file system"):
        results.put(record("a" * 20))


def test_check_writable(results, tmp_path):
    results.check_writable()
    assert all_files(results.root) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot write to the results folder") as error:
        Store(tmp_path / "file").check_writable()
    assert one_line(error)


def test_opened_for_reading_only_it_changes_nothing(results):
    results.put(record(ONE), Z)
    results.put(record(TWO))
    results.path(TWO).write_text("{")
    before = all_files(results.root)
    reading = Store(results.root, read_only=True)
    assert [r.trial_id for r in reading.records()] == [ONE]
    assert len(reading.problems) == 1
    np.testing.assert_array_equal(reading.solution(ONE), Z)
    for change in (lambda: reading.put(record("a" * 20)), reading.check_writable, reading.clean):
        with pytest.raises(UserError, match="reading only"):
            change()
    assert all_files(results.root) == before


# --- leftovers ---------------------------------------------------------------------------------


def make_old(path):
    os.utime(path, (1, 1))


def test_old_leftovers_of_killed_writers_go_young_ones_stay(results):
    results.put(record(), Z)
    kept = results.get(ONE).solution
    shard = results.root / "records" / "01"
    (shard / ".tmp-1-old").write_text("x")
    make_old(shard / ".tmp-1-old")
    (shard / ".tmp-1-young").write_text("x")
    orphans = [f"solutions/01/{ONE}-{'0' * 16}.npy", f"solutions/01/{'01' * 9}00-{'0' * 16}.npy"]
    for name in (*orphans, f"solutions/01/{ONE}-{'1' * 16}.npy"):
        (results.root / name).write_text("x")
    (results.root / "solutions" / "01" / "notes.txt").write_text("mine")
    for name in (*orphans, kept, "solutions/01/notes.txt"):
        make_old(results.root / name)
    assert results.clean() == 3
    young = f"solutions/01/{ONE}-{'1' * 16}.npy"
    left = [f"records/01/{ONE}.json", "records/01/.tmp-1-young", kept, young]
    left.append("solutions/01/notes.txt")
    assert all_files(results.root) == sorted(left)


def test_putting_sweeps_the_folder_it_writes_to(results):
    results.put(record(), Z)
    (results.root / "records" / "01" / ".tmp-1-old").write_text("x")
    make_old(results.root / "records" / "01" / ".tmp-1-old")
    Store(results.root).put(record("01" + "2" * 18), Z)
    assert not [name for name in all_files(results.root) if ".tmp-" in name]


def test_without_hard_links(results, monkeypatch):
    def refuse(*args):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(files.os, "link", refuse)
    assert results.put(record(seed=1), Z)
    assert not results.put(record(seed=2), Z)
    assert results.get(ONE).seed == 1
    assert len(all_files(results.root)) == 2


def test_files_are_as_readable_as_any_other(results):
    mask = os.umask(0o022)
    try:
        results.put(record(), Z)
    finally:
        os.umask(mask)
    assert results.path(ONE).stat().st_mode & 0o777 == 0o644


def test_pictures_are_kept_by_name_and_go_with_their_record(results):
    results.put(record())
    results.put_picture(ONE, "ema", b"first")
    results.put_picture(ONE, "ema", b"second")
    results.put_picture(TWO, "latest", b"of a trial that was never recorded")
    assert {n: p.read_bytes() for n, p in results.pictures(ONE).items()} == {"ema": b"second"}
    assert results.pictures("ab" * 10) == {}
    assert results.clean() == 0
    assert results.clean(older_than=-1.0) == 1
    assert all_files(results.root / "pictures") == [f"{ONE}/ema.png"]
    assert not results.picture_path(TWO, "latest").parent.exists()


def test_pictures_that_cannot_be_written_are_one_line(results):
    results.root.mkdir()
    (results.root / "pictures").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        results.put_picture(ONE, "ema", b"x")
