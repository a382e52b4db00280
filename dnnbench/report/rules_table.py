"""The table of stopping rules as text."""

from collections.abc import Callable, Sequence

from dnnbench.report.layout import lay_out
from dnnbench.report.rows import as_csv
from dnnbench.report.rules import RuleRow
from dnnbench.report.table import Format

_NOTHING = "-"
_LEFT = ("problem", "solver", "rule")

NOTES = [
    "PSNR in dB; mean over pictures of their means over seeds, ± half the 95 % bootstrap interval "
    "over pictures (over seeds where there is one picture).",
    "loss: the oracle's PSNR minus the rule's on the same trajectory, dB; median and worst over "
    "trials. steps: medians. The oracle (oracle_psnr) needs the clean picture; no rule sees it.",
]


def render_rules(rows: Sequence[RuleRow], format: Format, *, width: int | None = None) -> str:
    """The table, ending in a newline; in CSV all figures are unrounded.

    Args:
        rows: from `rule_rows`.
        format: for whom.
        width: of the terminal, in characters.
    """
    if format == "csv":
        return as_csv(rows, RuleRow)
    cells = [[show(row) for show in _COLUMNS.values()] for row in rows]
    return lay_out([*_COLUMNS], cells, NOTES, format, left=_LEFT, width=width)


def _with_interval(mean: float | None, half: float | None, decimals: int) -> str:
    if mean is None:
        return _NOTHING
    text = f"{mean:.{decimals}f}"
    return text if half is None else f"{text} ± {half:.{decimals}f}"


def _figure(value: float | None, decimals: int = 2) -> str:
    return _NOTHING if value is None else f"{value:.{decimals}f}"


_COLUMNS: dict[str, Callable[[RuleRow], str]] = {
    "problem": lambda row: row.problem,
    "solver": lambda row: row.solver,
    "rule": lambda row: row.rule,
    "pictures": lambda row: str(row.pictures),
    "trials": lambda row: str(row.trials),
    "PSNR": lambda row: _with_interval(row.psnr, row.half_width, 2),
    "SSIM": lambda row: _figure(row.ssim, 3),
    "loss": lambda row: _with_interval(row.loss, row.loss_half_width, 2),
    "median": lambda row: _figure(row.median_loss),
    "worst": lambda row: _figure(row.worst_loss),
    "step": lambda row: _figure(row.step, 0),
    "oracle's": lambda row: _figure(row.oracle_step, 0),
    "stopped": lambda row: _NOTHING if row.stopped is None else f"{100 * row.stopped:.0f} %",
}
