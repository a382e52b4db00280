"""The table of what is solved as text."""

from collections.abc import Callable, Sequence

from dnnbench.report.layout import lay_out
from dnnbench.report.rows import as_csv
from dnnbench.report.solved import SolvedRow
from dnnbench.report.table import Format

_NOTHING = "-"
_LEFT = ("problem", "group", "solver", "kind")

_NOTES = (
    "solved: trials that reached the goal or ended with a proof, of all trials, failures included; "
    "95 % interval by Wilson, which takes trials as independent (seeds of one instance are not "
    "quite).",
    "before polish: trials at the goal before the named polish. proved: of the solved, how many "
    "ended with a proof (that a formula is unsatisfiable, or an answer the best). median s: "
    "seconds of solving over the solved. PAR2: mean seconds, unsolved trials as twice the budget. "
    "unsolved: mean value of the unsolved trials' answers.",
)


def render_solved(rows: Sequence[SolvedRow], format: Format, *, width: int | None = None) -> str:
    """The table, ending in a newline; in CSV all figures are unrounded and shares are fractions.

    Args:
        rows: from `solved_rows`.
        format: for whom.
        width: of the terminal, in characters.
    """
    if format == "csv":
        return as_csv(rows, SolvedRow)
    cells = [[show(row) for show in _COLUMNS.values()] for row in rows]
    return lay_out([*_COLUMNS], cells, _notes(rows), format, left=_LEFT, width=width)


def _notes(rows: Sequence[SolvedRow]) -> list[str]:
    """What the figures mean and hold for."""
    metrics = sorted({f"{row.problem}: {row.metric}" for row in rows})
    budgets = dict.fromkeys(row.budget for row in rows)
    hardware = dict.fromkeys(row.hardware for row in rows)
    lines = [
        f"{' | '.join(metrics)}. Budget: {' | '.join(budgets)}. Hardware: {' | '.join(hardware)}.",
        *_NOTES,
    ]
    refuted = sorted({row.solver for row in rows if row.refuted})
    if refuted:
        lines.append(f"Refuted by an answer on record: proofs of {', '.join(refuted)}.")
    return lines


def _share(row: SolvedRow) -> str:
    return f"{100 * row.share:.0f} % ({100 * row.low:.0f}-{100 * row.high:.0f})"


def _figure(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3g}"


_COLUMNS: dict[str, Callable[[SolvedRow], str]] = {
    "problem": lambda row: row.problem,
    "group": lambda row: row.group,
    "solver": lambda row: f"{row.solver} ({row.label})" if row.label else row.solver,
    "kind": lambda row: row.kind,
    "instances": lambda row: str(row.instances),
    "trials": lambda row: str(row.trials),
    "solved": _share,
    "before polish": lambda row: str(row.before_polish),
    "proved": lambda row: str(row.proved),
    "median s": lambda row: _figure(row.median_seconds),
    "PAR2": lambda row: _figure(row.par2),
    "unsolved": lambda row: _figure(row.mean_unsolved),
    "failed": lambda row: str(row.failed),
}
