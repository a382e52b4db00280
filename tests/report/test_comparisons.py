"""Figures that compare solvers: what is drawn of handmade trials, and what cannot be drawn."""

import numpy as np
import pytest

from dnnbench.records.example import example_record
from dnnbench.report.best_known import BestKnown
from dnnbench.report.plots import compared
from dnnbench.report.plots.compared import Goal, pooled
from dnnbench.report.plots.gaps import gaps
from dnnbench.report.plots.quality import Point, front, quality
from dnnbench.report.plots.style import COLOURS, MARKS, looks, marks

ONE_PER_CENT = Goal((0.01,))


def best_100(instance, problem):
    return BestKnown(100, "optimal", "x")


def trial(solver, instance, seconds=1.0, value=100, **changes):
    """A trial that has its value after so many seconds, of ten; None has failed."""
    found = {"solver": solver, "instance": instance, "instance_sha256": instance * 10}
    found |= {"value": value, "raw_value": value, "solve_seconds": 10.0}
    found |= {"trace": [[seconds, 1, value]]}
    return example_record(**(found | changes))


def grid(**rows):
    """Trials of solvers by name: for each instance seconds to the best value, None a failure."""
    return [
        trial(solver, f"gset/G{i}", **({"value": None} if s is None else {"seconds": s}))
        for solver, row in rows.items()
        for i, s in enumerate(row)
    ]


def curves(ax):
    """Corners of the lines by the first word of their labels."""
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    return {line.get_label().split(":")[0]: line.get_xydata().tolist() for line in lines}


def labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_a_profile_draws_shares_within_a_factor_and_says_areas():
    records = grid(fast=[1.0, 1.0], slow=[4.0, None])
    figure = compared.profile(pooled(records, best_100), ONE_PER_CENT, "page")
    (ax,) = figure.axes
    assert curves(ax) == {"fast": [[1, 1], [4, 1]], "slow": [[1, 0], [4, 0.5]]}
    assert labels(figure) == ["fast: 1.00", "slow: 0.00"]
    assert ax.get_ylabel() == "instances solved (gap ≤ 1 %)"


def test_a_profile_is_of_expected_times_over_seeds():
    seeds = [trial("heo", "gset/G1", seconds=2.0), trial("heo", "gset/G1", value=None, seed=1)]
    records = [*seeds, trial("fem", "gset/G1", seconds=1.0)]
    (ax,) = compared.profile(pooled(records, best_100), ONE_PER_CENT, "page").axes
    assert curves(ax)["heo"] == [[1, 0], [12, 1]]  # a success of 2 s, a failure of 10 s


def test_runtimes_keep_every_target_in_the_denominator():
    records = [trial("heo", "gset/G1", seconds=2.0, value=99), trial("fem", "gset/G1", value=None)]
    figure = compared.runtimes(pooled(records, best_100), Goal((0.01, 0.0)), "page")
    (ax,) = figure.axes
    assert curves(ax)["heo"] == [[1e-3, 0], [2, 0.5], [10, 0.5]]
    assert curves(ax)["fem"][-1] == [10, 0]
    assert labels(figure) == ["heo: 50%", "fem: 0%"]
    assert "gap ≤ 1, 0 %" in ax.get_xlabel()


def test_an_answer_after_the_budget_counts_and_curves_go_on_to_it():
    records = [trial("heo", "g1", seconds=10.5, solve_seconds=10.5), trial("fem", "g1")]
    (ax,) = compared.runtimes(pooled(records, best_100), ONE_PER_CENT, "page").axes
    assert curves(ax) == {"heo": [[1e-3, 0], [10.5, 1]], "fem": [[1e-3, 0], [1, 1], [10.5, 1]]}


def test_time_to_target_is_over_seeds_and_names_who_never_reached_it():
    seeds = [trial("heo", "gset/G1", seconds=s, seed=i) for i, s in enumerate((4.0, 1.0))]
    failed = trial("heo", "gset/G1", value=None, seed=2)
    records = [*seeds, failed, trial("fem", "gset/G1", value=50)]
    (ax,) = compared.time_to_target_plot(pooled(records, best_100), ONE_PER_CENT, "page").axes
    np.testing.assert_allclose(curves(ax)["heo"], [[1e-3, 0], [1, 1 / 3], [4, 2 / 3], [10, 2 / 3]])
    assert ax.get_xlabel().splitlines()[1] == "never: fem"


def test_a_value_may_be_the_target_in_place_of_a_gap():
    records = [
        trial("heo", "a", 3.0, 1e-7, metric="kkt_error", sense="min", seed=s) for s in (0, 1)
    ]
    found = pooled(records, lambda instance, problem: None)
    (ax,) = compared.time_to_target_plot(found, Goal((), (1e-6,)), "page").axes
    assert curves(ax)["heo"] == [[1e-3, 0], [3, 1], [10, 1]]
    assert ax.get_ylabel() == "seeds at value 1e-06"


def test_ranks_are_on_the_axis_and_bars_join_what_is_not_told_apart():
    names = {"a": 100, "b": 90, "c": 80}
    records = [trial(s, f"g{i}", value=v) for s, v in names.items() for i in range(10)]
    (ax,) = compared.ranks(pooled(records, best_100), "page").axes
    texts = [text.get_text().strip() for text in ax.texts]
    assert texts[:3] == ["a  1.00", "b  2.00", "3.00  c"]
    assert texts[3] == "critical difference 1.05"
    assert "10 instances; Friedman p < 0.001" in ax.get_title()
    bars = [tuple(line.get_xdata()) for line in ax.get_lines() if line.get_linewidth() == 2]
    assert sorted(tuple(sorted(bar)) for bar in bars) == [(1, 2), (2, 3)]


