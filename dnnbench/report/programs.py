"""Solvers of linear and quadratic programs held against each other, one row each and instance.

A row's figures are medians over trials with different seeds. A trial without an answer, or one that
never reached a tolerance, counts as infinitely bad there, so a median exists only where most
trials have the figure.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dnnbench.records.schema import Record
from dnnbench.report.aggregate import budget_text, natural
from dnnbench.report.optimum import METRIC, Optimum, objective_error, reference_optima
from dnnbench.report.rules import named_solvers

TOLERANCES = (1e-3, 1e-6, 1e-9)
"""The KKT errors to which times are read off traces."""


@dataclass(frozen=True)
class ProgramRow:
    """What a solver reached on one instance.

    Attributes:
        problem, instance: on what.
        solver: its name, what of its settings differs, and a polish.
        role, kind: of the solver.
        trials: with different seeds, failed ones included.
        objective_error: |f - f*| / max(1, |f*|); None without a certified optimum on record.
        relative_primal, relative_dual, relative_gap, kkt_error: see
            `problems.program.residuals`.
        seconds_1e3, seconds_1e6, seconds_1e9: until the KKT error was 1e-3, 1e-6 and 1e-9.
        status: how the trials ended, with counts where they differ.
        budget: in words.
        optimum: f*, or None.
        optimum_by: the solver whose answer certifies it.
    """

    problem: str
    instance: str
    solver: str
    role: str
    kind: str
    trials: int
    objective_error: float | None
    relative_primal: float | None
    relative_dual: float | None
    relative_gap: float | None
    kkt_error: float | None
    seconds_1e3: float | None
    seconds_1e6: float | None
    seconds_1e9: float | None
    status: str
    budget: str
    optimum: float | None
    optimum_by: str | None


def program_rows(
    records: Iterable[Record], optima: dict[str, Optimum] | None = None
) -> list[ProgramRow]:
    """The rows of all records of programs: by problem, instance, role, KKT error.

    Args:
        records: of any problems.
        optima: references by the sha256 of an instance; None for those among `records`.
    """
    mine = [r for r in records if r.metric == METRIC]
    optima = reference_optima(mine) if optima is None else optima
    groups: dict[tuple[str, ...], list[Record]] = {}
    for record, solver in zip(mine, named_solvers(mine), strict=True):
        polish = record.problem_settings.get("polish", "none")
        name = solver if polish == "none" else f"{solver} + {polish}"
        key = (record.problem, record.instance, record.instance_sha256, record.role, name)
        groups.setdefault((*key, budget_text(record.budget)), []).append(record)
    rows = [_row(key[4], key[5], trials, optima.get(key[2])) for key, trials in groups.items()]
    return sorted(rows, key=_order)


def seconds_to(record: Record, tolerance: float) -> float | None:
    """When a trial's KKT error was first at most this; None if never, or if its clock was shared.

    The times are those of the trace, in which nothing is interpolated; where only the polish came
    so far, the time is that of the whole trial.
    """
    if record.stacked:
        return None
    for seconds, _, error in record.trace:
        if error is not None and error <= tolerance:
            return float(seconds or 0.0)
    reached = record.value is not None and record.value <= tolerance
    return record.solve_seconds if reached else None


def _row(solver: str, budget: str, trials: Sequence[Record], optimum: Optimum | None) -> ProgramRow:
    one = trials[0]

    def metric(name: str) -> float | None:
        return _median([r.metrics.get(name) for r in trials])

    errors = [
        objective_error(r.metrics["objective"], optimum.objective)
        if optimum is not None and "objective" in r.metrics
        else None
        for r in trials
    ]
    times = [_median([seconds_to(r, t) for r in trials]) for t in TOLERANCES]
    return ProgramRow(
        problem=one.problem,
        instance=one.instance,
        solver=solver,
        role=one.role,
        kind=one.kind,
        trials=len(trials),
        objective_error=_median(errors),
        relative_primal=metric("relative_primal"),
        relative_dual=metric("relative_dual"),
        relative_gap=metric("relative_gap"),
        kkt_error=_median([r.value for r in trials]),
        seconds_1e3=times[0],
        seconds_1e6=times[1],
        seconds_1e9=times[2],
        status=_statuses(trials),
        budget=budget,
        optimum=None if optimum is None else optimum.objective,
        optimum_by=None if optimum is None else optimum.solver,
    )


def _median(values: Sequence[int | float | None]) -> float | None:
    """The upper median, what is missing counting as infinite; None if that is infinite."""
    known = [math.inf if v is None or math.isnan(v) else float(v) for v in values]
    found = statistics.median_high(known)
    return found if math.isfinite(found) else None


def _statuses(trials: Sequence[Record]) -> str:
    counts = Counter(str(r.status) for r in trials)
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _order(row: ProgramRow) -> tuple[object, ...]:
    error = math.inf if row.kkt_error is None else row.kkt_error
    return (row.problem, natural(row.instance), row.role, error, row.solver)
