"""One row a solver, one column an instance."""

import csv
import io

import pytest

from dnnbench.records.example import example_record
from dnnbench.report.aggregate import aggregate
from dnnbench.report.best_known import BestKnown
from dnnbench.report.wide import render_wide


def rows():
    values = {
        ("a", "gset/G2"): [90, 92],
        ("a", "gset/G10"): [100, 100],
        ("b", "gset/G2"): [99, 99],
        ("b", "gset/G10"): [99, 99],
        ("c", "gset/G10"): [100, 100],
    }
    records = [
        example_record(solver=solver, instance=instance, seed=seed, value=value)
        for (solver, instance), found in values.items()
        for seed, value in enumerate(found)
    ]
    return aggregate(records, lambda instance, problem: BestKnown(100, "optimal", "x"))


def cells(text):
    table = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_cells_and_order():
    header, _, *body = cells(render_wide(rows(), "markdown"))
    assert header == ["solver", "kind", "seeds", "gset/G2", "gset/G10", "mean gap %"]
    by_name = {row[0]: row for row in body}
    assert by_name["b"][3:] == ["99 ± 0 (1.00)", "99 ± 0 (1.00)", "1.00"]
    assert by_name["c"][3] == "-"  # was not run
    assert by_name["c"][5] == "0"  # over what all of them have run: G10 alone
    assert [row[0] for row in body] == ["a", "c", "b"]


@pytest.mark.parametrize("layout", ["terminal", "latex"])
def test_notes_say_over_what_the_mean_gap_is(layout):
    assert "mean gap over gset/G10" in render_wide(rows(), layout, width=150)


def test_csv_has_the_means():
    table = list(csv.DictReader(io.StringIO(render_wide(rows(), "csv"))))
    assert {row["solver"]: row["gset/G2"] for row in table} == {"a": "91.0", "b": "99.0", "c": ""}


def test_one_label_means_the_same_on_every_instance():
    trials = [
        example_record(instance=instance, budget={"seconds": seconds, "cores": 2})
        for instance, seconds in (("gset/G2", 10.0), ("gset/G2", 60.0), ("gset/G10", 60.0))
    ]
    apart = aggregate(trials, lambda instance, problem: None, across=True)
    labels = {(row.instance, row.label) for row in apart}
    assert labels == {
        ("gset/G2", "budget.seconds=10.0"),
        ("gset/G2", "budget.seconds=60.0"),
        ("gset/G10", "budget.seconds=60.0"),
    }
    assert len(cells(render_wide(apart, "markdown"))) == 4
