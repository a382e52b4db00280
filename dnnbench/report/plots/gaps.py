"""Gaps as a heat map: solvers by instances."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from dnnbench.report.plots.style import WIDTHS, panels, plain_log, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW = 0.19
_READABLE = 0.16
"""Inches across a cell from which on its number is written into it."""
_LEAST = 0.055
"""Inches across a cell, below which the instances' names cannot be read."""
_FLOORS = 1e-16, 0.1
"""The colours begin at the least positive value, but within these."""
_FAILED, _MISSING = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"


def gaps(
    solvers: Sequence[str],
    instances: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    label: str | None = None,
    width: str = "page",
) -> "Figure":
    """The map, the least mean rank on top; colours are logarithmic.

    A failed cell is grey with a cross, one without a trial white with a dash.

    Args:
        solvers: names of the rows.
        instances: names of the columns.
        cells: [solvers][instances] gaps as fractions, or errors; infinite for a failure, None
            where there is no trial.
        label: of errors; None for gaps, which are drawn in per cent.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: there is no gap.
    """
    scale = 100.0 if label is None else 1.0
    table = np.array([[math.nan if c is None else scale * c for c in row] for row in cells], float)
    if not np.isfinite(table).any():
        raise ValueError("no trial has an answer")
    means = _mean_ranks(table)
    order = sorted(range(len(solvers)), key=lambda i: (means[i], solvers[i]))
    table = table[order]
    names = [wrapped(solvers[i], 34) for i in order]
    lines = sum(name.count("\n") + 1 for name in names)
    longest = max(len(line) for name in names for line in name.splitlines())
    cell = (WIDTHS[width] - 0.052 * longest - 0.7) / len(instances)
    if cell < _LEAST:
        most = int(cell * len(instances) / _LEAST)
        raise ValueError(
            f"{len(instances)} instances are too many for this width (at most {most}): choose some "
            "with --instance, or --width page"
        )
    figure, (ax,) = panels(1, height=max(1.6, _ROW * lines + 1.1), width=width)
    ax.grid(visible=False)
    drawn = _colours(ax, table)
    _marks(ax, table, drawn, written=label is None and cell >= _READABLE)
    ax.set_yticks(range(len(names)), names, fontsize=6.5)
    ax.set_xticks(range(len(instances)), instances, fontsize=min(6.5, 65 * cell), rotation=90)
    ax.tick_params(length=0)
    bar = figure.colorbar(drawn, ax=ax, fraction=0.05, pad=0.02)
    said = [label or "gap, %"]
    said += [f"{_FAILED} failed"] if np.isinf(table).any() else []
    said += [f"{_MISSING} no trial"] if np.isnan(table).any() else []
    bar.set_label("   ".join(said), fontsize=7)
    if label is None:
        plain_log(bar.ax.yaxis, drawn.norm.vmin)
    return figure


def _mean_ranks(table: np.ndarray) -> list[float]:
    """Of each row over what it was tried on, a failure last; infinite without a trial."""
    ranks = rankdata(table, axis=0, nan_policy="omit")
    tried = np.isfinite(ranks)
    sums = np.where(tried, ranks, 0.0).sum(axis=1)
    return [s / n if n else math.inf for s, n in zip(sums, tried.sum(axis=1), strict=True)]


def _colours(ax: Any, table: np.ndarray) -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm

    positive = table[np.isfinite(table) & (table > 0)]
    least = float(np.clip(positive.min(initial=_FLOORS[1]), *_FLOORS))
    most = max(float(positive.max(initial=least)), 10 * least)
    colours = colormaps["viridis_r"].with_extremes(bad="#ffffff")
    shown = np.where(np.isinf(table), math.nan, np.maximum(table, least))
    drawn = ax.imshow(shown, aspect="auto", cmap=colours, norm=LogNorm(least, most))
    failed = np.where(np.isinf(table), 1.0, math.nan)
    ax.imshow(failed, aspect="auto", cmap="Greys", vmin=0, vmax=3)
    return drawn


def _marks(ax: Any, table: np.ndarray, drawn: Any, *, written: bool) -> None:
    for (row, column), value in np.ndenumerate(table):
        text, colour = _MISSING, "#555555"
        if np.isinf(value):
            text, colour = _FAILED, "#000000"
        elif np.isfinite(value):
            if not written:
                continue
            text = _short(value)
            red, green, blue, _ = drawn.cmap(drawn.norm(max(value, drawn.norm.vmin)))
            colour = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
        ax.text(column, row, text, ha="center", va="center", fontsize=5, color=colour)


def _short(value: float) -> str:
    """Two digits that fit a cell.

    Examples:
        >>> [_short(v) for v in (0.0, 0.0312, 1.26, 12.3, 100.0)]
        ['0', '.03', '1.3', '12', '100']
    """
    if value == 0:
        return "0"
    if value < 1:
        return f"{value:.2f}".lstrip("0").replace("1.00", "1")
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"
