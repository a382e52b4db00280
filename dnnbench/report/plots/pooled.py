"""The matrices of several problems as one: a row a solver, a column an instance of a problem."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields

from dnnbench.problems.base import Sense
from dnnbench.report.matrix import Matrix, Trial


@dataclass(frozen=True)
class Column:
    """An instance under a problem.

    Attributes:
        name: of the instance; with the problem where the name alone is not unique.
        problem, metric, sense: of the problem.
        best: the best value known or on record; None if there is neither.
    """

    name: str
    problem: str
    metric: str
    sense: Sense
    best: int | float | None


@dataclass(frozen=True)
class Pooled:
    """What figures that compare solvers are drawn from.

    Attributes:
        solvers: their names with what tells variants apart.
        columns: instances.
        cells: [solvers][columns][seeds]; an empty one was not run.
    """

    solvers: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: tuple[tuple[tuple[Trial, ...], ...], ...]

    def common(self) -> "Pooled":
        """Only the instances that every solver has run.

        Raises:
            ValueError: there is none.
        """
        kept = [i for i in range(len(self.columns)) if all(row[i] for row in self.cells)]
        if not kept:
            row, lacks = max(enumerate(self.cells), key=lambda pair: pair[1].count(()))
            raise ValueError(
                f"no instance that all {len(self.solvers)} solvers have run "
                f"({self.solvers[row]} lacks {lacks.count(())} of {len(self.columns)}): choose "
                "solvers with --solver"
            )
        return with_fields(
            self,
            columns=tuple(self.columns[i] for i in kept),
            cells=tuple(tuple(row[i] for i in kept) for row in self.cells),
        )


def pool(matrices: Sequence[Matrix]) -> Pooled:
    """The matrices side by side, rows of the same solver joined.

    Rows that differ only in their budgets are one if no instance has both: there the budget
    belongs to the instance, as where larger ones are given more time.
    """
    found: dict[str, dict[int, tuple[Trial, ...]]] = {}
    columns: list[Column] = []
    names = Counter(i.name for m in matrices for i in m.instances)
    for matrix in matrices:
        said = [f"{k}={v}" for k, v in _differing(matrix, matrices).items()]
        for place, instance in enumerate(matrix.instances):
            name = instance.name
            if names[name] > 1:
                name = ", ".join([matrix.problem, *said, name])
            column = Column(name, matrix.problem, matrix.metric, matrix.sense, instance.best)
            for solver, row in zip(matrix.solvers, matrix.cells, strict=True):
                found.setdefault(solver.text, {})[len(columns)] = row[place]
            columns.append(column)
    rows = _joined(found)
    return Pooled(
        tuple(rows),
        tuple(columns),
        tuple(tuple(row.get(i, ()) for i in range(len(columns))) for row in rows.values()),
    )


def _differing(matrix: Matrix, matrices: Sequence[Matrix]) -> dict[str, object]:
    """The settings in which a problem differs from its other matrices."""
    same = [m.settings for m in matrices if m.problem == matrix.problem]
    return {k: v for k, v in matrix.settings.items() if any(s.get(k) != v for s in same)}


def _joined(
    rows: dict[str, dict[int, tuple[Trial, ...]]],
) -> dict[str, dict[int, tuple[Trial, ...]]]:
    """The rows; those that differ only in their budgets are one if they share no cell."""
    groups: dict[str, list[str]] = {}
    for text in rows:
        groups.setdefault(_without_budget(text), []).append(text)
    joined: dict[str, dict[int, tuple[Trial, ...]]] = {}
    for bare, texts in groups.items():
        run = [i for text in texts for i, cell in rows[text].items() if cell]
        if len(run) > len(set(run)):
            joined |= {text: rows[text] for text in texts}
        else:
            joined[bare] = {i: c for text in texts for i, c in rows[text].items() if c}
    return joined


def _without_budget(text: str) -> str:
    """`walksat (noise=0.5)` of `walksat (noise=0.5, budget.seconds=20.0)`."""
    name, bracket, label = text.partition(" (")
    parts = label.removesuffix(")").split(", ") if bracket else []
    kept = [part for part in parts if not part.startswith("budget.")]
    return f"{name} ({', '.join(kept)})" if kept else name
