"""Columns over all instances, and tables of several problems."""

import math

import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.absent import Absent, Coverage
from dnnbench.report.best_known import no_best_known
from dnnbench.report.paper.figures import scientific
from dnnbench.report.paper.render import render_paper
from dnnbench.report.paper.spec import Spec, spec_of

FAILED = {"status": Status.ERROR, "feasible": None, "raw_value": None, "polish": None}


def trials(problem, solver, instance, values, **changes):
    """A record for each value; None is a trial that failed."""
    return [
        example_record(
            problem=problem,
            solver=solver,
            instance=instance,
            instance_sha256=f"{sum(map(ord, instance)):064x}",
            seed=seed,
            value=value,
            **({"raw_value": value, "polish": None} if value is not None else FAILED) | changes,
        )
        for seed, value in enumerate(values)
    ]


def errors(problem, solver, instance, values):
    own = {"metric": "kkt_error", "sense": "min"}
    return trials(problem, solver, instance, values, **own)


def body(spec, records, **more):
    text = render_paper(records, spec, no_best_known, "markdown", **more)
    table = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return cells[0], {row[0]: row[1:] for row in cells[2:]}, text


PROGRAMS = [
    *errors("lp", "a", "gen/x", [1e-2, 1e-4]),
    *errors("qp", "a", "gen/y", [1e-6, 1e-6]),
    *errors("lp", "b", "gen/x", [0.0, 1e-8]),
    *errors("qp", "b", "gen/y", [None, 2.0]),
    *errors("lp", "c", "gen/x", [1e-3]),
]
BOTH = Spec("mine", "lp", others=("qp",), columns=("values", "geomean", "failed"))


def test_several_problems_side_by_side():
    header, rows, text = body(BOTH, PROGRAMS)
    assert header == ["solver", "x", "y", "geometric mean", "failed"]
    assert rows["a"][1] == "**1.00e-6**"
    assert rows["b"][1] == "2.00e0 1/2 failed"
    assert rows["c"][1] == "not run"
    assert text.count("lp, qp: kkt_error, less is better") == 1


def test_geometric_means_over_instances_and_seeds():
    rows = body(BOTH, PROGRAMS)[1]
    # a: 10^mean(mean(-2, -4), mean(-6, -6)); b: 0 is 1e-16, the failure the largest error, 2.
    assert rows["a"][2] == "<ins>3.16e-5</ins>"
    mean = 10 ** (((-16 - 8) / 2 + math.log10(2)) / 2)
    assert rows["b"][2] == f"**{scientific(mean)}**"
    assert rows["c"][2] == "1.00e-3 1 of 2 instances"


def test_a_failure_is_no_better_than_the_worst_answer():
    records = [*errors("lp", "a", "gen/x", [1e-3]), *errors("lp", "b", "gen/x", [None])]
    rows = body(Spec("mine", "lp", columns=("geomean",)), records)[1]
    assert rows["b"] == ["<ins>1.00e0</ins>"]


def test_an_error_has_no_other_metric_beside_it():
    records = [*errors("lp", "a", "gen/x", [1e-3]), *trials("maxcut", "a", "gen/z", [3])]
    with pytest.raises(UserError, match="one metric, not kkt_error"):
        body(Spec("mine", "lp", others=("maxcut",)), records)


def test_an_instance_of_two_problems_is_refused():
    records = [*trials("mis", "a", "gen/x", [3]), *trials("max_clique", "a", "gen/x", [3])]
    with pytest.raises(UserError, match="under several problems"):
        body(Spec("mine", "mis", others=("max_clique",)), records)


def test_the_mean_leaves_out_an_instance_with_a_failure():
    records = [
        *trials("denoise", "a", "skimage/x", [20.0, 22.0]),
        *trials("denoise", "a", "skimage/y", [30.0, 30.0]),
        *trials("denoise", "b", "skimage/x", [21.0, 21.0]),
        *trials("denoise", "b", "skimage/y", [40.0, None]),
    ]
    rows = body(Spec("mine", "denoise", columns=("mean",)), records)[1]
    assert rows["a"] == ["**25.50**"]
    assert rows["b"] == ["21.00 1 of 2 instances"]


