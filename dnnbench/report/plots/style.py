"""How all figures look: sizes, colours that the colour-blind tell apart, names of solvers."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Wong, Nature Methods 8:441, 2011.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
DASHES = ("-", "--", ":", "-.")
MARKS = ("o", "s", "^", "D", "v", "P")
_PANEL = (5.2, 3.6)

WIDTHS: Mapping[str, float] = {"column": 3.3, "page": 7.0}
"""Inches across a column and across the text of a paper in two columns."""

PRINTED: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7,
    "lines.linewidth": 1.3,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}
"""Sizes that can be read at either width; text stays text in PDF and SVG."""

_LETTER = 0.053
"""Inches of one letter of a legend, about."""
_HANDLE = 0.38
"""Inches of its line and the space around."""
_LINE = 0.145


def panels(
    count: int, columns: int = 2, height: float = _PANEL[1], width: str | None = None
) -> tuple["Figure", list[Any]]:
    """A figure of so many axes in rows, without a window system, and its axes.

    Args:
        count: of axes.
        columns: at most so many side by side; one only at the width of a column.
        height: of an axes with its labels, inches.
        width: of the figure, a key of `WIDTHS`; None for panels of a fixed size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(columns, count) if width != "column" else 1
    rows = -(-count // columns)
    across = columns * _PANEL[0] if width is None else WIDTHS[width]
    figure = Figure(figsize=(across, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(count)]
    for ax in axes:
        ax.grid(alpha=0.3, linewidth=0.6)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A colour and a dash for each name, the same wherever it is drawn.

    Raises:
        ValueError: there are more names than looks.
    """
    unique = list(dict.fromkeys(names))
    most = len(COLOURS) * len(DASHES)
    if len(unique) > most:
        raise ValueError(f"{len(unique)} lines cannot be told apart (at most {most}): choose some")
    return {
        name: {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i // len(COLOURS)]}
        for i, name in enumerate(unique)
    }


def marks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A colour and a mark for each name: of those that share a colour no two share a mark.

    Raises:
        ValueError: there are more names than such pairs.
    """
    unique = list(dict.fromkeys(names))
    most = len(COLOURS) * len(MARKS)
    if len(unique) > most:
        raise ValueError(f"{len(unique)} marks cannot be told apart (at most {most}): choose some")
    return {
        name: {
            "color": COLOURS[i % len(COLOURS)],
            "marker": MARKS[(i % len(COLOURS) + i // len(COLOURS)) % len(MARKS)],
        }
        for i, name in enumerate(unique)
    }


def legend_below(figure: "Figure", handles: Iterable[Any], title: str | None = None) -> None:
    """A legend under the axes, for which the figure grows: the axes keep their height."""
    handles = list(handles)
    for handle in handles:
        handle.set_label(wrapped(str(handle.get_label()), 40))
    lines = [line for h in handles for line in str(h.get_label()).splitlines()]
    width, height = figure.get_size_inches()
    each = max(map(len, lines)) * _LETTER + _HANDLE
    columns = min(len(handles), max(1, int(width // each)))
    rows = -(-len(lines) // columns) + (title is not None)
    figure.set_size_inches(width, height + _LINE * rows + 0.1)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=columns, frameon=False, title=title,
        columnspacing=1.0, handletextpad=0.5,
    )  # fmt: skip


def plain_log(axis: Any, foot: float | None = None) -> None:
    """A logarithmic axis with plain numbers, over few decades also at 2 and 5.

    Args:
        axis: of an axes whose data are drawn.
        foot: where everything below it is drawn, or None.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 100 * low else (1.0,)))
    axis.set_minor_formatter(NullFormatter())

    def tick(value: float, _: int) -> str:
        below = foot is not None and value <= 1.01 * foot
        return f"≤ {value:g}" if below else f"{value:g}"

    axis.set_major_formatter(tick)


def wrapped(title: str, width: int = 56) -> str:
    """A title in lines that fit a panel."""
    return "\n".join(textwrap.wrap(title, width))


def counted(number: int, what: str) -> str:
    """`1 instance`, `2 instances`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
