"""The exported tables: their columns are those that the documentation lists, in both formats."""

import io
import json
import math
import re
from pathlib import Path

import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from dnnbench.records.example import example_record
from dnnbench.report import export_file
from dnnbench.report.best_known import BestKnown
from dnnbench.report.export import frame, trace_frame, write
from dnnbench.report.export_schema import RECORDS, TRACES, VERSION, Column, kind_of, place

DOCS = Path(__file__).parents[2] / "docs" / "records.md"
ID = "ab{:018x}"
FULL = example_record(
    trial_id=ID.format(1),
    metrics={"psnr_db": 30.5},
    problem_settings={"polish": "one_flip"},
    message="done",
    solution="solutions/00/x.npy",
    budget={"seconds": 10.0, "steps": 5, "restarts": 3, "target": 3041, "cores": 2, "more": 1},
    environment={"packages": {"jax": "0.10.2"}, "cores_logical": 2, "git_dirty": False},
)
BARE = example_record(
    trial_id=ID.format(2),
    value=None,
    raw_value=None,
    claimed_value=None,
    feasible=None,
    violation=None,
    polish=None,
    load_seconds=None,
    budget={"seconds": None, "steps": None, "restarts": None, "target": None, "cores": None},
    settings={},
    plan={},
    trace=[],
)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-1")
TEXTS = (
    "plain", "1.5", "a,b", 'say "so"', "two\nlines", "three\r\nlines", "'quoted'", " spaced ",
    "x" * 100_000, "ünder \N{GREEK SMALL LETTER ALPHA} \N{GRINNING FACE}", "a=1", *FORMULAS,
)  # fmt: skip


def known(instance, problem):
    return BestKnown(3064, "best-known", "somewhere")


def listed(title):
    """The rows of a table of the documentation: column, type, unit."""
    text = DOCS.read_text(encoding="utf-8")
    part = text.partition(f"### Columns of `{title}` (schema {VERSION})\n")[2].partition("\n###")[0]
    rows = re.findall(r"^\| `([\w.*]+)` \| (\w+) \|([^|]*)\|", part, flags=re.MULTILINE)
    return [Column(name, kind, unit.strip()) for name, kind, unit in rows]


def read_both(table, tmp_path, columns=RECORDS, **options):
    """The same table, read by pandas from CSV and from Parquet."""
    write(table, "csv", tmp_path / "t.csv", columns)
    write(table, "parquet", tmp_path / "t.parquet", columns)
    return (
        pd.read_csv(tmp_path / "t.csv", keep_default_na=False, na_values=[""], **options),
        pd.read_parquet(tmp_path / "t.parquet"),
    )


@pytest.mark.parametrize(("title", "columns"), [("export", RECORDS), ("export --traces", TRACES)])
def test_the_documentation_lists_every_column_with_type_and_unit(title, columns):
    assert listed(title) == list(columns)


def test_every_column_is_listed_and_stands_in_its_place():
    names = list(frame([FULL, BARE], known).columns)
    assert names[:2] == ["trial_id", "schema"]
    assert names == sorted(names, key=place)
    fixed = [c.name for c in RECORDS if not c.group]
    assert [name for name in names if name in fixed] == fixed
    for group in (c for c in RECORDS if c.group):
        assert any(name.startswith(group.name[:-1]) for name in names), group.name


def test_the_order_does_not_depend_on_the_records():
    one, other = frame([FULL, BARE], known), frame([BARE, FULL], known)
    assert list(one.columns) == list(other.columns)
    without = [c.name for c in RECORDS if "." not in c.name]
    assert [n for n in frame([BARE], known).columns if "." not in n] == without


ARROW = {
    "string": {pyarrow.large_string()},
    "json": {pyarrow.large_string()},
    "integer": {pyarrow.int64()},
    "float": {pyarrow.float64()},
    "number": {pyarrow.int64(), pyarrow.float64()},
    "boolean": {pyarrow.bool_()},
}
FROM_CSV = {
    "string": {"str"},
    "json": {"str"},
    "integer": {"int64", "float64"},
    "float": {"float64"},
    "number": {"int64", "float64"},
    "boolean": {"bool", "object"},
}


@pytest.mark.parametrize("records", [[FULL], [FULL, BARE], [BARE]], ids=["full", "both", "bare"])
def test_types_are_those_of_the_list_in_both_formats(records, tmp_path):
    from_csv, _ = read_both(frame(records, known), tmp_path, dtype={"instance_sha256": str})
    stored = parquet.read_schema(tmp_path / "t.parquet")
    assert stored.names == list(from_csv.columns)
    for name in stored.names:
        kind = kind_of(name)
        if kind == "any":
            continue
        assert stored.field(name).type in ARROW[kind], name
        if from_csv[name].notna().any():
            assert str(from_csv[name].dtype) in FROM_CSV[kind], name


def test_a_column_without_cells_has_its_type_all_the_same(tmp_path):
    """So that the files of two stores can be put one after the other."""
    write(frame([BARE], known), "parquet", tmp_path / "bare")
    write(frame([FULL], known), "parquet", tmp_path / "full")
    bare, full = (parquet.read_schema(tmp_path / name) for name in ("bare", "full"))
    for column in RECORDS:
        if "." not in column.name:
            assert bare.field(column.name).type == full.field(column.name).type, column.name


