"""Programs side by side: references, medians and times read off traces."""

import csv
import io

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.optimum import objective_error, reference_optima
from dnnbench.report.programs import program_rows, seconds_to
from dnnbench.report.programs_table import render_programs


def trial(error=1e-7, objective=-10.0, **changes):
    parts = {"relative_primal": 1, "relative_dual": 0.5, "relative_gap": 0.25}
    residuals = {name: share * (error or 0.0) for name, share in parts.items()}
    values = {
        "solver": "pdhg",
        "problem": "lp",
        "problem_settings": {"polish": "none"},
        "instance": "netlib/afiro",
        "settings": {},
        "metric": "kkt_error",
        "sense": "min",
        "value": error,
        "metrics": {"objective": objective, **residuals},
        "trace": [[0.1, 10, 0.5], [0.2, 20, 1e-3], [3.0, 300, 1e-7]],
    }
    return example_record(**(values | changes))


def test_the_reference_is_the_objective_of_the_smallest_certified_error():
    records = [
        trial(1e-7, -10.0),
        trial(1e-12, -10.5, solver="highs"),
        trial(1e-5, -99.0),
        trial(1e-15, -3.0, instance_sha256="cd" * 32),
        trial(None, metrics={}, status=Status.INFEASIBLE),
        example_record(),
    ]
    found = reference_optima(records)
    assert {key[:2]: (o.objective, o.solver) for key, o in found.items()} == {
        "ab": (-10.5, "highs"),
        "cd": (-3.0, "pdhg"),
    }
    assert reference_optima([trial(1.1e-6)]) == {}


def test_objective_errors_are_relative_above_one_only():
    assert objective_error(-99.0, -100.0) == 0.01
    assert objective_error(0.5, 0.25) == 0.25


@pytest.mark.parametrize(
    ("record", "times"),
    [
        (trial(), [0.2, 3.0, None]),
        (trial(trace=[[1.0, 1, None], [2.0, 2, 1e-10]]), [2.0, 2.0, 2.0]),
        (trial(1e-12, solve_seconds=4.0), [0.2, 3.0, 4.0]),  # by its polish alone
        (trial(stacked=True), [None, None, None]),
    ],
)
def test_times_are_read_off_the_trace(record, times):
    assert [seconds_to(record, t) for t in (1e-3, 1e-6, 1e-9)] == times


def test_a_row_has_medians_in_which_failures_are_infinite():
    trials = [
        trial(1e-4, -10.1, seed=0, trace=[[1.0, 1, 1e-4]]),
        trial(1e-2, -13.0, seed=1, trace=[]),
        trial(None, metrics={}, seed=2, trace=[], status=Status.DIVERGED),
    ]
    exact = trial(1e-15, -10.0, solver="highs", role="baseline", kind="classical")
    _, row = program_rows([*trials, exact])
    assert (row.solver, row.trials, row.kkt_error) == ("pdhg", 3, 1e-2)
    assert row.objective_error == pytest.approx(0.3)
    assert row.relative_dual == 0.5e-2
    assert row.seconds_1e3 is None
    assert row.status == "2 budget, 1 diverged"
    (row,) = program_rows([trials[0], *trials[2:], trials[2], exact], {})[1:]
    assert (row.kkt_error, row.relative_gap, row.objective_error) == (None, None, None)


def test_variants_polish_budgets_and_instances_are_rows_of_their_own():
    records = [
        trial(),
        trial(settings={"step": 0.5}),
        trial(problem_settings={"polish": "crossover"}),
        trial(budget={"seconds": 60.0}),
        trial(problem="qp"),
        trial(instance="netlib/sc105", instance_sha256="cd" * 32),
    ]
    rows = program_rows(records)
    assert len(rows) == 6
    assert sum("+ crossover" in row.solver for row in rows) == 1
    assert [row.problem for row in rows] == ["lp"] * 5 + ["qp"]


def test_a_proof_is_a_row_without_figures():
    proof = trial(None, metrics={}, trace=[], status=Status.INFEASIBLE, solver="highs")
    (row,) = program_rows([proof])
    assert (row.status, row.kkt_error, row.optimum) == ("infeasible", None, None)
    text = render_programs([row], "markdown")
    assert "infeasible" in text
    assert "f* unknown" in text


@pytest.mark.parametrize("format", ["terminal", "markdown", "latex"])
def test_tables_say_where_the_reference_is_from(format):
    text = render_programs(program_rows([trial()]), format, width=200)
    assert "1.0e-07" in text
    assert "= -10, by pdhg" in text


def test_csv_has_all_figures_unrounded():
    (row,) = csv.DictReader(io.StringIO(render_programs(program_rows([trial(1 / 3)]), "csv")))
    assert float(row["kkt_error"]) == 1 / 3
    assert (row["optimum"], row["seconds_1e9"], row["seconds_1e3"]) == ("", "", "0.2")
