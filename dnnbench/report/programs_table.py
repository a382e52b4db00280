"""The table of linear and quadratic programs as text."""

from collections.abc import Callable, Sequence

from dnnbench.report.layout import lay_out
from dnnbench.report.optimum import CERTIFIED
from dnnbench.report.programs import ProgramRow
from dnnbench.report.rows import as_csv
from dnnbench.report.table import Format

_NOTHING = "-"
_LEFT = ("instance", "solver", "kind", "status", "budget")

NOTES = [
    "Medians over trials. KKT: the largest of the three relative residuals before it, all "
    "recomputed in float64. f error: |f - f*| / max(1, |f*|).",
    "s to: seconds until the KKT error was that small, read off the trace; - where most trials "
    "never were.",
]


def render_programs(rows: Sequence[ProgramRow], format: Format, *, width: int | None = None) -> str:
    """The table, ending in a newline; in CSV all figures are unrounded.

    Args:
        rows: from `program_rows`.
        format: for whom.
        width: of the terminal, in characters.
    """
    if format == "csv":
        return as_csv(rows, ProgramRow)
    cells = [[show(row) for show in _COLUMNS.values()] for row in rows]
    notes = [*NOTES, *_references(rows)]
    return lay_out([*_COLUMNS], cells, notes, format, left=_LEFT, width=width)


def _references(rows: Sequence[ProgramRow]) -> list[str]:
    """Where each f* is from."""
    said = []
    for (name, _), row in {(row.instance, row.optimum): row for row in rows}.items():
        if row.optimum is None:
            said.append(f"{name}: f* unknown, no KKT error on record is below {CERTIFIED:g}.")
        else:
            said.append(f"{name}: f* = {row.optimum:.10g}, by {row.optimum_by}.")
    return said


def _figure(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.1e}"


def _seconds(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3g}"


_COLUMNS: dict[str, Callable[[ProgramRow], str]] = {
    "instance": lambda row: row.instance,
    "solver": lambda row: row.solver,
    "kind": lambda row: row.kind,
    "trials": lambda row: str(row.trials),
    "f error": lambda row: _figure(row.objective_error),
    "primal": lambda row: _figure(row.relative_primal),
    "dual": lambda row: _figure(row.relative_dual),
    "gap": lambda row: _figure(row.relative_gap),
    "KKT": lambda row: _figure(row.kkt_error),
    "s to 1e-3": lambda row: _seconds(row.seconds_1e3),
    "1e-6": lambda row: _seconds(row.seconds_1e6),
    "1e-9": lambda row: _seconds(row.seconds_1e9),
    "status": lambda row: row.status,
    "budget": lambda row: row.budget,
}
