"""Matrices of solvers x instances x seeds, and what is measured in each of their cells.

- A cell without trials is empty, and `missing` names it; ranks and tests need a matrix without
  such cells: `common` keeps the instances that every solver has run.
- A trial that failed has no value, a primal gap of 1, and never reaches a target.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import Any, TypeVar

from dnnbench.problems.base import Sense
from dnnbench.report.best_known import BestKnown
from dnnbench.report.measures.primal import primal_gap, primal_integral
from dnnbench.report.measures.targets import ert, target_values, time_to_target
from dnnbench.report.measures.trace import Trace


@dataclass(frozen=True)
class Trial:
    """One seed of a solver on an instance.

    Attributes:
        seed: its seed.
        value: of the verified answer, after polish; None if the trial failed.
        spent: seconds it used, compiling apart; of a failed trial at least its budget. None if it
            has no clock of its own (a stack's); infinite if a failure has neither.
        limit: seconds of its budget; None is no limit.
        trace: what it had reached and when, none of it better than what was verified; the last
            row is the answer. Empty if it failed or has no clock of its own.
    """

    seed: int
    value: int | float | None
    spent: float | None
    limit: float | None
    trace: Trace


@dataclass(frozen=True)
class Solver:
    """A row of a matrix.

    Attributes:
        name: of the method or baseline.
        label: what tells this variant from the solver's others, else "".
        role, kind, taxonomy: as in its records.
        budget, hardware: in words, those of different instances after another.
    """

    name: str
    label: str
    role: str
    kind: str
    taxonomy: str
    budget: str
    hardware: str

    @property
    def text(self) -> str:
        """`pi_gnn`, `pi_gnn (lr=0.1)`."""
        return f"{self.name} ({self.label})" if self.label else self.name


@dataclass(frozen=True)
class Instance:
    """A column of a matrix.

    Attributes:
        name: of the instance, with the start of its sha256 where two have the same name.
        best_known: the registry's value, if it has one.
        best: the better of that and the best on record, the reference of gaps and targets; None
            if there is neither.
    """

    name: str
    best_known: BestKnown | None
    best: int | float | None


_T = TypeVar("_T")

# [solvers][instances][seeds]
Cells = tuple[tuple[tuple[Trial, ...], ...], ...]


@dataclass(frozen=True)
class Matrix:
    """What the solvers of one problem, with the same settings, reached.

    Attributes:
        problem, metric, sense: of all its records.
        settings: of the problem, but those of how its answers are sought (penalty, polish).
        solvers: methods before baselines, by name.
        instances: in natural order.
        cells: [solvers][instances][seeds]; an empty one was not run.
        superseded: older repeats of a seed, left out.
    """

    problem: str
    metric: str
    sense: Sense
    settings: dict[str, Any]
    solvers: tuple[Solver, ...]
    instances: tuple[Instance, ...]
    cells: Cells
    superseded: int

    def missing(self) -> list[tuple[str, str]]:
        """The solver's text and the instance's name of each cell that was not run."""
        return [
            (solver.text, instance.name)
            for solver, row in zip(self.solvers, self.cells, strict=True)
            for instance, cell in zip(self.instances, row, strict=True)
            if not cell
        ]

    def common(self) -> "Matrix":
        """The matrix of the instances that every solver has run."""
        kept = [i for i in range(len(self.instances)) if all(row[i] for row in self.cells)]
        return with_fields(
            self,
            instances=tuple(self.instances[i] for i in kept),
            cells=tuple(tuple(row[i] for i in kept) for row in self.cells),
        )

    def of(self, solvers: Iterable[str]) -> "Matrix":
        """The matrix of the solvers with these texts, in their order here."""
        wanted = set(solvers)
        kept = [i for i, solver in enumerate(self.solvers) if solver.text in wanted]
        return with_fields(
            self,
            solvers=tuple(self.solvers[i] for i in kept),
            cells=tuple(self.cells[i] for i in kept),
        )

    def values(self) -> list[list[list[int | float | None]]]:
        """[solvers][instances][seeds]: the verified values; None is a failure."""
        return self._each(lambda trial, _: trial.value)

    def gaps(self) -> list[list[list[float]]]:
        """[solvers][instances][seeds]: the primal gaps to `best`; 1 for a failure."""
        return self._each(
            lambda trial, instance: (
                1.0 if instance.best is None else primal_gap(trial.value, instance.best, self.sense)
            )
        )

    def mean_gaps(self) -> list[list[float]]:
        """[solvers][instances]: the mean over seeds of `gaps`, as costs of ranks and tests.

        Raises:
            ValueError: a cell is missing, which is no failure: take `common`.
        """
        return [[statistics.fmean(_known(cell)) for cell in row] for row in self.gaps()]

    def times(self, gap: float) -> list[list[list[float | None]]]:
        """[solvers][instances][seeds]: seconds until within `gap` of `best`; None if never.

        Trials without a clock of their own are left out, here and in `spent` (a cell may become
        empty): when they reached a target is not known.
        """

        def reached(trial: Trial, instance: Instance) -> float | None:
            if instance.best is None:
                return None
            (target,) = target_values(instance.best, [gap], self.sense)
            return time_to_target(trial.trace, target, self.sense)

        return self._each(reached, clocked=True)

    def spent(self) -> list[list[list[float]]]:
        """[solvers][instances][seeds]: what the trials of `times` spent, the budgets of `ert`."""
        return self._each(lambda trial, _: trial.spent, clocked=True)

    def erts(self, gap: float) -> list[list[float]]:
        """[solvers][instances]: the expected running time to within `gap` of `best`, in seconds.

        Raises:
            ValueError: a cell is missing, or none of its trials has a clock of its own.
        """
        pairs = zip(self.times(gap), self.spent(), strict=True)
        return [
            [ert(_known(times), spent) for times, spent in zip(*row, strict=True)] for row in pairs
        ]

    def integrals(self, seconds: float) -> list[list[list[float]]]:
        """[solvers][instances][seeds]: the primal integrals of the trials of `times`."""
        return self._each(
            lambda trial, instance: (
                seconds
                if instance.best is None
                else primal_integral(trial.trace, instance.best, self.sense, seconds)
            ),
            clocked=True,
        )

    def _each(self, measure: Callable[[Trial, Instance], Any], *, clocked: bool = False) -> Any:
        return [
            [
                [
                    measure(trial, instance)
                    for trial in cell
                    if trial.spent is not None or not clocked
                ]
                for instance, cell in zip(self.instances, row, strict=True)
            ]
            for row in self.cells
        ]


def _known(cell: Sequence[_T]) -> Sequence[_T]:
    """The cell, if it has trials."""
    if not cell:
        raise ValueError("a cell has no trials that this can be measured on")
    return cell
