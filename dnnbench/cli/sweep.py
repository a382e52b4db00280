"""`dnnbench sweep`, `resume` and `status`: many trials, on any day, from any shell."""

import json
import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dnnbench.cli import places, plugin_option
from dnnbench.cli.completion import complete_sweep
from dnnbench.cli.plugin_option import PluginOption

if TYPE_CHECKING:
    from dnnbench.records.store import Store
    from dnnbench.sweep.campaign import Request, Summary, Survey
    from dnnbench.sweep.planning import Task

RetryOption = Annotated[
    bool, typer.Option("--retry-failed", help="Run trials again whose failure is on record.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only the summary.")]
RootOption = Annotated[Path, typer.Option("--results", help="Folder of the records.")]


def sweep(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Hydra overrides, also several values at once: method=pi_gnn,pqqa "
            "baseline=simulated_annealing suite=gset_small seed=range(0,5) budget.seconds=10; "
            "or experiment=NAME profile=quick; launcher=local launcher.jobs=2",
            autocompletion=complete_sweep,
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and how long it would take.")
    ] = False,
    retry_failed: RetryOption = False,
    name: Annotated[
        str | None, typer.Option(help="Name for `status` and `resume`.", show_default=False)
    ] = None,
    cfg: Annotated[
        bool, typer.Option("--cfg", help="Print the composed configurations and stop.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON object.")
    ] = False,
    quiet: QuietOption = False,
    plugin: PluginOption = None,
) -> int:
    """Run many trials; those on record are skipped, so it can be stopped and started again."""
    from dnnbench.sweep.campaign import read_request

    plugin_option.load(plugin)
    request = read_request(overrides or [], name)
    if cfg:
        _print_configs(request)
        return 0
    return start(request, dry_run=dry_run, retry_failed=retry_failed, as_json=as_json, quiet=quiet)


def resume(
    experiment: Annotated[
        str | None,
        typer.Argument(help="Its name (not needed if there is only one).", show_default=False),
    ] = None,
    results: RootOption = Path("results"),
    retry_failed: RetryOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: QuietOption = False,
    launcher: Annotated[
        list[str] | None,
        typer.Option(help="An override of the launcher, as launcher.jobs=2.", show_default=False),
    ] = None,
) -> int:
    """Go on with a sweep that was started, from where it stopped."""
    from dnnbench.config.catalog import load_plugins
    from dnnbench.sweep import manifest
    from dnnbench.sweep.campaign import Request, compose_launcher

    found = manifest.read(results, experiment)
    plugin_option.load(None)
    load_plugins(results / path for path in found.plugins)
    request = Request(found.name, found.blocks, compose_launcher(launcher or []), results)
    return start(request, dry_run=False, retry_failed=retry_failed, as_json=as_json, quiet=quiet)


def start(
    request: "Request", *, dry_run: bool, retry_failed: bool, as_json: bool, quiet: bool
) -> int:
    """Plan, run and sum up a sweep; the exit code."""
    from dnnbench.records.store import Store
    from dnnbench.sweep.campaign import plan_request, survey

    tasks = plan_request(request, data_dir=places.data_dir(), cache_dir=places.cache_dir())
    store = Store(
        request.results, on_problem=lambda text: typer.echo(f"dnnbench: {text}", err=True)
    )
    found = survey(store, tasks, retry_failed)
    if dry_run:
        _print_dry_run(request, found, store, as_json)
        return 0
    summary = execute(request, found, retry_failed, quiet=quiet or as_json)
    if as_json:
        typer.echo(json.dumps(_summary_object(request, summary)))
    else:
        _print_summary(request, summary)
    if summary.interrupted:
        return 130
    return 1 if summary.failed else 0


