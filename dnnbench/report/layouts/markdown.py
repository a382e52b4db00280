"""A table for Markdown (GitHub's pipe tables)."""

from dnnbench.report.layouts.cell import Cell, Grid, as_text


def markdown(grid: Grid) -> str:
    """The table; HTML in names is escaped, which Markdown would pass through."""
    from tabulate import tabulate

    cells = [[_cell(cell) for cell in row] for row in grid.cells]
    align = ["left" if name in grid.left else "right" for name in grid.header]
    header = [_plain(name) for name in grid.header]
    table = tabulate(cells, header, tablefmt="pipe", disable_numparse=True, colalign=align)
    notes = "  \n".join(_note(note) for note in grid.notes)
    caption = f"{_note(grid.caption)}\n\n" if grid.caption else ""
    return f"{caption}{table}\n\n{notes}\n"


def _cell(cell: str | Cell) -> str:
    """`**38**` is the best, `<ins>38</ins>` (underlined) the second."""
    if isinstance(cell, str):
        return _plain(cell)
    text = Cell(_plain(cell.text), cell.style, _plain(cell.mark), _plain(cell.note))
    if cell.style == "second":
        text = Cell(f"<ins>{text.text}</ins>", "", text.mark, text.note)
    return as_text(text)


def _plain(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def _note(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "/")
