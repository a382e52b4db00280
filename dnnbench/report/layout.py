"""A table of text cells, laid out for the terminal, Markdown, LaTeX and HTML."""

from collections.abc import Iterable, Sequence
from typing import Literal

from dnnbench.report.layouts.cell import Grid, all_visible
from dnnbench.report.layouts.html import html
from dnnbench.report.layouts.latex import latex
from dnnbench.report.layouts.markdown import markdown
from dnnbench.report.layouts.terminal import terminal

Layout = Literal["terminal", "markdown", "latex", "html"]


def lay_out(
    header: Sequence[str],
    cells: Sequence[Sequence[str]],
    notes: Sequence[str],
    layout: Layout,
    *,
    left: Iterable[str],
    width: int | None = None,
) -> str:
    """The table as text, ending in a newline.

    Args:
        header: names of the columns.
        cells: rows of as many cells.
        notes: lines below the table.
        layout: for what.
        left: names of the columns that are flush left; the others are figures.
        width: of the terminal, in characters.
    """
    return write(Grid(header, cells, notes, frozenset(left)), layout, width)


def write(grid: Grid, layout: Layout, width: int | None = None) -> str:
    """As `lay_out`, for a grid; what cannot be seen in its texts is made visible first."""
    grid = all_visible(grid)
    if layout == "terminal":
        return terminal(grid, width)
    if layout == "markdown":
        return markdown(grid)
    return latex(grid) if layout == "latex" else html(grid)
