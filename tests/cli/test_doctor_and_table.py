"""`dnnbench doctor` and `dnnbench table`."""

import csv
import io
import json

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.records.store import Store


def test_doctor(cli, monkeypatch):
    works = {"works": True, "version": "0", "platform": "cpu", "device": "cpu", "devices": 1}
    monkeypatch.setattr("dnnbench.cli.doctor._jax", lambda: works)
    said = cli("doctor")
    assert said.code == 0
    for part in ("python:", "cores:", "memory_gib:", "gpu:", "DNNBENCH_DATA: not set", "extras:"):
        assert part in said.out
    facts = json.loads(cli("doctor", "--json").out)
    assert facts["jax"] == works
    assert facts["dnnbench"]


def test_doctor_asks_jax(cli):
    assert json.loads(cli("doctor", "--json").out)["jax"]["works"] is True


def test_doctor_without_a_working_jax(cli, monkeypatch):
    monkeypatch.setattr("dnnbench.cli.doctor._PROBE", "raise SystemExit(3)")
    for arguments in ((), ("--json",)):
        said = cli("doctor", *arguments)
        assert said.code == 1
        assert "exit status 3" in said.out


def test_doctor_says_that_the_data_folder_is_missing(cli, monkeypatch):
    monkeypatch.setattr("dnnbench.cli.doctor._PROBE", "raise SystemExit(3)")
    monkeypatch.setenv("DNNBENCH_DATA", "/nowhere")
    assert "DNNBENCH_DATA: /nowhere (no such folder)" in cli("doctor").out


@pytest.mark.parametrize("style", ["terminal", "markdown", "csv", "latex"])
def test_table_in_every_format(cli, baseline_trial, tmp_path, style):
    results = baseline_trial.folder / "results"
    said = cli("table", results, "--format", style)
    assert said.code == 0
    assert "greedy" in said.out
    assert str(baseline_trial.printed["value"]) in said.out
    file = tmp_path / "table"
    assert cli("table", results, "-f", style, "-o", file).out == ""
    if style != "terminal":  # a terminal's width may differ
        assert file.read_text() == said.out


def test_csv_is_csv(cli, baseline_trial):
    text = cli("table", baseline_trial.folder / "results", "-f", "csv").out
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["solver"] == "greedy"
    assert row["kind"] == "classical"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere"], "no results folder '/nowhere'"),
        (["RESULTS", "--solver", "nobody"], "no records in "),
        (["RESULTS", "--instance", "nothing"], "no records in "),
        (["RESULTS", "-o", "/nowhere/t"], "cannot write '/nowhere/t'"),
        (["RESULTS", "-f", "xml"], "'xml'"),
    ],
)
def test_wrong_use_of_table(cli, baseline_trial, arguments, said):
    results = str(baseline_trial.folder / "results")
    done = cli("table", *[results if a == "RESULTS" else a for a in arguments])
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") <= 2


def test_the_table_of_what_is_solved_needs_a_problem_with_a_goal(cli, baseline_trial):
    said = cli("table", baseline_trial.folder / "results", "--solved")
    assert (said.code, said.out) == (2, "")
    assert "no records of problems with a goal (as sat) in " in said.err


def test_the_table_of_what_is_solved(cli, tmp_path):
    changes = {"problem": "sat", "instance": "satlib/uf50-01", "metric": "violated"}
    record = example_record(**changes, sense="min", value=0, status=Status.TARGET)
    Store(tmp_path / "formulas").put(record, None)
    (row,) = csv.DictReader(
        io.StringIO(cli("table", str(tmp_path / "formulas"), "--solved", "--format", "csv").out)
    )
    assert (row["group"], row["solver"], row["solved"]) == ("uf50", "pi_gnn", "1")
