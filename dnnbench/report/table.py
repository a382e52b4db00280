"""Tables for the terminal, CSV, Markdown, LaTeX and HTML."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from dnnbench.report.absent import NOT_RUN, Coverage, absent_cells
from dnnbench.report.aggregate import Row
from dnnbench.report.layout import lay_out

Format = Literal["terminal", "csv", "markdown", "latex", "html"]
FORMATS: tuple[Format, ...] = ("terminal", "csv", "markdown", "latex", "html")

OTHER_MACHINE = "other machine"
_NOTHING = "-"
_MEAN = "mean ± 95 %"


def render(
    rows: Sequence[Row],
    format: Format,
    *,
    here: str | None = None,
    width: int | None = None,
    coverage: Coverage | None = None,
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
        coverage: of the experiment that the table is about; trials of it that were not run are
            rows of their own.
    """
    absent = absent_cells(() if coverage is None else coverage.absent)
    if format == "csv":
        return _csv(rows, here, absent)
    problems = {row.problem for row in rows} | {problem for problem, *_ in absent}
    header = ["problem", *_COLUMNS] if len(problems) > 1 else [*_COLUMNS]
    body = [_cells(row, here) for row in rows]
    body += [_absent_row(*key, seeds) for key, seeds in sorted(absent.items())]
    cells = [[row[name] for name in header] for row in body]
    notes = footnotes(rows, here)
    notes += [] if coverage is None else [coverage.note()]
    return lay_out(header, cells, notes, format, left=_LEFT, width=width)


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


def _absent_row(problem: str, instance: str, solver: str, seeds: int) -> dict[str, str]:
    """The row of trials that were not run: their number stands where that of the seeds does."""
    known = {"problem": problem, "instance": instance, "solver": solver, "seeds": str(seeds)}
    return dict.fromkeys(["problem", *_COLUMNS], _NOTHING) | known | {_MEAN: NOT_RUN}


def _problem(row: Row, here: str | None) -> str:
    return row.problem


def solver_text(row: Row, here: str | None) -> str:
    """The solver's name, with what tells this variant from its others."""
    own = [row.label] if row.label else []
    own += [OTHER_MACHINE] if _elsewhere(row, here) else []
    return f"{row.solver} ({'; '.join(own)})" if own else row.solver


def mean_text(row: Row, here: str | None = None) -> str:
    """The mean, with as many digits as its interval leaves sure."""
    if row.mean is None or row.half_width is None:
        return _number(row.mean)
    if row.half_width == 0:
        return f"{_number(row.mean)} ± 0"
    decimals = min(12, max(0, 1 - math.floor(math.log10(row.half_width))))
    return f"{row.mean:.{decimals}f} ± {row.half_width:.{decimals}f}"


def _before_polish(row: Row, here: str | None) -> str:
    return _NOTHING if row.polish is None else f"{_number(row.raw_mean)} ({row.polish})"


def percent_text(fraction: float | None) -> str:
    """A fraction in per cent, two decimals; 0 is shown for equality alone."""
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
    "solver": solver_text,
    "kind": lambda row, here: row.kind,
    "seeds": lambda row, here: str(row.seeds),
    "restarts": lambda row, here: str(row.restarts),
    _MEAN: mean_text,
    "best": lambda row, here: _number(row.best),
    "best known": lambda row, here: _number(row.best_known.value if row.best_known else None),
    "gap %": lambda row, here: percent_text(row.gap_mean),
    "before polish": _before_polish,
    "solve s": lambda row, here: (
        _NOTHING if row.solve_seconds is None else f"{row.solve_seconds:.3g}"
    ),
    "failed": lambda row, here: str(row.failed),
}
_LEFT = {"problem", "instance", "solver", "kind"}


def _csv(rows: Sequence[Row], here: str | None, absent: Iterable[tuple[str, str, str]]) -> str:
    """Where trials were not run, a row with 0 seeds says so."""
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
    for problem, instance, solver in sorted(absent):
        known = {"problem": problem, "instance": instance, "solver": solver, "seeds": 0}
        writer.writerow([*(known.get(name, "") for name in _CSV), ""])
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
