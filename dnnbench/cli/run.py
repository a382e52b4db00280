"""`dnnbench run`: one trial, verified and recorded."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from dnnbench.cli import places, plugin_option
from dnnbench.cli.completion import complete_override
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.errors import UserError


def run(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Hydra overrides: method=pi_gnn problem=maxcut instance=gset/G14 "
            "budget.seconds=10 seed=0 hardware=cpu method.learning_rate=0.01 results=DIR",
            autocompletion=complete_override,
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    solution: Annotated[
        Path | None, typer.Option(help="Write the answer to this file.", show_default=False)
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Run even if the trial is on record.")
    ] = False,
    cfg: Annotated[
        bool, typer.Option("--cfg", help="Print the composed configuration and stop.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Run one trial: a method or a baseline on one instance, checked independently."""
    from dnnbench.config.compose import compose
    from dnnbench.runner.once import prepare, run_once
    from dnnbench.runner.resolve import solution_file

    plugin_option.load(plugin)
    config = compose(overrides or [])
    if cfg:
        typer.echo(_yaml(config), nl=False)
        return 0
    if solution is not None:
        _writable(solution)
    prepared = prepare(config, data_dir=places.data_dir(), cache_dir=places.cache_dir())
    stored = None if again else prepared.stored()
    if stored is None:
        prepared.check_writable()
        from dnnbench.cli.live import Live

        title = f"{prepared.spec.solver} on {prepared.spec.instance.name}"
        try:
            with Live(title, quiet or as_json) as watch:
                result = run_once(prepared, watch, replace_record=again)
        except KeyboardInterrupt:
            typer.echo("dnnbench: interrupted before there was anything to keep", err=True)
            return 130
        record, answer = result.record, result.solution
    else:
        record, answer = stored.record, stored.solution
    if solution is not None and answer is not None:
        try:
            public = prepared.spec.instance.public
            written = solution_file(prepared.problem, answer, public)
            solution.write_bytes(written if isinstance(written, bytes) else written.encode())
        except OSError as error:
            raise UserError(f"--solution: cannot write to '{solution}': {error.strerror}") from None
    elif solution is not None:
        typer.echo(f"dnnbench: no solution was found; '{solution}' is not written", err=True)
    path = prepared.store.path(record.trial_id)
    if as_json:
        from dnnbench.report.best_known import registry_best_known
        from dnnbench.report.summary import json_object

        typer.echo(json.dumps(json_object(record, registry_best_known, path)))
    else:
        from dnnbench.cli.closing import closing

        closing(record, prepared.store, path, known_before=stored is not None)
    if record.status == "interrupted" and stored is None:
        return 130
    return 0 if record.status.succeeded(record.value is not None) else 1


def _writable(path: Path) -> None:
    folder = path.resolve().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"--solution: cannot write to '{path}'")


def _yaml(config: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(without_metadata(config), sort_keys=False)


def without_metadata(node: Any) -> Any:
    """A configuration without what only describes it."""
    if isinstance(node, dict):
        return {k: without_metadata(v) for k, v in node.items() if not k.startswith("_")}
    return node
