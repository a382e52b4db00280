"""A table for the terminal: plain text, no wider than it, without cutting a word or a figure."""

import io
from collections.abc import Sequence

from dnnbench.report.layouts.cell import Grid, as_text

_PADDING = 1
_WIDTH = 140


def terminal(grid: Grid, width: int | None) -> str:
    """The table.

    Args:
        grid: what to lay out.
        width: of the terminal, in characters.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = width or _WIDTH
    cells = [[as_text(cell) for cell in row] for row in grid.cells]
    widths = _column_widths([grid.header, *cells], width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, _PADDING, 0, 0), pad_edge=False)
    for name, column in zip(grid.header, widths, strict=True):
        table.add_column(Text(name), justify="left" if name in grid.left else "right", width=column)
    for row in cells:
        table.add_row(*map(Text, row))
    text = io.StringIO()
    if grid.caption:
        Console(file=text, width=width, color_system=None).print(Text(grid.caption))
    Console(file=text, width=max(width, _total(widths)), color_system=None).print(table)
    for note in grid.notes:
        Console(file=text, width=width, color_system=None).print(Text(note))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + (_PADDING + 1) * len(widths) + 2


def _column_widths(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Widths that fit, by breaking lines between words; a word or a figure is never cut."""
    from rich.cells import cell_len

    columns = list(zip(*cells, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    words = [max(cell_len(word) for cell in column for word in cell.split()) for column in columns]
    while _total(widths) > width and widths != words:
        widest = max(range(len(widths)), key=lambda i: widths[i] - words[i])
        widths[widest] -= 1
    return widths
