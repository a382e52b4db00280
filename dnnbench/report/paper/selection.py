"""What of a matrix a table shows: its solvers and instances, in its order and under its names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dnnbench.errors import UserError
from dnnbench.report.absent import Absent, absent_cells
from dnnbench.report.matrix import Instance, Matrix, Trial
from dnnbench.report.paper.spec import Printed, Spec

_SHA = re.compile(r"@[0-9a-f]{6}")


@dataclass(frozen=True)
class Line:
    """A solver.

    Attributes:
        name: in the records.
        shown: in the table, with what tells its variant from others.
        kind, taxonomy: "" where no record says.
        cells: its trials on each instance; empty where none is on record.
        absent: on each instance, trials of the experiment that were not run.
    """

    name: str
    shown: str
    kind: str
    taxonomy: str
    cells: tuple[tuple[Trial, ...], ...]
    absent: tuple[int, ...]


@dataclass(frozen=True)
class Chosen:
    """What a table shows.

    Attributes:
        matrix: where it is from.
        instances: across, under both names.
        references: of each instance; None where no record is of it.
        lines: the solvers, in the table's order.
    """

    matrix: Matrix
    instances: tuple[Printed, ...]
    references: tuple[Instance | None, ...]
    lines: tuple[Line, ...]


def choose(matrices: Sequence[Matrix], spec: Spec, absent: Sequence[Absent] = ()) -> Chosen:
    """The part of the records that a table is about.

    Args:
        matrices: from `gather`.
        spec: the table.
        absent: trials of the experiment that were not run.

    Raises:
        UserError: there is no record of the problem, or its records have several settings of it.
    """
    fitting = [matrix for matrix in matrices if matrix.problem == spec.problem]
    if not fitting:
        raise UserError(f"report '{spec.name}': no records of problem '{spec.problem}' match")
    if len(fitting) > 1:
        keys = dict.fromkeys(key for matrix in fitting for key in matrix.settings)
        differing = [
            k for k in keys if len({repr(matrix.settings.get(k)) for matrix in fitting}) > 1
        ]
        raise UserError(
            f"report '{spec.name}': '{spec.problem}' is on record with several settings; choose by "
            f"--where problem.{differing[0]}=VALUE"
        )
    (matrix,) = fitting
    missing = absent_cells(absent)
    wanted = spec.instances or _on_record(matrix, missing)
    places = [_place(matrix, each.name) for each in wanted]

    def line(printed: Printed, row: int | None) -> Line:
        counts = tuple(missing[spec.problem, each.name, printed.name] for each in wanted)
        if row is None:
            return Line(printed.name, printed.shown, "", "", ((),) * len(places), counts)
        solver = matrix.solvers[row]
        shown = f"{printed.shown} ({solver.label})" if solver.label else printed.shown
        cells = tuple(() if at is None else matrix.cells[row][at] for at in places)
        return Line(printed.name, shown, solver.kind, solver.taxonomy, cells, counts)

    lines: list[Line] = []
    for printed in spec.solvers or _solvers_of(matrix, missing, spec.problem):
        rows = [i for i, solver in enumerate(matrix.solvers) if solver.name == printed.name]
        lines += [line(printed, row) for row in rows] or [line(printed, None)]
    return Chosen(
        matrix=matrix,
        instances=tuple(wanted),
        references=tuple(None if at is None else matrix.instances[at] for at in places),
        lines=tuple(lines),
    )


def _on_record(matrix: Matrix, missing: dict[tuple[str, str, str], int]) -> tuple[Printed, ...]:
    """The instances on record and in the experiment, without their folder where all share one."""
    names = [instance.name for instance in matrix.instances]
    names += [name for problem, name, _ in missing if problem == matrix.problem]
    unique = list(dict.fromkeys(names))
    folders = {name.partition("/")[0] for name in unique}
    short = len(folders) == 1 and all("/" in name for name in unique)
    return tuple(Printed(name, name.partition("/")[2] if short else name) for name in unique)


def _solvers_of(
    matrix: Matrix, missing: dict[tuple[str, str, str], int], problem: str
) -> list[Printed]:
    names = [solver.name for solver in matrix.solvers]
    names += [solver for its, _, solver in missing if its == problem]
    return [Printed(name, name) for name in dict.fromkeys(names)]


def _place(matrix: Matrix, name: str) -> int | None:
    """Where an instance stands in the matrix.

    Raises:
        UserError: two files of that name are on record.
    """
    known = [instance.name for instance in matrix.instances]
    if name in known:
        return known.index(name)
    if any(_SHA.fullmatch(each.removeprefix(name)) for each in known if each.startswith(name)):
        raise UserError(f"two different files are on record as instance '{name}'")
    return None
