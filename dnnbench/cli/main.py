"""Entry point: the Typer app, and where errors become one line and an exit code."""

import os
import sys
from typing import Annotated, Any

import typer

import dnnbench
from dnnbench.cli import (
    accept,
    check,
    compare,
    data,
    diff,
    doctor,
    export,
    landscape,
    listing,
    paper,
    plot,
    regress,
    rerun,
    run,
    show,
    stack,
    sweep,
    table,
)
from dnnbench.errors import UserError

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130

# Wrong use of options and arguments; Typer exports only the leaves of this hierarchy.
_ClickError: Any = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="dnnbench",
    help=(
        "Benchmark dataless neural networks against classical solvers.\n\n"
        "Start with: dnnbench run method=pi_gnn problem=maxcut"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(dnnbench.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Options before the verb."""
    del version


app.command("run")(run.run)
app.command("list")(listing.list_)
app.command("show")(show.show)
app.command("sweep")(sweep.sweep)
app.command("resume")(sweep.resume)
app.command("status")(sweep.status)
app.command("compare")(compare.compare)
app.command("diff")(diff.diff)
app.command("regress")(regress.regress)
app.command("accept")(accept.accept)
app.command("table")(table.table)
app.command("plot")(plot.plot)
app.command("paper")(paper.paper)
app.command("landscape")(landscape.landscape)
app.command("stack")(stack.stack)
app.command("export")(export.export)
app.command("rerun")(rerun.rerun)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.add_typer(data.app, name="data")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit 0 done, 1 trial failed, 2 wrong use, 130 interrupted."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = app(arguments, prog_name="dnnbench", standalone_mode=False)
    except UserError as error:
        typer.echo(f"dnnbench: {error}", err=True)
        return EXIT_USAGE
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("dnnbench: interrupted", err=True)
        return EXIT_INTERRUPTED
    except typer.Exit as leaving:
        return leaving.exit_code
    except _ClickError as error:
        _show_usage_error(error)
        return EXIT_USAGE
    except (BrokenPipeError, SystemExit) as leaving:
        # Click turns a broken pipe into an exit with 1, which would say that a trial failed.
        if not isinstance(leaving.__context__ or leaving, BrokenPipeError):
            raise
        # The reader (`| head`) has left; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_OK
    return result if isinstance(result, int) else EXIT_OK


def _show_usage_error(error: Any) -> None:
    """One line on what is wrong, one on where help is; without arguments, the help itself."""
    if type(error).__name__ == "NoArgsIsHelpError":
        if error.format_message():  # with rich, Typer has printed the help already
            error.show()
        return
    typer.echo(f"dnnbench: {error.format_message()}", err=True)
    if error.ctx is not None:
        typer.echo(f"Try '{error.ctx.command_path} --help' for help.", err=True)


if __name__ == "__main__":
    main()
