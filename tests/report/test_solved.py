"""What is solved: shares and times worked out by hand, proofs, failures that stay counted."""

import csv
import io

import pytest

from dnnbench.config import catalog
from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.solved import goal_of, group_of, solved_rows
from dnnbench.report.solved_table import render_solved
from dnnbench.runner.resolve import exact_side


def trial(instance="satlib/uf50-01", seed=0, value=0, raw=None, seconds=1.0, **changes):
    values = {
        "solver": "fourier_sat",
        "problem": "sat",
        "problem_settings": {"polish": "walksat"},
        "instance": instance,
        "instance_sha256": instance.rjust(64, "0"),
        "seed": seed,
        "metric": "violated",
        "sense": "min",
        "value": value,
        "raw_value": value if raw is None else raw,
        "solve_seconds": seconds,
        "status": Status.TARGET if value == 0 else Status.BUDGET,
    }
    return example_record(**(values | changes))


def open_trial(**changes):
    """Not solved within its 10 seconds; two constraints are violated."""
    return trial(value=2, seconds=10.0, **changes)


def proof(**changes):
    return trial(**({"value": 2, "status": Status.UNSAT, "solver": "cadical"} | changes))


def only(rows, **wanted):
    (row,) = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
    return row


def test_shares_and_times():
    trials = [trial(seed=s, seconds=float(s), raw=s % 2) for s in (1, 2, 6)]
    row = only(solved_rows([*trials, open_trial(seed=4)]))
    assert (row.group, row.instances, row.trials, row.solved) == ("uf50", 1, 4, 3)
    assert row.share == 0.75
    assert (row.low, row.high) == pytest.approx((0.30064, 0.95441), abs=1e-5)
    assert row.before_polish == 2
    assert row.median_seconds == 2.0
    assert row.par2 == (1 + 2 + 6 + 20) / 4
    assert row.mean_unsolved == 2
    assert (row.proved, row.failed) == (0, 0)


def test_one_row_a_suite_and_one_for_all():
    rows = solved_rows([trial("satlib/uf50-01"), open_trial(instance="satlib/uf100-02")])
    assert {(r.group, r.solved, r.trials) for r in rows} == {
        ("uf50", 1, 1),
        ("uf100", 0, 1),
        ("all", 1, 2),
    }
    assert [r.group for r in rows] == ["uf50", "uf100", "all"]
    assert [r.group for r in solved_rows([trial()])] == ["uf50"]


@pytest.mark.parametrize(
    ("instance", "group"),
    [
        ("satlib/uuf250-010", "uuf250"),
        ("gen/ksat-n100-k3-m420-s17", "gen/ksat-n100-k3-m420"),
        ("my own.cnf", "other"),
        ("memory", "other"),
    ],
)
def test_groups(instance, group):
    assert group_of(instance) == group


def test_failures_stay_in_the_denominator():
    failed = trial(seed=1, value=None, status=Status.ERROR, feasible=None, seconds=None)
    interrupted = open_trial(seed=2, status=Status.INTERRUPTED)
    late = trial(seed=3, status=Status.TIMEOUT)  # an answer all the same
    row = only(solved_rows([trial(), failed, interrupted, late]))
    assert (row.trials, row.solved, row.failed) == (4, 2, 2)
    assert row.par2 == (1 + 1 + 20 + 20) / 4


def test_a_proof_is_a_result_with_or_without_an_answer():
    bare = {"value": None, "raw_value": None, "feasible": None}
    row = only(solved_rows([proof(seconds=3.0), proof(seed=1, **bare), open_trial(seed=2)]),
               solver="cadical")  # fmt: skip
    assert (row.trials, row.solved, row.proved, row.failed) == (2, 2, 2, 0)
    assert row.par2 == 2.0


def test_an_answer_on_record_refutes_a_proof():
    rows = solved_rows([proof(), trial()])
    row = only(rows, solver="cadical")
    assert (row.solved, row.proved, row.refuted) == (0, 0, 1)
    assert "Refuted by an answer on record: proofs of cadical." in render_solved(rows, "markdown")
    other = only(solved_rows([proof(instance="satlib/uuf50-01"), trial()]), solver="cadical",
                 group="all")  # fmt: skip
    assert (other.solved, other.refuted) == (1, 0)


