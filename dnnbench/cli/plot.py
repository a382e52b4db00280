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
    TRAJECTORY = "trajectory"
    BANDS = "bands"
    STRIP = "strip"
    FIELD = "field"


_MOST_TRIALS = 60


def plot(
    kind: Annotated[
        Kind,
        typer.Argument(
            help="anytime: value against seconds. Imaging: trajectory (PSNR against steps), bands "
            "(error by frequency against steps), strip (the pictures). Differential equations: "
            "field (maps of reference, answer and error)."
        ),
    ],
    results: Results = Path("results"),
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write: .png, .pdf or .svg. [KIND.png]"),
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
    """Draw records: anytime curves, and how networks learn pictures."""
    from dnnbench.cli.selection import chosen_records, open_store

    store = open_store(results)
    chosen = chosen_records(store, instance, solver, seed, record, where)
    if len(chosen) > _MOST_TRIALS:
        raise UserError(
            f"{len(chosen)} trials are too many for a figure (at most {_MOST_TRIALS}): choose some "
            "with --instance, --solver, --seed, --where or --record"
        )
    chosen.sort(key=lambda r: (r.instance, r.solver, r.trial_id))
    path = output or Path(f"{kind.value}.png")
    try:
        figure = _figure(kind, chosen, store)
    except ValueError as error:
        raise UserError(f"plot {kind.value}: {error}") from None
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise UserError(f"cannot write '{path}': {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"cannot write '{path}': {str(error).splitlines()[0]}") from None
    typer.echo(f"{path}: {len(chosen)} trials")
    return 0


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


def _figure(kind: Kind, records: list[Any], store: Any) -> Any:
    if kind is Kind.ANYTIME:
        from dnnbench.report.best_known import registry_best_known
        from dnnbench.report.plots.anytime import anytime

        return anytime(records, registry_best_known)
    if kind is Kind.STRIP:
        from dnnbench.report.plots.strip import strip

        return strip(records, lambda r: store.pictures(r.trial_id))
    if kind is Kind.FIELD:
        from dnnbench.report.plots.field import field

        return field(records, lambda r: _field(r, store))
    from dnnbench.report.plots.trajectory import bands, trajectory

    return (trajectory if kind is Kind.TRAJECTORY else bands)(records)
