"""Traces as step curves, and several seeds' curves as their median and quartiles."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnnbench.problems.base import Sense
from dnnbench.records.schema import Record

_FIRST = 1e-3
"""Seconds at which a logarithmic axis begins."""


@dataclass(frozen=True)
class Curve:
    """What stood at each time: `values[i]` from `times[i]` on.

    Attributes:
        times: [n] seconds, ascending.
        values: [n], NaN where there is nothing yet.
        end: when the trial ended.
        last: the value of its answer, after polish; NaN if it left none.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    end: float
    last: float


def curve(record: Record, place: Callable[[float], float] = float) -> Curve:
    """The trace of a trial, each of its values where `place` puts it; none if it failed."""
    trace = record.trace if record.value is not None else []
    times = [max(float(row[0] or 0), _FIRST) for row in trace]
    values = [math.nan if row[2] is None else place(float(row[2])) for row in trace]
    end = float(record.solve_seconds or (times[-1] if times else _FIRST))
    last = math.nan if record.value is None else place(float(record.value))
    return Curve(np.array(times, float), np.array(values, float), end, last)


@dataclass(frozen=True)
class Band:
    """Order statistics of several curves.

    Attributes:
        times: [n] seconds at which any of them changes.
        worse, middle, better: [n] the quartiles; NaN where more seeds than that have nothing.
        end, last: medians of the curves' ends and last values; NaN where half of them have none.
    """

    times: NDArray[np.float64]
    worse: NDArray[np.float64]
    middle: NDArray[np.float64]
    better: NDArray[np.float64]
    end: float
    last: float


def band(curves: Sequence[Curve], sense: Sense) -> Band:
    """Median and quartiles at each time; a seed that has nothing yet is worse than any other.

    So a seed that failed stays in the denominator. Quartiles lie between the ordered values as
    `numpy.quantile` puts them.

    Args:
        curves: at least one; one without values for a trial that failed.
        sense: whether more or less is better.
    """
    end = float(np.median([c.end for c in curves]))
    times = np.unique(np.concatenate([c.times for c in curves] + [np.array([end])]))
    stood = np.stack([_at(c, times) for c in curves])
    sign = 1.0 if sense == "min" else -1.0
    losses = _ordered(sign * stood)
    last = _quantile(_ordered(sign * np.array([[c.last] for c in curves])), 0.5)
    return Band(
        times,
        sign * _quantile(losses, 0.75),
        sign * _quantile(losses, 0.5),
        sign * _quantile(losses, 0.25),
        end,
        float(sign * last[0]),
    )


def _at(found: Curve, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of a step curve at these times."""
    values = np.concatenate([[math.nan], found.values])
    return values[np.searchsorted(found.times, times, side="right")]


def _ordered(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ascending along the first axis; NaN becomes infinite and comes last."""
    return np.sort(np.where(np.isnan(losses), np.inf, losses), axis=0)


def _quantile(ordered: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """As `numpy.quantile`, which has no infinite values; these become NaN."""
    place = share * (len(ordered) - 1)
    below = int(place)
    found = ordered[below]
    if place > below:
        found = (below + 1 - place) * found + (place - below) * ordered[below + 1]
    return np.where(np.isinf(found), math.nan, found)
