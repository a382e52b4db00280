"""The figures of one column: mean, interval, standing, and what differs from the best."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dnnbench.problems.base import Sense
from dnnbench.report.layouts.cell import Style
from dnnbench.report.measures.intervals import bootstrap_interval
from dnnbench.report.measures.ranks import pairwise_wilcoxon

FEWEST_PAIRS = 6
"""Pairs below which nothing is tested: five that all point one way have p = 0.06."""

ALPHA = 0.05

# A solver's values by seed (or by instance); None is a failure.
Values = dict[int, float | None]
Show = Callable[[float], str]


@dataclass(frozen=True)
class Figure:
    """What one solver reached in one column.

    Attributes:
        trials: on record, failures included.
        failed: of these.
        absent: trials that should have been run and were not.
        mean: over those that did not fail; None without such.
        interval: the 95 % bootstrap interval of the mean; None below three values.
        standing: best or second of the solvers that ran everything and never failed.
        differs: whether it differs from the best at 5 %.
        tested: whether that was asked.
    """

    trials: int
    failed: int
    absent: int
    mean: float | None
    interval: tuple[float, float] | None
    standing: Style = ""
    differs: bool = False
    tested: bool = False


def column(
    values: Sequence[Values], absent: Sequence[int], sense: Sense, show: Show
) -> list[Figure]:
    """The figures of one column, a solver each.

    Args:
        values: of each solver.
        absent: how many trials of each were not run.
        sense: whether more or less is better.
        show: prints a figure; what is printed alike has the same standing.
    """
    figures = [_figure(each, count) for each, count in zip(values, absent, strict=True)]
    sign = -1 if sense == "max" else 1
    order = sorted(
        (sign * f.mean, place)
        for place, f in enumerate(figures)
        if f.mean is not None and not f.failed and not f.absent
    )
    shown = list(dict.fromkeys(show(sign * cost) for cost, _ in order))
    styles: dict[str, Style] = dict(zip(shown, ("best", "second"), strict=False))
    for cost, place in order:
        standing = styles.get(show(sign * cost), "")
        figures[place] = replace(figures[place], standing=standing)
    if not order:
        return figures
    tested = _against(values, order[0][1], sign)
    return [
        replace(
            f, tested=place in tested, differs=f.standing != "best" and tested.get(place, False)
        )
        for place, f in enumerate(figures)
    ]


def _figure(values: Values, absent: int) -> Figure:
    good = [value for value in values.values() if value is not None]
    return Figure(
        trials=len(values),
        failed=len(values) - len(good),
        absent=absent,
        mean=statistics.fmean(good) if good else None,
        interval=bootstrap_interval(good),
    )


def _against(values: Sequence[Values], best: int, sign: int) -> dict[int, bool]:
    """Which solvers differ from the best: Wilcoxon's signed-rank test, corrected by Holm.

    Args:
        values: of each solver.
        best: the best one's place.
        sign: 1 where less is better, else -1.

    Returns:
        By place, for the solvers that share enough seeds (or instances) with the best.
    """
    from statsmodels.stats.multitest import multipletests

    found: dict[int, float] = {}
    for place, its in enumerate(values):
        pairs = sorted(its.keys() & values[best].keys())
        if place == best or len(pairs) < FEWEST_PAIRS:
            continue
        costs = [[_cost(each[key], sign) for key in pairs] for each in (values[best], its)]
        found[place] = pairwise_wilcoxon(costs)[0].p
    if not found:
        return {}
    rejected = multipletests(list(found.values()), alpha=ALPHA, method="holm")[0]
    return dict(zip(found, map(bool, rejected), strict=True))


def _cost(value: float | None, sign: int) -> float | None:
    return None if value is None else sign * value


def printer(values: Sequence[float], means: Sequence[float]) -> Show:
    """How the means of a column are printed: all with the same decimals.

    Means of whole numbers have none or two; others four digits of the largest, or powers of ten
    where that would leave the smallest without three.

    Args:
        values: finite, of all solvers.
        means: of the solvers that have one.

    Examples:
        >>> printer([38, 39], [38.0, 38.5])(38.0), printer([0.5, 31.25], [31.25])(0.5)
        ('38.00', '0.50')
        >>> printer([2e-6, 0.1], [2e-6, 0.1])(2e-6)
        '2.00e-6'
    """
    if all(value == int(value) for value in values):
        return _fixed(0 if all(mean == int(mean) for mean in means) else 2)
    sizes = [abs(mean) for mean in means if mean]
    largest, smallest = max(sizes, default=1.0), min(sizes, default=1.0)
    if largest >= 1e6 or smallest < 1e-3 or (smallest < 0.1 and largest > 1e3 * smallest):
        return scientific
    return _fixed(max(0, 3 - math.floor(math.log10(largest))))


def _fixed(decimals: int) -> Show:
    return lambda value: f"{value:.{decimals}f}"


def scientific(value: float) -> str:
    """Three digits and a power of ten: `2.00e-6`."""
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa}e{int(exponent)}"
