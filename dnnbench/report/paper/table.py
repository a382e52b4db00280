"""The table of a paper as a grid of cells, and as CSV."""

import csv
import io
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dnnbench.problems.base import Sense
from dnnbench.report.absent import NOT_RUN
from dnnbench.report.layouts.cell import Cell, Grid
from dnnbench.report.measures.primal import primal_gap
from dnnbench.report.measures.ranks import average_ranks
from dnnbench.report.paper import overall
from dnnbench.report.paper.figures import Figure, Show, Values, column, printer
from dnnbench.report.paper.selection import Chosen, Line
from dnnbench.report.paper.spec import Spec
from dnnbench.report.solved import SolvedRow

MARK = "†"
_NOTHING = "-"
_LEFT = frozenset({"solver", "kind", "taxonomy"})


@dataclass(frozen=True)
class Paper:
    """The figures of a table.

    Attributes:
        chosen: what it shows.
        values: by instance, a figure for each solver.
        shows: by instance, how these are printed.
        gaps: the mean primal gap of each solver over the instances, in per cent.
        ranks: the mean rank of each solver; None where it has none.
        ranked: over how many instances.
        solved: what is solved, where the problem has a goal.
    """

    chosen: Chosen
    values: tuple[tuple[Figure, ...], ...]
    shows: tuple[Show, ...]
    gaps: tuple[Figure, ...]
    ranks: tuple[float | None, ...]
    ranked: int
    solved: overall.Solved = field(default_factory=dict)


def paper(chosen: Chosen, solved: Sequence[SolvedRow] = ()) -> Paper:
    """All figures of a table.

    Args:
        chosen: what it shows.
        solved: from `solved_rows`, of the same records.
    """
    sense = chosen.matrix.sense
    values, shows = [], []
    for at in range(len(chosen.instances)):
        by_solver = [{t.seed: t.value for t in line.cells[at]} for line in chosen.lines]
        show = _printer(by_solver)
        absent = [_missing(line, at, chosen.planned) for line in chosen.lines]
        values.append(tuple(column(by_solver, absent, sense, show)))
        shows.append(show)
    by_instance = [_mean_gaps(line, chosen, sense) for line in chosen.lines]
    absent = [len(chosen.instances) - len(each) for each in by_instance]
    ranks, ranked = _ranks(by_instance)
    return Paper(
        chosen=chosen,
        values=tuple(values),
        shows=tuple(shows),
        gaps=tuple(column(by_instance, absent, "min", percent)),
        ranks=ranks,
        ranked=ranked,
        solved=overall.solved_by_line(solved),
    )


def grid(figures: Paper, spec: Spec, notes: Sequence[str]) -> Grid:
    """The table before it is laid out."""
    lines = figures.chosen.lines
    header, columns = ["solver"], [[line.shown for line in lines]]
    cells: list[list[str | Cell]] = [list(texts) for texts in columns]
    for name in spec.columns:
        if name == "values":
            header += [each.shown for each in figures.chosen.instances]
            for its, show in zip(figures.values, figures.shows, strict=True):
                cells.append([_cell(figure, show) for figure in its])
        elif name == "solved":
            groups = overall.groups(figures.chosen)
            header += overall.group_heads(groups)
            cells += [overall.shares(figures.chosen, figures.solved, group) for group in groups]
        else:
            header.append(_HEADS.get(name, name))
            cells.append(_COLUMNS[name](figures))
    rows = list(zip(*cells, strict=True))
    return Grid(header, rows, notes, _LEFT, spec.caption, spec.label)


