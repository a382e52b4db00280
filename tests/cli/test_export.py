"""`dnnbench export`: the records as one flat table that other programs read."""

import io
import json
import math
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dnnbench.records.example import example_record
from dnnbench.records.store import Store
from tests.cli.command import ROOT, dnnbench

ID = "{:020x}"
RECORDS = (
    example_record(trial_id=ID.format(1), value=2**53 + 1, solve_seconds=0.1 + 0.2),
    example_record(
        trial_id=ID.format(2),
        solver="greedy",
        role="baseline",
        plan={},
        polish=None,
        settings={"order": "degree", "layers": "none", "learning_rate": 3},
        message='says "no", twice\nand ünder two lines',
    ),
    example_record(
        trial_id=ID.format(3),
        value=None,
        raw_value=None,
        feasible=None,
        violation=math.nan,
        claimed_value=math.inf,
        seed=2**63,
        budget={"seconds": None, "steps": 7, "restarts": None, "target": None, "cores": 1},
    ),
)


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path / "results")
    for record in RECORDS:
        store.put(record, np.zeros(3, np.uint8))
    return tmp_path / "results"


def read(format_, path):
    return {"csv": pd.read_csv, "json": pd.read_json, "parquet": pd.read_parquet}[format_](path)


def cell(table, row, name):
    value = table[name].iloc[row]
    return None if value is None or value != value else value


@pytest.mark.parametrize("format_", ["csv", "json", "parquet"])
def test_pandas_reads_it_back(cli, results, tmp_path, format_):
    path = tmp_path / f"table.{format_}"
    said = cli("export", results, "--format", format_, "-o", path)
    assert (said.code, said.out, said.err) == (0, "", "")
    table = read(format_, path)
    assert len(table) == 3
    assert table.columns[0] == "trial_id"
    assert table["solver"].tolist() == ["pi_gnn", "greedy", "pi_gnn"]
    assert table["solve_seconds"].iloc[0] == pytest.approx(0.1 + 0.2, rel=1e-15)
    assert cell(table, 0, "budget.seconds") == 10.0
    assert cell(table, 2, "budget.seconds") is None
    assert cell(table, 1, "polish.name") is None
    assert cell(table, 0, "polish.name") == "one_flip"
    assert "polish" not in table.columns
    assert cell(table, 1, "message") == RECORDS[1].message
    assert cell(table, 0, "message") is None
    assert cell(table, 2, "claimed_value") is None
    assert table["feasible"].iloc[0] in (True, "True")
    assert cell(table, 2, "feasible") is None
    assert str(cell(table, 0, "settings.learning_rate")) == "0.01"
    assert json.loads(table["trace"].iloc[0]) == [[0.2, 80, 2980], [10.0, 4000, 3031]]
    assert json.loads(table["diagnostics"].iloc[0]) == {}
    assert table["environment.cpu_model"].iloc[0] == "Example CPU"
    assert table["plan.lanes"].iloc[0] == 8
    assert cell(table, 1, "plan.lanes") is None


def test_csv_keeps_integers_beside_gaps_whole(cli, results):
    """As floats, 2^53 + 1 would be another number."""
    text = cli("export", results).out
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert table["trial_id"].tolist() == [r.trial_id for r in RECORDS]
    assert table["value"].tolist() == [str(2**53 + 1), "3040", ""]
    assert table["seed"].tolist() == ["0", "0", str(2**63)]
    assert table["budget.steps"].tolist() == ["", "", "7"]
    assert table["solve_seconds"].tolist() == [repr(0.1 + 0.2), "10.02", "10.02"]


def test_parquet_keeps_them_too(cli, results, tmp_path):
    path = tmp_path / "t.parquet"
    cli("export", results, "-f", "parquet", "-o", path)
    import pyarrow.parquet

    columns = pyarrow.parquet.read_table(path).to_pydict()
    assert columns["value"] == [2**53 + 1, 3040, None]
    assert columns["seed"] == ["0", "0", str(2**63)]
    assert columns["settings.layers"] == ["[64,32]", "none", "[64,32]"]
    assert columns["settings.learning_rate"] == [0.01, 3.0, 0.01]
    assert columns["feasible"] == [True, True, None]