def test_the_version_is_in_both_formats(tmp_path):
    for table, columns in ((frame([FULL], known), RECORDS), (trace_frame([FULL]), TRACES)):
        from_csv, from_parquet = read_both(table, tmp_path, columns)
        assert from_csv.columns[1] == "schema"
        assert set(from_csv["schema"]) == set(from_parquet["schema"]) == {VERSION}
        stored = parquet.read_schema(tmp_path / "t.parquet").metadata
        assert stored[b"dnnbench_schema"] == str(VERSION).encode()


def test_csv_and_parquet_read_back_as_the_same_table(tmp_path):
    records = [
        FULL,
        BARE,
        example_record(trial_id=ID.format(3), value=2**53 + 1, solve_seconds=0.1 + 0.2, seed=7),
        example_record(trial_id=ID.format(4), violation=math.inf, settings={"learning_rate": 3}),
        example_record(trial_id=ID.format(5), settings={"learning_rate": 1e-300, "on": True}),
    ]
    from_csv, from_parquet = read_both(frame(records, known), tmp_path)
    for table in (from_csv, from_parquet):  # booleans with gaps: NaN from CSV, None from Parquet
        gaps = table["feasible"].isna()
        assert gaps.tolist() == [False, True, False, False, False]
        table["feasible"] = table["feasible"].mask(gaps, None)
    pd.testing.assert_frame_equal(from_csv, from_parquet, check_exact=True)


def test_every_text_comes_back(tmp_path):
    records = [
        example_record(trial_id=ID.format(i), instance=text, settings={"x": text})
        for i, text in enumerate(TEXTS)
    ]
    from_csv, from_parquet = read_both(frame(records, known), tmp_path, dtype=str)
    for name in ("instance", "settings.x"):
        assert from_parquet[name].tolist() == list(TEXTS)
        assert [re.sub(r"^'('*[=+\-@\t\r])", r"\1", t) for t in from_csv[name]] == list(TEXTS)


def test_no_text_in_csv_is_a_formula_and_no_number_is_changed():
    records = [
        example_record(trial_id=ID.format(i), solver=text, value=-3, violation=-0.5)
        for i, text in enumerate(FORMULAS)
    ]
    table = pd.read_csv(io.StringIO(write(frame(records, known), "csv", None)))
    assert table["solver"].str.match("'+[=+\\-@\t\r]").all()
    assert set(table["value"]) == {-3}
    assert set(table["violation"]) == {-0.5}


def test_what_csv_and_parquet_cannot_hold_is_replaced(tmp_path):
    settings = {"\0 \udfff": 1}
    record = example_record(instance="nul \0, half \ud800", settings=settings)
    from_csv, from_parquet = read_both(frame([record], known), tmp_path)
    assert from_csv["instance"][0] == "nul \N{SYMBOL FOR NULL}, half \N{REPLACEMENT CHARACTER}"
    assert from_parquet["instance"][0] == "nul \0, half \N{REPLACEMENT CHARACTER}"
    assert from_csv["settings.\N{SYMBOL FOR NULL} \N{REPLACEMENT CHARACTER}"][0] == 1
    (row,) = json.loads(write(frame([record], known), "json", None))
    assert row["instance"] == "nul \0, half \ud800"


@pytest.mark.parametrize(
    ("cells", "kind", "type_", "back"),
    [
        ([1, None], "integer", "int64", [1, None]),
        ([1, 2.5], "number", "double", [1.0, 2.5]),
        ([2**63 - 1, -(2**63)], "number", "int64", [2**63 - 1, -(2**63)]),
        ([2**63, 1], "integer", "large_string", [str(2**63), "1"]),
        ([2**63, 0.5], "number", "large_string", [str(2**63), "0.5"]),
        ([1, 2], "float", "double", [1.0, 2.0]),
        ([True, None], "any", "bool", [True, None]),
        ([True, 1], "any", "large_string", ["True", "1"]),
        (["x", 1, None], "any", "large_string", ["x", "1", None]),
        ([None], "any", "large_string", [None]),
        ([None], "boolean", "bool", [None]),
        ([None], "float", "double", [None]),
    ],
)
def test_types_of_parquet(cells, kind, type_, back):
    array = export_file._array(cells, kind)
    assert (str(array.type), array.to_pylist()) == (type_, back)


def test_traces_are_rows(tmp_path):
    records = [
        example_record(trial_id=ID.format(1), trace=[[0.5, 1, 7], [None, None, None]]),
        BARE,
        example_record(trial_id=ID.format(3), trace=[[math.nan, 2, 0.5], [2.0, 3, math.inf]]),
    ]
    table = trace_frame(records)
    assert list(table.columns) == [column.name for column in TRACES]
    assert table["trial_id"].tolist() == [ID.format(1)] * 2 + [ID.format(3)] * 2
    assert table["row"].tolist() == [0, 1, 0, 1]
    assert table["seconds"].tolist() == [0.5, None, None, 2.0]
    assert table["steps"].tolist() == [1, None, 2, 3]
    assert table["objective"].tolist() == [7, None, 0.5, None]
    from_csv, from_parquet = read_both(table, tmp_path, TRACES, dtype={"trial_id": str})
    pd.testing.assert_frame_equal(from_csv, from_parquet)


def test_a_column_that_the_list_lacks_is_an_error():
    with pytest.raises(ValueError, match="no column 'colour'"):
        place("colour")
    assert kind_of("budget.steps") == "integer"
    assert kind_of("budget.anything") == "any"
