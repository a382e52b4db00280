"""`dnnbench compare`: a sweep, then its table."""

import json
import shutil
from typing import Annotated

import typer

from dnnbench.cli import places, plugin_option
from dnnbench.cli.completion import complete_sweep
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.cli.table import Format


def compare(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="As for sweep: method=pi_gnn,pqqa baseline=simulated_annealing "
            "instance=gset/G14,gset/G22 seed=range(0,3) budget.seconds=10",
            autocompletion=complete_sweep,
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the trials as one JSON array.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="How to write the table.")
    ] = Format.TERMINAL,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run trials again whose failure is on record.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the table.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Run several solvers on several instances and seeds, and print the table."""
    from dnnbench.cli.sweep import execute
    from dnnbench.records.environment import environment, fingerprint
    from dnnbench.records.store import Store
    from dnnbench.report.aggregate import aggregate
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.summary import json_object
    from dnnbench.report.table import render
    from dnnbench.studies.compare import compared
    from dnnbench.sweep.campaign import plan_request, read_request, survey

    plugin_option.load(plugin)
    request = read_request(overrides or [])
    tasks = plan_request(request, data_dir=places.data_dir(), cache_dir=places.cache_dir())
    store = Store(
        request.results, on_problem=lambda text: typer.echo(f"dnnbench: {text}", err=True)
    )
    found = survey(store, tasks, retry_failed)
    summary = execute(request, found, retry_failed, quiet=quiet or as_json)
    records = compared(store, tasks)
    if as_json:
        objects = [json_object(r, registry_best_known, store.path(r.trial_id)) for r in records]
        typer.echo(json.dumps(objects))
    elif records:
        width = shutil.get_terminal_size((160, 24)).columns if format_ == "terminal" else None
        rows = aggregate(records, registry_best_known)
        here = fingerprint(environment())
        typer.echo(render(rows, format_.value, here=here, width=width), nl=False)
    if summary.interrupted:
        typer.echo("dnnbench: interrupted; the same command goes on from here", err=True)
        return 130
    return 1 if summary.failed else 0
