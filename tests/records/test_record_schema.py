import json
import math
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnbench.records import plain, schema
from dnnbench.records.example import example_record
from dnnbench.records.schema import MIGRATIONS, SCHEMA_VERSION, NewerSchemaError, Record, Status

DOCS = Path(__file__).parents[2] / "docs" / "records.md"

keys = st.text().filter(lambda key: key != "$float")
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
plain_data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)
numbers = st.integers() | st.floats()
trace = st.lists(st.tuples(st.floats(), st.integers(), numbers).map(list), max_size=4)


def strict(text):
    def refuse(word):
        raise AssertionError(f"{word} in strict JSON")

    return json.loads(text, parse_constant=refuse)


@given(plain_data)
def test_plain_data_survives_strict_json(value):
    back = plain.decode(strict(plain.dumps(plain.encode(value))))
    assert repr(back) == repr(value)  # repr tells 1 from 1.0 and -0.0 from 0.0, and nan is nan


@given(
    settings=st.dictionaries(keys, plain_data, max_size=3),
    diagnostics=st.dictionaries(keys, plain_data, max_size=3),
    metrics=st.dictionaries(keys, st.floats(), max_size=3),
    value=st.none() | numbers,
    seconds=st.none() | st.floats(),
    message=st.none() | st.text(),
    status=st.sampled_from(Status),
    trace=trace,
)
def test_record_survives_its_text(seconds, **changes):
    record = example_record(solve_seconds=seconds, **changes)
    back = Record.loads(record.dumps())
    assert repr(back) == repr(record)
    assert strict(record.dumps())["trial_id"] == record.trial_id
    assert back.dumps() == record.dumps()


def test_numpy_scalars_and_tuples_are_taken_as_plain_numbers_and_lists():
    record = example_record(
        value=np.int64(7), metrics={"psnr": np.float64(30.5)}, trace=[(0, 1, 2)]
    )
    back = Record.loads(record.dumps())
    assert back.value == 7
    assert type(back.value) is int
    assert back.metrics == {"psnr": 30.5}
    assert back.trace == [[0, 1, 2]]


@pytest.mark.parametrize(
    "value",
    [object(), b"x", {1: 2}, {"$float": "nan"}, {"a": [Path()]}, np.zeros(2), 1j],
)
def test_what_is_not_plain_data_is_refused(value):
    with pytest.raises(ValueError, match=r"plain data|reserved"):
        example_record(settings={"x": value}).dumps()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1.0}, "field 'seed': expected int, got float"),
        ({"seed": True}, "field 'seed': expected int, got bool"),
        ({"seed": None}, "field 'seed'"),
        ({"feasible": 1}, "field 'feasible'"),
        ({"sense": "up"}, "field 'sense': 'up' is none of 'max', 'min'"),
        ({"status": "fine"}, "field 'status'"),
        ({"value": "3"}, "field 'value'"),
        ({"instance_size": {"n": 0.5}}, "field 'instance_size'"),
        ({"trace": [1, 2]}, "field 'trace'"),
        ({"settings": []}, "field 'settings'"),
        ({"solve_seconds": 10**400}, "field 'solve_seconds'"),
    ],
)
def test_wrong_types_are_refused_in_writing_and_reading(change, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        example_record(**change).to_json()
    with pytest.raises(ValueError, match=re.escape(said)):
        Record.from_json(example_record().to_json() | change)


def test_integer_seconds_become_float_and_an_integer_value_stays_one():
    back = Record.loads(example_record(solve_seconds=10, value=2**70).dumps())
    assert repr(back.solve_seconds) == "10.0"
    assert repr(back.value) == str(2**70)
    assert repr(Record.loads(example_record(value=3.0).dumps()).value) == "3.0"


def test_unknown_and_missing_fields_are_named():
    data = example_record().to_json()
    del data["seed"]
    with pytest.raises(ValueError, match=r"unknown: sede; missing: seed"):
        Record.from_json(data | {"sede": 1})


@pytest.mark.parametrize("version", [None, "1", 0, -1, True, 1.0])
def test_a_schema_that_is_no_version_is_refused(version):
    with pytest.raises(ValueError, match="not a version number"):
        Record.from_json(example_record().to_json() | {"schema": version})


def test_newer_schema_is_refused_with_a_way_out():
    data = example_record().to_json() | {"schema": SCHEMA_VERSION + 1, "new_field": 1}
    with pytest.raises(NewerSchemaError, match="update dnnbench"):
        Record.from_json(data)


def test_older_schema_is_migrated_step_by_step(monkeypatch):
    old = example_record().to_json()
    old["graine"] = old.pop("seed")
    monkeypatch.setattr(schema, "SCHEMA_VERSION", 3)
    monkeypatch.setitem(MIGRATIONS, 1, lambda d: d | {"seed": d["graine"]})
    monkeypatch.setitem(MIGRATIONS, 2, lambda d: {k: v for k, v in d.items() if k != "graine"})
    record = Record.from_json(old)
    assert record == replace(example_record(), schema=3)
    assert old["schema"] == 1  # what was passed in is left alone


def test_every_version_up_to_now_has_a_migration():
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize(
    "text", ["", "[]", "1", '{"schema": 1', '{"schema": NaN}', "[" * 100_000, b"\xff\xfe{}"]
)
def test_text_that_is_no_record_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the parser's own words
        Record.loads(text)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_bare_words_for_numbers_are_not_strict_json(word):
    text = example_record(violation=0.5).dumps().replace("0.5", word)
    assert word in text
    with pytest.raises(ValueError, match="is not strict JSON"):
        Record.loads(text)


@pytest.mark.parametrize("bad", [{"$float": "1"}, {"$float": 1}, {"$float": "nan", "x": 1}])
def test_a_misused_reserved_key_is_refused(bad):
    with pytest.raises(ValueError, match=r"\$float"):
        Record.from_json(example_record().to_json() | {"diagnostics": {"a": bad}})


def test_statuses_have_a_sentence_each():
    sentences = {status.sentence for status in Status}
    assert len(sentences) == len(Status)
    assert all(re.fullmatch(r"[A-Z][^.]+\.", sentence) for sentence in sentences)
    assert {s for s in Status if not s.ok} == {
        Status.DIVERGED,
        Status.OUT_OF_MEMORY,
        Status.ERROR,
    }
    assert {s for s in Status if s.succeeded(False)} == {
        Status.UNSAT,
        Status.INFEASIBLE,
        Status.UNBOUNDED,
    }
    assert {s for s in Status if s.succeeded(True)} == {s for s in Status if s.ok}


def test_docs_name_every_field_once_in_order_and_every_status():
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    rows = [match[1] for line in lines if (match := re.match(r"\| `(\w+)` \|", line))]
    names = [field.name for field in fields(Record)]
    assert rows[: len(names)] == names
    assert [row for row in rows[len(names) :] if row in set(Status)] == list(Status)
    text = "\n".join(lines)
    assert all(f"| `{status}` | {status.sentence} |" in text for status in Status)
    assert f"Fields (schema {SCHEMA_VERSION})" in text


def test_not_finite_is_written_as_documented():
    record = example_record(violation=math.nan, solve_seconds=math.inf)
    assert '"violation": {"$float":"nan"}' in record.dumps()
    assert '"solve_seconds": {"$float":"inf"}' in record.dumps()