def execute(request: "Request", found: "Survey", retry_failed: bool, *, quiet: bool) -> "Summary":
    """Run what is left of a sweep, with a display; SIGTERM ends it like Ctrl-C."""
    from dnnbench.cli.progress import Progress
    from dnnbench.sweep.campaign import run_survey
    from dnnbench.sweep.execute import Settings

    settings = Settings(
        results=request.results,
        data_dir=places.data_dir(),
        cache_dir=places.cache_dir(),
        retry_failed=retry_failed,
        concurrent=request.launcher["jobs"],
    )

    def terminate(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        with Progress(len(found.left), quiet) as shown:
            return run_survey(request, found, settings, shown.started, shown.ended)
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_configs(request: "Request") -> None:
    import yaml

    from dnnbench.cli.run import without_metadata
    from dnnbench.config.compose import compose
    from dnnbench.sweep.planning import expand_blocks

    documents = []
    for point in expand_blocks(request.blocks):
        config = without_metadata(compose(point.words))
        if point.instances:
            config["instance"] = list(point.instances)
        documents.append(config | {"seed": list(point.seeds), "results": str(request.results)})
    typer.echo(yaml.safe_dump_all(documents, sort_keys=False), nl=False)


def _print_dry_run(request: "Request", found: "Survey", store: "Store", as_json: bool) -> None:
    from dnnbench.sweep.estimate import estimate_seconds

    seconds, unknown = estimate_seconds(found.left, store.records())
    counts = {
        "experiment": request.name,
        "trials": len(found.tasks),
        "on_record": len(found.tasks) - len(found.left),
        "failed_on_record": found.failed_before,
        "to_run": len(found.left),
        "estimated_seconds": seconds,
        "not_estimated": unknown,
    }
    if as_json:
        typer.echo(json.dumps(counts | {"tasks": [_task_object(t) for t in found.left]}))
        return
    failed = f" ({found.failed_before} failed)" if found.failed_before else ""
    typer.echo(
        f"{request.name}: {counts['trials']} trials, {counts['on_record']} on record{failed}, "
        f"{counts['to_run']} to run, about {in_words(seconds)}"
        + (f" and {unknown} trials of which nothing is known" if unknown else "")
    )
    per_solver = Counter(task.solver for task in found.left)
    for solver, count in per_solver.items():
        typer.echo(f"  {solver}: {count}")


def _task_object(task: "Task") -> dict[str, Any]:
    return {
        "trial_id": task.trial_id,
        "solver": task.solver,
        "instance": task.instance,
        "seed": task.seed,
        "overrides": list(task.words),
    }


def _summary_object(request: "Request", summary: "Summary") -> dict[str, Any]:
    from dnnbench.sweep.execute import How

    return {
        "experiment": request.name,
        "results": str(request.results),
        "done": summary.counts[How.DONE],
        "skipped": summary.counts[How.SKIPPED],
        "failed": summary.failed,
        "timed_out": summary.counts[How.TIMED_OUT],
        "interrupted": summary.interrupted,
    }


def _print_summary(request: "Request", summary: "Summary") -> None:
    from dnnbench.sweep.execute import How

    counts = summary.counts
    old = f" ({summary.failed_before} of them before)" if summary.failed_before else ""
    typer.echo(
        f"{request.name}: {counts[How.DONE]} done, {counts[How.SKIPPED]} skipped, "
        f"{summary.failed} failed{old}, {counts[How.TIMED_OUT]} timed out"
    )
    where = "" if request.results == Path("results") else f" --results {request.results}"
    if summary.interrupted:
        typer.echo(f"interrupted; go on with: dnnbench resume {request.name}{where}")
    elif summary.failed:
        typer.echo(f"what failed: dnnbench status {request.name}{where}")


def status(
    experiment: Annotated[
        str | None, typer.Argument(help="Its name (default: all).", show_default=False)
    ] = None,
    results: RootOption = Path("results"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """How far the sweeps in a results folder have come, and what failed."""
    from dnnbench.sweep.overview import overview

    views = overview(results, experiment)
    if as_json:
        typer.echo(json.dumps(views))
        return 0
    if not views:
        typer.echo(f"no sweep was started in {results}")
    for view in views:
        counts = ", ".join(f"{count} {name}" for name, count in view["by_status"].items())
        left = f", {view['left']} left" if view["left"] else ""
        now = f", {view['running']} running now" if view["running"] else ""
        typer.echo(
            f"{view['experiment']}: {view['trials']} trials: {counts or 'none run'}{left}{now}"
        )
        for row in view["failures"]:
            typer.echo(f"  {row['status']}: {row['solver']} {row['instance']} seed {row['seed']}")
            if row["message"]:
                typer.echo(f"      {row['message']}")
    return 0


def in_words(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
