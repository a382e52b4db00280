"""Anytime curves: the traces of trials against seconds, one panel an instance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dnnbench.records.schema import Record
from dnnbench.report.best_known import BestKnownLookup
from dnnbench.report.plots.scale import Scale, scale_of
from dnnbench.report.plots.steps import band, curve
from dnnbench.report.plots.style import legend_below, looks, panels, wrapped
from dnnbench.report.rules import named_solvers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 2.4


def anytime(
    records: Sequence[Record], best_known: BestKnownLookup, width: str = "page"
) -> "Figure":
    """The figure; dashes and colours tell solvers apart.

    A solver with one seed on an instance has a line a trial; with several it has the median and
    the band between the quartiles, in which a seed without an answer yet is worse than any other.
    A curve is the trace before polish: what stood at the end of each chunk. The polished value of
    a trial is a dot at its end. Which axis is drawn, `scale_of` says. Solvers of which a trial
    left no value are named in the panel.

    Args:
        records: trials with traces.
        best_known: best value of an instance under a problem, or None.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: no record has a trace.
    """
    if not any(r.trace and r.value is not None for r in records):
        raise ValueError("no record has a trace")
    names = named_solvers(records)
    groups: dict[tuple[str, str], list[tuple[str, Record]]] = {}
    for record, name in zip(records, names, strict=True):
        groups.setdefault((record.instance, record.problem), []).append((name, record))
    figure, axes = panels(len(groups), height=_HEIGHT, width=width)
    look = looks(sorted(set(names)))
    repeated = len({instance for instance, _ in groups}) < len(groups)
    for ax, ((instance, problem), mine) in zip(axes, groups.items(), strict=True):
        drawn = [r for _, r in mine if r.value is not None]
        ax.set_title(wrapped(f"{problem}, {instance}" if repeated else instance, 44))
        ax.set_xlabel("\n".join(["solve time, s", *_failures(mine)]))
        if drawn:
            scale = scale_of(drawn, best_known(instance, problem))
            for key, trials in _variants(mine).items():
                _solver(ax, trials, scale, look[key[0]])
            ax.set_xscale("log")
            scale.apply(ax)
    legend_below(figure, [_handle(name, look[name]) for name in sorted(set(names))])
    return figure


def _solver(ax: Any, trials: Sequence[Record], scale: Scale, look: dict[str, Any]) -> None:
    """Lines and dots of one solver on one instance."""
    newest = {r.seed: r for r in sorted(trials, key=lambda r: (r.created, r.trial_id))}
    if len(newest) < 2:
        for record in trials:
            found = curve(record, scale.place)
            if len(found.times) > 0:
                times, values = [*found.times, found.end], [*found.values, found.values[-1]]
                ax.step(times, values, where="post", **look)
            ax.plot([found.end], [found.last], "o", markersize=3.5, color=look["color"])
        return
    spread = band([curve(r, scale.place) for r in newest.values()], scale.sense)
    ax.step(spread.times, spread.middle, where="post", **look)
    ax.fill_between(
        spread.times, spread.worse, spread.better, step="post", alpha=0.2, linewidth=0,
        color=look["color"],
    )  # fmt: skip
    ax.plot([spread.end], [spread.last], "o", markersize=3.5, color=look["color"])


def _variants(named: Sequence[tuple[str, Record]]) -> dict[tuple[str, str], list[Record]]:
    """Trials that differ in nothing but the seed, which alone may share a band."""
    found: dict[tuple[str, str], list[Record]] = {}
    for name, record in sorted(named, key=lambda pair: pair[0]):
        found.setdefault((name, repr(record.problem_settings)), []).append(record)
    return found


def _failures(named: Sequence[tuple[str, Record]]) -> list[str]:
    """In lines: which solvers left no value, and of how many trials."""
    said = []
    for name in sorted({n for n, _ in named}):
        mine = [r for n, r in named if n == name]
        failed = sum(r.value is None for r in mine)
        if failed:
            said.append(f"{name} ({failed} of {len(mine)})" if len(mine) > 1 else name)
    return wrapped(f"no answer: {', '.join(said)}", 50).splitlines() if said else []


def _handle(name: str, look: dict[str, Any]) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], label=name, **look)
