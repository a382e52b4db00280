"""From two sets of records to what differs between them, and what can be said of it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from dnnbench.errors import UserError
from dnnbench.records.schema import Record
from dnnbench.report.differences.match import Alone, Matched, Row, match
from dnnbench.report.differences.measure import QUALITY, Measure
from dnnbench.report.differences.paired import Finding, Outcome, judge_strata
from dnnbench.report.differences.units import Margins, Unit


@dataclass(frozen=True)
class Line:
    """A solver in A and in B, on one instance or over all of them.

    Attributes:
        problem: its name, with the settings that tell it from others of that name.
        metric: what is compared.
        role: `method` or `baseline`.
        solver: its name, with what tells this variant from the solver's others.
        instance: its name; None of an overall line.
        instances: how many there are.
        unit: of estimate, interval and margin.
        margin: differences up to this do not matter.
        mean_a, mean_b: over the trials with a figure (geometric for errors and times), on one
            instance; None of an overall line, as instances have no common size.
        failed_a, failed_b: of the paired trials.
        only_a, only_b: trials whose seed the other side does not have.
        changes: what else differs between A and B, over all instances.
        finding: the verdict.
    """

    problem: str
    metric: str
    role: str
    solver: str
    instance: str | None
    instances: int
    unit: Unit
    margin: float
    mean_a: float | None
    mean_b: float | None
    failed_a: int
    failed_b: int
    only_a: int
    only_b: int
    changes: tuple[str, ...]
    finding: Finding


@dataclass(frozen=True)
class Comparison:
    """What differs between A and B.

    Attributes:
        measure: what was compared.
        level: of each of the two families, the cells and the overall lines.
        cells: a line for each solver and instance with pairs.
        overall: a line for each solver.
        alone: what has no counterpart.
        only_a, only_b: trials without a counterpart, those of `alone` and single seeds.
        unmeasured: pairs that have nothing to compare.
        repeats: older repeats of a seed, left out.
    """

    measure: str
    level: float
    cells: tuple[Line, ...]
    overall: tuple[Line, ...]
    alone: tuple[Alone, ...]
    only_a: int
    only_b: int
    unmeasured: int
    repeats: int

    def outcomes(self, *, overall: bool = False) -> Counter[Outcome]:
        """How many cells (or overall lines) have each outcome."""
        return Counter(line.finding.outcome for line in (self.overall if overall else self.cells))

    @property
    def worse(self) -> bool:
        """Whether any cell or any solver overall is worse."""
        return any(line.finding.outcome is Outcome.WORSE for line in (*self.cells, *self.overall))


@dataclass(frozen=True)
class _Measured:
    """A row with its differences, one for each pair that has something to compare."""

    row: Row
    unit: Unit
    differences: tuple[float, ...]


def compare(
    a: Iterable[Record],
    b: Iterable[Record],
    *,
    measure: Measure = QUALITY,
    margins: Margins | None = None,
    level: float = 0.05,
    any_budget: bool = False,
) -> Comparison:
    """What B does better or worse than A.

    Args:
        a: records of one side.
        b: records of the other.
        measure: what of a pair is compared.
        margins: differences that do not matter; None for the usual ones.
        level: probability of any false BETTER or WORSE among the cells, and again among the
            overall lines, if A and B are exchangeable.
        any_budget: whether trials may be paired that had different budgets.

    Raises:
        UserError: nothing can be paired, budgets or metrics differ, or the measure refuses.
    """
    matched = match(a, b, any_budget=any_budget)
    measure.refuse(pair for row in matched.rows for pair in row.pairs)
    every = [_measured(row, measure) for row in matched.rows if row.pairs]
    found = [one for one in every if one.differences]
    if not found:
        raise UserError(_nothing(matched, measure, bool(every)))
    margins = margins or Margins()
    only = {"A": sum(r.only_a for r in matched.rows), "B": sum(r.only_b for r in matched.rows)}
    for alone in matched.alone:
        only[alone.side] += alone.trials
    solvers: dict[tuple[str, str, str], list[_Measured]] = {}
    for one in found:
        solvers.setdefault((one.row.problem, one.row.role, one.row.solver), []).append(one)
    judged = partial(_lines, measure=measure, margins=margins, level=level)
    return Comparison(
        measure=measure.name,
        level=level,
        cells=judged([[one] for one in found], over=False),
        overall=judged([solvers[key] for key in sorted(solvers, key=_order)], over=True),
        alone=matched.alone,
        only_a=only["A"],
        only_b=only["B"],
        unmeasured=sum(len(one.row.pairs) - len(one.differences) for one in every),
        repeats=matched.repeats,
    )


def _order(key: tuple[str, str, str]) -> tuple[str, bool, str]:
    return key[0], key[1] == "baseline", key[2]


def _measured(row: Row, measure: Measure) -> _Measured:
    unit = measure.unit(row.pairs[0][0])
    raw = [measure.difference(a, b) for a, b in row.pairs]
    finite = [abs(x) for x in raw if x is not None and math.isfinite(x)]
    most = max([unit.failure, *finite])  # by size alone, so that signs stay exchangeable
    return _Measured(row, unit, tuple(min(most, max(-most, x)) for x in raw if x is not None))


def _lines(
    groups: Sequence[Sequence[_Measured]],
    *,
    over: bool,
    measure: Measure,
    margins: Margins,
    level: float,
) -> tuple[Line, ...]:
    """A line for each group of instances of one solver; all of them one family."""
    limits = [group[0].unit.margin(margins) for group in groups]
    strata = [[one.differences for one in group] for group in groups]
    findings = judge_strata(strata, margin=limits, level=level)
    return tuple(
        _line(group, over, measure, margin, finding)
        for group, margin, finding in zip(groups, limits, findings, strict=True)
    )


def _line(
    group: Sequence[_Measured], over: bool, measure: Measure, margin: float, finding: Finding
) -> Line:
    row, unit = group[0].row, group[0].unit
    pairs = [pair for one in group for pair in one.row.pairs]
    shown = [[measure.shown(pair[side]) for pair in pairs] for side in (0, 1)]
    known = [[x for x in figures if x is not None] for figures in shown]
    means = [None if over or not figures else unit.mean(figures) for figures in known]
    return Line(
        problem=row.problem,
        metric=pairs[0][0].metric if measure is QUALITY else measure.name,
        role=row.role,
        solver=row.solver,
        instance=None if over else row.instance,
        instances=len(group),
        unit=unit,
        margin=margin,
        mean_a=means[0],
        mean_b=means[1],
        failed_a=sum(x is None for x in shown[0]),
        failed_b=sum(x is None for x in shown[1]),
        only_a=sum(one.row.only_a for one in group),
        only_b=sum(one.row.only_b for one in group),
        changes=tuple(dict.fromkeys(change for one in group for change in one.row.changes)),
        finding=finding,
    )


def _nothing(matched: Matched, measure: Measure, paired: bool) -> str:
    """Why there is nothing to compare."""
    if paired:
        return (
            f"no pair of trials has a {measure.name} to compare: their budgets in seconds ended "
            "them, or they shared a clock"
        )
    if matched.rows:
        return "A and B have no seed in common: pairs are trials of one seed"
    reasons = dict.fromkeys(f"{one.solver} of {one.side}: {one.why}" for one in matched.alone)
    some = "; ".join([*reasons][:3])
    return f"A and B have no trial in common ({some})"
