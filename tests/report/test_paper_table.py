"""A paper's table from records, in every format."""

import csv
import io

import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.absent import Absent, Coverage
from dnnbench.report.best_known import BestKnown, no_best_known
from dnnbench.report.paper.render import render_paper
from dnnbench.report.paper.spec import COLUMNS, Printed, Spec

SPEC = Spec("mine", "maxcut", solvers=(Printed("a", "A"), Printed("b", "B"), Printed("c", "C")))
ALL = Spec("mine", "maxcut", columns=COLUMNS)


def known(instance, problem):
    return BestKnown(100, "optimal", "A & B 2013")


def trials(solver, instance, values, **changes):
    """A record for each value; None is a trial that failed."""
    nothing = {"status": Status.ERROR, "feasible": None, "raw_value": None, "polish": None}
    return [
        example_record(
            solver=solver,
            instance=instance,
            seed=seed,
            value=value,
            **({} if value is not None else nothing) | changes,
        )
        for seed, value in enumerate(values)
    ]


RECORDS = [
    *trials("a", "gset/G1", [90, 92, 94]),
    *trials("a", "gset/G2", [100, 100, 100]),
    *trials("b", "gset/G1", [99, 99, 99]),
    *trials("b", "gset/G2", [95, None, 97]),
    *trials("c", "gset/G1", [None, None, None], role="baseline", kind="classical"),
    *trials("d", "gset/G1", [100]),
]


def lines(text):
    table = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def body(spec, records=RECORDS, **more):
    header, _, *rows = lines(render_paper(records, spec, known, "markdown", **more))
    return header, {row[0]: row[1:] for row in rows}


def test_cells():
    header, rows = body(SPEC)
    assert header == ["solver", "kind", "G1", "G2", "gap %", "failed"]
    assert list(rows) == ["A", "B", "C"]  # the description's order; d is not in it
    g1, g2, gap, failed = rows["A"][1:]
    assert (g1.split()[0], g2, failed) == (
        "<ins>92</ins>",
        "**100** [100, 100]",
        "0/6",
    )
    assert gap.split()[0] == "**4.00**"
    # b: gaps of 1 % on G1; on G2 of 5, 100 (a failure) and 3 %.
    assert rows["B"][1:] == ["**99** [99, 99]", "96 1/3 failed", "<ins>18.50</ins>", "1/6"]
    assert rows["C"] == ["classical", "failed 3/3", "not run", "100.00 1 of 2 instances", "3/3"]


def test_a_solver_nobody_ran_has_a_row():
    spec = Spec("mine", "maxcut", solvers=(Printed("a", "A"), Printed("x", "X")))
    assert body(spec)[1]["X"] == ["-", "not run", "not run", "not run", "0/0"]


def test_where_nobody_has_an_answer_the_gap_is_100_percent():
    text = render_paper(trials("a", "x", [None, None]), ALL, no_best_known, "markdown")
    assert "| failed 2/2 |" in text
    assert "| 100.00 |" in text.replace("**", "")


def test_an_instance_nobody_ran_has_a_column():
    spec = Spec("mine", "maxcut", instances=(Printed("gset/G1", "one"), Printed("x/Y", "Y")))
    header, rows = body(spec)
    assert header[2:4] == ["one", "Y"]
    assert {row[2] for row in rows.values()} == {"not run"}


def test_an_experiment_s_missing_trials_stand_in_their_cells():
    absent = [Absent("maxcut", "method", "a", "gset/G1", seed) for seed in (3, 4)]
    absent.append(Absent("maxcut", "baseline", "z", "gset/G3", 0))
    coverage = Coverage("mine", 20, 3, tuple(absent))
    header, rows = body(ALL, coverage=coverage)
    assert header[4:7] == ["G1", "G2", "G3"]
    assert rows["a"][3].endswith("2 not run")
    assert "**" not in rows["a"][3]
    assert rows["z"][3:6] == ["-", "-", "not run"]  # the experiment has it on G3 alone
    assert rows["a"][6] == "0.00 1 of 3 instances"  # G2 alone is complete
    notes = render_paper(RECORDS, ALL, known, "markdown", coverage=coverage)
    assert "Experiment mine: 3 of 20 trials were not run." in notes


