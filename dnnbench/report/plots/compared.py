"""Solvers compared over instances: from records to the numbers of a figure, and the figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, median
from typing import TYPE_CHECKING

from dnnbench.problems.base import Sense
from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.gather import gather
from dnnbench.report.matrix import Trial
from dnnbench.report.measures.primal import primal_gap
from dnnbench.report.measures.targets import ert, target_values, times_to_targets
from dnnbench.report.plots import gaps as heat
from dnnbench.report.plots import quality as scatter
from dnnbench.report.plots import ranks as diagram
from dnnbench.report.plots import shares
from dnnbench.report.plots.pooled import Column, Pooled, pool
from dnnbench.report.plots.scale import ERRORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Goal:
    """What a trial has to reach.

    Attributes:
        gaps: fractions of the best known, or of the best on record where that is better.
        targets: values of the problem's own metric, in place of gaps.
    """

    gaps: tuple[float, ...]
    targets: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """`gap ≤ 1 %`, `value 1e-06`."""
        if self.targets:
            return "value " + ", ".join(f"{t:g}" for t in self.targets)
        return "gap ≤ " + ", ".join(f"{100 * g:g}" for g in self.gaps) + " %"

    def times(self, trial: Trial, column: Column) -> list[float | None]:
        """Seconds to each target; None where it was not reached."""
        values = self.targets or _values(_best(column), self.gaps, column.sense)
        return times_to_targets(trial.trace, values, column.sense)


@lru_cache(maxsize=1024)  # the same for all trials of a column
def _values(best: int | float, gaps: tuple[float, ...], sense: Sense) -> tuple[int | float, ...]:
    return tuple(target_values(best, gaps, sense))


def pooled(records: Sequence[Record], best_known: BestKnownLookup) -> Pooled:
    """The trials of these records."""
    return pool(gather(records, best_known))


def profile(found: Pooled, goal: Goal, width: str) -> "Figure":
    """Performance profiles of the expected time to one target, of each cell over its seeds."""
    _targetable(found, goal)
    found = _clocked(found.common())
    times = [
        [_expected(cell, column, goal) for cell, column in zip(row, found.columns, strict=True)]
        for row in found.cells
    ]
    return shares.profile(found.solvers, times, goal.text, width)


def runtimes(found: Pooled, goal: Goal, width: str) -> "Figure":
    """The runtime distribution over instances, seeds and targets."""
    _targetable(found, goal)
    found = _clocked(found.common())
    times = {
        solver: [
            time
            for cell, column in zip(row, found.columns, strict=True)
            for trial in cell
            for time in goal.times(trial, column)
        ]
        for solver, row in zip(found.solvers, found.cells, strict=True)
    }
    return shares.runtimes(times, _budget(found), goal.text, width)


def time_to_target_plot(found: Pooled, goal: Goal, width: str) -> "Figure":
    """The distribution over seeds of the time to one target, on each instance."""
    _targetable(found, goal)
    found = _clocked(found)
    times = {
        column.name: {
            solver: [goal.times(trial, column)[0] for trial in row[i]]
            for solver, row in zip(found.solvers, found.cells, strict=True)
            if row[i]
        }
        for i, column in enumerate(found.columns)
    }
    return shares.time_to_target(times, _budget(found), goal.text, width)


def ranks(found: Pooled, width: str) -> "Figure":
    """The critical-difference diagram of mean gaps (errors: median values) of the cells."""
    whole = len(found.columns)
    found = found.common()
    costs = [
        [_cost(cell, column) for cell, column in zip(row, found.columns, strict=True)]
        for row in found.cells
    ]
    what = "error" if any(c.metric in ERRORS for c in found.columns) else "gap"
    return diagram.ranks(found.solvers, costs, what, whole, width)


def gaps(found: Pooled, width: str) -> "Figure":
    """The heat map of the cells' mean gaps, or of the median values where these are errors."""
    errors = {c.metric in ERRORS for c in found.columns}
    if len(errors) > 1:
        raise ValueError("errors and gaps do not go on one scale: choose with --instance")
    table = [
        [
            _as_cell(cell, column) if cell else None
            for cell, column in zip(row, found.columns, strict=True)
        ]
        for row in found.cells
    ]
    label = found.columns[0].metric.replace("_", " ") if errors == {True} else None
    return heat.gaps(found.solvers, [c.name for c in found.columns], table, label, width)


