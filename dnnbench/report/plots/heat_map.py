"""Results over a grid of two settings as heat maps."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.records.schema import Record
from dnnbench.report.plots.style import panels, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")

_MOST_WRITTEN = 160
"""Points up to which the numbers are written into the map."""


def _best(record: Record) -> float | None:
    """The best value of a candidate that needed no repair; 0 where none was feasible."""
    found = record.diagnostics.get("feasibility")
    if found is None:
        return None if record.value is None else float(record.value)
    best = found["best_before_repair"]
    return 0.0 if best is None else float(best)


def _feasible(record: Record) -> float | None:
    found = record.diagnostics.get("feasibility")
    return None if found is None else found["feasible_share"]


def _loss(record: Record) -> float | None:
    found = record.diagnostics.get("merit")
    return None if found is None else found["mean"]


def _distance(record: Record) -> float | None:
    found = record.diagnostics.get("integrality")
    return None if found is None else found["last"]


MAPS: Mapping[str, Callable[[Record], float | None]] = {
    "best before repair": _best,
    "share feasible before repair": _feasible,
    "relaxed loss at the end, mean": _loss,
    "distance from 0 and 1 at the end": _distance,
}


def heat_maps(
    records: Sequence[Record],
    x: tuple[str, Sequence[float]],
    y: tuple[str, Sequence[float]],
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> "Figure":
    """Four maps of the same grid; cells are of equal size, whatever the values' distances.

    Args:
        records: one a point, x running fastest.
        x: name and values of the horizontal axis.
        y: of the vertical one.
        lines: curves to draw, by name: coordinates in the axes' units.
    """
    title = f"{records[0].solver} on {records[0].instance}, seed {records[0].seed}"
    figure, axes = panels(len(MAPS))
    shape = len(y[1]), len(x[1])
    for ax, (name, pick) in zip(axes, MAPS.items(), strict=True):
        values = np.array([_number(pick(r)) for r in records]).reshape(shape)
        _one(figure, ax, values, x, y)
        for dash, (label, (across, up)) in zip(_DASHES, lines.items(), strict=False):
            places = _place(across, x[1]), _place(up, y[1])
            ax.plot(*places, color="white", linewidth=2.6)
            ax.plot(*places, color="black", linewidth=1.2, linestyle=dash, label=label)
        ax.set_xlim(-0.5, shape[1] - 0.5)
        ax.set_ylim(-0.5, shape[0] - 0.5)
        ax.grid(visible=False)
        ax.set_title(wrapped(name), fontsize=9)
    if lines:
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside lower center", fontsize=8, ncols=2
        )
    figure.suptitle(wrapped(title, 90), fontsize=10)
    return figure


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _one(
    figure: Any,
    ax: Any,
    values: NDArray[np.float64],
    x: tuple[str, Sequence[float]],
    y: tuple[str, Sequence[float]],
) -> None:
    drawn = ax.imshow(values, origin="lower", aspect="auto", cmap="viridis")
    figure.colorbar(drawn, ax=ax).ax.tick_params(labelsize=7)
    ax.set_xticks(range(len(x[1])), [f"{v:g}" for v in x[1]], fontsize=7, rotation=45)
    ax.set_yticks(range(len(y[1])), [f"{v:g}" for v in y[1]], fontsize=7)
    ax.set_xlabel(x[0], fontsize=8)
    ax.set_ylabel(y[0], fontsize=8)
    if values.size > _MOST_WRITTEN or not np.isfinite(values).any():
        return
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if value < middle else "black"
            ax.text(column, row, _short(value), ha="center", va="center", fontsize=5, color=colour)


def _short(value: float) -> str:
    """Three digits, without a sign and zeros in the exponent."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.1e}".replace("e+0", "e")


def _place(values: Sequence[float], ticks: Sequence[float]) -> NDArray[np.float64]:
    """Where values lie among ticks that are drawn at 0, 1, 2, ...; outside of them NaN."""
    return np.interp(values, ticks, np.arange(len(ticks)), left=np.nan, right=np.nan)
