"""`dnnbench accept`: what the gate has found becomes its reference."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli.regress import BASELINE, BaselineOption, Format, FormatOption, print_verdict
from dnnbench.errors import UserError


def accept(
    results: Annotated[
        Path, typer.Option("--results", help="Folder of the run to accept.", show_default=False)
    ],
    baseline: BaselineOption = BASELINE,
    experiment: Annotated[
        str | None,
        typer.Option(help="Which, if several were started in --results.", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    format_: FormatOption = Format.TERMINAL,
) -> int:
    """Show what changes, ask, and put a run in the place of the reference."""
    from dnnbench.studies.regress.judge import judge
    from dnnbench.studies.regress.reference import (
        check_complete,
        read_reference,
        read_side,
        replace_reference,
    )
    from dnnbench.sweep import manifest

    side = read_side(results, experiment, "the run in")
    check_complete(side)
    if manifest.names(baseline):
        try:
            reference = read_reference(baseline)
            print_verdict(judge(reference, side), reference, side, format_)
        except UserError as error:  # as other budgets, or a damaged file: reasons to replace it
            typer.echo(f"the reference cannot be compared with this run: {error}", err=True)
    failed = sum(not r.status.succeeded(r.value is not None) for r in side.records)
    if failed:
        typer.echo(
            f"{failed} of {len(side.records)} trials failed; they would be accepted", err=True
        )
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("accept asks before it replaces a reference: give --yes to answer now")
        if not typer.confirm(f"Replace {baseline}?", err=True):
            typer.echo("nothing was changed", err=True)
            return 1
    replace_reference(baseline, results, side)
    typer.echo(f"{baseline}: {len(side.records)} records of {side.experiment.name}", err=True)
    return 0
