"""Anytime curves: bands over seeds, and the axes of gaps, errors and counts."""

import numpy as np
import pytest

from dnnbench.records.example import example_record
from dnnbench.report.best_known import BestKnown, no_best_known
from dnnbench.report.plots.anytime import anytime
from dnnbench.report.plots.scale import scale_of
from dnnbench.report.plots.style import WIDTHS


def known(value):
    return lambda instance, problem: BestKnown(value, "optimal", "x")


def trial(seed, *values, **changes):
    trace = [[float(second), 0, value] for second, value in enumerate(values, start=1)]
    last = {"value": values[-1]} if values else {"value": None}
    return example_record(**({"seed": seed, "trace": trace} | last | changes))


def test_several_seeds_are_a_median_and_a_band():
    records = [trial(s, v, 10 * v) for s, v in enumerate((1.0, 2.0, 4.0))]
    (ax,) = anytime(records, no_best_known).axes
    (line, dot), (band,) = ax.get_lines(), ax.collections
    np.testing.assert_allclose(line.get_ydata(), [2, 20, 20])
    np.testing.assert_allclose(dot.get_xydata(), [[10.02, 20]])
    corners = band.get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (1.5, 30.0)


def test_trials_of_one_seed_are_lines_of_their_own():
    (ax,) = anytime([trial(0, 1.0), trial(0, 2.0)], no_best_known).axes
    assert len(ax.get_lines()) == 4
    assert not ax.collections


def test_settings_of_the_problem_do_not_share_a_band():
    records = [trial(s, 1.0, problem_settings={"sigma": s}) for s in range(2)]
    (ax,) = anytime(records, no_best_known).axes
    assert not ax.collections


def test_who_left_no_answer_is_named_and_an_instance_without_any_has_a_panel():
    records = [trial(0, 1.0), trial(1), trial(0, solver="heo"), trial(0, instance="gset/G22")]
    records += [trial(0, instance="gset/G1")]
    figure = anytime(records, no_best_known)
    names = [ax.get_xlabel().splitlines()[1:] for ax in figure.axes]
    assert names == [["no answer: heo, pi_gnn (1 of 2)"], ["no answer: pi_gnn"]] + [
        ["no answer: pi_gnn"]
    ]


@pytest.mark.parametrize("metric", ["kkt_error", "relative_l2"])
def test_errors_are_on_a_logarithmic_axis_and_zero_is_drawn(metric):
    records = [trial(0, 1e-3, 0.0, metric=metric, sense="min")]
    (ax,) = anytime(records, no_best_known).axes
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), [1e-3, 1e-16, 1e-16])
    assert ax.get_ylabel() == metric.replace("_", " ")


@pytest.mark.parametrize("lookup", [known(0), no_best_known])
def test_violated_clauses_are_drawn_as_they_are_with_the_goal_in_sight(lookup):
    records = [trial(0, 120, 7, 0, metric="violated", sense="min", problem="sat")]
    (ax,) = anytime(records, lookup).axes
    assert (ax.get_yscale(), ax.get_ylabel()) == ("symlog", "violated")
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), [120, 7, 0, 0])
    assert list(ax.get_lines()[-1].get_ydata()) == [0, 0]  # the goal, from side to side
    assert ax.get_ylim()[0] < 0


def test_where_the_best_known_is_zero_the_value_is_drawn():
    scale = scale_of([trial(0, 3.0, sense="min", metric="energy")], BestKnown(0, "optimal", "x"))
    assert (scale.name, scale.place(3.0), scale.goal) == ("symlog", 3.0, 0.0)


def test_positive_values_that_span_decades_are_taken_for_errors():
    assert scale_of([trial(0, 500.0, 1.0, sense="min")], None).name == "log"
    assert scale_of([trial(0, 50.0, 1.0, sense="min")], None).name == "linear"
    assert scale_of([trial(0, 500.0, 1.0, sense="max")], None).name == "linear"


@pytest.mark.parametrize(("width", "columns"), [("column", 1), ("page", 2)])
def test_a_figure_is_as_wide_as_it_is_printed(width, columns):
    records = [trial(0, 1.0, instance=f"gset/G{i}") for i in (14, 22)]
    figure = anytime(records, no_best_known, width)
    assert figure.get_size_inches()[0] == WIDTHS[width]
    assert len({round(ax.get_position().x0, 1) for ax in figure.axes}) == columns
