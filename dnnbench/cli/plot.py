"""`dnnbench plot`: records as a figure."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dnnbench.cli.options import Instances, Results, Solvers, Where


class Kind(StrEnum):
    """What is drawn."""

    ANYTIME = "anytime"
    PROFILE = "profile"
    ECDF = "ecdf"
    TTT = "ttt"
    RANKS = "ranks"
    GAPS = "gaps"
    QUALITY = "quality"
    TRAJECTORY = "trajectory"
    BANDS = "bands"
    STRIP = "strip"
    FIELD = "field"


class Width(StrEnum):
    """How wide the figure is."""

    COLUMN = "column"
    PAGE = "page"


def plot(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="anytime: value against seconds. Solvers compared: profile (performance profiles "
            "of the time to a gap), ecdf (share of targets reached), ttt (time to a gap over "
            "seeds), ranks (critical differences), gaps (heat map), quality (gap against time). "
            "Imaging: trajectory (PSNR against steps), bands (error by frequency against steps), "
            "strip (the pictures). Differential equations: field (maps of reference, answer and "
            "error)."
        ),
    ],
    results: Results = Path("results"),
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write: .png, .pdf or .svg. [KIND.png]"),
    ] = None,
    width: Annotated[
        Width | None,
        typer.Option(
            help="3.3 or 7 inches, as a column or a page of a paper. [page]", show_default=False
        ),
    ] = None,
    gap: Annotated[
        list[float] | None,
        typer.Option(
            help="profile, ttt: the gap to reach, % of the best known or on record [1]; ecdf: "
            "several.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[float] | None,
        typer.Option(
            help="profile, ttt, ecdf: the value to reach in place of a gap.", show_default=False
        ),
    ] = None,
    instance: Instances = None,
    solver: Solvers = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Only these seeds.", show_default=False)
    ] = None,
    where: Where = None,
    experiment: Annotated[
        str | None, typer.Option(help="Only the trials of this sweep.", show_default=False)
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(help="Only these records, by the first digits.", show_default=False),
    ] = None,
) -> int:
    """Draw records: anytime curves, solvers compared, and how networks learn pictures."""
    from dnnbench.cli.selection import chosen_records, open_store
    from dnnbench.cli.table_choice import of_experiment
    from dnnbench.studies.figure import draw, drawing

    asked = drawing(kind.value, gap, target, None if width is None else width.value)
    store = open_store(results)
    chosen = chosen_records(store, instance, solver, seed, record, where)
    if experiment is not None:
        chosen, _ = of_experiment(
            store, experiment, chosen, instances=instance, solvers=solver, where=where or ()
        )
    path = output or Path(f"{kind.value}.png")
    draw(asked, chosen, store, path)
    typer.echo(f"{path}: {len(chosen)} trials")
    return 0
