"""What of a matrix a table shows: its solvers and instances, in its order and under its names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.report.absent import Absent
from dnnbench.report.matrix import Instance, Matrix, Trial
from dnnbench.report.paper.joined import joined, without_records
from dnnbench.report.paper.spec import Printed, Spec

_SHA = re.compile(r"@[0-9a-f]{6}")


@dataclass(frozen=True)
class Line:
    """A solver.

    Attributes:
        name: in the records.
        shown: in the table, with what tells its variant from others.
        kind, taxonomy: of a solver without records those in its config; "" if it has none.
        cells: its trials on each instance; empty where none is on record.
        absent: on each instance, trials of the experiment that were not run.
        label: what tells its variant from the solver's others, else "".
    """

    name: str
    shown: str
    kind: str
    taxonomy: str
    cells: tuple[tuple[Trial, ...], ...]
    absent: tuple[int, ...]
    label: str = ""


@dataclass(frozen=True)
class Chosen:
    """What a table shows.

    Attributes:
        matrix: where it is from; of several problems that of all of them, side by side.
        instances: across, under both names.
        references: of each instance; None where no record is of it.
        lines: the solvers, in the table's order.
        planned: whether it is known which trials should have been run, so that a cell without
            records and absent trials is none of the experiment's.
    """

    matrix: Matrix
    instances: tuple[Printed, ...]
    references: tuple[Instance | None, ...]
    lines: tuple[Line, ...]
    planned: bool = False


def choose(
    matrices: Sequence[Matrix], spec: Spec, absent: Sequence[Absent] = (), planned: bool = False
) -> Chosen:
    """The part of the records that a table is about.

    Args:
        matrices: from `gather`.
        spec: the table.
        absent: trials of the experiment that were not run.
        planned: whether these are known to be all that are missing.

    Raises:
        UserError: there is no record of the problem, or its records have several settings of it.
    """
    matrix = _matrix(matrices, spec, absent)
    missing = Counter((t.instance, t.solver) for t in absent if t.problem in spec.problems)
    wanted = spec.instances or _on_record(matrix, missing)
    places = [_place(matrix, each.name) for each in wanted]

    def line(printed: Printed, row: int | None) -> Line:
        counts = tuple(missing[each.name, printed.name] for each in wanted)
        if row is None:
            kind, taxonomy = _described(printed.name)
            return Line(printed.name, printed.shown, kind, taxonomy, ((),) * len(places), counts)
        solver = matrix.solvers[row]
        shown = f"{printed.shown} ({solver.label})" if solver.label else printed.shown
        cells = tuple(() if at is None else matrix.cells[row][at] for at in places)
        return Line(printed.name, shown, solver.kind, solver.taxonomy, cells, counts, solver.label)

    lines: list[Line] = []
    for printed in spec.solvers or _solvers_of(matrix, missing):
        rows = [i for i, solver in enumerate(matrix.solvers) if solver.name == printed.name]
        lines += [line(printed, row) for row in rows] or [line(printed, None)]
    return Chosen(
        matrix=matrix,
        instances=tuple(wanted),
        references=tuple(None if at is None else matrix.instances[at] for at in places),
        lines=tuple(lines),
        planned=planned,
    )


def _matrix(matrices: Sequence[Matrix], spec: Spec, absent: Sequence[Absent]) -> Matrix:
    """The records of the table's problems as one matrix, without rows where none was run yet."""
    fitting = [matrix for matrix in matrices if matrix.problem in spec.problems]
    for problem in spec.problems:
        same = [matrix for matrix in fitting if matrix.problem == problem]
        if len(same) > 1:
            keys = dict.fromkeys(key for matrix in same for key in matrix.settings)
            differing = [k for k in keys if len({repr(m.settings.get(k)) for m in same}) > 1]
            raise UserError(
                f"report '{spec.name}': '{problem}' is on record with several settings; choose by "
                f"--where problem.{differing[0]}=VALUE"
            )
    if not fitting:
        planned = [each for each in spec.problems if any(t.problem == each for t in absent)]
        if not planned:
            raise UserError(
                f"report '{spec.name}': no records of problem '{', '.join(spec.problems)}' match"
            )
        fitting = [without_records(each) for each in planned]
    return joined(spec, fitting)


def _described(name: str) -> tuple[str, str]:
    """Kind and taxonomy of a solver in its config."""
    for group in ("method", "baseline"):
        if name in catalog.entries(group):
            about = catalog.entries(group)[name].about
            return str(about.get("kind") or ""), str(about.get("taxonomy") or "")
    return "", ""


def _on_record(matrix: Matrix, missing: Counter[tuple[str, str]]) -> tuple[Printed, ...]:
    """The instances on record and in the experiment, without their folders if still unique."""
    names = [instance.name for instance in matrix.instances] + [name for name, _ in missing]
    unique = list(dict.fromkeys(names))
    bare = {name: name.partition("/")[2] for name in unique}
    short = all(bare.values()) and len(set(bare.values())) == len(unique)
    return tuple(Printed(name, bare[name] if short else name) for name in unique)


def _solvers_of(matrix: Matrix, missing: Counter[tuple[str, str]]) -> list[Printed]:
    names = [solver.name for solver in matrix.solvers] + [solver for _, solver in missing]
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
