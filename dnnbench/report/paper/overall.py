"""The columns of a paper's table that are about all instances together: means, shares solved."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence

from dnnbench.report.absent import NOT_RUN
from dnnbench.report.layouts.cell import Cell, Style
from dnnbench.report.paper.figures import Figure, Values, column, printer, scientific
from dnnbench.report.paper.selection import Chosen, Line
from dnnbench.report.plots.scale import ERRORS
from dnnbench.report.solved import ALL, SolvedRow, goal_of, group_of

FLOOR = 1e-16
"""Errors below it count as this in a geometric mean: 0 has no logarithm."""

_NOTHING = "-"

# By problem, group, solver and label.
Solved = dict[tuple[str, str, str, str], SolvedRow]


def solved_by_line(rows: Sequence[SolvedRow]) -> Solved:
    """The rows of `solved_rows` by what a table's cell is about."""
    return {(row.problem, row.group, row.solver, row.label): row for row in rows}


def means(chosen: Chosen) -> list[str | Cell]:
    """The mean over instances of the mean over seeds; an instance with a failure has none."""
    by_instance = [_by_instance(line, _mean) for line in chosen.lines]
    every = [v for each in by_instance for v in each.values() if v is not None]
    found = [statistics.fmean(good) for each in by_instance if (good := _good(each))]
    show = printer(every, found)
    figures = column(by_instance, _absent(chosen), chosen.matrix.sense, show)
    return [_cell(figure, show, len(chosen.instances)) for figure in figures]


def geometric_means(chosen: Chosen) -> list[str | Cell]:
    """The geometric mean of errors over all instances and seeds; "-" of what is no error.

    A failure counts as the largest error in the table, 1 at least, so that no answer at all is
    never better than one.
    """
    if chosen.matrix.metric not in ERRORS:
        return [_NOTHING] * len(chosen.lines)
    trials = [trial for line in chosen.lines for cell in line.cells for trial in cell]
    worst = max([1.0, *(float(t.value) for t in trials if t.value is not None)])

    def logarithm(values: Sequence[float | None]) -> float:
        return statistics.fmean(
            math.log10(max(FLOOR, worst if value is None else value)) for value in values
        )

    by_instance = [_by_instance(line, logarithm) for line in chosen.lines]

    def show(power: float) -> str:
        return scientific(10**power)

    figures = column(by_instance, _absent(chosen), "min", show)
    return [_cell(figure, show, len(chosen.instances)) for figure in figures]


def groups(chosen: Chosen) -> list[str]:
    """The groups of the instances, `all` last where there are several."""
    found = list(dict.fromkeys(group_of(each.name) for each in chosen.instances))
    return [*found, ALL] if len(found) > 1 else found


def group_heads(found: Sequence[str]) -> list[str]:
    """Heads of the columns of these groups, without the word that all begin with.

    Examples:
        >>> group_heads(["gen/ksat-n20", "gen/ksat-n50", "all"])
        ['solved %, n20', 'solved %, n50', 'solved %, all']
    """
    if len(found) == 1:
        return ["solved %"]
    parts = [group.partition("-") for group in found if group != ALL]
    alike = len({head for head, _, _ in parts}) == 1 and all(rest for _, _, rest in parts)
    return [f"solved %, {g.partition('-')[2] if alike and g != ALL else g}" for g in found]


def shares(chosen: Chosen, solved: Solved, group: str) -> list[str | Cell]:
    """Per cent of a group's trials that are solved, with Wilson's interval and the counts.

    "-" where the problem has no goal.
    """
    if goal_of(chosen.matrix.problem) is None:
        return [_NOTHING] * len(chosen.lines)
    rows = [_solved_row(chosen, solved, line, group) for line in chosen.lines]
    absent = [_absent_of(chosen, line, group) for line in chosen.lines]
    ranked = sorted(
        {round(r.share, 9) for r, a in zip(rows, absent, strict=True) if r and not a}, reverse=True
    )
    styles: dict[float, Style] = dict(zip(ranked, ("best", "second"), strict=False))
    cells: list[str | Cell] = []
    for row, missing in zip(rows, absent, strict=True):
        if row is None:
            cells.append(Cell(NOT_RUN if missing else _NOTHING))
            continue
        note = f"[{100 * row.low:.0f}, {100 * row.high:.0f}] {row.solved}/{row.trials}"
        note += f" {missing} {NOT_RUN}" if missing else ""
        style = "" if missing else styles.get(round(row.share, 9), "")
        cells.append(Cell(f"{100 * row.share:.0f}", style, "", note))
    return cells


def par2(chosen: Chosen, solved: Solved) -> list[str | Cell]:
    """The mean seconds over all trials, an unsolved one counted as twice its budget."""
    whole = groups(chosen)[-1]
    rows = [_solved_row(chosen, solved, line, whole) for line in chosen.lines]
    return [Cell(_NOTHING if r is None or r.par2 is None else f"{r.par2:.2f}") for r in rows]


def _by_instance(line: Line, measure: Callable[[Sequence[float | None]], float | None]) -> Values:
    """The measure of each instance of which nothing is missing."""
    return {
        at: measure([trial.value for trial in cell])
        for at, cell in enumerate(line.cells)
        if cell and not line.absent[at]
    }


def _mean(values: Sequence[float | None]) -> float | None:
    good = [value for value in values if value is not None]
    return statistics.fmean(good) if len(good) == len(values) else None


def _good(values: Values) -> list[float]:
    return [value for value in values.values() if value is not None]


def _absent(chosen: Chosen) -> list[int]:
    """Of each solver, on how many instances trials are missing."""
    of = len(chosen.instances)
    return [
        of - sum(bool(c) and not a for c, a in zip(line.cells, line.absent, strict=True))
        for line in chosen.lines
    ]


def _cell(figure: Figure, show: Callable[[float], str], of: int) -> Cell:
    """As in the column of gaps; over fewer instances it says how many."""
    if figure.mean is None:
        return Cell("failed" if figure.trials else NOT_RUN)
    note = "" if figure.interval is None else "[{}, {}]".format(*map(show, figure.interval))
    counted = figure.trials - figure.failed
    note = f"{counted} of {of} instances" if counted < of else note
    mark = "†" if figure.differs and counted == of else ""
    return Cell(show(figure.mean), figure.standing, mark, note)


def _solved_row(chosen: Chosen, solved: Solved, line: Line, group: str) -> SolvedRow | None:
    return solved.get((chosen.matrix.problem, group, line.name, line.label))


def _absent_of(chosen: Chosen, line: Line, group: str) -> int:
    """Trials of a group that were not run; of a cell that has none one at least, as elsewhere."""
    count: Counter[str] = Counter()
    for each, cell, absent in zip(chosen.instances, line.cells, line.absent, strict=True):
        count[group_of(each.name)] += absent if cell or chosen.planned else max(1, absent)
    return count.total() if group == ALL else count[group]
