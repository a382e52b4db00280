"""Records as a figure of one kind: what `dnnbench plot` and the paper share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dnnbench.config import catalog
from dnnbench.errors import UserError
from dnnbench.instances.equation import PREFIX, Equation
from dnnbench.records.schema import Record
from dnnbench.records.store import Store
from dnnbench.report.best_known import registry_best_known
from dnnbench.report.plots import compared
from dnnbench.report.plots.pooled import Pooled
from dnnbench.report.plots.style import PRINTED, WIDTHS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dnnbench.report.plots.field import Field

_COMPARED: Mapping[str, Callable[[Pooled, str], "Figure"]] = {
    "ranks": compared.ranks,
    "gaps": compared.gaps,
    "quality": compared.quality,
}
_TIMED: Mapping[str, Callable[[Pooled, compared.Goal, str], "Figure"]] = {
    "profile": compared.profile,
    "ecdf": compared.runtimes,
    "ttt": compared.time_to_target_plot,
}
_TARGETED: Mapping[str, tuple[float, ...]] = {
    "profile": (1.0,),
    "ecdf": (10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.0),
    "ttt": (1.0,),
}
"""Kinds that draw times to targets, with the gaps to reach that they have by themselves, %."""

_OF_TRIALS = ("anytime", "trajectory", "bands", "strip", "field")
KINDS = ("anytime", *_TIMED, *_COMPARED, *_OF_TRIALS[1:])
SIZED = frozenset({"anytime", *_TIMED, *_COMPARED})
"""Kinds that are drawn at the width of a column or a page; the others follow what is drawn."""

MOST_TRIALS = 60
"""What kinds that draw single trials take at most."""


@dataclass(frozen=True)
class Drawing:
    """What is drawn.

    Attributes:
        kind: one of `KINDS`.
        goal: what is to be reached, for kinds that draw times to it.
        width: a key of `plots.style.WIDTHS`, for kinds of that choice; None is `page`.
    """

    kind: str
    goal: compared.Goal | None = None
    width: str | None = None


def drawing(
    kind: str,
    gaps: Sequence[float] | None = None,
    targets: Sequence[float] | None = None,
    width: str | None = None,
) -> Drawing:
    """A drawing with its options checked.

    Args:
        kind: one of `KINDS`.
        gaps: to reach, per cent of the best known or on record.
        targets: values to reach in place of gaps.
        width: a key of `plots.style.WIDTHS`.

    Raises:
        UserError: an option does not go with the kind, or is out of range.
    """
    if width is not None and kind not in SIZED:
        raise UserError(f"plot {kind}: its size follows what is drawn; leave --width out")
    assert width is None or width in WIDTHS
    if kind not in _TARGETED:
        if gaps or targets:
            raise UserError(f"plot {kind}: --gap and --target are for {', '.join(_TARGETED)}")
        return Drawing(kind, None, width)
    if gaps and targets:
        raise UserError("--gap or --target: give one of them")
    if any(not 0 <= one <= 100 for one in gaps or ()):
        raise UserError("--gap: from 0 to 100 %")
    if kind != "ecdf" and len(gaps or targets or ()) > 1:
        raise UserError(f"plot {kind}: it draws the times to one target; ecdf takes several")
    fractions = tuple(one / 100 for one in gaps or _TARGETED[kind])
    return Drawing(kind, compared.Goal(fractions, tuple(targets or ())), width)


def draw(asked: Drawing, records: Sequence[Record], store: Store, path: Path) -> None:
    """Write the figure of these records, the same whatever their order.

    Args:
        asked: what is drawn.
        records: of what.
        store: where their answers and pictures are.
        path: file to write, in the format of its suffix.

    Raises:
        UserError: it cannot be drawn of them or written; the message says why.
    """
    from matplotlib import rc_context

    chosen = sorted(records, key=lambda r: (r.instance, r.solver, r.trial_id))
    if asked.kind in _OF_TRIALS and len(chosen) > MOST_TRIALS:
        raise UserError(
            f"{len(chosen)} trials are too many for a figure (at most {MOST_TRIALS}): choose some "
            "with --instance, --solver, --seed, --where or --record"
        )
    with rc_context(PRINTED if asked.kind in SIZED else {}):
        try:
            figure = _drawn(asked, chosen, store)
        except ValueError as error:
            raise UserError(f"plot {asked.kind}: {error}") from None
        try:
            figure.savefig(path, dpi=200)
        except OSError as error:
            raise UserError(f"cannot write '{path}': {error.strerror}") from None
        except ValueError as error:
            raise UserError(f"cannot write '{path}': {str(error).splitlines()[0]}") from None


def _drawn(asked: Drawing, records: Sequence[Record], store: Store) -> "Figure":
    width = asked.width or "page"
    if asked.kind in _TIMED:
        assert asked.goal is not None
        found = compared.pooled(records, registry_best_known)
        return _TIMED[asked.kind](found, asked.goal, width)
    if asked.kind in _COMPARED:
        return _COMPARED[asked.kind](compared.pooled(records, registry_best_known), width)
    if asked.kind == "anytime":
        from dnnbench.report.plots.anytime import anytime

        return anytime(records, registry_best_known, width)
    if asked.kind == "strip":
        from dnnbench.report.plots.strip import strip

        return strip(records, lambda r: store.pictures(r.trial_id))
    if asked.kind == "field":
        from dnnbench.report.plots.field import field

        return field(records, lambda r: _field(r, store))
    from dnnbench.report.plots.trajectory import bands, trajectory

    return (trajectory if asked.kind == "trajectory" else bands)(records)


def _field(record: Record, store: Store) -> "Field | None":
    """Reference and answer of a trial on an equation; None where there is no answer."""
    from dnnbench.report.plots.field import Field
    from dnnbench.runner.resolve import exact_side

    if not record.instance.startswith(PREFIX) or record.solution is None:
        return None
    pde = exact_side(catalog.entry("problem", record.problem).about)
    name = Equation(record.instance.removeprefix(PREFIX))
    posed = pde.pose(name, record.problem_settings, None)
    answer = store.solution(record.trial_id)
    if answer is None:
        return None
    return Field(posed.public.points, pde.coordinates, pde.unknowns, posed.sealed, answer)
