"""From records and a description to a paper's table as text."""

from collections.abc import Sequence

from dnnbench.records.schema import Record
from dnnbench.report.absent import Coverage
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.gather import gather
from dnnbench.report.layout import write
from dnnbench.report.paper.notes import notes
from dnnbench.report.paper.selection import choose
from dnnbench.report.paper.spec import Spec
from dnnbench.report.paper.table import as_csv, grid, paper
from dnnbench.report.solved import solved_rows
from dnnbench.report.table import Format


def render_paper(
    records: Sequence[Record],
    spec: Spec,
    best_known: BestKnownLookup,
    format: Format,
    *,
    coverage: Coverage | None = None,
    width: int | None = None,
) -> str:
    """The table, ending in a newline.

    Args:
        records: that it may be made of; those of other problems, solvers and instances are not.
        spec: the table.
        best_known: best value of an instance under a problem, or None.
        format: for whom.
        coverage: of the experiment, if it is about one.
        width: of the terminal, in characters.

    Raises:
        UserError: the table has neither records nor trials that were not run, or there are records
            of several settings of a problem.
    """
    own = [record for record in records if _belongs(record, spec)]
    absent = () if coverage is None else coverage.absent
    solved = solved_rows(own) if {"solved", "par2"} & set(spec.columns) else ()
    planned = coverage is not None and coverage.known
    figures = paper(choose(gather(own, best_known), spec, absent, planned), solved)
    if format == "csv":
        return as_csv(figures)
    type_faces = format != "terminal"
    lines = notes(figures, spec, own, coverage, type_faces=type_faces)
    return write(grid(figures, spec, lines), format, width)


def _belongs(record: Record, spec: Spec) -> bool:
    solvers = {each.name for each in spec.solvers}
    instances = {each.name for each in spec.instances}
    return (
        record.problem in spec.problems
        and (not solvers or record.solver in solvers)
        and (not instances or record.instance in instances)
    )