def test_a_proved_optimum_of_max_sat_is_solved():
    best = {"problem": "max_sat", "metric": "weight", "value": 3, "status": Status.CONVERGED}
    proved = trial(**best, diagnostics={"optimum_proved": True})
    claimed = trial(**best, seed=1, diagnostics={"optimum_proved": False})
    row = only(solved_rows([proved, claimed]))
    assert (row.problem, row.solved, row.proved, row.mean_unsolved) == ("max_sat", 1, 1, 3)


def test_an_infeasible_answer_solves_nothing():
    row = only(solved_rows([trial(problem="max_sat", feasible=False)]))
    assert (row.solved, row.before_polish, row.failed) == (0, 0, 1)


def test_variants_are_not_averaged_and_the_newest_repeat_counts():
    polished, bare = trial(), open_trial(problem_settings={"polish": "none"})
    old = open_trial(created="2025-01-01T00:00:00Z")
    rows = solved_rows([polished, bare, old])
    assert {(r.label, r.trials, r.solved) for r in rows} == {
        ("problem.polish=walksat", 1, 1),
        ('problem.polish="none"', 1, 0),
    }


def test_plans_that_follow_the_size_are_one_variant():
    rows = solved_rows([trial(), trial("satlib/uf50-02", plan={"lanes": 4})])
    assert only(rows).instances == 2


@pytest.mark.parametrize(
    "changes", [{"budget": {"seconds": None, "steps": 100}}, {"stacked": True}]
)
def test_without_seconds_there_is_no_par2(changes):
    row = only(solved_rows([trial(**changes), open_trial(seed=1, **changes)]))
    assert (row.par2, row.solved) == (None, 1)


@pytest.mark.parametrize("problem", catalog.entries("problem"))
def test_goals_are_those_of_the_exact_side(problem):
    exact = exact_side(catalog.entry("problem", problem).about)
    assert goal_of(problem) == getattr(exact, "goal", None)


def test_other_problems_have_no_goal():
    assert goal_of("sat") == goal_of("max_sat") == 0
    assert goal_of("maxcut") is goal_of("a plug-in's") is None
    assert solved_rows([example_record()]) == []


MARKDOWN = """\
| problem   | group   | solver      | kind      |   instances |   trials |       solved |   before polish |   proved |   median s |   PAR2 |   unsolved |   failed |
|:----------|:--------|:------------|:----------|------------:|---------:|-------------:|----------------:|---------:|-----------:|-------:|-----------:|---------:|
| sat       | uf50    | fourier_sat | network   |           1 |        2 | 50 % (9-91)  |               0 |        0 |          4 |     12 |          2 |        0 |
| sat       | uf50    | probsat     | classical |           1 |        1 | 100 % (21-100) |             1 |        0 |       0.25 |   0.25 |          - |        0 |
"""  # noqa: E501


def test_markdown():
    probsat = {"solver": "probsat", "role": "baseline", "kind": "classical", "seconds": 0.25}
    text = render_solved(
        solved_rows([trial(seconds=4.0, raw=1), open_trial(seed=1), trial(**probsat)]), "markdown"
    )
    wanted, table = (
        [[cell.strip() for cell in line.split("|")] for line in part.splitlines()
         if line.startswith("| ")]
        for part in (MARKDOWN, text)
    )  # fmt: skip
    assert table == wanted
    assert "Budget: seconds=10.0, cores=2." in text
    assert "PAR2: mean seconds" in text


@pytest.mark.parametrize("layout", ["terminal", "latex"])
def test_other_layouts(layout):
    text = " ".join(render_solved(solved_rows([trial()]), layout, width=160).split())
    for word in ("fourier", "uf50", "Wilson", "PAR2"):
        assert word in text


def test_csv_is_unrounded():
    trials = [trial(seconds=1 / 3), open_trial(seed=1), open_trial(seed=2)]
    (row,) = csv.DictReader(io.StringIO(render_solved(solved_rows(trials), "csv")))
    assert float(row["share"]) == 1 / 3
    assert float(row["median_seconds"]) == 1 / 3
    assert row["metric"] == "violated"
