"""`dnnbench check`: the conformance suite on one solver, built-in or a plug-in of the user's."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli import plugin_option
from dnnbench.cli.plugin_option import PluginOption
from dnnbench.config import catalog
from dnnbench.errors import UserError, unknown


def check(
    name: Annotated[
        str, typer.Argument(help="A method or baseline, or a plug-in's file (all it brings).")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    plugin: PluginOption = None,
) -> int:
    """Check a solver: tiny instances with known optima, determinism, honest claims, limits."""
    from dnnbench.studies.check import check_solver

    paths = list(plugin or [])
    if name.endswith(".py"):
        paths.append(Path(name))
    plugin_option.load(paths)
    findings = []
    for role, solver in _solvers(name):
        for finding in check_solver(role, solver):
            findings.append({"solver": solver, **asdict(finding)})
            if not as_json:
                mark = "ok  " if finding.ok else "FAIL"
                line = f"{mark} {solver}: {finding.check} ({finding.where}): {finding.detail}"
                typer.echo(line)
    if as_json:
        typer.echo(json.dumps(findings))
        return 0 if all(f["ok"] for f in findings) else 1
    failed = sum(not f["ok"] for f in findings)
    typer.echo(f"{len(findings)} checks, {failed} failed")
    return 1 if failed else 0


def _solvers(name: str) -> list[tuple[str, str]]:
    """(role, name) of what is to be checked."""
    roles = ("method", "baseline")
    if not name.endswith(".py"):
        for role in roles:
            if name in catalog.entries(role):
                return [(role, name)]
        raise unknown("solver", name, [n for role in roles for n in catalog.entries(role)])
    path = str(Path(name).resolve())
    found = [
        (role, entry.name)
        for role in roles
        for entry in catalog.entries(role).values()
        if entry.about.get("plugin", {}).get("path") == path
    ]
    if not found:
        raise UserError(f"{name} brings no method and no baseline")
    return found
