"""`dnnbench plot`: records as a figure."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dnnbench.cli.options import Instances, Results, Solvers, Where
from dnnbench.errors import UserError


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


_MOST_TRIALS = 60
_COMPARING = (Kind.PROFILE, Kind.ECDF, Kind.TTT, Kind.RANKS, Kind.GAPS, Kind.QUALITY)
_TARGETED: dict[Kind, tuple[float, ...]] = {
    Kind.PROFILE: (1.0,),
    Kind.ECDF: (10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.0),
    Kind.TTT: (1.0,),
}
"""Kinds that draw times to targets, with the gaps to reach that they have by themselves, %."""


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
    record: Annotated[
        list[str] | None,
        typer.Option(help="Only these records, by the first digits.", show_default=False),
    ] = None,
) -> int:
    """Draw records: anytime curves, solvers compared, and how networks learn pictures."""
    from matplotlib import rc_context

    from dnnbench.cli.selection import chosen_records, open_store
    from dnnbench.report.plots.style import PRINTED

    sized = kind is Kind.ANYTIME or kind in _COMPARING
    if width is not None and not sized:
        raise UserError(f"plot {kind.value}: its size follows what is drawn; leave --width out")
    goals = _goals(kind, gap, target)
    store = open_store(results)
    chosen = chosen_records(store, instance, solver, seed, record, where)
    if kind not in _COMPARING and len(chosen) > _MOST_TRIALS:
        raise UserError(
            f"{len(chosen)} trials are too many for a figure (at most {_MOST_TRIALS}): choose some "
            "with --instance, --solver, --seed, --where or --record"
        )
    chosen.sort(key=lambda r: (r.instance, r.solver, r.trial_id))
    path = output or Path(f"{kind.value}.png")
    with rc_context(PRINTED if sized else {}):
        try:
            if kind in _COMPARING:
                figure = _comparison(kind, chosen, goals, width or Width.PAGE)
            else:
                figure = _figure(kind, chosen, store, width or Width.PAGE)
        except ValueError as error:
            raise UserError(f"plot {kind.value}: {error}") from None
        _save(figure, path)
    typer.echo(f"{path}: {len(chosen)} trials")
    return 0


def _save(figure: Any, path: Path) -> None:
    """Write the figure in the format of the suffix."""
    try:
        figure.savefig(path, dpi=200)
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"cannot write '{path}': {str(error).splitlines()[0]}") from None


def _goals(
    kind: Kind, gaps: list[float] | None, targets: list[float] | None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """What is to be reached: gaps as fractions, and values in their place."""
    if kind not in _TARGETED:
        if gaps or targets:
            names = ", ".join(one.value for one in _TARGETED)
            raise UserError(f"plot {kind.value}: --gap and --target are for {names}")
        return (), ()
    if gaps and targets:
        raise UserError("--gap or --target: give one of them")
    if any(not 0 <= one <= 100 for one in gaps or ()):
        raise UserError("--gap: from 0 to 100 %")
    if kind is not Kind.ECDF and len(gaps or targets or ()) > 1:
        raise UserError(f"plot {kind.value}: it draws the times to one target; ecdf takes several")
    return tuple(one / 100 for one in gaps or _TARGETED[kind]), tuple(targets or ())


def _comparison(
    kind: Kind, records: list[Any], goals: tuple[tuple[float, ...], tuple[float, ...]], width: Width
) -> Any:
    """A figure of solvers over instances."""
    from dnnbench.report.best_known import registry_best_known
    from dnnbench.report.plots import compared

    found = compared.pooled(records, registry_best_known)
    timed = {
        Kind.PROFILE: compared.profile,
        Kind.ECDF: compared.runtimes,
        Kind.TTT: compared.time_to_target_plot,
    }
    if kind in timed:
        return timed[kind](found, compared.Goal(*goals), width.value)
    drawn = {Kind.RANKS: compared.ranks, Kind.GAPS: compared.gaps, Kind.QUALITY: compared.quality}
    return drawn[kind](found, width.value)


def _field(record: Any, store: Any) -> Any:
    """Reference and answer of a trial on an equation; None where there is no answer."""
    from dnnbench.config import catalog
    from dnnbench.instances.equation import PREFIX, Equation
    from dnnbench.report.plots.field import Field
    from dnnbench.runner.resolve import exact_side

    if not record.instance.startswith(PREFIX) or record.solution is None:
        return None
    pde = exact_side(catalog.entry("problem", record.problem).about)
    name = Equation(record.instance.removeprefix(PREFIX))
    posed = pde.pose(name, record.problem_settings, None)
    answer = store.solution(record.trial_id)
    return Field(posed.public.points, pde.coordinates, pde.unknowns, posed.sealed, answer)


def _figure(kind: Kind, records: list[Any], store: Any, width: Width) -> Any:
    if kind is Kind.ANYTIME:
        from dnnbench.report.best_known import registry_best_known
        from dnnbench.report.plots.anytime import anytime

        return anytime(records, registry_best_known, width.value)
    if kind is Kind.STRIP:
        from dnnbench.report.plots.strip import strip

        return strip(records, lambda r: store.pictures(r.trial_id))
    if kind is Kind.FIELD:
        from dnnbench.report.plots.field import field

        return field(records, lambda r: _field(r, store))
    from dnnbench.report.plots.trajectory import bands, trajectory

    return (trajectory if kind is Kind.TRAJECTORY else bands)(records)
