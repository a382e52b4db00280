"""In what unit the values of a metric are compared, and how a difference in it is written."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from dnnbench.report.plots.scale import ERRORS

_LEAST_ERROR = 1e-16
"""Errors below this are rounding in double precision and count as this."""

_DECIBELS = frozenset({"psnr"})


@dataclass(frozen=True)
class Margins:
    """Differences that do not matter in practice.

    Attributes:
        relative: of values, as a fraction of the larger.
        decades: of errors, in powers of ten; 0.02 is 4.7 %.
        decibels: of PSNR, in dB.
        time: of seconds, as a fraction: 0.05 is a factor of 1.05.
    """

    relative: float = 0.001
    decades: float = 0.02
    decibels: float = 0.05
    time: float = 0.05


@dataclass(frozen=True)
class Unit:
    """A scale on which differences are added up.

    Attributes:
        name: of the unit, also that of its field in `Margins`.
        minus: from the better and the worse of two values to the size of their difference.
        failure: what a failure is worse than an answer by, at least.
        margin: from the margins to the one of this unit, on this scale.
        text: a difference in words, positive for B.
        mean: of values, as their differences average.
    """

    name: str
    minus: Callable[[float, float], float]
    failure: float
    margin: Callable[[Margins], float]
    text: Callable[[float], str]
    mean: Callable[[Sequence[float]], float]


def unit_of(metric: str) -> Unit:
    """The unit for the values of a metric.

    - Errors that span decades (`relative_l2`, `kkt_error`): the difference of their logarithms to
      base 10, in decades.
    - `psnr`, a logarithm already: the difference in dB.
    - All others: the difference over the larger of the two sizes. Of counts with the goal 0
      (`violated`), that the goal is reached by one side alone is a difference of 1.
    """
    if metric in ERRORS:
        return DECADES
    return DECIBELS if metric in _DECIBELS else RELATIVE


def _relative(first: float, second: float) -> float:
    return abs(first - second) / max(abs(first), abs(second))


def _decades(first: float, second: float) -> float:
    return abs(math.log10(max(first, _LEAST_ERROR)) - math.log10(max(second, _LEAST_ERROR)))


def _geometric(values: Sequence[float]) -> float:
    return math.exp(statistics.fmean(math.log(max(value, _LEAST_ERROR)) for value in values))


RELATIVE = Unit(
    name="relative",
    minus=_relative,
    failure=1.0,
    margin=lambda margins: margins.relative,
    text=lambda x: f"{100 * x:+.3g} %",
    mean=statistics.fmean,
)
DECADES = Unit(
    name="decades",
    minus=_decades,
    failure=1.0,
    margin=lambda margins: margins.decades,
    text=lambda x: f"{x:+.3g} dec",
    mean=_geometric,
)
DECIBELS = Unit(
    name="decibels",
    minus=lambda first, second: abs(first - second),
    failure=10.0,  # as one decade of the squared error
    margin=lambda margins: margins.decibels,
    text=lambda x: f"{x:+.3g} dB",
    mean=statistics.fmean,
)
TIME = Unit(
    name="time",
    minus=lambda first, second: abs(math.log(first) - math.log(second)),
    failure=math.log(10),
    margin=lambda margins: math.log1p(margins.time),
    text=lambda x: f"x{math.exp(min(-x, 700.0)):.4g}",
    mean=_geometric,
)

MARGINS = tuple(field.name for field in fields(Margins))
"""The names of the margins."""
