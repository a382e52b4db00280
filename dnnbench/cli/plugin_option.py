"""The option `--plugin`, shared by the verbs that choose solvers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

PluginOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        help="A Python file with solvers, problems or suites of yours (also: DNNBENCH_PLUGINS).",
        show_default=False,
    ),
]


def load(paths: Sequence[Path] | None) -> None:
    """Load the plug-ins named by the option and by the environment.

    Raises:
        UserError: one of them cannot be read.
    """
    from dnnbench.config.catalog import load_plugins

    named = [Path(p) for p in os.environ.get("DNNBENCH_PLUGINS", "").split(os.pathsep) if p]
    load_plugins([*named, *(paths or [])])
