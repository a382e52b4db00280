"""Tables for the terminal, CSV, Markdown and LaTeX."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from dnnbench.report.aggregate import Row

Format = Literal["terminal", "csv", "markdown", "latex"]
FORMATS: tuple[Format, ...] = ("terminal", "csv", "markdown", "latex")

OTHER_MACHINE = "other machine"
_NOTHING = "-"


def render(
    rows: Sequence[Row], format: Format, *, here: str | None = None, width: int | None = None
) -> str:
    """The table as text, ending in a newline.

    A row made on a machine whose fingerprint is not `here` is marked "other machine". What the
    table's figures hold for (budget, threads, hardware, seeds) stands in the last lines; in CSV,
    which is for programs, it stands in columns, figures are unrounded and gaps are fractions.

    Args:
        rows: from `aggregate`.
        format: for whom.
        here: this machine's fingerprint; None marks nothing.
        width: of the terminal, in characters.
    """
    if format == "csv":
        return _csv(rows, here)
    header = ["problem", *_COLUMNS] if len({row.problem for row in rows}) > 1 else [*_COLUMNS]
    body = [_cells(row, here) for row in rows]
    cells = [[row[name] for name in header] for row in body]
    notes = footnotes(rows, here)
    return {"terminal": _terminal, "markdown": _markdown, "latex": _latex}[format](
        header, cells, notes, width
    )


def footnotes(rows: Sequence[Row], here: str | None = None) -> list[str]:
    """What a reader must know to believe the table: a few lines."""
    if not rows:
        return ["No records."]
    senses = {f"{row.problem}: {row.metric}, {row.sense}" for row in rows}
    seeds = [row.seeds for row in rows]
    counted = str(min(seeds)) if min(seeds) == max(seeds) else f"{min(seeds)} to {max(seeds)}"
    lines = [
        f"{_either(sorted(senses))}. Budget: {_either(row.budget for row in rows)}. "
        f"Threads: {_either(_text(row.threads) for row in rows)}. "
        f"Hardware: {_either(row.hardware for row in rows)}. Seeds a row: {counted}.",
        "mean ± half the 95 % t interval over the seeds that did not fail; failed: seeds without "
        "a feasible verified answer; restarts: of all seeds together; gap: of the mean.",
    ]
    sources = sorted({f"{r.best_known.kind}, {r.best_known.source}" for r in rows if r.best_known})
    if sources:
        lines.append(f"Best known: {_either(sources)}.")
    if any(row.stacked for row in rows):
        lines.append("Trials of a stack share one clock and have no solve time.")
    if any(row.superseded for row in rows):
        lines.append(f"Left out: {sum(row.superseded for row in rows)} older repeats of a seed.")
    if any(_elsewhere(row, here) for row in rows):
        lines.append(f"{OTHER_MACHINE}: times and time budgets do not compare with the rest.")
    return lines


def _elsewhere(row: Row, here: str | None) -> bool:
    return here is not None and row.machine != here


def _cells(row: Row, here: str | None) -> dict[str, str]:
    return {name: show(row, here) for name, show in {"problem": _problem, **_COLUMNS}.items()}


def _problem(row: Row, here: str | None) -> str:
    return row.problem


def _solver(row: Row, here: str | None) -> str:
    own = [row.label] if row.label else []
    own += [OTHER_MACHINE] if _elsewhere(row, here) else []
    return f"{row.solver} ({'; '.join(own)})" if own else row.solver


def _mean(row: Row, here: str | None) -> str:
    if row.mean is None or row.half_width is None:
        return _number(row.mean)
    if row.half_width == 0:
        return f"{_number(row.mean)} ± 0"
    decimals = min(12, max(0, 1 - math.floor(math.log10(row.half_width))))
    return f"{row.mean:.{decimals}f} ± {row.half_width:.{decimals}f}"


def _before_polish(row: Row, here: str | None) -> str:
    return _NOTHING if row.polish is None else f"{_number(row.raw_mean)} ({row.polish})"


def _percent(fraction: float | None) -> str:
    """Two decimals; 0 is shown for equality alone."""
    if fraction is None:
        return _NOTHING
    if fraction == 0:
        return "0"
    percent = 100 * fraction
    return f"{percent:.2f}" if abs(percent) >= 0.005 else f"{percent:.0e}"


def _number(value: float | None) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.6g}"


def _seconds(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _text(value: object) -> str:
    return _NOTHING if value is None else str(value)


def _either(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(texts))


_COLUMNS: dict[str, Callable[[Row, str | None], str]] = {
    "instance": lambda row, here: row.instance,
    "solver": _solver,
    "kind": lambda row, here: row.kind,
    "seeds": lambda row, here: str(row.seeds),
    "restarts": lambda row, here: str(row.restarts),
    "mean ± 95 %": _mean,
    "best": lambda row, here: _number(row.best),
    "best known": lambda row, here: _number(row.best_known.value if row.best_known else None),
    "gap %": lambda row, here: _percent(row.gap_mean),
    "before polish": _before_polish,
    "solve s": lambda row, here: (
        _NOTHING if row.solve_seconds is None else f"{row.solve_seconds:.3g}"
    ),
    "failed": lambda row, here: str(row.failed),
}
_LEFT = {"problem", "instance", "solver", "kind"}


def _terminal(
    header: list[str], cells: list[list[str]], notes: list[str], width: int | None
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = width or 140
    widths = _column_widths([header, *cells], width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, _PADDING, 0, 0), pad_edge=False)
    for name, column in zip(header, widths, strict=True):
        table.add_column(name, justify="left" if name in _LEFT else "right", width=column)
    for row in cells:
        table.add_row(*map(Text, row))
    text = io.StringIO()
    Console(file=text, width=max(width, _total(widths)), color_system=None).print(table)
    for note in notes:
        Console(file=text, width=width, color_system=None).print(Text(note))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


_PADDING = 1


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
    header: list[str], cells: list[list[str]], notes: list[str], width: int | None
) -> str:
    from tabulate import tabulate

    escaped = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    align = ["left" if name in _LEFT else "right" for name in header]
    table = tabulate(escaped, header, tablefmt="pipe", disable_numparse=True, colalign=align)
    return table + "\n\n" + "  \n".join(note.replace("|", "/") for note in notes) + "\n"


def _latex(header: list[str], cells: list[list[str]], notes: list[str], width: int | None) -> str:
    """A booktabs tabular, and the notes below it as small print."""
    columns = "".join("l" if name in _LEFT else "r" for name in header)
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


def _csv(rows: Sequence[Row], here: str | None) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_CSV, "other_machine"])
    for row in rows:
        known: dict[str, object] = {f"best_known{end}": "" for end in ("", "_kind", "_source")}
        if row.best_known is not None:
            best = row.best_known
            known = {
                "best_known": best.value,
                "best_known_kind": best.kind,
                "best_known_source": best.source,
            }
        values = {**vars(row), **known}
        writer.writerow([*(values[name] for name in _CSV), _elsewhere(row, here)])
    return text.getvalue()


_CSV = (
    "problem",
    "instance",
    "solver",
    "label",
    "role",
    "kind",
    "taxonomy",
    "metric",
    "sense",
    "seeds",
    "failed",
    "infeasible",
    "restarts",
    "mean",
    "half_width",
    "best",
    "best_known",
    "best_known_kind",
    "best_known_source",
    "gap_mean",
    "gap_best",
    "raw_mean",
    "polish",
    "solve_seconds",
    "stacked",
    "superseded",
    "budget",
    "threads",
    "hardware",
    "machine",
)
