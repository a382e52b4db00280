"""Record files that someone else made, or broke: an error in words, never more than that.

Each file is one of a store of two records; whatever is wrong with it, it is named and put aside,
and the other record can still be read.
"""

import json
import os
import pickle
import random
import re
from pathlib import Path

import numpy as np
import pytest

from dnnbench.errors import UserError
from dnnbench.records import plain, solution_file, store
from dnnbench.records.example import example_record
from dnnbench.records.schema import Record
from dnnbench.records.store import Store

ONE, TWO = "01" * 10, "ff" * 10
TEXT = example_record(trial_id=ONE).dumps()


class Proof:
    """Unpickling it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.fixture
def results(tmp_path):
    found = Store(tmp_path / "results")
    for trial in (ONE, TWO):
        found.put(example_record(trial_id=trial), np.array([0, 1, 1], np.int8))
    return found


def with_field(name, text):
    """The example's text with other JSON in one field."""
    changed, count = re.subn(rf'(?m)^"{name}": .*?(,?)$', lambda m: f'"{name}": {text}{m[1]}', TEXT)
    assert count == 1
    return changed.encode()


def named_and_left_out(results, data, said):
    """What reading says of a store in which this is one of the two files."""
    results.path(ONE).write_bytes(data)
    assert [r.trial_id for r in results.all_records()] == [TWO]
    (problem,) = results.problems
    assert said in problem
    assert problem.isprintable()
    assert len(problem) < 500
    assert [p.name[:20] for p in (results.root / "quarantine").iterdir()] == [ONE]
    assert results.status(ONE) is None
    with pytest.raises(UserError):
        results.get(ONE)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_truncated_anywhere(results, share):
    data = TEXT.encode()
    named_and_left_out(results, data[: int(share * (len(data) - 2))], "damaged")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("value", "1" * 5000, "Exceeds the limit"),
        ("value", "1" * 4000, "too large for a float"),
        ("value", "-1" + "0" * 309, "too large for a float"),
        ("steps", "1" + "0" * 309, "too large for a float"),
        ("trace", "[[0.5, 1, 1" + "0" * 309 + "]]", "field 'trace'"),
        ("trace", "[[0.5, 1" + "0" * 309 + ", null]]", "field 'trace'"),
        ("trace", "[[0.5, 1]]", "seconds, steps and objective"),
        ("trace", "[[0.5, true, 3]]", "field 'trace'"),
        ("trace", '[[0.5, 1, "3"]]', "field 'trace'"),
        ("trace", "[[0.5, 1, [3]]]", "field 'trace'"),
        ("trace", '{"0": [0.5, 1, 3]}', "field 'trace'"),
        ("diagnostics", "[" * 90_000, "damaged"),
        ("diagnostics", '{"a": ' + "[" * 500 + "]" * 500 + "}", "nested more than"),
        ("settings", '{"a":' * 70 + "1" + "}" * 70, "nested more than"),
        ("status", "[" * 900 + "]" * 900, "field 'status'"),
        ("role", "[" * 900 + "]" * 900, "field 'role'"),
        ("schema", "[" * 900 + "]" * 900, "not a version number"),
        ("violation", "NaN", "NaN is not strict JSON"),
        ("violation", "-Infinity", "-Infinity is not strict JSON"),
        ("violation", '"nan"', "expected float or null"),
        ("violation", '{"$float": "NaN"}', "$float"),
        ("violation", '{"$float": "nan", "a": 1}', "$float"),
        ("diagnostics", '{"a": {"$float": 3}}', "$float"),
        ("budget", '{"seconds": "1"}', "field 'budget'"),
        ("budget", '{"seconds": [1]}', "field 'budget'"),
        ("budget", '{"seconds": true}', "field 'budget'"),
        ("feasible", "1", "field 'feasible'"),
        ("seed", "1.0", "field 'seed'"),
        ("trial_id", f'"{TWO}"', "it is the record of trial"),
        ("trial_id", '"../../x"', "it is the record of trial"),
        ("settings", '{"lr": 1, "lr": 2}', "'lr' stands twice"),
        ("diagnostics", '{"a": [{"b": 1, "\\u0062": 1}]}', "'b' stands twice"),
        ("seed", '0, "seed": 1', "'seed' stands twice"),
        ("seed", '0, "\\u001b[2Jseed": 1', "unknown: \\x1b[2Jseed"),
        ("seed", '0, "' + "a" * 100_000 + '": 1', "unknown: aaaa"),
        ("status", '"' + "a" * 100_000 + '"', "field 'status'"),
    ],
)
def test_what_is_no_record(results, field, text, said):
    named_and_left_out(results, with_field(field, text), said)


def test_a_float_beyond_all_floats_is_infinite_and_no_answer(results):
    """`1e999` is strict JSON; nobody can write it but by hand."""
    record = Record.loads(with_field("value", "1e999"))
    assert record.value == float("inf")
    from dnnbench.report.aggregate import usable

    assert not usable(record)


def test_large_integers_within_the_floats_stay_exact():
    text = with_field("trace", f"[[0.5, 1, {2**70 + 1}], [null, {10**308}, null]]")
    assert Record.loads(text).trace == [[0.5, 1, 2**70 + 1], [None, 10**308, None]]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_other_encodings_of_json_are_read_or_refused_as_a_whole(results, encoding):
    results.path(ONE).write_bytes(TEXT.encode(encoding))
    assert len(results.all_records()) == 2


