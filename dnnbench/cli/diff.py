"""`dnnbench diff`: what one set of records does better or worse than another."""

import math
import shutil
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dnnbench.cli.options import Where
from dnnbench.errors import UserError, unknown

if TYPE_CHECKING:
    from dnnbench.report.differences.units import Margins


class Format(StrEnum):
    """How differences are written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    CSV = "csv"
    JSON = "json"


class Metric(StrEnum):
    """What is compared."""

    QUALITY = "quality"
    TIME = "time"


class FailOn(StrEnum):
    """What ends with 1."""

    NEVER = "never"
    WORSE = "worse"


_SET = "FOLDER, EXPERIMENT, FOLDER:EXPERIMENT, FOLDER@COMMIT or @COMMIT."
_ALL_LINES = 100_000


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help=f"What was: {_SET}", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="What is: as A.", show_default=False)],
    results: Annotated[
        Path, typer.Option("--results", help="Folder of experiments and commits without one.")
    ] = Path("results"),
    metric: Annotated[
        Metric, typer.Option(help="Compare answers, or seconds of solving.")
    ] = Metric.QUALITY,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            help="What does not matter: a fraction (of values 0.001, of times 0.05), or "
            "decades=0.02, decibels=0.05.",
            show_default=False,
        ),
    ] = None,
    level: Annotated[
        float, typer.Option(help="Probability of any false alarm among all cells.")
    ] = 0.05,
    where: Where = None,
    any_budget: Annotated[
        bool, typer.Option("--any-budget", help="Compare also trials of different budgets.")
    ] = False,
    format_: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = (
        Format.TERMINAL
    ),
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 if anything is worse.")] = (
        FailOn.NEVER
    ),
) -> int:
    """Better, worse, equivalent or undecided: B against A, by a paired test over seeds."""
    if not 0 < level < 1:
        raise UserError(f"--level {level:g}: choose a probability between 0 and 1")
    margins = read_margins(margin or (), metric)

    from dnnbench.cli.record_sets import read_set
    from dnnbench.report.differences.as_data import Names
    from dnnbench.report.differences.compare import compare
    from dnnbench.report.differences.measure import QUALITY, SPEED
    from dnnbench.report.differences.render import render

    of_a, of_b = (read_set(typed, results, where) for typed in (a, b))
    found = compare(
        of_a.records,
        of_b.records,
        measure=SPEED if metric is Metric.TIME else QUALITY,
        margins=margins,
        level=level,
        any_budget=any_budget,
    )
    size = shutil.get_terminal_size((160, _ALL_LINES))
    on_terminal = format_ is Format.TERMINAL
    text = render(
        found,
        format_.value,
        names=Names(of_a.name, of_b.name, (*of_a.notes, *of_b.notes)),
        width=size.columns if on_terminal else None,
        height=size.lines if on_terminal else None,
    )
    typer.echo(text, nl=False)
    return 1 if found.worse and fail_on is FailOn.WORSE else 0


def read_margins(
    words: "list[str] | tuple[str, ...]", metric: Metric, usual: "Margins | None" = None
) -> "Margins":
    """The margins that `[UNIT=]NUMBER` words set; the others are the usual ones.

    Args:
        words: a number alone is a fraction, of values or of times.
        metric: which of the two.
        usual: those that no word sets.

    Raises:
        UserError: a word is no number that is at least 0, or names no unit.
    """
    from dnnbench.report.differences.units import MARGINS, Margins

    given: dict[str, float] = {}
    for word in words:
        name, sign, number = word.rpartition("=")
        name = name if sign else "time" if metric is Metric.TIME else "relative"
        if name not in MARGINS:
            raise unknown("unit of --margin", name, MARGINS)
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            raise UserError(f"--margin '{word}': write a number that is at least 0, or UNIT=NUMBER")
        given[name] = value
    return replace(usual or Margins(), **given)
