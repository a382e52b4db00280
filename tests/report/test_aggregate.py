import math

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.aggregate import aggregate, natural
from dnnbench.report.best_known import BestKnown, no_best_known, registry_best_known


def trials(values, **changes):
    """A record for each value; the seed is its place."""
    return [
        example_record(seed=seed, value=value, raw_value=value - 10, **changes)
        for seed, value in enumerate(values)
    ]


def failed(status, seed, **changes):
    nothing = {"value": None, "raw_value": None, "feasible": None, "polish": None}
    return example_record(status=status, seed=seed, **{**nothing, **changes})


def hundred(instance, problem):
    return BestKnown(100, "optimal", f"{instance} {problem}")


def test_figures_worked_out_by_hand():
    records = trials([90, 92, 94], restarts=8)
    records[1] = example_record(seed=1, value=92, raw_value=80, restarts=5, solve_seconds=13.02)
    (row,) = aggregate(records, hundred)
    assert (row.seeds, row.failed, row.restarts) == (3, 0, 21)
    assert row.mean == 92
    assert row.half_width == pytest.approx(4.968275, abs=1e-6)
    assert row.best == 94
    assert row.gap_mean == 0.08
    assert row.gap_best == 0.06
    assert row.raw_mean == pytest.approx((80 + 80 + 84) / 3)
    assert row.solve_seconds == pytest.approx((10.02 + 13.02 + 10.02) / 3)
    assert row.best_known == BestKnown(100, "optimal", "gset/G14 maxcut")
    assert (row.label, row.kind, row.polish, row.threads) == ("", "network", "one_flip", 2)
    assert row.budget == "seconds=10.0, cores=2"
    assert row.hardware == "cpu (Example CPU)"


def test_best_of_a_problem_that_is_minimised():
    (row,) = aggregate(trials([104, 102, 106], sense="min"), hundred)
    assert row.best == 102
    assert row.gap_best == 0.02
    assert row.gap_mean == 0.04


def test_one_seed_has_no_interval():
    (row,) = aggregate(trials([90]), no_best_known)
    assert (row.mean, row.half_width, row.gap_mean, row.best_known) == (90, None, None, None)


@pytest.mark.parametrize(
    "record",
    [
        failed(Status.ERROR, 7),
        failed(Status.DIVERGED, 7),
        failed(Status.TIMEOUT, 7),
        failed(Status.OUT_OF_MEMORY, 7, value=99, feasible=True),
        failed(Status.INTERRUPTED, 7, value=99, feasible=True),
        failed(Status.BUDGET, 7, value=999, feasible=False),
        failed(Status.BUDGET, 7, value=math.nan, feasible=True),
    ],
    ids=lambda record: f"{record.status} {record.value}",
)
def test_failures_are_counted_and_never_averaged(record):
    (row,) = aggregate([*trials([90, 94]), record], hundred)
    assert (row.seeds, row.failed) == (3, 1)
    assert row.infeasible == (record.feasible is False)
    assert row.mean == 92
    assert row.best == 94
    assert row.restarts == 24
    assert row.polish == "one_flip"


def test_a_timeout_with_a_verified_answer_counts_as_an_answer():
    (row,) = aggregate(trials([90, 94], status=Status.TIMEOUT), hundred)
    assert (row.failed, row.mean) == (0, 92)


def test_all_failed():
    (row,) = aggregate([failed(Status.ERROR, 0), failed(Status.ERROR, 1)], hundred)
    assert (row.seeds, row.failed) == (2, 2)
    assert (row.mean, row.half_width, row.best, row.gap_mean, row.solve_seconds) == (None,) * 5


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({"settings": {"lr": 0.1}}, {"settings": {"lr": 0.2}}, ["lr=0.1", "lr=0.2"]),
        ({"settings": {"lr": 1}}, {"settings": {"lr": 1.0}}, ["lr=1", "lr=1.0"]),
        ({"settings": {"k": "1"}}, {"settings": {"k": 1}}, ['k="1"', "k=1"]),
        ({"settings": {"k": None}}, {"settings": {"k": "none"}}, ["k=none", 'k="none"']),
        ({"settings": {}}, {"settings": {"lr": 0.2}}, ["lr=-", "lr=0.2"]),
        ({"settings": {"o": {"b": 1}}}, {"settings": {"o": {"b": 2}}}, ["o.b=1", "o.b=2"]),
        ({"budget": {"steps": 1}}, {"budget": {"steps": 2}}, ["budget.steps=1", "budget.steps=2"]),
        ({"solver_version": 1}, {"solver_version": 2}, ["solver.version=1", "solver.version=2"]),
        (
            {"problem_settings": {"w": 1}},
            {"problem_settings": {"w": 2}},
            ["problem.w=1", "problem.w=2"],
        ),
        (
            {"hardware": {"threads": 1}},
            {"hardware": {"threads": 2}},
            ["hardware.threads=1", "hardware.threads=2"],
        ),
        (
            {"environment": {"cpu_model": "A"}},
            {"environment": {"cpu_model": "B"}},
            ["hardware.cpu_model=A", "hardware.cpu_model=B"],
        ),
        (
            {"plan": {"dtype": "float32"}},
            {"plan": {"dtype": "float64"}},
            ["plan.dtype=float32", "plan.dtype=float64"],
        ),
    ],
)
def test_what_differs_is_never_averaged_together(one, other, said):
    rows = aggregate([*trials([90, 92], **one), *trials([50, 52], **other)], hundred)
    assert sorted((row.label, row.mean) for row in rows) == sorted(zip(said, [91, 51], strict=True))


