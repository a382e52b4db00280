"""`dnnbench landscape`: a grid of two settings as one compiled run, and its heat maps."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dnnbench.cli import one_run, plugin_option
from dnnbench.cli.completion import complete_override
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.errors import UserError


def landscape(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Overrides of one trial and the two axes: method=pcqo_mis problem=mis "
            "x=method.gamma y=method.gamma_prime [method.gamma=1,2,5] budget.steps=1000",
            autocompletion=complete_override,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Figure to write: .png, .pdf or .svg.")
    ] = Path("landscape.png"),
    again: Annotated[
        bool, typer.Option("--again", help="Solve it even if it is on record.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Solve a grid of two settings of a method in one program, and draw what comes of it."""
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.plots.heat_map import heat_maps
    from dnnbench.studies.landscape import landscape as solve
    from dnnbench.studies.penalty import breaks

    plugin_option.load(plugin)
    found = one_run.solved("landscape", solve, overrides or [], again=again, quiet=quiet)
    if found is None:
        return 130
    records = list(found.records)
    known = registry_best_known(records[0].instance, records[0].problem)
    best = max((float(r.value) for r in records if r.value is not None), default=None)
    alpha = best if known is None else float(known.value)
    lines = breaks(found.x, found.y, alpha)
    axes = [(f"method.{a.name}", a.values) for a in (found.x, found.y)]
    _save(heat_maps(records, axes[0], axes[1], lines), output)
    first = records[0]
    where = (
        "on record"
        if not found.solved
        else (f"one run of {first.solve_seconds:.1f} s, compiled in {first.compile_seconds:.1f} s")
    )
    typer.echo(f"{output}: {len(records)} points, {where}")
    return 0 if all(r.status.ok for r in records) else 1


def _save(figure: Any, path: Path) -> None:
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"cannot write '{path}': {str(error).splitlines()[0]}") from None