def test_json_is_strict_and_exact(cli, results):
    def refuse(word):
        raise AssertionError(word)

    rows = json.loads(cli("export", results, "-f", "json").out, parse_constant=refuse)
    assert [row["trial_id"] for row in rows] == [r.trial_id for r in RECORDS]
    assert all(list(row) == list(rows[0]) for row in rows)
    assert next(iter(rows[0])) == "trial_id"
    assert (rows[0]["value"], rows[2]["seed"]) == (2**53 + 1, 2**63)
    assert rows[0]["solve_seconds"] == 0.1 + 0.2
    assert rows[2]["value"] is None
    assert rows[2]["violation"] is None
    assert rows[1]["settings.learning_rate"] == 3


def test_real_trials(method_trial, baseline_trial, cli, tmp_path):
    for trial in (method_trial, baseline_trial):
        rows = json.loads(cli("export", trial.folder / "results", "-f", "json").out)
        (row,) = rows
        for key in ("trial_id", "solver", "value", "steps", "solve_seconds", "best_known"):
            assert row[key] == trial.printed[key]
        assert row["budget.steps"] == trial.printed["budget"]["steps"]
        assert json.loads(row["diagnostics"]) == trial.printed["diagnostics"]
        assert row["environment.concurrent"] == 1


@pytest.mark.parametrize("format_", ["csv", "json", "parquet"])
def test_an_empty_folder(cli, tmp_path, format_):
    done = cli("export", tmp_path, "-f", format_, "-o", tmp_path / "x")
    assert (done.code, done.out) == (2, "")
    assert f"no records in '{tmp_path}'" in done.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("format_", ["csv", "json", "parquet"])
def test_traces_as_a_table_of_their_own(cli, results, tmp_path, format_):
    path = tmp_path / f"traces.{format_}"
    said = cli("export", results, "--traces", "-f", format_, "-o", path)
    assert (said.code, said.out, said.err) == (0, "", "")
    table = read(format_, path)
    assert list(table.columns) == ["trial_id", "schema", "row", "seconds", "steps", "objective"]
    assert table["seconds"].tolist() == [0.2, 10.0] * len(RECORDS)
    assert table["objective"].tolist() == [2980, 3031] * len(RECORDS)


def test_a_store_without_traces(cli, tmp_path):
    Store(tmp_path).put(replace(RECORDS[0], trace=[]))
    done = cli("export", tmp_path, "--traces")
    assert (done.code, done.out) == (2, "")
    assert f"no traces in '{tmp_path}'" in done.err


def test_a_name_that_is_a_formula_is_none_in_csv(cli, tmp_path):
    Store(tmp_path).put(replace(RECORDS[0], instance="=cmd|' /C calc'!A0"))
    assert ",'=cmd|' /C calc'!A0," in cli("export", tmp_path).out
    (row,) = json.loads(cli("export", tmp_path, "-f", "json").out)
    assert row["instance"] == "=cmd|' /C calc'!A0"


def test_wrong_use(cli, results, tmp_path):
    for words, said in (
        (["-f", "parquet"], "--format parquet is binary: give a file with --output"),
        (["-f", "xlsx"], "'xlsx' is not one of"),
        (["-o", tmp_path], "cannot write "),
        (["-o", tmp_path / "no" / "x.csv"], "cannot write "),
        (["-f", "parquet", "-o", tmp_path / "no" / "x"], "cannot write "),
    ):
        done = cli("export", results, *words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    done = cli("export", tmp_path / "none")
    assert done.code == 2
    assert "no results folder" in done.err


def test_without_the_parquet_extra(results, tmp_path):
    (tmp_path / "pyarrow.py").write_text("raise ImportError('no pyarrow')\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    words = ("export", results, "-f", "parquet", "-o", tmp_path / "x")
    done = dnnbench(*words, PYTHONPATH=path)
    assert done.returncode == 2
    assert "pip install 'dnnbench[parquet]'" in done.stderr.splitlines()[-1]


def test_a_damaged_record_is_named_and_left_out(cli, results):
    path = Store(results).path(RECORDS[0].trial_id)
    path.write_text("{")
    done = cli("export", results, "-f", "json")
    assert done.code == 0
    assert len(json.loads(done.out)) == 2
    assert RECORDS[0].trial_id in done.err
    assert "damaged" in done.err


def test_one_record_without_nested_fields(cli, tmp_path):
    record = replace(RECORDS[0], settings={}, metrics={}, polish=None, trace=[])
    Store(tmp_path).put(record)
    (row,) = json.loads(cli("export", tmp_path, "-f", "json").out)
    assert not [name for name in row if name.startswith(("settings", "metrics", "polish"))]
    assert row["trace"] == "[]"
