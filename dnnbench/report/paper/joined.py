"""The matrices of several problems side by side, where one metric measures all of them."""

from collections.abc import Sequence
from itertools import chain

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.report.matrix import Matrix, Solver, Trial
from dnnbench.report.paper.spec import Spec


def joined(spec: Spec, matrices: Sequence[Matrix]) -> Matrix:
    """One matrix with the instances of all, in the order of the table's problems.

    A row is a solver with its label; where a solver was not run on a problem its cells are empty.

    Args:
        spec: the table.
        matrices: one a problem; of a single one nothing is changed.

    Raises:
        UserError: their metrics differ, or an instance is on record under several of them.
    """
    ordered = sorted(matrices, key=lambda matrix: spec.problems.index(matrix.problem))
    first = ordered[0]
    if len(ordered) == 1:
        return first
    metrics = dict.fromkeys(f"{matrix.metric} ({matrix.sense})" for matrix in ordered)
    if len(metrics) > 1:
        raise UserError(f"report '{spec.name}': a table has one metric, not {', '.join(metrics)}")
    names = [instance.name for matrix in ordered for instance in matrix.instances]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"report '{spec.name}': '{twice[0]}' is on record under several problems")
    rows = {_key(solver): solver for matrix in ordered for solver in matrix.solvers}
    settings = [dict(matrix.settings) for matrix in ordered]
    return Matrix(
        problem=", ".join(matrix.problem for matrix in ordered),
        metric=first.metric,
        sense=first.sense,
        settings=settings[0] if all(each == settings[0] for each in settings) else {},
        solvers=tuple(rows[key] for key in sorted(rows)),
        instances=tuple(chain.from_iterable(matrix.instances for matrix in ordered)),
        cells=tuple(
            tuple(chain.from_iterable(_row(matrix, key) for matrix in ordered))
            for key in sorted(rows)
        ),
        superseded=sum(matrix.superseded for matrix in ordered),
    )


def without_records(problem: str) -> Matrix:
    """The matrix of a problem of which nothing was run, in the terms of its config.

    Raises:
        UserError: there is no such problem.
    """
    about = catalog.entry("problem", problem).about
    return Matrix(problem, about["metric"], about["sense"], {}, (), (), (), 0)


def _key(solver: Solver) -> tuple[bool, str, str]:
    """Methods before baselines, by name: the order of `gather`."""
    return (solver.role == "baseline", solver.name, solver.label)


def _row(matrix: Matrix, key: tuple[bool, str, str]) -> tuple[tuple[Trial, ...], ...]:
    for solver, cells in zip(matrix.solvers, matrix.cells, strict=True):
        if _key(solver) == key:
            return cells
    return ((),) * len(matrix.instances)