SAT = {"metric": "violated", "sense": "min"}


def formulas(solver, group, values):
    return [
        record
        for number, value in enumerate(values, 1)
        for record in trials("sat", solver, f"gen/{group}-s{number}", [value], **SAT)
    ]


def test_shares_solved_by_group():
    records = [
        *formulas("a", "ksat-n20-k3-r3.0", [0, 0]),
        *formulas("a", "ksat-n50-k3-r3.0", [0, 2]),
        *formulas("b", "ksat-n20-k3-r3.0", [None, 1]),
        *formulas("b", "ksat-n50-k3-r3.0", [0, 0]),
    ]
    spec = Spec("mine", "sat", columns=("solved", "par2"))
    header, rows, _ = body(spec, records)
    small, large = "n20-k3-r3.0", "n50-k3-r3.0"  # without the word that both begin with
    assert header == ["solver", *(f"solved %, {g}" for g in (small, large, "all")), "PAR2 s"]
    assert rows["a"][0] == "**100** [34, 100] 2/2"
    assert rows["a"][1] == "<ins>50</ins> [9, 91] 1/2"
    assert rows["a"][2] == "**75** [30, 95] 3/4"
    assert rows["b"][0].startswith("<ins>0</ins>")
    assert float(rows["a"][3]) == pytest.approx((3 * 10.02 + 20) / 4, abs=0.01)


def test_missing_trials_of_a_group():
    records = formulas("a", "ksat-n20-k3-r3.0", [0, 0])
    absent = [
        Absent("sat", "method", "a", "gen/ksat-n20-k3-r3.0-s3", 0),
        Absent("sat", "method", "z", "gen/ksat-n20-k3-r3.0-s3", 0),
    ]
    rows = body(
        Spec("mine", "sat", columns=("solved",)),
        records,
        coverage=Coverage("mine", 4, 2, tuple(absent)),
    )[1]
    assert rows["a"] == ["100 [34, 100] 2/2 1 not run"]
    assert rows["z"] == ["not run"]


def test_a_table_of_nothing_but_what_was_not_run():
    absent = (
        Absent("lp", "method", "pdhg", "gen/x", 0),
        Absent("qp", "baseline", "scs", "gen/y", 0),
    )
    coverage = Coverage("mine", 2, 2, absent)
    spec = Spec("mine", "lp", others=("qp",), columns=("kind", "values", "geomean", "failed"))
    header, rows, text = body(spec, [], coverage=coverage)
    assert header[2:4] == ["x", "y"]
    assert rows["pdhg"] == ["classical", "not run", "-", "not run", "0/0"]
    assert rows["scs"] == ["classical", "-", "not run", "not run", "0/0"]
    assert "2 of 2 trials were not run" in text
    assert "-: not part of the experiment." in text
    with pytest.raises(UserError, match="no records of problem 'lp, qp'"):
        body(spec, [])


def test_problems_in_a_description():
    spec = spec_of("mine", {"problem": ["lp", "qp", "lp"]})
    assert spec.problems == ("lp", "qp")
    for wrong in ([], [1], None):
        with pytest.raises(UserError, match="names the problem"):
            spec_of("mine", {"problem": wrong})


def test_folders_are_left_out_where_names_stay_apart():
    records = [*trials("mis", "a", "gen/x", [3]), *trials("mis", "a", "dimacs/y", [3])]
    assert body(Spec("mine", "mis", columns=("values",)), records)[0] == ["solver", "y", "x"]
    records += trials("mis", "a", "gset/x", [3])
    assert body(Spec("mine", "mis", columns=("values",)), records)[0] == [
        *("solver", "dimacs/y", "gen/x", "gset/x")
    ]
