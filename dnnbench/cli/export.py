"""`dnnbench export`: the records as CSV, Parquet or JSON."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli.options import Results
from dnnbench.errors import UserError


class Format(StrEnum):
    """How records are written."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"


def export(
    results: Results = Path("results"),
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write.")] = Format.CSV,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write.", show_default=False)
    ] = None,
    traces: Annotated[
        bool, typer.Option("--traces", help="One row for each row of each trace instead.")
    ] = False,
) -> int:
    """Write all records as one flat table, trial_id first (docs/records.md has the columns)."""
    from dnnbench.cli.selection import open_store
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.export import frame, trace_frame, write
    from dnnbench.report.export_schema import RECORDS, TRACES

    store = open_store(results)
    table = trace_frame(store.records()) if traces else frame(store.records(), registry_best_known)
    if table.empty:
        what = "traces" if traces else "records"
        raise UserError(f"no {what} in '{results}'")
    text = write(table, format_.value, output, TRACES if traces else RECORDS)
    if text is not None:
        typer.echo(text, nl=False)
    return 0
