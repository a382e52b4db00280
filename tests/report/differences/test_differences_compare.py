"""From two sets of records to verdicts, and how they are written."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.differences.as_data import Names
from dnnbench.report.differences.compare import compare
from dnnbench.report.differences.measure import SPEED
from dnnbench.report.differences.paired import Outcome
from dnnbench.report.differences.render import render
from dnnbench.report.differences.units import Margins

BETTER, WORSE, EQUIVALENT, UNDECIDED = Outcome
MIRRORED = {BETTER: WORSE, WORSE: BETTER, EQUIVALENT: EQUIVALENT, UNDECIDED: UNDECIDED}
STEPS = {"seconds": None, "steps": 100, "restarts": None, "target": None, "cores": 2}


def trials(values, solver="pi_gnn", instance="gset/G14", **changes):
    """A trial for each value, with seeds from 0; None failed."""
    own = {"solver": solver, "instance": instance, "instance_sha256": instance.rjust(64, "0")}
    own |= {"budget": STEPS, "settings": {}}
    failed = {"status": Status.ERROR, "feasible": None}
    return [
        example_record(seed=s, **own | {"value": v} | (failed if v is None else {}) | changes)
        for s, v in enumerate(values)
    ]


def cell(found, **wanted):
    (line,) = [x for x in found.cells if all(getattr(x, k) == v for k, v in wanted.items())]
    return line


def test_a_comparison_by_hand():
    a = trials([1000] * 8) + trials([1000] * 8, "pqqa") + trials([1000] * 8, "pqqa", "gset/G2")
    b = (
        trials([990] * 8)
        + trials([1000] * 8, "pqqa")
        + trials([1000] * 7 + [1001], "pqqa", "gset/G2")
    )
    found = compare(a, b)
    worse = cell(found, solver="pi_gnn")
    assert (worse.finding.outcome, worse.finding.pairs, worse.finding.changed) == (WORSE, 8, 8)
    assert worse.finding.estimate == pytest.approx(-0.01)
    assert worse.finding.p == 2 / 256
    assert (worse.mean_a, worse.mean_b, worse.margin) == (1000, 990, 0.001)
    assert found.worse
    assert found.outcomes() == {WORSE: 1, EQUIVALENT: 2}
    assert found.outcomes(overall=True) == {WORSE: 1, EQUIVALENT: 1}
    pqqa = next(x for x in found.overall if x.solver == "pqqa")
    assert (pqqa.instance, pqqa.instances, pqqa.finding.pairs, pqqa.finding.changed) == (
        None,
        2,
        16,
        1,
    )
    assert pqqa.finding.estimate == pytest.approx(1 / 1001 / 16)
    assert pqqa.mean_a is None


def test_a_minimised_value_is_better_where_it_is_less():
    sense = {"sense": "min", "metric": "energy"}
    found = compare(trials([-100] * 8, **sense), trials([-110] * 8, **sense))
    assert cell(found).finding.outcome is BETTER
    assert cell(found).finding.estimate == pytest.approx(10 / 110)


def test_failures_count_in_full_and_are_named():
    found = compare(trials([100] * 8), trials([100, 100] + [None] * 6))
    line = cell(found)
    assert (line.finding.outcome, line.failed_a, line.failed_b) == (WORSE, 0, 6)
    assert line.finding.estimate == -6 / 8
    assert line.mean_b == 100
    both = compare(trials([None] * 8), trials([None] * 8))
    assert cell(both).finding.outcome is EQUIVALENT
    assert cell(both).mean_a is None
    assert "- (8 failed)" not in render(both, "terminal")  # nothing moved


def test_a_failure_is_no_less_than_the_largest_difference_of_answers():
    error = {"metric": "kkt_error", "sense": "min"}
    found = compare(trials([1e-9] * 8, **error), trials([1e-3] * 7 + [None], **error))
    assert cell(found).finding.estimate == pytest.approx(-6)
    assert cell(found).unit.name == "decades"
    found = compare(trials([1.0] * 8, **error), trials([1.0] * 7 + [None], **error))
    assert cell(found).finding.estimate == pytest.approx(-1 / 8)


def test_units_of_one_family_keep_their_margins():
    a = trials([30.0] * 8, "dip", metric="psnr", problem="denoise") + trials([1000] * 8)
    b = trials([29.9] * 8, "dip", metric="psnr", problem="denoise") + trials([1000] * 8)
    found = compare(a, b, margins=Margins(relative=0.5))
    assert cell(found, solver="dip").finding.outcome is WORSE
    found = compare(a, b, margins=Margins(decibels=0.2))
    assert cell(found, solver="dip").finding.outcome is EQUIVALENT
    assert cell(found, solver="dip").metric == "psnr"
    text = render(found, "markdown")
    assert "Margins: decibels 0.2 dB, relative 0.1 %." in text


def test_times():
    def timed(seconds):
        return [replace(r, solve_seconds=s) for r, s in zip(trials([9] * 8), seconds, strict=True)]

    found = compare(timed([1.0] * 8), timed([1.5] * 8), measure=SPEED)
    line = cell(found)
    assert (line.finding.outcome, line.metric, line.unit.name) == (WORSE, "time", "time")
    assert line.finding.estimate == pytest.approx(-math.log(1.5))
    assert line.mean_b == pytest.approx(1.5)
    text = render(found, "terminal", width=200)
    assert "x1.5" in text
    assert "B's seconds over A's" in text
    assert "Margins: time x1.05." in text
    close = compare(timed([1.0] * 8), timed([1.04] * 8), measure=SPEED)
    assert cell(close).finding.outcome is EQUIVALENT
    spread = compare(timed([1.0] * 8), timed([1.5] * 7 + [2.0]), measure=SPEED)
    text = render(spread, "terminal", width=200)
    assert "x1.5 to x1.732" in text  # the latter of {2.0, 1.5}, the sixth mean from above


def test_pairs_without_a_time_are_counted():
    a, b = trials([9] * 8), trials([9] * 8)
    a[0] = replace(a[0], stacked=True)
    found = compare(a, b, measure=SPEED)
    assert (found.unmeasured, cell(found).finding.pairs) == (1, 7)
    assert "1 pairs have nothing to compare" in render(found, "terminal")


def test_what_is_not_paired_is_counted_and_named():
    a = trials([9] * 3) + trials([9] * 2, "pqqa")
    found = compare(a, trials([9] * 2) + trials([9], "heo"))
    assert (found.only_a, found.only_b) == (3, 1)
    text = render(found, "markdown")
    assert "Without a counterpart: 3 trials of A, 1 of B" in text
    assert "pqqa in A: the solver is not there (2)" in text
    assert "seeds that the other side lacks (1)" in text
    rows = list(csv.DictReader(io.StringIO(render(found, "csv"))))
    assert [(r["scope"], r["solver"], r["only_a"], r["only_b"]) for r in rows] == [
        ("cell", "pi_gnn", "1", "0"),
        ("overall", "pi_gnn", "1", "0"),
        ("alone", "pqqa", "2", ""),
        ("alone", "heo", "", "1"),
    ]


@pytest.mark.parametrize(
    ("a", "b", "options", "said"),
    [
        (trials([1]), trials([1], "heo"), {}, r"no trial in common \(pi_gnn of A: the solver"),
        (trials([1]), trials([1, 2])[1:], {}, "no seed in common"),
        (
            trials([1], stacked=True),
            trials([1]),
            {"measure": SPEED},
            "no pair of trials has a time",
        ),
    ],
)
def test_nothing_to_compare(a, b, options, said):
    with pytest.raises(UserError, match=said):
        compare(a, b, **options)


values = st.lists(st.one_of(st.none(), st.integers(95, 105)), min_size=1, max_size=8)
stores = st.lists(st.tuples(values, values), min_size=1, max_size=4)


def two_sides(pairs):
    sides = ([], [])
    for place, pair in enumerate(pairs):
        for side, found in zip(sides, pair, strict=True):
            side += trials(found, f"solver_{place % 2}", f"gset/G{place}")
    return sides


@settings(deadline=None, max_examples=40)
@given(stores)
def test_swapping_the_sides_mirrors_the_outcomes(pairs):
    a, b = two_sides(pairs)
    ahead, back = compare(a, b), compare(b, a)
    for name in ("cells", "overall"):
        for x, y in zip(getattr(ahead, name), getattr(back, name), strict=True):
            assert y.finding.outcome is MIRRORED[x.finding.outcome]
            assert y.finding.p == x.finding.p
    assert (ahead.only_a, ahead.only_b) == (back.only_b, back.only_a)


@settings(deadline=None, max_examples=40)
@given(stores, values)
def test_equal_records_on_both_sides_never_make_anything_worse(pairs, more):
    a, b = two_sides(pairs)
    same = trials(more, "solver_0", "gset/G77") + trials(more, "other", "gset/G78")
    before, after = compare(a, b), compare([*a, *same], [*b, *same])
    for x in after.cells:
        if x.instance in ("gset/G77", "gset/G78"):
            assert x.finding.outcome is EQUIVALENT
        else:
            assert repr(x) == repr(cell(before, solver=x.solver, instance=x.instance))
    worse = [{x.solver for x in f.overall if x.finding.outcome is WORSE} for f in (before, after)]
    assert worse[1] <= worse[0]


def test_a_set_against_itself_is_equivalent_throughout():
    a, _ = two_sides([([1, None, 3], [2]), ([5], [6])])
    found = compare(a, a)
    assert found.outcomes() == {EQUIVALENT: 2}
    assert not found.worse


MANY = [(trials([1000] * 8, "pqqa", f"gset/G{i}"), 990 - i) for i in range(30)]


def many():
    """Thirty cells that are worse, the last one most, and one that is better."""
    a = [r for cells, _ in MANY for r in cells] + trials([1000] * 12, "heo")
    b = [replace(r, value=value) for cells, value in MANY for r in cells]
    return compare(a, b + trials([1100] * 12, "heo"), level=0.3)


def test_worse_stands_first_and_the_largest_of_them():
    rows = list(csv.DictReader(io.StringIO(render(many(), "csv"))))
    cells = [row for row in rows if row["scope"] == "cell"]
    assert [row["outcome"] for row in cells] == ["worse"] * 30 + ["better"]
    assert [row["instance"] for row in cells[:2]] == ["gset/G29", "gset/G28"]
    assert float(cells[0]["estimate"]) == pytest.approx(-0.039)


def test_a_terminal_gets_what_fits():
    found = many()
    whole = render(found, "terminal", width=160)
    assert whole.count("gset/G") == 31
    for height in (30, 24):
        text = render(found, "terminal", width=160, height=height)
        assert text.count("\n") < height
        shown = text.count("gset/G")
        assert f"... and {31 - shown} more; --format csv has all." in text
    assert render(found, "terminal", width=160, height=1).count("gset/G") == 5
    assert render(found, "markdown").count("gset/G") == 31


def test_the_notes():
    found = compare(trials([1000] * 4, settings={"lr": 1}), trials([900] * 4, settings={"lr": 2}))
    text = render(found, "terminal", names=Names("old", "new", ("Mind.",)), width=400)
    assert "No cell is better or worse." in text
    assert "A: old. B: new." in text
    assert "Mind." in text
    assert "Differs between A and B: pi_gnn: lr 1 -> 2." in text
    assert "1 undecided, 0 equivalent (1 of these with fewer than 6 changed pairs" in text


def test_json_is_strict():
    found = compare(trials([1000] * 4), trials([900] * 4) + trials([1], "heo"))

    def refuse(word):
        raise AssertionError(word)

    data = json.loads(render(found, "json", names=Names("x", "y")), parse_constant=refuse)
    assert (data["a"], data["b"], data["worse"]) == ("x", "y", False)
    (line,) = data["cells"]
    assert (line["outcome"], line["low"], line["pairs"]) == ("undecided", None, 4)
    assert line["estimate"] == pytest.approx(-0.1)
    assert [one["solver"] for one in data["alone"]] == ["heo"]
    assert len(data["overall"]) == 1


def test_names_of_files_are_text():
    names = {"solver": "a|b<script>", "instance": "x\ny\x1b[31m"}
    found = compare(trials([1000] * 8, **names), trials([900] * 8, **names))
    text = render(found, "markdown", names=Names("<b>", "|"))
    assert "<script" not in text
    assert "<b>" not in text
    assert "a\\|b&lt;script>" in text
    assert "\x1b" not in render(found, "terminal")
