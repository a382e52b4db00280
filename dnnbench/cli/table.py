"""`dnnbench table`: records as a table."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli.options import Instances, Results, Solvers, Where
from dnnbench.errors import UserError


class Format(StrEnum):
    """How a table is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"


def table(
    results: Results = Path("results"),
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to write it.")
    ] = Format.TERMINAL,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    instance: Instances = None,
    solver: Solvers = None,
    where: Where = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="One row a solver, one column an instance.")
    ] = False,
    rules: Annotated[
        bool, typer.Option("--rules", help="Imaging: what each stopping rule returned.")
    ] = False,
    solved: Annotated[
        bool, typer.Option("--solved", help="Satisfiability: how many instances are solved.")
    ] = False,
    programs: Annotated[
        bool, typer.Option("--programs", help="lp and qp: residuals, objective error, times.")
    ] = False,
) -> int:
    """Mean and 95 % interval over seeds, best, gap, kind: one row a solver and instance."""
    from dnnbench.cli.selection import chosen_records, open_store
    from dnnbench.records.environment import environment, fingerprint
    from dnnbench.report.aggregate import aggregate
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.optimum import reference_optima
    from dnnbench.report.programs import program_rows
    from dnnbench.report.programs_table import render_programs
    from dnnbench.report.rules import rule_rows
    from dnnbench.report.rules_table import render_rules
    from dnnbench.report.solved import solved_rows
    from dnnbench.report.solved_table import render_solved
    from dnnbench.report.table import render
    from dnnbench.report.wide import render_wide

    store = open_store(results)
    records = chosen_records(store, instance, solver, where=where)
    width = shutil.get_terminal_size((160, 24)).columns if format_ is Format.TERMINAL else None
    if rules:
        by_rule = rule_rows(records)
        if not by_rule:
            raise UserError(f"no records of imaging problems in '{results}' match")
        text = render_rules(by_rule, format_.value, width=width)
    elif solved:
        by_group = solved_rows(records)
        if not by_group:
            raise UserError(f"no records of problems with a goal (as sat) in '{results}' match")
        text = render_solved(by_group, format_.value, width=width)
    elif programs:
        by_program = program_rows(records, reference_optima(store.records()))
        if not by_program:
            raise UserError(f"no records of programs (lp, qp) in '{results}' match")
        text = render_programs(by_program, format_.value, width=width)
    else:
        rows = aggregate(records, registry_best_known, across=wide)
        show = render_wide if wide else render
        text = show(rows, format_.value, here=fingerprint(environment()), width=width)
    if output is None:
        typer.echo(text, nl=False)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write '{output}': {error.strerror}") from None
    return 0
