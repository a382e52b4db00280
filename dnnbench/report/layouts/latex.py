r"""A table for LaTeX: booktabs, figures aligned by siunitx.

A table with figures (`Cell`) needs in the preamble:

    \usepackage[T1]{fontenc}
    \usepackage{booktabs, graphicx, siunitx}

Each column of figures becomes two: the numbers, aligned at the decimal point, and their marks and
small print. With a caption it is a `table` of its own, made smaller where the page is too narrow.
"""

from collections.abc import Sequence

from dnnbench.report.layouts.cell import Cell, Grid

PREAMBLE = r"""\usepackage[T1]{fontenc}
\usepackage{booktabs, graphicx, siunitx}"""
_FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"


def latex(grid: Grid) -> str:
    """The tabular and the notes below it as small print, in a `table` where it has a caption."""
    numbers = [_number_format([row[i] for row in grid.cells]) for i in range(len(grid.header))]
    columns = "".join(
        _column(name, number, grid.left) for name, number in zip(grid.header, numbers, strict=True)
    )
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines += [_row(_heads(grid, numbers)), r"\midrule"]
    for row in grid.cells:
        cells = zip(row, numbers, strict=True)
        lines.append(_row([text for cell, number in cells for text in _texts(cell, number)]))
    lines += [r"\bottomrule", r"\end{tabular}"]
    notes = " ".join(map(escape, grid.notes))
    if not grid.caption:
        return "\n".join([*lines, "", r"\par\smallskip", rf"{{\footnotesize {notes}\par}}"]) + "\n"
    head = [r"\begin{table}", r"\centering", rf"\caption{{{escape(grid.caption)}}}"]
    head += [rf"\label{{{grid.label}}}"] if grid.label else []
    needs = [f"% In the preamble: {line}" for line in PREAMBLE.splitlines()]
    end = ["}", r"\par\smallskip", rf"{{\raggedright\footnotesize {notes}\par}}", r"\end{table}"]
    return "\n".join([*needs, *head, _FIT, *lines, *end]) + "\n"


def escape(text: str) -> str:
    r"""The text as LaTeX shows it, whatever characters it has; nothing in it is a command.

    Letters beyond Latin are written as their code points: pdfLaTeX stops at those it lacks.

    Examples:
        >>> escape("50 % of \\input{x}")
        '50 \\% of \\textbackslash{}input\\{x\\}'
    """
    shown = "".join(_ESCAPED.get(letter) or _letter(letter) for letter in text)
    for twice in _LIGATURES:
        while twice in shown:
            shown = shown.replace(twice, twice[0] + "{}" + twice[1])
    return shown


def _letter(letter: str) -> str:
    if ord(letter) < 0x180 and letter not in _LACKING:
        return letter
    return rf"{{[}}U+{ord(letter):04X}]"


def _row(texts: Sequence[str]) -> str:
    return " & ".join(texts) + r" \\"


def _column(name: str, number: str | None, left: frozenset[str]) -> str:
    if number is None:
        return "l" if name in left else "r"
    return rf"S[table-format={number}]@{{\,}}l"


def _heads(grid: Grid, numbers: Sequence[str | None]) -> list[str]:
    return [
        escape(name) if number is None else rf"\multicolumn{{2}}{{c}}{{{escape(name)}}}"
        for name, number in zip(grid.header, numbers, strict=True)
    ]


def _texts(cell: str | Cell, number: str | None) -> list[str]:
    """The cell in one column, or in two for figures."""
    if number is None:
        return [escape(cell if isinstance(cell, str) else cell.text)]
    if isinstance(cell, str):
        cell = Cell(cell)
    if not cell.is_number:
        text = rf"{{{escape(cell.text)}}}"
    elif cell.style == "best":
        text = rf"{{\bfseries\tablenum[table-format={number},text-series-to-math]{{{cell.text}}}}}"
    elif cell.style == "second":
        text = rf"{{\underline{{\tablenum[table-format={number}]{{{cell.text}}}}}}}"
    else:
        text = cell.text
    mark = rf"\textsuperscript{{{escape(cell.mark)}}}" if cell.mark else ""
    note = rf"{{\scriptsize {escape(cell.note)}}}" if cell.note else ""
    return [text, mark + note]


def _number_format(column: Sequence[str | Cell]) -> str | None:
    """The `table-format` of a column for siunitx, `3.2` or `1.1e-2`; None if not of figures."""
    cells = [cell for cell in column if isinstance(cell, Cell)]
    if not cells:
        return None
    whole, decimals, power, signs = 1, 0, 0, ["", ""]
    for text in (cell.text for cell in cells if cell.is_number):
        mantissa, _, exponent = text.partition("e")
        before, _, after = mantissa.lstrip("-").partition(".")
        whole, decimals = max(whole, len(before)), max(decimals, len(after))
        power = max(power, len(exponent.lstrip("-")))
        signs[0] = "-" if mantissa.startswith("-") else signs[0]
        signs[1] = "-" if exponent.startswith("-") else signs[1]
    return f"{signs[0]}{whole}.{decimals}" + (f"e{signs[1]}{power}" if power else "")


_ESCAPED = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{letter: f"{{{letter}}}" for letter in "[*"},  # else taken for options of the `\\` before
    "`": r"\textasciigrave{}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "†": r"\textdagger{}",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
}
_LACKING = frozenset("ĦħĸĿŀŉŦŧſ")
_LIGATURES = ("--", "''", ",,")
