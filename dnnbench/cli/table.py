"""`dnnbench table`: records as a table."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.errors import UserError


class Format(StrEnum):
    """How a table is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"


def table(
    results: Annotated[Path, typer.Argument(help="Folder of the records.")] = Path("results"),
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to write it.")
    ] = Format.TERMINAL,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    instance: Annotated[
        list[str] | None, typer.Option(help="Only these instances.", show_default=False)
    ] = None,
    solver: Annotated[
        list[str] | None, typer.Option(help="Only these solvers.", show_default=False)
    ] = None,
) -> int:
    """Mean and 95 % interval over seeds, best, gap, kind: one row a solver and instance."""
    from dnnbench.records.environment import environment, fingerprint
    from dnnbench.records.store import Store
    from dnnbench.report.aggregate import aggregate
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.table import render

    if not results.is_dir():
        raise UserError(f"no results folder '{results}'; name the one given to results=DIR")
    store = Store(results, on_problem=lambda text: typer.echo(f"dnnbench: {text}", err=True))
    records = [
        r
        for r in store.records()
        if (not instance or r.instance in instance) and (not solver or r.solver in solver)
    ]
    if not records:
        raise UserError(f"no records in '{results}' match")
    rows = aggregate(records, registry_best_known)
    width = shutil.get_terminal_size((160, 24)).columns if format_ is Format.TERMINAL else None
    text = render(rows, format_.value, here=fingerprint(environment()), width=width)
    if output is None:
        typer.echo(text, nl=False)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write '{output}': {error.strerror}") from None
    return 0
