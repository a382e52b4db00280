"""Reports of four times the records do four times the work: calls are counted, not seconds.

`scripts/bench_report.py` measures the seconds, of up to 200,000 records.
"""

import sys
from itertools import pairwise

import numpy as np
import pytest

from dnnbench.records.example import example_record
from dnnbench.records.store import Store
from dnnbench.report.aggregate import aggregate
from dnnbench.report.export import frame, trace_frame, write
from dnnbench.report.gather import gather
from dnnbench.report.measures.profiles import performance_profile
from dnnbench.report.measures.targets import times_to_targets
from dnnbench.report.plots import compared, shares
from dnnbench.report.plots.pooled import pool
from dnnbench.report.solved import solved_rows
from dnnbench.report.solved_table import render_solved
from dnnbench.report.table import render
from dnnbench.report.variant import variant, variant_text
from dnnbench.report.wide import render_wide

SOLVERS, SEEDS = 4, 3
GROWTH = 4
SLACK = 1.15
"""Sorting needs a logarithm more, and the smaller report has its fixed part in it."""


def nothing_known(instance, problem):
    return None


def records(instances):
    """Solvers with two settings, on instances with names of a file, of a generator, and others."""
    names = [
        name for k in range(instances) for name in (f"gen/x-s{k}", f"file{k}.mtx", f"gset/G{k + 1}")
    ]
    return [
        example_record(
            trial_id=f"{place:020x}",
            problem="sat" if at % 2 else "maxcut",
            sense="min",
            solver=f"solver_{solver // 2}",
            settings={"rate": solver % 2, "layers": [1, 2]},
            instance=name,
            instance_sha256=name,
            seed=seed,
            value=place % 3,
            raw_value=place % 3,
            trace=[[0.1 * k, k, 9 - k] for k in range(8)],
        )
        for at, name in enumerate(names)
        for solver in range(SOLVERS)
        for seed in range(SEEDS)
        for place in [at * SOLVERS * SEEDS + seed * SOLVERS + solver]
    ]


REPORTS = {
    "table": lambda r: render(aggregate(r, nothing_known), "csv"),
    "markdown": lambda r: render(aggregate(r, nothing_known), "markdown"),
    "wide": lambda r: render_wide(aggregate(r, nothing_known, across=True), "csv"),
    "solved": lambda r: render_solved(solved_rows(r), "csv"),
    "pooled": lambda r: pool(gather(r, nothing_known)),
    "times": lambda r: times(pool(gather(r, nothing_known))),
    "export": lambda r: write(frame(r, nothing_known), "csv", None),
    "traces": lambda r: write(trace_frame(r), "json", None),
}


def times(found):
    goal = compared.Goal((0.1, 0.01, 0.0))
    return [
        goal.times(trial, column)
        for row in found.cells
        for cell, column in zip(row, found.columns, strict=True)
        for trial in cell
    ]


def calls(work):
    """How many calls, of Python's functions and of built-in ones, a piece of work makes."""
    count = 0

    def counted(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", REPORTS)
def test_work_grows_as_the_records_do(name):
    few, many = records(10), records(10 * GROWTH)
    make = REPORTS[name]
    make(few)  # what is imported and looked up once
    make(many)
    assert calls(lambda: make(many)) < GROWTH * SLACK * calls(lambda: make(few))


def test_reading_grows_as_the_records_do(tmp_path):
    counts = []
    for instances in (4, 4 * GROWTH):
        store = Store(tmp_path / str(instances))
        for record in records(instances):
            path = store.path(record.trial_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record.dumps())
        store.all_records()
        counts.append(calls(store.all_records))
        assert len(store.all_records()) == len(records(instances))
    assert counts[1] < GROWTH * SLACK * counts[0]


def test_best_known_values_are_asked_for_once_a_row_or_instance():
    asked = []

    def known(instance, problem):
        asked.append((instance, problem))

    found = records(2)
    aggregate(found, known)
    assert len(asked) == len(set(asked)) * SOLVERS
    asked.clear()
    gather(found, known)
    assert len(asked) == len(set(asked)) == 6


def test_variants_that_are_remembered_are_not_mixed_up():
    """Equal to Python, but not the same setting."""
    values = (1, 1.0, True, "1", [1], [1.0], {"a": 1}, {"a": 1.0}, None, "none", 0.0, -0.0)
    found = [example_record(settings={"x": value}) for value in values]
    again = [example_record(settings={"x": value}) for value in values]
    assert len({variant_text(r) for r in found}) == len(values)
    assert [variant_text(r) for r in found] == [variant_text(r) for r in again]
    variant(found[0])["x"] = "changed by a caller"
    assert variant(again[0])["x"] == "1"


def test_variants_differ_in_everything_they_are_made_of():
    changes = (
        {},
        {"settings": {"x": 1}},
        {"solver_version": 2},
        {"problem_settings": {"x": 1}},
        {"budget": {"seconds": 1.0}},
        {"plan": {"lanes": 9}},
        {"hardware": {"threads": 9}},
        {"environment": {"cpu_model": "another"}},
    )
    assert len({variant_text(example_record(**change)) for change in changes}) == len(changes)
    left_out = example_record(plan={**example_record().plan, "micro_batch": 9}, seed=9)
    assert variant_text(left_out) == variant_text(example_record())


def test_several_targets_at_once_are_each_as_alone():
    rng = np.random.default_rng(0)
    for sense in ("max", "min"):
        trace = [(float(t), float(v)) for t, v in zip(rng.random(30), rng.integers(0, 50, 30))]  # noqa: B905
        targets = [float(v) for v in rng.integers(-5, 55, 20)]
        alone = [first(trace, target, sense) for target in targets]
        assert times_to_targets(trace, targets, sense) == alone
        assert None in alone
        assert any(alone)


def first(trace, target, sense):
    """The seconds of the first row that is as good, by the definition."""
    reached = [t for t, v in sorted(trace) if (v >= target if sense == "max" else v <= target)]
    return reached[0] if reached else None


def test_shares_of_a_profile_are_counted():
    rng = np.random.default_rng(1)
    costs = rng.choice([0.0, 0.5, 1.0, 2.0, np.inf], (5, 40))
    costs[0, 0] = 0.5
    found = performance_profile(costs.tolist(), floor=0.1, limit=6.0)
    table = np.maximum(costs, 0.1)
    least = table.min(axis=0)
    for row, its in zip(table, found.shares, strict=True):
        ratios = [c / b if np.isfinite(c) else np.inf for c, b in zip(row, least, strict=True)]
        for factor, share in zip(found.factors, its, strict=True):
            assert share == sum(ratio <= factor for ratio in ratios) / 40


def test_a_curve_of_very_many_corners_is_drawn_with_fewer_to_the_same_pixel():
    few = [(float(k), k / 100) for k in range(100)]
    assert shares._thinned(few) == few
    many = [(float(k), k / 100_000) for k in range(100_001)]
    drawn = shares._thinned(many)
    assert len(drawn) <= shares._MOST_CORNERS + 1
    assert (drawn[0], drawn[-1]) == (many[0], many[-1])
    steps = [b[1] - a[1] for a, b in pairwise(drawn)]
    assert max(steps) < 1 / 2000  # a figure is 500 pixels high
