"""What the verbs share that solve many trials in one compiled run."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from dnnbench.cli import places

Found = TypeVar("Found")


def solved(
    name: str, solve: Callable[..., Found], overrides: Sequence[str], *, again: bool, quiet: bool
) -> Found | None:
    """What a study found, shown while it runs; None if it was interrupted, which is said.

    Args:
        name: of the verb.
        solve: the study; called with `overrides`, `data_dir`, `cache_dir`, `watch` and `again`.
        overrides: the user's words.
        again: whether to solve what is on record.
        quiet: no display.
    """
    from dnnbench.cli.live import Live

    try:
        with Live(name, quiet) as watch:
            return solve(
                overrides,
                data_dir=places.data_dir(),
                cache_dir=places.cache_dir(),
                watch=watch,
                again=again,
            )
    except KeyboardInterrupt:
        typer.echo("dnnbench: interrupted before there was anything to keep", err=True)
        return None