def test_the_notes_say_what_the_figures_hold_for():
    text = render_paper(RECORDS, SPEC, known, "markdown")
    for part in (
        "maxcut: cut, more is better",
        "Budget: seconds=10.0, cores=2. Polish, timed within it: one_flip / none. Threads: 2. ",
        "Hardware: cpu (Example CPU). ",
        "Seeds a cell: 3. Failed: 4 of 15 trials.",
        "No significance marks on instances: fewer than 6 seeds in common.",
        "No significance marks on the gap: fewer than 6 instances in common.",
        "Best known (optimal): A & B 2013.",
        "Versions: not on record.",
    ):
        assert part in text


def test_versions_of_what_was_run():
    records = [
        example_record(seed=seed, environment={"python": "cpython 3.11", "packages": {"jax": jax}})
        for seed, jax in enumerate(["0.10", "0.11"])
    ]
    assert "Versions: cpython 3.11, jax 0.10 / 0.11." in render_paper(records, ALL, known, "html")


def test_significance_from_six_seeds_on():
    values = [90, 91.5, 92.25, 93, 94.75, 95]
    records = [*trials("a", "gset/G1", values), *trials("b", "gset/G1", [v - 9 for v in values])]
    text = render_paper(records, ALL, known, "markdown")
    assert "<ins>83.75</ins>† [" in text
    assert "92.75†" not in text
    assert "† on instances: differs from the best at 5 % (Wilcoxon's signed-rank test" in text


def test_variants_of_a_solver_are_rows_of_their_own():
    records = [example_record(seed=s, settings={"lr": lr}) for s in (0, 1) for lr in (0.1, 0.5)]
    assert list(body(ALL, records)[1]) == ["pi_gnn (lr=0.1)", "pi_gnn (lr=0.5)"]


def test_every_column():
    header, rows = body(ALL)
    assert header == [
        *("solver", "kind", "taxonomy", "seeds", "G1", "G2", "gap %"),
        *("mean", "geometric mean", "solved %", "PAR2 s", "rank", "time s", "failed"),
    ]
    assert rows["a"][2] == "3"
    assert rows["c"][2] == "0-3"
    assert rows["a"][6] == "**96**"
    assert rows["d"][7:] == ["-", "-", "-", "1.0", "10.02", "0/1"]  # a cut is no error, has no goal


def test_csv_is_unrounded():
    table = list(csv.DictReader(io.StringIO(render_paper(RECORDS, SPEC, known, "csv"))))
    assert len(table) == 6
    one = next(row for row in table if (row["solver"], row["instance"]) == ("b", "gset/G2"))
    assert (one["trials"], one["failed"], one["mean"], one["standing"]) == ("3", "1", "96.0", "")
    assert float(one["gap"]) == pytest.approx((0.05 + 1 + 0.03) / 3)
    assert one["shown"] == "B"


@pytest.mark.parametrize("format", ["terminal", "latex", "html"])
def test_other_formats_show_the_same(format):
    text = render_paper(RECORDS, SPEC, known, format, width=300)
    for part in ("18.50", "1/3 failed", "not run", "4 of 15 trials"):
        assert part in text


def test_wrong_records():
    with pytest.raises(UserError, match="no records of problem 'maxcut'"):
        render_paper([], SPEC, known, "html")
    two = [example_record(problem_settings={"sigma": s}) for s in (1.0, 2.0)]
    with pytest.raises(UserError, match=r"--where problem\.sigma=VALUE"):
        render_paper(two, ALL, known, "html")
    files = [example_record(instance_sha256=letter * 64) for letter in "ab"]
    spec = Spec("mine", "maxcut", instances=(Printed("gset/G14", "G14"),))
    with pytest.raises(UserError, match="two different files"):
        render_paper(files, spec, known, "html")


def test_the_marks_are_explained_as_the_format_shows_them():
    said = {f: render_paper(RECORDS, SPEC, known, f, width=300) for f in ("terminal", "markdown")}
    assert "**a**: best; _a_: second" in said["terminal"]
    assert "Bold: best; underlined: second" in said["markdown"]
