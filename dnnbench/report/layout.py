"""A table of text cells, laid out for the terminal, Markdown and LaTeX."""

import io
from collections.abc import Iterable, Sequence
from typing import Literal

Layout = Literal["terminal", "markdown", "latex"]
_PADDING = 1


def lay_out(
    header: list[str],
    cells: list[list[str]],
    notes: list[str],
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
    flush = frozenset(left)
    if layout == "terminal":
        return _terminal(header, cells, notes, flush, width)
    if layout == "markdown":
        return _markdown(header, cells, notes, flush)
    return _latex(header, cells, notes, flush)


def _terminal(
    header: list[str],
    cells: list[list[str]],
    notes: list[str],
    left: frozenset[str],
    width: int | None,
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = width or 140
    widths = _column_widths([header, *cells], width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, _PADDING, 0, 0), pad_edge=False)
    for name, column in zip(header, widths, strict=True):
        table.add_column(name, justify="left" if name in left else "right", width=column)
    for row in cells:
        table.add_row(*map(Text, row))
    text = io.StringIO()
    Console(file=text, width=max(width, _total(widths)), color_system=None).print(table)
    for note in notes:
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


def _markdown(
    header: list[str], cells: list[list[str]], notes: list[str], left: frozenset[str]
) -> str:
    from tabulate import tabulate

    escaped = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    align = ["left" if name in left else "right" for name in header]
    table = tabulate(escaped, header, tablefmt="pipe", disable_numparse=True, colalign=align)
    return table + "\n\n" + "  \n".join(note.replace("|", "/") for note in notes) + "\n"


def _latex(
    header: list[str], cells: list[list[str]], notes: list[str], left: frozenset[str]
) -> str:
    """A booktabs tabular, and the notes below it as small print."""
    columns = "".join("l" if name in left else "r" for name in header)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", _latex_row(header), r"\midrule"]
    lines += [_latex_row(row) for row in cells]
    lines += [r"\bottomrule", r"\end{tabular}", "", r"\par\smallskip"]
    lines.append(rf"{{\footnotesize {' '.join(map(_tex, notes))}\par}}")
    return "\n".join(lines) + "\n"


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_tex, cells)) + r" \\"


def _tex(text: str) -> str:
    return text.translate(_TEX)


_TEX = str.maketrans(
    {
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "|": r"\textbar{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "±": r"$\pm$",
    }
)