def test_ranks_are_over_the_instances_that_all_have_run():
    records = grid(a=[1.0] * 3, b=[None] * 3, c=[1.0] * 2)
    (ax,) = compared.ranks(pooled(records, best_100), "page").axes
    assert "2 of 3 instances" in ax.get_title()


def test_the_map_tells_failed_cells_from_those_without_a_trial():
    records = [trial("heo", "g1", value=98), trial("heo", "g2"), trial("fem", "g1", value=None)]
    figure = compared.gaps(pooled(records, best_100), "page")
    ax, bar = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["heo", "fem"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["g1", "g2"]
    colours, failed = (image.get_array() for image in ax.images)
    np.testing.assert_allclose(colours.filled(-1), [[2.0, 0.1], [-1, -1]])
    assert failed.mask.tolist() == [[True, True], [False, True]]
    assert [t.get_text() for t in ax.texts] == ["2.0", "0", "×", "–"]  # noqa: RUF001
    assert bar.get_ylabel() == "gap, %   × failed   – no trial"  # noqa: RUF001


def test_quality_has_a_point_a_solver_and_marks_the_front():
    records = [
        trial("heo", "g1", value=90, solve_seconds=2.0),
        trial("heo", "g2", solve_seconds=4.0),
    ]
    records += [trial("fem", "g1", value=None), trial("fem", "g2")]
    figure = compared.quality(pooled(records, best_100), "page")
    line, *points = figure.axes[0].get_lines()
    places = {tuple(np.round(p.get_xydata()[0], 9)): p.get_markerfacecolor() for p in points}
    assert places == {(3.0, 5.0): COLOURS[1], (10.0, 50.0): "none"}
    assert line.get_xydata().tolist() == [[3.0, 5.0]]
    assert labels(figure) == ["Pareto front", "heo", "fem (1 of 2 failed)"]


def test_the_front_has_what_nothing_dominates():
    points = [Point(n, g, s, 0, 1) for n, g, s in (("a", 3, 1), ("b", 1, 3), ("c", 3, 2))]
    assert [p.solver for p in front(points)] == ["a", "b"]
    assert [p.solver for p in front([points[0], points[0]])] == ["a", "a"]


def test_budgets_that_follow_the_instance_do_not_split_a_solver():
    longer = {"budget": {"seconds": 60.0}}
    records = [trial("heo", "g1"), trial("heo", "g2", **longer)]
    assert pooled(records, best_100).solvers == ("heo",)
    both = pooled([*records, trial("heo", "g1", **longer)], best_100)
    assert len(both.solvers) == 2


def test_problems_are_side_by_side_and_only_what_is_asked_divides_them():
    records = [trial("heo", "g1", problem=p) for p in ("mis", "vertex_cover")]
    assert [c.name for c in pooled(records, best_100).columns] == ["mis, g1", "vertex_cover, g1"]
    noisy = [trial("dip", "g1", problem_settings={"sigma": s}) for s in (25, 50)]
    names = [c.name for c in pooled(noisy, best_100).columns]
    assert names == ["maxcut, sigma=25, g1", "maxcut, sigma=50, g1"]
    weights = [trial(s, "g1", problem_settings={"penalty": p}) for s, p in (("a", 2.0), ("b", 4.0))]
    assert [c.name for c in pooled(weights, best_100).columns] == ["g1"]


def test_looks_and_marks_are_all_different_and_end_with_an_error():
    for give, most in ((looks, 32), (marks, len(COLOURS) * len(MARKS))):
        found = give(map(str, range(most)))
        assert len({tuple(look.values()) for look in found.values()}) == most
        with pytest.raises(ValueError, match="told apart"):
            give(map(str, range(most + 1)))


ERROR = {"problem": "lp", "metric": "kkt_error", "sense": "min"}
ERRORS = [trial(s, "g1", 1.0, 1e-3, **ERROR) for s in ("heo", "fem")]
SINGLE = [trial("heo", "g1"), trial("fem", "g1")]
APART = [trial("heo", "g1"), trial("fem", "g2")]
STACKED = [trial("heo", "g1", stacked=True), trial("fem", "g1")]
WORSE = [trial("heo", "g1", value=1), trial("fem", "g1", value=1)]
ALIKE = [trial(s, i) for s in ("a", "b", "c") for i in ("g1", "g2")]


@pytest.mark.parametrize(
    ("draw", "records", "message"),
    [
        ("profile", ERRORS, "--target"),
        ("profile", APART, "no instance that all 2 solvers have run"),
        ("profile", STACKED, "heo .* no times of their own"),
        ("profile", SINGLE[:1], "only one"),
        ("profile", WORSE, "raise --gap"),
        ("runtimes", WORSE, "larger ones with --gap"),
        ("time_to_target_plot", SINGLE, "several seeds"),
        ("ranks", SINGLE, "three solvers"),
        ("ranks", ALIKE, "nothing to tell apart"),
        ("quality", ERRORS, "no mean gap"),
        ("gaps", [*ERRORS, *SINGLE], "one scale"),
    ],
)
def test_what_cannot_be_compared_is_said(draw, records, message):
    goal = [ONE_PER_CENT] if draw in ("profile", "runtimes", "time_to_target_plot") else []
    with pytest.raises(ValueError, match=message):
        getattr(compared, draw)(pooled(records, best_100), *goal, "page")


def test_a_map_too_wide_and_a_scatter_of_nothing_are_refused():
    with pytest.raises(ValueError, match="too many for this width"):
        gaps(["a"], [f"g{i}" for i in range(60)], [[0.1] * 60], width="column")
    with pytest.raises(ValueError, match="no trial has an answer"):
        gaps(["a"], ["g"], [[None]])
    with pytest.raises(ValueError, match="no solver"):
        quality([], 0)