def as_csv(figures: Paper) -> str:
    """One row a solver and instance, unrounded; gaps are fractions."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV)
    for at, instance in enumerate(figures.chosen.instances):
        reference = figures.chosen.references[at]
        for line, figure in zip(figures.chosen.lines, figures.values[at], strict=True):
            gap = _mean_gap(line, at, figures.chosen)
            low, high = figure.interval or (None, None)
            known = (figure.trials, figure.failed, figure.absent, figure.mean, low, high)
            marks = (figure.standing, figure.differs if figure.tested else None)
            best = None if reference is None else reference.best
            writer.writerow(
                [instance.name, line.name, line.shown, line.kind, *known, *marks, best, gap]
            )
    return text.getvalue()


_CSV = (
    "instance",
    "solver",
    "shown",
    "kind",
    "trials",
    "failed",
    "not_run",
    "mean",
    "low",
    "high",
    "standing",
    "differs_from_best",
    "reference",
    "gap",
)


def percent(fraction: float) -> str:
    """Per cent with two decimals; 0.00 is 0 exactly."""
    return "<0.01" if 0 < fraction < 0.00005 else f"{100 * fraction:.2f}"


def _missing(line: Line, at: int, planned: bool) -> int:
    """Trials that are not there; of a cell that has none one at least, unless the plan is known."""
    return line.absent[at] if line.cells[at] or planned else max(1, line.absent[at])


def _printer(by_solver: Sequence[Values]) -> Show:
    good = [[v for v in each.values() if v is not None] for each in by_solver]
    means = [statistics.fmean(each) for each in good if each]
    return printer([value for each in good for value in each], means)


def _mean_gaps(line: Line, chosen: Chosen, sense: Sense) -> Values:
    """The mean gap on each instance of which nothing is missing."""
    gaps = {at: _mean_gap(line, at, chosen) for at in range(len(chosen.instances))}
    return {at: gap for at, gap in gaps.items() if gap is not None and not line.absent[at]}


def _mean_gap(line: Line, at: int, chosen: Chosen) -> float | None:
    """The mean primal gap over seeds, 1 for a failure; None where none was run."""
    reference = chosen.references[at]
    if reference is None or not line.cells[at]:
        return None
    if reference.best is None:
        return 1.0  # nobody has an answer
    best, sense = reference.best, chosen.matrix.sense
    return statistics.fmean(primal_gap(trial.value, best, sense) for trial in line.cells[at])


def _ranks(by_instance: Sequence[Values]) -> tuple[tuple[float | None, ...], int]:
    """Mean ranks by gap, of the solvers that were run, over the instances that all of these ran."""
    run = [place for place, each in enumerate(by_instance) if each]
    common = set.intersection(*(set(by_instance[p]) for p in run)) if run else set()
    if not common:
        return (None,) * len(by_instance), 0
    order = sorted(common)
    found = average_ranks([[by_instance[place][at] for at in order] for place in run])
    ranks = dict(zip(run, found, strict=True))
    return tuple(ranks.get(place) for place in range(len(by_instance))), len(order)


def _cell(figure: Figure, show: Show) -> Cell:
    """The mean with its interval; what failed or was not run stands beside it, or in its place."""
    if figure.mean is None:
        if not figure.trials:
            return Cell(NOT_RUN if figure.absent else _NOTHING)
        return Cell("failed", note=f"{figure.failed}/{figure.trials}")
    mark = MARK if figure.differs else ""
    return Cell(show(figure.mean), figure.standing, mark, _beside(figure, show))


def _beside(figure: Figure, show: Show | None = None) -> str:
    parts = []
    if figure.interval is not None and show is not None:
        parts.append(f"[{show(figure.interval[0])}, {show(figure.interval[1])}]")
    if figure.failed:
        parts.append(f"{figure.failed}/{figure.trials} failed")
    if figure.absent and figure.trials:
        parts.append(f"{figure.absent} {NOT_RUN}")
    return " ".join(parts)


def _gap(figures: Paper) -> list[str | Cell]:
    """The gap over all instances; over fewer it says how many and stands for no comparison."""
    of = len(figures.chosen.instances)
    cells: list[str | Cell] = []
    for figure in figures.gaps:
        if figure.mean is None:
            cells.append(Cell(NOT_RUN))
            continue
        note = "" if figure.interval is None else "[{}, {}]".format(*map(percent, figure.interval))
        note = f"{figure.trials} of {of} instances" if figure.absent else note
        mark = MARK if figure.differs and not figure.absent else ""
        cells.append(Cell(percent(figure.mean), figure.standing, mark, note))
    return cells


def _rank(figures: Paper) -> list[str | Cell]:
    return [Cell(_NOTHING if rank is None else f"{rank:.1f}") for rank in figures.ranks]


def _seconds(figures: Paper) -> list[str | Cell]:
    """Mean seconds of the trials with a clock of their own; a failed one counts its budget."""
    means = []
    for line in figures.chosen.lines:
        spent = [t.spent for cell in line.cells for t in cell if t.spent is not None]
        means.append(statistics.fmean(spent) if spent else math.inf)
    finite = [mean for mean in means if mean < math.inf]
    show = printer([*finite, 0.5], finite)
    return [Cell(show(mean) if mean < math.inf else _NOTHING) for mean in means]


def _seeds(figures: Paper) -> list[str | Cell]:
    texts: list[str | Cell] = []
    for line in figures.chosen.lines:
        counts = [len(cell) for cell in line.cells]
        low, high = min(counts, default=0), max(counts, default=0)
        texts.append(str(low) if low == high else f"{low}-{high}")
    return texts


def _failed(figures: Paper) -> list[str | Cell]:
    trials = [[t for cell in line.cells for t in cell] for line in figures.chosen.lines]
    return [f"{sum(t.value is None for t in each)}/{len(each)}" for each in trials]


_COLUMNS: dict[str, Callable[[Paper], list[str | Cell]]] = {
    "kind": lambda figures: [line.kind or _NOTHING for line in figures.chosen.lines],
    "taxonomy": lambda figures: [line.taxonomy or _NOTHING for line in figures.chosen.lines],
    "seeds": _seeds,
    "gap": _gap,
    "mean": lambda figures: overall.means(figures.chosen),
    "geomean": lambda figures: overall.geometric_means(figures.chosen),
    "par2": lambda figures: overall.par2(figures.chosen, figures.solved),
    "rank": _rank,
    "seconds": _seconds,
    "failed": _failed,
}
_HEADS = {"gap": "gap %", "geomean": "geometric mean", "par2": "PAR2 s", "seconds": "time s"}
