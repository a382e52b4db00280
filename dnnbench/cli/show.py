"""`dnnbench show NAME`: what something is, its source, its options."""

import json
from typing import Annotated

import typer

from dnnbench.cli import plugin_option
from dnnbench.cli.completion import complete_override
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.config import catalog
from dnnbench.config.validate import expected
from dnnbench.errors import unknown


def _complete(incomplete: str) -> list[str]:
    names = [n for g in ("method", "baseline", "problem") for n in catalog.entries(g)]
    return [n for n in names if n.startswith(incomplete)] or [
        w.partition("=")[2] for w in complete_override(f"instance={incomplete}")
    ]


def show(
    name: Annotated[
        str,
        typer.Argument(help="A method, baseline, problem, instance...", autocompletion=_complete),
    ],
    plugin: PluginOption = None,
) -> int:
    """Show what NAME is: paper, kind, licence, options with defaults and units."""
    plugin_option.load(plugin)
    found = catalog.find(name)
    for entry in found:
        _show_entry(entry)
    if found:
        return 0
    from dnnbench.instances import registry

    if name in registry.registry():
        _show_instance(name)
        return 0
    if name in registry.suites():
        typer.echo(f"{name} (suite): {', '.join(registry.suite(name))}")
        return 0
    names = [n for g in catalog.GROUPS for n in catalog.entries(g)]
    raise unknown("name", name, [*names, *registry.registry(), *registry.suites()])


def _show_entry(entry: catalog.Entry) -> None:
    about = entry.about
    typer.echo(f"{entry.name} ({entry.group}): {about.get('title', '')}")
    labels = ("kind", "taxonomy", "problems", "paper", "licence", "extra", "metric", "sense")
    for label in (*labels, "family", "default_instance", "solution"):
        value = about.get(label)
        if value is not None:
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            typer.echo(f"  {label}: {text}")
    if entry.options:
        typer.echo("  options:")
    for key, option in entry.options.items():
        default = entry.defaults.get(key)
        shown = json.dumps(default)
        unit = f" [{option['unit']}]" if "unit" in option else ""
        typer.echo(f"    {entry.group}.{key} = {shown}{unit}")
        typer.echo(f"        {option['help']}; {expected(option)}")


def _show_instance(name: str) -> None:
    from dnnbench.instances import registry

    entry = registry.entry(name)
    typer.echo(f"{entry.name} (instance of suite {entry.suite})")
    typer.echo(f"  n {entry.n}, m {entry.m}")
    if entry.best_known:
        best = entry.best_known
        typer.echo(f"  best known: {best.value} ({best.kind})\n  source: {best.source}")
    typer.echo(f"  url: {entry.url}\n  sha256: {entry.raw_sha256}")
    if entry.notes:
        typer.echo(f"  notes: {entry.notes}")
