"""Which trials belong together, and what is said of the rest."""

import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.report.differences.match import match

STEPS = {"seconds": None, "steps": 100, "restarts": None, "target": None, "cores": 2}


def trials(seeds=3, first=0, **changes):
    own = {"budget": STEPS, "settings": {"lr": 0.1}}
    return [example_record(seed=first + seed, **own | changes) for seed in range(seeds)]


def instance(name, content=None):
    return {"instance": name, "instance_sha256": (content or name).rjust(64, "0")}


def only(matched):
    (row,) = matched.rows
    assert matched.alone == ()
    return row


def test_the_same_trials():
    row = only(match(trials(), trials()))
    assert [(a.seed, b.seed) for a, b in row.pairs] == [(0, 0), (1, 1), (2, 2)]
    assert (row.problem, row.solver, row.instance) == ("maxcut", "pi_gnn", "gset/G14")
    assert (row.changes, row.only_a, row.only_b) == ((), 0, 0)


def test_the_instance_is_told_by_its_content_not_its_name():
    row = only(match(trials(), trials(instance="renamed")))
    assert row.instance == "renamed"
    matched = match(trials(), trials(instance_sha256="cd" * 32))
    assert matched.rows == ()
    assert {x.why for x in matched.alone} == {"the instance of this name has another content there"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"settings": {"lr": 0.2}}, ("lr 0.1 -> 0.2",)),
        ({"settings": {"lr": 0.1, "new": 1}}, ("new absent -> 1",)),
        ({"solver_version": 2}, ("solver.version 1 -> 2",)),
        ({"plan": {"lanes": 8, "kernel": "dense"}}, ("plan.kernel csr -> dense",)),
        ({"problem_settings": {"polish": "none"}}, ('problem.polish absent -> "none"',)),
        ({"hardware": {"platform": "gpu"}, "environment": {}}, ()),
    ],
)
def test_a_changed_variant_is_still_the_same_row_and_said(changes, said):
    row = only(match(trials(), trials(**changes)))
    assert len(row.pairs) == 3
    assert set(said) <= set(row.changes)
    assert bool(said) == bool(row.changes)


def test_two_settings_on_a_side_correspond_only_where_they_are_equal():
    a = [*trials(), *trials(settings={"lr": 0.2})]
    b = [*trials(settings={"lr": 0.2}), *trials(settings={"lr": 0.3})]
    matched = match(a, b)
    (row,) = matched.rows
    assert row.solver == "pi_gnn (lr=0.2)"
    assert [(x.side, x.solver, x.trials, x.why) for x in matched.alone] == [
        ("A", "pi_gnn (lr=0.1)", 3, "which variant there corresponds is not clear"),
        ("B", "pi_gnn (lr=0.3)", 3, "which variant there corresponds is not clear"),
    ]


def test_a_change_under_each_of_two_budgets():
    budgets = [STEPS, {**STEPS, "steps": 200}]
    a = [r for budget in budgets for r in trials(budget=budget)]
    b = [r for budget in budgets for r in trials(budget=budget, settings={"lr": 0.2})]
    matched = match(a, b)
    assert [row.changes for row in matched.rows] == [("lr 0.1 -> 0.2",)] * 2
    assert [r.pairs[0][0].budget == r.pairs[0][1].budget for r in matched.rows] == [True, True]
    assert len({row.solver for row in matched.rows}) == 2


def test_settings_that_follow_the_instance_make_no_label():
    names = ["gset/G1", "gset/G2"]
    a = [
        r
        for i, name in enumerate(names)
        for r in trials(**instance(name), settings={"width": 10 + i})
    ]
    matched = match(a, a)
    assert [(row.solver, row.instance) for row in matched.rows] == [
        ("pi_gnn", "gset/G1"),
        ("pi_gnn", "gset/G2"),
    ]


def test_budgets_that_differ_are_refused():
    b = trials(budget={**STEPS, "steps": 200})
    with pytest.raises(UserError, match=r"steps=100, cores=2 in A and steps=200, cores=2 in B"):
        match(trials(), b)
    row = only(match(trials(), b, any_budget=True))
    assert row.changes == ("budget.steps 100 -> 200",)


def test_a_budget_that_only_one_side_has_is_left_alone():
    matched = match([*trials(), *trials(budget={**STEPS, "steps": 200})], trials())
    assert [row.changes for row in matched.rows] == [()]
    assert [(x.side, x.trials) for x in matched.alone] == [("A", 3)]


def test_what_is_asked_divides_and_how_it_is_sought_does_not():
    def at(sigma, **more):
        changes = {"problem": "denoise", "problem_settings": {"sigma": sigma, **more}}
        return trials(**changes, metric="psnr")

    a = [*at(15), *at(25)]
    matched = match(a, [*at(15, polish="tv"), *at(50)])
    (row,) = matched.rows
    assert row.problem == "denoise (sigma=15)"
    assert row.changes == ("problem.polish absent -> tv",)
    assert [(x.side, x.problem, x.why) for x in matched.alone] == [
        ("A", "denoise (sigma=25)", "the problem has other settings there"),
        ("B", "denoise (sigma=50)", "the problem has other settings there"),
    ]


def test_what_has_no_counterpart_says_why():
    shared = trials(solver="pqqa")
    a = [*shared, *trials(), *trials(problem="mis", metric="size")]
    b = [*shared, *trials(solver="pqqa", **instance("gset/G22")), *trials(2, first=1)]
    matched = match(a, b)
    assert [(row.solver, row.only_a, row.only_b) for row in matched.rows] == [
        *(("pi_gnn", 1, 0), ("pqqa", 0, 0))
    ]
    assert [(x.side, x.solver, x.instance, x.why) for x in matched.alone] == [
        ("A", "pi_gnn", "gset/G14", "the problem is not there"),
        ("B", "pqqa", "gset/G22", "the instance is not there"),
    ]
    (alone,) = match(shared, [*shared, *trials()]).alone
    assert (alone.side, alone.why) == ("B", "the solver is not there")


def test_a_baseline_of_the_same_name_is_another_solver():
    matched = match(trials(), trials(role="baseline"))
    assert matched.rows == ()
    assert len(matched.alone) == 2


def test_the_newest_of_a_seed_counts():
    old = [example_record(seed=0, budget=STEPS, settings={"lr": 0.1}, value=1)]
    new = trials(1, value=2, created="2026-05-05T00:00:00Z")
    for a in ([*old, *new], [*new, *old]):
        matched = match(a, old)
        (row,) = matched.rows
        assert [pair[0].value for pair in row.pairs] == [2]
        assert matched.repeats == 1


def test_two_metrics_are_refused():
    with pytest.raises(UserError, match=r"measured by cut \(max\) in A and by size \(max\) in B"):
        match(trials(), trials(metric="size"))


def test_rows_are_ordered():
    a = [
        r
        for solver, role in (("tabu", "baseline"), ("pqqa", "method"), ("heo", "method"))
        for name in ("gset/G14", "gset/G2")
        for r in trials(solver=solver, role=role, **instance(name))
    ]
    assert [(row.instance, row.solver) for row in match(a, a).rows] == [
        *(("gset/G2", "heo"), ("gset/G2", "pqqa"), ("gset/G2", "tabu")),
        *(("gset/G14", "heo"), ("gset/G14", "pqqa"), ("gset/G14", "tabu")),
    ]
