"""Anytime curves: the trace of each trial against seconds, one panel an instance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.gap import gap
from dnnbench.report.plots.style import looks, panels
from dnnbench.report.rules import named_solvers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST_GAP = 1e-5
_ERRORS = ("relative_l2",)
"""Metrics that are drawn on a logarithmic axis."""


def anytime(records: Sequence[Record], best_known: BestKnownLookup) -> "Figure":
    """The figure; dashes and colours tell solvers apart, a line a trial.

    With a best-known value the gap to it is drawn, on a logarithmic axis (0 at its foot), else the
    value; errors of differential equations are on a logarithmic axis too. A curve is the trace
    before polish: what stood at the end of each chunk. The polished value of a trial is a dot at
    its end.

    Args:
        records: trials with traces.
        best_known: best value of an instance under a problem, or None.

    Raises:
        ValueError: no record has a trace.
    """
    drawn = [r for r in records if len(r.trace) > 0 and r.value is not None]
    if not drawn:
        raise ValueError("no record has a trace")
    names = named_solvers(drawn)
    instances = list(dict.fromkeys(r.instance for r in drawn))
    figure, axes = panels(len(instances))
    look = looks(sorted(set(names)))
    for ax, instance in zip(axes, instances, strict=True):
        mine = [(r, n) for r, n in zip(drawn, names, strict=True) if r.instance == instance]
        known = best_known(instance, mine[0][0].problem)
        for record, name in mine:
            seconds = [max(float(row[0] or 0), 1e-3) for row in record.trace]
            values = [float("nan" if row[2] is None else row[2]) for row in record.trace]
            end = float(record.solve_seconds or seconds[-1])
            last = float(record.value or 0.0)
            if known is not None:
                values = [_shown_gap(v, known.value, record) for v in values]
                last = _shown_gap(last, known.value, record)
            ax.step([*seconds, end], [*values, values[-1]], where="post", **look[name])
            ax.plot([end], [last], "o", markersize=4, color=look[name]["color"])
        ax.set_xscale("log")
        ax.set_title(instance)
        ax.set_xlabel("solve time, s")
        if known is not None:
            ax.set_yscale("log")
            ax.set_ylabel("gap to the best known, %")
        else:
            ax.set_ylabel(mine[0][0].metric.replace("_", " "))
            if mine[0][0].metric in _ERRORS:
                ax.set_yscale("log")
    for name in sorted(set(names)):
        axes[0].plot([], [], label=name, **look[name])
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


def _shown_gap(value: float, known: float, record: Record) -> float:
    """The gap in per cent, not below the foot of the axis."""
    size = gap(value, known, record.sense)
    return 100 * max(size if size is not None else 1.0, _LEAST_GAP)