def quality(found: Pooled, width: str) -> "Figure":
    """Mean gap against mean solve seconds, over cells and in each over its seeds."""
    if any(c.metric in ERRORS for c in found.columns):
        raise ValueError("errors have no mean gap: draw gaps, ranks or anytime")
    found = found.common()
    points = []
    for solver, row in zip(found.solvers, found.cells, strict=True):
        trials = [trial for cell in row for trial in cell]
        clocks = [[t.spent for t in cell if t.spent is not None] for cell in row]
        if not all(clocks) or any(math.isinf(s) for cell in clocks for s in cell):
            continue  # a stack's trials have no clock of their own
        means = [_gap(cell, column) for cell, column in zip(row, found.columns, strict=True)]
        failed = sum(t.value is None for t in trials)
        seconds = fmean(fmean(cell) for cell in clocks)
        points.append(scatter.Point(solver, fmean(means), seconds, failed, len(trials)))
    return scatter.quality(points, len(found.columns), width)


def _budget(found: Pooled) -> float:
    """The seconds at which curves end: the longest budget or trial, for trials may overrun."""
    trials = [trial for row in found.cells for cell in row for trial in cell]
    ends = [end for t in trials for end in (t.spent, t.limit) if end is not None]
    return max((end for end in ends if math.isfinite(end)), default=1.0)


def _best(column: Column) -> int | float:
    """The reference; of an instance that nobody answered any will do, for nobody reaches it."""
    return 0 if column.best is None else column.best


def _gap(cell: Sequence[Trial], column: Column) -> float:
    """The mean primal gap over seeds; 1 for each that failed."""
    return fmean(primal_gap(trial.value, _best(column), column.sense) for trial in cell)


def _cost(cell: Sequence[Trial], column: Column) -> float | None:
    """What ranks compare; None where all seeds failed."""
    if all(trial.value is None for trial in cell):
        return None
    if column.metric in ERRORS:
        return median(math.inf if t.value is None else float(t.value) for t in cell)
    return _gap(cell, column)


def _as_cell(cell: Sequence[Trial], column: Column) -> float:
    cost = _cost(cell, column)
    return math.inf if cost is None else cost


def _expected(cell: Sequence[Trial], column: Column, goal: Goal) -> float | None:
    """Expected seconds to the one target over restarts; None if no seed reached it."""
    times = [goal.times(trial, column)[0] for trial in cell]
    if all(time is None for time in times):
        return None
    found = ert(times, [t.spent for t in cell if t.spent is not None])
    return found if math.isfinite(found) else None


def _clocked(found: Pooled) -> Pooled:
    """Without trials that have no clock of their own.

    Raises:
        ValueError: a cell is left without a trial.
    """
    cells = tuple(
        tuple(tuple(t for t in cell if t.spent is not None) for cell in row) for row in found.cells
    )
    for solver, before, after in zip(found.solvers, found.cells, cells, strict=True):
        if any(b and not a for b, a in zip(before, after, strict=True)):
            raise ValueError(
                f"{solver} has trials that shared one compiled run and have no times of their own: "
                "choose others with --solver"
            )
    return Pooled(found.solvers, found.columns, cells)


def _targetable(found: Pooled, goal: Goal) -> None:
    """Raise ValueError where a gap to the best says nothing, or one target is for many metrics."""
    errors = sorted({c.metric for c in found.columns if c.metric in ERRORS})
    if errors and not goal.targets:
        raise ValueError(f"{errors[0]} is an error: give the value to reach with --target")
    metrics = sorted({c.metric for c in found.columns})
    if goal.targets and len(metrics) > 1:
        raise ValueError(f"--target is one value, but the records measure {', '.join(metrics)}")