def test_labels_name_all_settings_that_differ_and_no_more_hardware_than_needed():
    records = [
        example_record(
            settings={"lr": lr, "width": width, "same": 1},
            hardware={"platform": platform, "device_kind": f"a {platform}", "threads": 2},
        )
        for lr, width, platform in [(0.1, 8, "cpu"), (0.2, 16, "cpu"), (0.2, 16, "gpu")]
    ]
    assert sorted(row.label for row in aggregate(records, hundred)) == [
        "lr=0.1, width=8, hardware.platform=cpu",
        "lr=0.2, width=16, hardware.platform=cpu",
        "lr=0.2, width=16, hardware.platform=gpu",
    ]


def test_settings_that_follow_from_the_instance_need_no_label():
    records = [example_record(instance=f"gset/G{i}", settings={"width": i}) for i in (1, 2)]
    assert [row.label for row in aggregate(records, hundred)] == ["", ""]


def test_how_memory_divided_the_lanes_does_not_divide_the_seeds():
    records = [
        example_record(seed=i, value=90, plan={"micro_batch": 2**i, "devices": 1}) for i in range(3)
    ]
    (row,) = aggregate(records, hundred)
    assert row.seeds == 3


def test_a_seed_counts_once():
    old = example_record(seed=0, value=10, created="2026-01-01T00:00:00Z")
    new = example_record(seed=0, value=20, created="2026-01-02T00:00:00Z")
    (row,) = aggregate([new, old], hundred)
    assert (row.seeds, row.superseded, row.mean) == (1, 1, 20)


def test_two_files_of_one_name_are_two_instances():
    records = [example_record(instance_sha256=digit * 64) for digit in "ab"]
    assert [row.instance for row in aggregate(records, hundred)] == [
        "gset/G14@aaaaaa",
        "gset/G14@bbbbbb",
    ]


def test_stacked_trials_give_values_and_no_times():
    alone, stacked = trials([90, 94])
    stacked = example_record(seed=1, value=94, stacked=True, solve_seconds=500.0)
    (row,) = aggregate([alone, stacked], hundred)
    assert (row.mean, row.stacked, row.solve_seconds) == (92, 1, 10.02)
    (row,) = aggregate([stacked], hundred)
    assert row.solve_seconds is None


def test_polish_that_only_some_trials_came_to():
    records = trials([90, 94])
    records[0] = example_record(seed=0, value=90, raw_value=90, polish=None)
    (row,) = aggregate(records, hundred)
    assert row.polish == "one_flip (1 of 2)"


def test_order():
    records = [
        example_record(instance=instance, solver=solver, role=role, value=value)
        for instance in ("gset/G14", "gset/G2")
        for solver, role, value in [
            ("best_baseline", "baseline", 99),
            ("weak", "method", 50),
            ("strong", "method", 60),
        ]
    ]
    records.append(failed(Status.ERROR, 0, instance="gset/G2", solver="broken"))
    rows = [(row.instance, row.solver) for row in aggregate(records, hundred)]
    assert rows == [
        ("gset/G2", "strong"),
        ("gset/G2", "weak"),
        ("gset/G2", "broken"),
        ("gset/G2", "best_baseline"),
        ("gset/G14", "strong"),
        ("gset/G14", "weak"),
        ("gset/G14", "best_baseline"),
    ]


def test_natural_order():
    names = ["b", "a10", "a9", "10", "9", "a", "a10b2", "a10b10", ""]
    in_order = ["", "9", "10", "a", "a9", "a10", "a10b2", "a10b10", "b"]
    assert sorted(names, key=natural) == in_order


def test_no_records():
    assert aggregate([], hundred) == []


def test_registry_values_answer_their_own_problem_only():
    known = registry_best_known("gset/G14", "maxcut")
    assert (known.value, bool(known.source)) == (3064, True)
    assert registry_best_known("gset/G14", "mis") is None
    assert registry_best_known("gset/none", "maxcut") is None
    assert registry_best_known("my_graph.txt", "maxcut") is None
    assert registry_best_known("G14", "maxcut") is None
