"""`dnnbench list`: what there is to choose from."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dnnbench.cli import plugin_option
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.config import catalog


class What(StrEnum):
    """What can be listed."""

    METHODS = "methods"
    BASELINES = "baselines"
    PROBLEMS = "problems"
    INSTANCES = "instances"
    SUITES = "suites"
    HARDWARE = "hardware"
    EXPERIMENTS = "experiments"
    LAUNCHERS = "launchers"


def list_(
    what: Annotated[What | None, typer.Argument(help="What to list (all but instances).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    suite: Annotated[
        str | None, typer.Option(help="Only instances of this suite.", show_default=False)
    ] = None,
    plugin: PluginOption = None,
) -> int:
    """List methods, baselines, problems, instances, suites, hardware, experiments or launchers."""
    plugin_option.load(plugin)
    if what is None and as_json:
        raise typer.BadParameter("--json needs to know what to list")
    wanted = [what] if what else [What.METHODS, What.BASELINES, What.PROBLEMS, What.HARDWARE]
    console = Console(highlight=False)
    for one in wanted:
        rows = _rows(one, suite)
        if as_json:
            typer.echo(json.dumps(rows))
        elif one is What.INSTANCES:  # hundreds of lines: plain, for grep and head
            for row in rows:
                best = "" if row["best_known"] is None else f"  best known {row['best_known']}"
                typer.echo(f"{row['name']:<28} n {row['n']}  m {row['m']}{best}")
        else:
            _print(console, one, rows)
    return 0


def _rows(what: What, suite: str | None) -> list[dict[str, Any]]:
    if what in (What.METHODS, What.BASELINES):
        group = "method" if what is What.METHODS else "baseline"
        return [e.summary() for e in catalog.entries(group).values()]
    if what is What.PROBLEMS:
        keys = ("title", "family", "metric", "sense", "default_instance", "solution", "paper")
        return [
            {"name": e.name} | {k: e.about.get(k) for k in keys}
            for e in catalog.entries("problem").values()
        ]
    if what is What.HARDWARE:
        return [
            {"name": e.name, "title": e.about.get("title")} | e.defaults
            for e in catalog.entries("hardware").values()
        ]
    if what in (What.EXPERIMENTS, What.LAUNCHERS):
        return [
            {"name": e.name, "title": e.about.get("title")}
            for e in catalog.entries(what.value.removesuffix("s")).values()
        ]
    from dnnbench.instances import registry

    if what is What.SUITES:
        own = {e.name: e.node["instances"] for e in catalog.entries("suite").values()}
        return [
            {"name": name, "instances": len(names)}
            for name, names in {**registry.suites(), **own}.items()
        ]
    names = registry.suite(suite) if suite else tuple(registry.registry())
    found = [registry.entry(name) for name in names]
    return [
        {
            "name": e.name,
            "suite": e.suite,
            "n": e.n,
            "m": e.m,
            "best_known": e.best_known.value if e.best_known else None,
            "sha256": e.raw_sha256,
            "url": e.url,
        }
        for e in found
    ]


_COLUMNS = {
    What.METHODS: ("name", "kind", "taxonomy", "problems", "paper", "licence"),
    What.BASELINES: ("name", "kind", "problems", "paper", "licence", "extra"),
    What.PROBLEMS: ("name", "metric", "sense", "default_instance", "solution"),
    What.SUITES: ("name", "instances"),
    What.HARDWARE: ("name", "title", "platform", "devices", "threads"),
    What.EXPERIMENTS: ("name", "title"),
    What.LAUNCHERS: ("name", "title"),
}


def _print(console: Console, what: What, rows: list[dict[str, Any]]) -> None:
    table = Table(title=what.value, title_justify="left", box=None, header_style="bold")
    for column in _COLUMNS[what]:
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    for row in rows:
        table.add_row(*(escape(_text(row.get(c))) for c in _COLUMNS[what]))
    console.print(table)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
