"""Quality against time: mean gap against mean solve seconds, and who is on the Pareto front."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dnnbench.report.plots.style import counted, legend_below, marks, panels, plain_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 2.8
_FLOOR = 1e-3
"""Per cent below which mean gaps are drawn at the foot of the axis."""


@dataclass(frozen=True)
class Point:
    """A solver over all instances.

    Attributes:
        solver: its name.
        gap: mean over instances, a fraction; a failure counts as 1.
        seconds: mean solve time.
        failed, trials: how many of its trials failed, of how many.
    """

    solver: str
    gap: float
    seconds: float
    failed: int
    trials: int


def quality(points: Sequence[Point], instances: int, width: str = "page") -> "Figure":
    """The scatter: both axes logarithmic, towards the lower left is better.

    The front is the points to which no other is at least as good in both and better in one; a line
    joins them. A solver with failed trials has a hollow mark, and its legend says how many.

    Args:
        points: one a solver.
        instances: how many the means are over.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: there are no points.
    """
    if not points:
        raise ValueError("no solver has times and gaps")
    figure, (ax,) = panels(1, height=_HEIGHT, width=width)
    look = marks(sorted(p.solver for p in points))
    best = front(points)
    corners = [(p.seconds, _place(p)) for p in best]
    places = zip(*corners, strict=True)
    lines = ax.step(
        *places, where="post", color="#999999", linewidth=1, zorder=1, label="Pareto front"
    )
    for point in points:
        _draw(ax, point, look[point.solver], point in best)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(bottom=max(ax.get_ylim()[0], 0.6 * _FLOOR))
    plain_log(ax.xaxis)
    plain_log(ax.yaxis, _FLOOR)
    ax.set_xlabel(f"mean solve time, s, over {counted(instances, 'instance')}")
    ax.set_ylabel("mean gap, %")
    ordered = sorted(points, key=lambda p: (p.gap, p.solver))
    handles = [_handle(p, look[p.solver], p in best) for p in ordered]
    legend_below(figure, [*lines, *handles])
    return figure


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other dominates, the fastest first."""
    return sorted(
        (p for p in points if not any(_dominates(q, p) for q in points)),
        key=lambda p: (p.seconds, p.solver),
    )


def _dominates(one: Point, other: Point) -> bool:
    mine, its = (one.seconds, one.gap), (other.seconds, other.gap)
    return mine != its and all(a <= b for a, b in zip(mine, its, strict=True))


def _place(point: Point) -> float:
    return max(100 * point.gap, _FLOOR)


def _draw(ax: Any, point: Point, look: dict[str, Any], leads: bool) -> None:
    ax.plot([point.seconds], [_place(point)], linestyle="none", **_mark(point, look, leads))


def _mark(point: Point, look: dict[str, Any], leads: bool) -> dict[str, Any]:
    """Larger and ringed on the front, hollow with failures."""
    return {
        **look,
        "markersize": 8 if leads else 5,
        "markerfacecolor": "none" if point.failed else look["color"],
        "markeredgecolor": "black" if leads and not point.failed else look["color"],
    }


def _handle(point: Point, look: dict[str, Any], leads: bool) -> Any:
    from matplotlib.lines import Line2D

    label = point.solver
    if point.failed:
        label = f"{label} ({point.failed} of {point.trials} failed)"
    return Line2D([], [], linestyle="none", label=label, **_mark(point, look, leads))
