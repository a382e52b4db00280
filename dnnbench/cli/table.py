"""`dnnbench table`: records as a table."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnbench.cli.options import Instances, Results, Solvers, Where
from dnnbench.errors import UserError

if TYPE_CHECKING:
    from dnnbench.report.paper.spec import Spec
    from dnnbench.report.table import Format as Layout


class Format(StrEnum):
    """How a table is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    CSV = "csv"
    LATEX = "latex"
    HTML = "html"


def table(
    results: Results = Path("results"),
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="How to write it (default: terminal, or the report's own).",
            show_default=False,
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    instance: Instances = None,
    solver: Solvers = None,
    where: Where = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            help="Only the trials of this sweep, and which of them were not run.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            help="A paper's table: a name of configs/report, or a YAML file.", show_default=False
        ),
    ] = None,
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
    from dnnbench.cli.table_choice import of_experiment, read_report
    from dnnbench.records.environment import environment, fingerprint
    from dnnbench.report.aggregate import aggregate
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.optimum import reference_optima
    from dnnbench.report.paper.render import render_paper
    from dnnbench.report.programs import program_rows
    from dnnbench.report.programs_table import render_programs
    from dnnbench.report.rules import rule_rows
    from dnnbench.report.rules_table import render_rules
    from dnnbench.report.solved import solved_rows
    from dnnbench.report.solved_table import render_solved
    from dnnbench.report.table import render
    from dnnbench.report.wide import render_wide

    kinds = {"report": report, "wide": wide, "rules": rules, "solved": solved, "programs": programs}
    asked = [f"--{name}" for name, on in kinds.items() if on]
    if len(asked) > 1:
        raise UserError(f"{' and '.join(asked)} are different tables: choose one")
    spec = None if report is None else read_report(report)
    style = _format(format_, spec)
    width = shutil.get_terminal_size((160, 24)).columns if style == "terminal" else None
    store = open_store(results)
    words = [*(spec.where if spec else ()), *(where or ())]
    records = chosen_records(store, instance, solver, where=words)
    coverage = None
    if experiment is not None:
        records, coverage = of_experiment(
            store, experiment, records, instances=instance, solvers=solver, where=words
        )
    if spec is not None:
        text = render_paper(
            records, spec, registry_best_known, style, coverage=coverage, width=width
        )
    elif rules:
        by_rule = rule_rows(records)
        if not by_rule:
            raise UserError(f"no records of imaging problems in '{results}' match")
        text = render_rules(by_rule, style, width=width)
    elif solved:
        by_group = solved_rows(records)
        if not by_group:
            raise UserError(f"no records of problems with a goal (as sat) in '{results}' match")
        text = render_solved(by_group, style, width=width)
    elif programs:
        by_program = program_rows(records, reference_optima(store.records()))
        if not by_program:
            raise UserError(f"no records of programs (lp, qp) in '{results}' match")
        text = render_programs(by_program, style, width=width)
    else:
        rows = aggregate(records, registry_best_known, across=wide)
        show = render_wide if wide else render
        here = fingerprint(environment())
        text = show(rows, style, here=here, width=width, coverage=coverage)
    if coverage is not None and coverage.missing and (rules or solved or programs):
        typer.echo(f"dnnbench: {coverage.note()}", err=True)
    text = text.encode("utf-8", "backslashreplace").decode(
        "utf-8"
    )  # names may hold half characters
    if output is None:
        typer.echo(text, nl=False)
        return 0
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write '{output}': {error.strerror}") from None
    return 0


def _format(asked: Format | None, spec: "Spec | None") -> "Layout":
    """What was asked for, else the report's own."""
    if asked is not None:
        return asked.value
    return Format(spec.format).value if spec else Format.TERMINAL.value
