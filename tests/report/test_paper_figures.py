"""A column of figures: who is best, who differs, how it is printed."""

import pytest

from dnnbench.report.paper.figures import column, printer

WHOLE = "{:.0f}".format


def seeds(values):
    return dict(enumerate(values))


def standings(values, sense="max", absent=None, show=WHOLE):
    found = column([seeds(v) for v in values], absent or [0] * len(values), sense, show)
    return [figure.standing for figure in found]


def test_best_and_second_ties_alike():
    assert standings([[5], [7], [6], [7], [6], [4]]) == [
        *("", "best", "second", "best", "second", "")
    ]
    assert standings([[5], [7], [6]], "min") == ["best", "", "second"]


def test_what_is_printed_alike_counts_alike():
    assert standings([[5.1], [5.4], [4.0]]) == ["best", "best", "second"]


def test_who_failed_or_did_not_run_has_no_standing():
    assert standings([[9, None], [7, 7], [6, 6]]) == ["", "best", "second"]
    assert standings([[9, 9], [7, 7], []], absent=[1, 0, 2]) == ["", "best", ""]
    assert standings([[None], [None]]) == ["", ""]


def test_a_figure_counts_its_failures_and_leaves_them_out_of_its_mean():
    (figure,) = column([seeds([6, None, 9])], [2], "max", WHOLE)
    assert (figure.trials, figure.failed, figure.absent, figure.mean) == (3, 1, 2, 7.5)
    assert figure.interval is None  # two values
    (figure,) = column([seeds([6, 7, 8])], [0], "max", WHOLE)
    low, high = figure.interval
    assert 6 <= low < 7 < high <= 8


def test_nothing_is_tested_below_six_pairs():
    low, high = [1, 2, 3, 4, 5], [11, 12.5, 13, 14.25, 15]
    assert [f.tested for f in column([seeds(low), seeds(high)], [0, 0], "max", WHOLE)] == [
        False,
        False,
    ]


def test_who_differs_from_the_best():
    high = seeds([11, 12.5, 13.25, 14, 15.75, 16])
    low = seeds([1, 2, 3, 4, 5, 6])
    also_low = seeds([2, 3, 4.5, 5, 6, 7])
    figures = column([low, high, also_low], [0, 0, 0], "max", WHOLE)
    # p of both is 2/64; by Holm the smaller counts twice, which is above 0.05.
    assert [f.differs for f in figures] == [False, False, False]
    figures = column([low, high], [0, 0], "max", WHOLE)
    assert [(f.tested, f.differs) for f in figures] == [(True, True), (False, False)]
    worse = column([low, high], [0, 0], "min", WHOLE)
    assert [f.differs for f in worse] == [False, True]


def test_pairs_are_of_the_same_seed():
    high, low = seeds([10] * 6), dict.fromkeys(range(3, 9), 1)
    assert [f.tested for f in column([high, low], [0, 0], "max", WHOLE)] == [False, False]


def test_a_failure_is_worse_than_every_answer():
    high = seeds([11, 12.5, 13.25, 14, 15.75, 16])
    failing = seeds([None] * 6)
    (_, figure) = column([high, failing], [0, 0], "max", WHOLE)
    assert (figure.mean, figure.tested) == (None, True)


@pytest.mark.parametrize(
    ("values", "means", "shown"),
    [
        ([38, 39], [38.0, 39.0], ["38", "39"]),
        ([38, 39], [38.5, 39.0], ["38.50", "39.00"]),
        ([31.256, 0.5], [31.256, 0.5], ["31.26", "0.50"]),
        ([3041.6], [3041.6], ["3042"]),
        ([2e-6, 0.125], [2e-6, 0.125], ["2.00e-6", "1.25e-1"]),
        ([0.0, 0.5], [0.0, 0.5], ["0.0000", "0.5000"]),
        ([1.5e7], [1.5e7 + 0.5], ["15000000.50"]),
        ([], [], []),
    ],
)
def test_printing(values, means, shown):
    assert [printer(values, means)(mean) for mean in means] == shown
