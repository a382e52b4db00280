"""Solutions of differential equations as maps: reference, answer, error."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnnbench.records.schema import Record
from dnnbench.report.rules import named_solvers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANEL = (3.1, 2.6)
_LEAST_ERROR = 1e-16


class Field(NamedTuple):
    """What is drawn of a trial.

    Attributes:
        points: [n, 2].
        coordinates: names of the two.
        unknowns: names of the columns of values.
        reference, answer: [n, unknowns].
    """

    points: NDArray[np.float64]
    coordinates: tuple[str, ...]
    unknowns: tuple[str, ...]
    reference: NDArray[np.float64]
    answer: NDArray[np.float64]


def field(records: Sequence[Record], read: Callable[[Record], Field | None]) -> "Figure":
    """One row a trial and unknown: the reference, the answer, and the size of the error.

    Time runs to the right; errors are on a logarithmic scale.

    Args:
        records: the trials.
        read: what is known of one, None if there is nothing to draw.

    Raises:
        ValueError: no trial has values over two coordinates.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    found = [(record, shown) for record in records if (shown := read(record)) is not None]
    rows = [
        (record, shown, name, i)
        for record, shown in found
        if shown.points.shape[1] == 2
        for i, name in enumerate(shown.unknowns)
    ]
    if not rows:
        raise ValueError("no record has a solution over two coordinates")
    solvers = named_solvers([r for r, _ in found])
    names = {r.trial_id: name for (r, _), name in zip(found, solvers, strict=True)}
    figure = Figure(figsize=(3 * _PANEL[0], len(rows) * _PANEL[1]), layout="constrained")
    FigureCanvasAgg(figure)
    for number, (record, shown, name, i) in enumerate(rows):
        reference, answer = shown.reference[:, i], shown.answer[:, i]
        error = np.maximum(np.abs(answer - reference), _LEAST_ERROR)
        ends = {"vmin": reference.min(), "vmax": reference.max()}
        panels: list[tuple[str, NDArray[np.float64], dict[str, Any]]] = [
            (f"{name}, reference", reference, ends),
            (f"{name}, {names[record.trial_id]}", answer, ends),
            ("size of the error", error, {"norm": "log"}),
        ]
        for column, (title, values, how) in enumerate(panels):
            ax = figure.add_subplot(len(rows), 3, 3 * number + column + 1)
            _map(figure, ax, shown, values, how)
            ax.set_title(title, fontsize=8)
            if column == 0:
                ax.annotate(
                    f"{record.problem}, seed {record.seed}", (0, 1.16), xycoords="axes fraction",
                    fontsize=7,
                )  # fmt: skip
    return figure


def _map(
    figure: Any, ax: Any, shown: Field, values: NDArray[np.float64], how: dict[str, Any]
) -> None:
    """Colours over the plane; with time as the second coordinate it becomes the horizontal one."""
    flipped = shown.coordinates[1] == "t"
    across, up = (1, 0) if flipped else (0, 1)
    horizontal, right = np.unique(shown.points[:, across], return_inverse=True)
    vertical, top = np.unique(shown.points[:, up], return_inverse=True)
    if len(horizontal) * len(vertical) <= 4 * len(values):  # a grid, perhaps with holes
        grid = np.full((len(vertical), len(horizontal)), np.nan)
        grid[top, right] = values
        drawn = ax.pcolormesh(horizontal, vertical, grid, shading="nearest", rasterized=True, **how)
    else:
        places = shown.points[:, across], shown.points[:, up]
        drawn = ax.tripcolor(*places, values, rasterized=True, **how)
    ax.set_xlabel(shown.coordinates[across], fontsize=8)
    ax.set_ylabel(shown.coordinates[up], fontsize=8)
    ax.tick_params(labelsize=7)
    figure.colorbar(drawn, ax=ax).ax.tick_params(labelsize=7)
