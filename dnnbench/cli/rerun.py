"""`dnnbench rerun`: a recorded trial again, and whether the result is the same."""

import json
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli import places, plugin_option
from dnnbench.cli.plugin_option import PluginOption


def rerun(
    record: Annotated[
        str, typer.Argument(help="Id of the trial (its first digits will do), or a record file.")
    ],
    results: Annotated[Path, typer.Option("--results", help="Folder of the records.")] = Path(
        "results"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Repeat a trial (a budget in seconds by its recorded steps) and compare; nothing is stored.

    Exit code 0 if the result is identical, 1 if it is not.
    """
    from dnnbench.cli.live import Live
    from dnnbench.records.find import find_record
    from dnnbench.runner.replay import replay, replay_spec

    plugin_option.load(plugin)
    store, found = find_record(record, results)
    spec = replay_spec(found, data_dir=places.data_dir(), cache_dir=places.cache_dir())
    with Live(f"{found.solver} on {found.instance}", quiet or as_json) as watch:
        again = replay(found, store.solution(found.trial_id), spec, watch)
    new = again.result.record
    if new.status == "interrupted":
        raise KeyboardInterrupt
    if as_json:
        print_object = {
            "trial_id": found.trial_id,
            "identical": again.identical,
            "differences": list(again.differences),
            "by_steps": again.by_steps,
            "value": new.value,
            "steps": new.steps,
            "solve_seconds": new.solve_seconds,
            "status": new.status,
            "message": new.message,
        }
        typer.echo(json.dumps(print_object))
        return 0 if again.identical else 1
    how = f" by its {found.steps} steps" if again.by_steps else ""
    typer.echo(f"{found.solver} on {found.instance}, seed {found.seed}, again{how}:")
    if again.identical and new.value is None:
        typer.echo(f"  identical: {new.status.sentence} {new.message or ''}".rstrip())
        return 0
    if again.identical:
        typer.echo(f"  identical: {new.metric} {new.value}, the same answer, steps and restarts")
        return 0
    for difference in again.differences:
        typer.echo(f"  {difference}")
    if new.message:
        typer.echo(f"  {new.message}")
    return 1
