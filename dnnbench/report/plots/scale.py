"""On which axis the values of an instance are drawn: as gaps, as errors, as counts with a goal."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dnnbench.problems.base import Sense
from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnown
from dnnbench.report.gap import gap
from dnnbench.report.plots.style import plain_log

_LEAST_GAP = 1e-5
_LEAST_ERROR = 1e-16
ERRORS = frozenset({"relative_l2", "kkt_error"})
_COUNTS = frozenset({"violated"})
"""Metrics of which 0 is the goal and is reached."""
_DECADES = 100
"""Positive values to be minimised that span so much are taken for errors too."""


@dataclass(frozen=True)
class Scale:
    """A vertical axis.

    Attributes:
        label: what it measures.
        name: matplotlib's name of the scale.
        goal: where a line is drawn that cannot be passed, or None.
        foot: what is drawn for everything below it, or None.
        place: from a value of the trace to what is drawn.
        sense: whether more or less of what is drawn is better.
    """

    label: str
    name: str
    goal: float | None
    place: Callable[[float], float]
    sense: Sense
    foot: float | None = None

    def apply(self, ax: Any) -> None:
        """Set the axis up, after the lines are drawn."""
        ax.set_ylabel(self.label)
        if self.name == "symlog":
            ax.set_yscale("symlog", linthresh=1)
        else:
            ax.set_yscale(self.name)
        if self.foot is not None:
            plain_log(ax.yaxis, self.foot)
        if self.goal is not None:
            ax.axhline(self.goal, color="#999999", linewidth=0.8, zorder=0)
            if self.name == "symlog":
                ax.set_ylim(bottom=min(-0.2, self.goal - 0.2))


def scale_of(records: Sequence[Record], known: BestKnown | None) -> Scale:
    """The axis for the trials of one instance.

    Args:
        records: at least one.
        known: the best value of the instance.

    Counts of what is violated are drawn as they are, linear up to 1 and logarithmic beyond, with a
    line at the fewest known: a gap to 0 is not defined. Where a best value is known that is not 0,
    gaps to it are drawn in per cent on a logarithmic axis, with what is below 0.001 % at its foot;
    else the value, on a logarithmic axis if it is an error.
    """
    one = records[0]
    label = one.metric.replace("_", " ")
    if one.metric in _COUNTS:
        goal = float(known.value) if known is not None else 0.0
        return Scale(label, "symlog", goal, float, one.sense)
    if known is not None and known.value == 0:
        return Scale(label, "symlog", 0.0, float, one.sense)
    if known is not None:
        best = known.value

        def shown_gap(value: float) -> float:
            size = gap(value, best, one.sense)
            return 100 * max(math.nan if size is None else size, _LEAST_GAP)

        return Scale("gap to the best known, %", "log", None, shown_gap, "min", 100 * _LEAST_GAP)
    if one.metric in ERRORS or _spread(records):
        return Scale(label, "log", None, lambda value: max(value, _LEAST_ERROR), one.sense)
    return Scale(label, "linear", None, float, one.sense)


def _spread(records: Sequence[Record]) -> bool:
    """Whether positive values that are to be small span decades."""
    values = [float(row[2]) for r in records for row in r.trace if row[2] is not None]
    if records[0].sense != "min" or not values or min(values) <= 0:
        return False
    return max(values) >= _DECADES * min(values)
