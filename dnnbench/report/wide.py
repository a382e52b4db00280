"""A compact table: one row a solver, one column an instance."""

import csv
import io
import statistics
from collections.abc import Sequence

from dnnbench.report.absent import NOT_RUN, Coverage, absent_cells
from dnnbench.report.aggregate import Row, natural
from dnnbench.report.layout import lay_out
from dnnbench.report.table import Format, footnotes, mean_text, percent_text, solver_text

_NOTHING = "-"


def render_wide(
    rows: Sequence[Row],
    format: Format,
    *,
    here: str | None = None,
    width: int | None = None,
    coverage: Coverage | None = None,
) -> str:
    """The table, ending in a newline: mean over seeds, and its gap to the best known in per cent.

    Solvers stand in the order of their mean gap over the instances that all of a problem's solvers
    have run; a dash is a cell that was not run or failed.

    Args:
        rows: from `aggregate`.
        format: for whom.
        here: this machine's fingerprint; None marks nothing.
        width: of the terminal, in characters.
        coverage: of the experiment that the table is about; its trials that were not run are rows
            of their own.
    """
    absent = absent_cells(() if coverage is None else coverage.absent)
    names = {row.instance for row in rows} | {instance for _, instance, _ in absent}
    instances = sorted(names, key=natural)
    solvers: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        solvers.setdefault((row.problem, solver_text(row, here)), {})[row.instance] = row
    common = [i for i in instances if all(i in found for found in solvers.values())]
    ordered = sorted(solvers.items(), key=lambda item: (item[0][0], _mean_gap(item[1], common)))
    if format == "csv":
        return _csv(ordered, instances)
    header = ["solver", "kind", "seeds", *instances, "mean gap %"]
    cells = []
    for (_, name), found in ordered:
        first = next(iter(found.values()))
        seeds = {row.seeds for row in found.values()}
        gap = _mean_gap(found, common)
        cells.append(
            [
                name,
                first.kind,
                str(min(seeds)) if len(seeds) == 1 else f"{min(seeds)}-{max(seeds)}",
                *(_cell(found.get(instance)) for instance in instances),
                percent_text(gap) if common and gap < float("inf") else _NOTHING,
            ]
        )
    for problem, solver in sorted({(problem, solver) for problem, _, solver in absent}):
        counts = [absent[problem, instance, solver] for instance in instances]
        texts = [f"{count} {NOT_RUN}" if count else "" for count in counts]
        cells.append([solver, _NOTHING, _NOTHING, *texts, _NOTHING])
    notes = [
        "value: mean over seeds after polish (gap to the best known, %); mean gap over "
        f"{', '.join(common) or 'no common instance'}.",
        *footnotes(rows, here),
        *([] if coverage is None else [coverage.note()]),
    ]
    return lay_out(header, cells, notes, format, left=("solver", "kind"), width=width)


def _cell(row: Row | None) -> str:
    if row is None or row.mean is None:
        return _NOTHING
    return mean_text(row) + (f" ({percent_text(row.gap_mean)})" if row.gap_mean is not None else "")


def _mean_gap(found: dict[str, Row], common: Sequence[str]) -> float:
    gaps = [found[i].gap_mean for i in common if i in found]
    known = [gap for gap in gaps if gap is not None]
    return statistics.fmean(known) if known and len(known) == len(gaps) else float("inf")


def _csv(
    ordered: Sequence[tuple[tuple[str, str], dict[str, Row]]], instances: Sequence[str]
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["problem", "solver", "kind", *instances])
    for (problem, name), found in ordered:
        kind = next(iter(found.values())).kind
        means = (found[i].mean if i in found else None for i in instances)
        writer.writerow([problem, name, kind, *("" if m is None else m for m in means)])
    return text.getvalue()
