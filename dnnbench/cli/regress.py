"""`dnnbench regress`: a small sweep held against its reference; ends with 1 on a regression."""

import shutil
import signal
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from dnnbench.cli import places, plugin_option
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.errors import UserError

if TYPE_CHECKING:
    from dnnbench.report.differences.units import Margins
    from dnnbench.studies.regress.judge import Side, Verdict
    from dnnbench.studies.regress.run import Plan
    from dnnbench.sweep.campaign import Summary


class Format(StrEnum):
    """How the verdict is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


BASELINE = Path("results/reference/ci")
BaselineOption = Annotated[Path, typer.Option("--baseline", help="Folder of the reference.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to write it.")]
MarginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--margin",
        help="What does not matter: a fraction of values (0.002), or decades=0.002, "
        "decibels=0.05, time=0.2.",
        show_default=False,
    ),
]
LevelOption = Annotated[float, typer.Option("--level", help="Probability of a false alarm.")]


def regress(
    baseline: BaselineOption = BASELINE,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run's records (default: one under results/regress for this very "
            "state of the code); a run that was interrupted goes on there.",
            show_default=False,
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(help="Name or YAML file (default: the reference's).", show_default=False),
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Run nothing: judge what is on record in --results.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Run only, for a first reference: judge nothing.")
    ] = False,
    margin: MarginOption = None,
    level: LevelOption = 0.05,
    no_speed: Annotated[bool, typer.Option("--no-speed", help="Judge answers only.")] = False,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Fail also if a value does not repeat exactly, where it should."
        ),
    ] = False,
    format_: FormatOption = Format.TERMINAL,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Run a small sweep and hold its answers, and where possible its speed, against a reference.

    Exit code 0 if nothing is worse, 1 on a regression.
    """
    check_level(level)
    if stored and (record or results is None):
        raise UserError("--stored judges records: name their folder with --results, run nothing")
    margins = gate_margins(margin or ())
    plugin_option.load(plugin)

    from dnnbench.studies.regress.judge import judge
    from dnnbench.studies.regress.reference import read_reference, read_side
    from dnnbench.studies.regress.run import default_results, plan

    reference = None if record and experiment else read_reference(baseline)
    name = Path(experiment).stem if experiment else None
    folder = results or default_results()
    if not stored:
        planned = plan(
            experiment,
            None if reference is None else reference.experiment,
            folder,
            data_dir=places.data_dir(),
            cache_dir=places.cache_dir(),
        )
        name = planned.request.name
        if _execute(planned, quiet).interrupted:
            typer.echo("interrupted; the same command goes on", err=True)
            return 130
    where = f"--baseline {baseline} --results {folder}"
    if reference is None or record:
        typer.echo(f"on record in {folder}; to make it the reference: dnnbench accept {where}")
        return 0
    side = read_side(folder, name or _same_name(folder, reference.experiment.name), "the run in")
    verdict = judge(reference, side, margins=margins, level=level, speed=not no_speed)
    print_verdict(verdict, reference, side, format_)
    if verdict.reasons or (exact and verdict.exact and verdict.changed):
        typer.echo(f"if this is meant: dnnbench accept {where}", err=True)
        return 1
    return 0


def check_level(level: float) -> None:
    """Raise `UserError` if it is no probability."""
    if not 0 < level < 1:
        raise UserError(f"--level {level:g}: choose a probability between 0 and 1")


def gate_margins(words: Sequence[str]) -> "Margins":
    """The gate's margins, with those that `[UNIT=]NUMBER` words set instead."""
    from dnnbench.cli.diff import Metric, read_margins
    from dnnbench.studies.regress.judge import MARGINS

    return read_margins(list(words), Metric.QUALITY, MARGINS)


def print_verdict(verdict: "Verdict", reference: "Side", run: "Side", format_: Format) -> None:
    """The verdict and its tables, on standard output."""
    from dnnbench.report.differences.as_data import Names
    from dnnbench.studies.regress.render import render

    columns = shutil.get_terminal_size((160, 24)).columns
    width = columns if format_ is Format.TERMINAL else None
    names = Names(reference.name, run.name)
    typer.echo(render(verdict, format_.value, names, width=width), nl=False)


def _same_name(folder: Path, name: str) -> str | None:
    """The reference's experiment if the folder has it, else the only one there."""
    from dnnbench.sweep import manifest

    return name if name in manifest.names(folder) else None


def _execute(planned: "Plan", quiet: bool) -> "Summary":
    """Run with a display; SIGTERM ends it like Ctrl-C."""
    from dnnbench.cli.progress import Progress
    from dnnbench.studies.regress.run import run

    def terminate(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        with Progress(len(planned.found.left), quiet) as shown:
            return run(planned, shown.started, shown.ended)
    finally:
        signal.signal(signal.SIGTERM, before)
