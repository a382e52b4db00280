"""`dnnbench stack`: many instances of one shape as one compiled run."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from dnnbench.cli import one_run, plugin_option
from dnnbench.cli.completion import complete_override
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.records.schema import Record


def stack(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Overrides of one trial, and its instances: method=projection_nn problem=lp "
            "instance=gen/dense_lp-n50-m30-s1 count=1000 (that seed and those after it), "
            "or instance=NAME,NAME",
            autocompletion=complete_override,
            show_default=False,
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Solve them even if they are on record.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Solve many instances of one shape in one program; each has a record of its own."""
    from dnnbench.studies.stack import stack as solve

    plugin_option.load(plugin)
    found = one_run.solved("stack", solve, overrides or [], again=again, quiet=quiet)
    if found is None:
        return 130
    for line in summary(found.records):
        typer.echo(line)
    if not found.solved:
        typer.echo("all of them on record (--again solves them once more)")
    return 0 if all(r.status.ok for r in found.records) else 1


def summary(records: Sequence[Record]) -> list[str]:
    """What came of a stack, in few lines."""
    first = records[0]
    how = Counter(r.status.value for r in records)
    lines = [
        f"{first.solver} on {len(records)} instances, {first.instance} to {records[-1].instance}",
        "ended by: " + ", ".join(f"{status} {count}" for status, count in how.most_common()),
    ]
    values = sorted(float(r.value) for r in records if r.value is not None)
    if values:
        ends = values if first.sense == "min" else values[::-1]
        lines.append(
            f"{first.metric}: best {ends[0]:.6g}, median {statistics.median(values):.6g}, "
            f"worst {ends[-1]:.6g}"
        )
    if first.solve_seconds is not None and first.compile_seconds is not None:
        each = 1e3 * first.solve_seconds / len(records)
        lines.append(
            f"one run of {first.solve_seconds:.2f} s, {each:.3g} ms an instance; loaded in "
            f"{first.load_seconds:.2f} s, compiled in {first.compile_seconds:.2f} s"
        )
    return lines
