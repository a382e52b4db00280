"""A comparison as a table for people; as CSV or JSON for programs."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Literal

from dnnbench.report.differences.as_data import ORDER, Names, as_csv, as_object, by_outcome
from dnnbench.report.differences.compare import Comparison, Line
from dnnbench.report.differences.paired import Finding, Outcome
from dnnbench.report.differences.units import TIME, Unit
from dnnbench.report.layout import write
from dnnbench.report.layouts.cell import Grid

Format = Literal["terminal", "markdown", "csv", "json"]

_NOTHING = "-"
_LEFT = frozenset({"outcome", "problem", "instance", "solver"})
_NAMED = 4
"""How many of those that have no counterpart are named in a note."""
_FEWEST_ROWS = 5


def render(
    comparison: Comparison,
    format: Format,
    *,
    names: Names | None = None,
    width: int | None = None,
    height: int | None = None,
) -> str:
    """What moved (worse first), the solvers overall, and what did not move in numbers.

    CSV and JSON have every line, unrounded.

    Args:
        comparison: what to write.
        format: for whom.
        names: of the sides.
        width: of the terminal, in characters.
        height: of the terminal, in lines: rows that do not fit are counted; None shows all.
    """
    names = names or Names()
    if format == "csv":
        return as_csv(comparison)
    if format == "json":
        return json.dumps(as_object(comparison, names), allow_nan=False) + "\n"
    moved = by_outcome(line for line in comparison.cells if _moved(line))
    shown = len(moved)
    while True:
        text = _page(comparison, moved[:shown], len(moved) - shown, format, names, width)
        excess = text.count("\n") + 1 - height if height is not None else 0
        if excess <= 0 or shown <= _FEWEST_ROWS:
            return text
        shown = max(_FEWEST_ROWS, shown - excess)


def _moved(line: Line) -> bool:
    return line.finding.outcome in (Outcome.WORSE, Outcome.BETTER)


def _page(
    comparison: Comparison,
    moved: Sequence[Line],
    hidden: int,
    layout: Literal["terminal", "markdown"],
    names: Names,
    width: int | None,
) -> str:
    several = len({line.problem for line in comparison.cells}) > 1
    tables = []
    if moved:
        rest = [f"... and {hidden} more; --format csv has all."] if hidden else []
        tables.append(_grid(moved, _CELL, several, rest, "What moved"))
    tables.append(
        _grid(
            by_outcome(comparison.overall),
            _OVERALL,
            several,
            notes(comparison, names),
            "Overall" if moved else "No cell is better or worse. Overall",
        )
    )
    return "\n".join(write(grid, layout, width) for grid in tables)


def _grid(
    lines: Sequence[Line],
    columns: dict[str, Callable[[Line], str]],
    several: bool,
    rest: Sequence[str],
    caption: str,
) -> Grid:
    header = [name for name in columns if several or name != "problem"]
    cells = [[columns[name](line) for name in header] for line in lines]
    return Grid(header, cells, rest, _LEFT, caption)


def difference_text(line: Line) -> str:
    """The estimate in its unit."""
    return _NOTHING if math.isnan(line.finding.estimate) else line.unit.text(line.finding.estimate)


def interval_text(finding: Finding, unit: Unit) -> str:
    """The interval in its unit; `-` where there is none."""
    ends = [finding.low, finding.high]
    if not all(map(math.isfinite, ends)):
        return _NOTHING
    if unit is TIME:  # the more seconds, the worse
        ends.reverse()
    return " to ".join(map(unit.text, ends))


def _mean(value: float | None, failed: int) -> str:
    text = _NOTHING if value is None else f"{value:.6g}"
    return f"{text} ({failed} failed)" if failed else text


def _pairs(line: Line) -> str:
    return f"{line.finding.changed} of {line.finding.pairs}"


_SHARED: dict[str, Callable[[Line], str]] = {
    "B against A": difference_text,
    "interval": lambda line: interval_text(line.finding, line.unit),
    "p": lambda line: f"{line.finding.p:.2g}",
    "changed": _pairs,
}
_CELL: dict[str, Callable[[Line], str]] = {
    "outcome": lambda line: line.finding.outcome.value,
    "problem": lambda line: line.problem,
    "instance": lambda line: line.instance or _NOTHING,
    "solver": lambda line: line.solver,
    "A": lambda line: _mean(line.mean_a, line.failed_a),
    "B": lambda line: _mean(line.mean_b, line.failed_b),
    **_SHARED,
}
_OVERALL: dict[str, Callable[[Line], str]] = {
    "outcome": lambda line: line.finding.outcome.value,
    "problem": lambda line: line.problem,
    "solver": lambda line: line.solver,
    "instances": lambda line: str(line.instances),
    **_SHARED,
}


def notes(comparison: Comparison, names: Names) -> list[str]:
    """What a reader must know to believe the table: a few lines."""
    counts = comparison.outcomes()
    level = f"{100 * comparison.level:g} %"
    said = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in ORDER)
    lines = [
        f"A: {names.a}. B: {names.b}.",
        *names.notes,
        f"{len(comparison.cells)} cells (a solver on an instance): {said}{_too_few(comparison)}.",
        f"B against A: {comparison.measure}, mean over pairs of one seed"
        + (", B's seconds over A's" if _of_seconds(comparison) else ", positive: B better")
        + f"; changed: pairs that are not exactly equal. Margins: {_margins(comparison)}. p (exact "
        f"sign-flip test, Holm) and intervals hold at {level} for all cells together, and at "
        f"{level} for the overall lines.",
    ]
    changes: dict[str, None] = {}
    for line in comparison.overall:
        if line.changes:
            changes[f"Differs between A and B: {line.solver}: {', '.join(line.changes)}."] = None
    lines += changes
    if comparison.only_a or comparison.only_b:
        lines.append(_unpaired(comparison))
    if comparison.unmeasured:
        lines.append(
            f"{comparison.unmeasured} pairs have nothing to compare: ended by their budgets in "
            "seconds, or without a clock of their own."
        )
    if comparison.repeats:
        lines.append(f"Left out: {comparison.repeats} older repeats of a seed.")
    return lines


def _too_few(comparison: Comparison) -> str:
    """How many undecided cells no result could have decided."""
    needed = math.ceil(1 - math.log2(comparison.level))
    few = sum(
        line.finding.outcome is Outcome.UNDECIDED and line.finding.changed < needed
        for line in comparison.cells
    )
    return (
        f" ({few} of these with fewer than {needed} changed pairs, too few to tell)" if few else ""
    )


def _of_seconds(comparison: Comparison) -> bool:
    return all(line.unit is TIME for line in comparison.cells)


def _margins(comparison: Comparison) -> str:
    """The margin of each unit that occurs."""
    margins = {line.unit.name: line for line in comparison.cells}
    return ", ".join(f"{name} {_margin(line)}" for name, line in margins.items())


def _margin(line: Line) -> str:
    return line.unit.text(-line.margin if line.unit is TIME else line.margin).removeprefix("+")


def _unpaired(comparison: Comparison) -> str:
    trials = f"Without a counterpart: {comparison.only_a} trials of A, {comparison.only_b} of B"
    reasons: dict[str, int] = {}
    for one in comparison.alone:
        reason = f"{one.solver} in {one.side}: {one.why}"
        reasons[reason] = reasons.get(reason, 0) + one.trials
    seeds = sum(line.only_a + line.only_b for line in comparison.cells)
    said = [f"{reason} ({count})" for reason, count in reasons.items()]
    said += [f"seeds that the other side lacks ({seeds})"] if seeds else []
    more = f"; and {len(said) - _NAMED} more reasons" if len(said) > _NAMED else ""
    return f"{trials}: {'; '.join(said[:_NAMED])}{more}."
