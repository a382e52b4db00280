"""Performance profiles (Dolan and Moré, Mathematical Programming 91, 2002)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dnnbench.report.measures.costs import Costs, as_costs


@dataclass(frozen=True)
class Profile:
    """How often each solver is within a factor of the best one.

    Attributes:
        factors: where a share changes, ascending, from 1 to the limit.
        shares: [solvers, factors], of the instances on which a solver's cost is at most that
            factor times the least cost of all solvers; a step function, from that factor on.
        areas: of each solver, the mean of its share over log(factor), from 0 to 1.
    """

    factors: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]
    areas: tuple[float, ...]


def performance_profile(costs: Costs, *, floor: float = 0.0, limit: float | None = None) -> Profile:
    """The performance profile of solvers on instances.

    A failure's ratio is infinite. An instance on which all fail stays in the denominator, so that
    no share reaches 1. The area depends on the limit and on which solvers are compared.

    Args:
        costs: [solvers][instances], times or gaps, at least 0, less is better; None is a failure.
        floor: costs below it count as it: what the clock or the tolerance does not resolve. A
            ratio to a least cost of 0 is infinite, except that of 0 itself.
        limit: the largest factor; None is the largest finite ratio.

    Raises:
        ValueError: a cost is negative, or the limit is below 1.
    """
    table = as_costs(costs)
    if (table < 0).any():
        raise ValueError("a cost is negative")
    table = np.maximum(table, floor)
    least = table.min(axis=0)
    ratios = np.full(table.shape, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(table, least, out=ratios, where=np.isfinite(table))
    ratios[(table == least) & np.isfinite(table)] = 1.0
    finite = ratios[np.isfinite(ratios)]
    end = float(finite.max(initial=1.0)) if limit is None else limit
    if end < 1:
        raise ValueError("the limit is below 1")
    factors = np.unique([1.0, *finite[finite <= end], end])
    counts = [np.searchsorted(np.sort(row), factors, side="right") for row in ratios]
    shares = np.array(counts) / ratios.shape[1]
    return Profile(
        factors=tuple(factors.tolist()),
        shares=tuple(tuple(row) for row in shares.tolist()),
        areas=tuple(_areas(factors, shares)),
    )


def _areas(factors: np.ndarray, shares: np.ndarray) -> Sequence[float]:
    """The mean of each step function over log(factor); at a single factor its value."""
    if len(factors) == 1:
        return [float(row[0]) for row in shares]
    widths = np.diff(np.log(factors))
    return [float(row[:-1] @ widths / widths.sum()) for row in shares]