def test_a_file_beyond_the_limit_is_not_even_read(results, monkeypatch):
    with results.path(ONE).open("r+b") as file:
        file.truncate(store.LARGEST_RECORD + 1)  # a hole: no bytes on the disk
    monkeypatch.setattr(plain, "loads", lambda text: pytest.fail("it was parsed"))
    assert list(results.records_with(solver="nobody")) == []
    assert results.status(ONE) is None
    assert "more than 67108864" in results.problems[0]
    assert not results.path(ONE).exists()


def test_what_would_be_beyond_the_limit_is_not_written(results, monkeypatch):
    monkeypatch.setattr(store, "LARGEST_RECORD", 3000)
    with pytest.raises(ValueError, match="more than 3000"):
        results.put(example_record(trial_id="a" * 20, trace=[[0.5, 1, 3]] * 300))
    assert not results.has("a" * 20)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(results):
    results.path(ONE).unlink()
    os.mkfifo(results.path(ONE))
    assert [r.trial_id for r in results.all_records()] == [TWO]
    assert "no regular file" in results.problems[0]
    assert results.put(example_record(trial_id=ONE))


def test_a_folder_in_a_records_place_is_put_aside(results):
    results.path(ONE).unlink()
    results.path(ONE).mkdir()
    assert [r.trial_id for r in results.all_records()] == [TWO]
    assert "no regular file" in results.problems[0]
    assert (results.root / "quarantine").is_dir()


def test_a_link_out_of_the_store_is_moved_and_what_it_leads_to_stays(results, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("root:x:0:0\n")
    results.path(ONE).unlink()
    results.path(ONE).symlink_to(secret)
    assert [r.trial_id for r in results.all_records()] == [TWO]
    (problem,) = results.problems
    assert "damaged" in problem
    assert "root" not in problem
    assert secret.read_text() == "root:x:0:0\n"
    (moved,) = (results.root / "quarantine").iterdir()
    assert moved.is_symlink()


def test_a_link_to_a_device_is_not_read(results):
    results.path(ONE).unlink()
    results.path(ONE).symlink_to("/dev/zero")
    assert [r.trial_id for r in results.all_records()] == [TWO]
    assert "no regular file" in results.problems[0]


def test_a_link_to_a_record_of_this_trial_is_one(results, tmp_path):
    """Stores that keep contents apart (git-annex) are made of links."""
    apart = tmp_path / "content"
    results.path(ONE).rename(apart)
    results.path(ONE).symlink_to(apart)
    assert len(results.all_records()) == 2


# --- solutions ---------------------------------------------------------------------------------


def with_solution(results, data):
    """Give record ONE these bytes as its solution, under the name that fits them."""
    name = solution_file.name_for(ONE, data)
    (results.root / name).write_bytes(data)
    text = re.sub(r'"solution": .*', f'"solution": "{name}"', results.path(ONE).read_text())
    results.path(ONE).write_text(text)


def npy(header, body=b""):
    """A file of NumPy's format, version 1."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


def test_a_pickle_is_never_loaded(results, tmp_path):
    proof = tmp_path / "proof"
    pickled = pickle.dumps(Proof(proof))
    header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"
    for data in (pickled, npy(header, pickled)):
        with_solution(results, data)
        with pytest.raises(UserError, match="is damaged"):
            results.solution(ONE)
    assert not proof.exists()
    pickle.loads(pickled)
    assert proof.exists()  # so it would have shown


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000000,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (3,)}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': [('a', 'O')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<i8', 'fortran_order': False",
        "(((((",
        "'",
        "",
    ],
)
def test_headers_that_lie(results, header):
    with_solution(results, npy(header, b"\0" * 8))
    with pytest.raises(UserError, match="is damaged"):
        results.solution(ONE)


def test_noise_behind_the_magic_word(results):
    rng = random.Random(0)
    for _ in range(200):
        start = b"\x93NUMPY" + bytes([rng.choice([1, 2, 3, 9]), 0])
        with_solution(results, start + rng.randbytes(rng.randrange(80)))
        with pytest.raises(UserError, match="is damaged"):
            results.solution(ONE)


def test_other_bytes_than_the_name_says(results):
    path = results.root / results.get(ONE).solution
    array = np.load(path)
    np.save(path, 1 - array)
    with pytest.raises(UserError, match="is damaged"):
        results.solution(ONE)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_a_solutions_place_is_not_waited_for(results):
    path = results.root / results.get(ONE).solution
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match="is damaged"):
        results.solution(ONE)


def test_random_damage_to_bytes_and_values(results):
    """A thousand files, each a record with some bytes or one value replaced: read, or said."""
    rng = random.Random(1)
    whole = json.loads(TEXT)
    values = [None, True, -1, 2**70, 0.5, "x", "", [], {}, [[1]], {"a": []}, "\ud800", "\0"]
    for _ in range(1000):
        if rng.random() < 0.5:
            data = bytearray(TEXT.encode())
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            text = bytes(data)
        else:
            changed = dict(whole)
            changed[rng.choice(list(whole))] = rng.choice(values)
            text = json.dumps(changed).encode()
        try:
            record = Record.loads(text)
        except ValueError:
            continue
        assert Record.loads(record.dumps()) == record or "nan" in repr(record)
