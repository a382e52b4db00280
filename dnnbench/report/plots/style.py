"""How all figures look: sizes, colours that the colour-blind tell apart, names of solvers."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Wong, Nature Methods 8:441, 2011.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
DASHES = ("-", "--", ":", "-.")
_PANEL = (5.2, 3.6)


def panels(count: int, columns: int = 2, height: float = _PANEL[1]) -> tuple["Figure", list[Any]]:
    """A figure of so many axes in rows, without a window system, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(columns * _PANEL[0], rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(count)]
    for ax in axes:
        ax.grid(alpha=0.3, linewidth=0.6)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A colour and a dash for each name, the same wherever it is drawn."""
    unique = list(dict.fromkeys(names))
    return {
        name: {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i // len(COLOURS) % 4]}
        for i, name in enumerate(unique)
    }


def wrapped(title: str, width: int = 56) -> str:
    """A title in lines that fit a panel."""
    return "\n".join(textwrap.wrap(title, width))
