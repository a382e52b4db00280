"""Shares as step functions: performance profiles, runtime distributions, time to a target."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dnnbench.report.measures.profiles import performance_profile
from dnnbench.report.measures.ranks import Costs
from dnnbench.report.measures.targets import Times, ecdf
from dnnbench.report.plots.style import counted, legend_below, looks, panels, plain_log, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 2.4
_MOST_PANELS = 12
_MOST_CORNERS = 4000
"""Of a curve: more cannot be told apart, and would make a PDF of megabytes."""
_FIRST = 1e-3
"""Seconds below which clocks of trials say nothing: the least time of a profile."""


def profile(solvers: Sequence[str], seconds: Costs, goal: str, width: str = "page") -> "Figure":
    """Performance profiles of times to a target, the best area first.

    Args:
        solvers: their names.
        seconds: [solvers][instances] to the target; None where it was not reached.
        goal: the target in words.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: there are fewer than two solvers, or nobody reached the target anywhere.
    """
    if len(solvers) < 2:
        raise ValueError("a profile compares solvers: there is only one")
    if all(time is None for row in seconds for time in row):
        raise ValueError(f"no solver reached the target ({goal}) on any instance: raise --gap")
    found = performance_profile(seconds, floor=_FIRST)
    figure, (ax,) = panels(1, height=_HEIGHT, width=width)
    look = looks(sorted(solvers))
    handles = []
    order = sorted(range(len(solvers)), key=lambda i: (-found.areas[i], solvers[i]))
    for i in order:
        label = f"{solvers[i]}: {found.areas[i]:.2f}"
        handles += ax.step(
            found.factors, found.shares[i], where="post", label=label, **look[solvers[i]]
        )
    ax.set_xscale("log")
    plain_log(ax.xaxis)
    _share_axis(ax, f"instances solved ({goal})")
    ax.set_xlabel(f"time over the fastest solver's, {counted(len(seconds[0]), 'instance')}")
    legend_below(figure, handles, title="area under the curve")
    return figure


def runtimes(times: Mapping[str, Times], budget: float, goal: str, width: str = "page") -> "Figure":
    """The share of targets reached against time, over all instances, seeds and targets.

    Args:
        times: of each solver, seconds of each triple of instance, seed and target; None where it
            was not reached.
        budget: seconds at which the curves end.
        goal: the targets in words.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: no target was reached.
    """
    if all(time is None for found in times.values() for time in found):
        raise ValueError(f"no solver reached any target ({goal}): give larger ones with --gap")
    figure, (ax,) = panels(1, height=_HEIGHT, width=width)
    curves = {name: ecdf(found, budget) for name, found in times.items()}
    look = looks(sorted(times))
    handles = []
    for name in sorted(times, key=lambda n: (-curves[n][-1][1], n)):
        label = f"{name}: {curves[name][-1][1]:.0%}"
        handles += _staircase(ax, curves[name], label, look[name])
    _seconds_axis(ax, [t for found in times.values() for t in found])
    _share_axis(ax, "targets reached")
    ax.set_xlabel(wrapped(f"solve time, s; targets: {goal}", 44 if width == "column" else 100))
    legend_below(figure, handles, title="reached in the end")
    return figure


def time_to_target(
    times: Mapping[str, Mapping[str, Times]], budget: float, goal: str, width: str = "page"
) -> "Figure":
    """Time-to-target plots: the share of a solver's seeds that are at the target, by time.

    One panel an instance. Seeds that never reach it stay in the denominator, so that a curve ends
    below 1, and a solver of which none does is named under the panel (Aiex, Resende, Ribeiro,
    Journal of Heuristics 8, 2002; the share is i / n in place of their (i - 1/2) / n).

    Args:
        times: by instance and solver, seconds of each seed; None where it was not reached.
        budget: seconds at which the curves end.
        goal: the target in words.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: no solver has several seeds on an instance, no seed reached the target, or
            there are too many instances.
    """
    several = {i: f for i, f in times.items() if any(len(seeds) > 1 for seeds in f.values())}
    if not several:
        raise ValueError("no solver has several seeds on an instance: ecdf pools instances")
    if len(several) > _MOST_PANELS:
        raise ValueError(
            f"{len(several)} instances are too many for a figure (at most {_MOST_PANELS}): choose "
            "some with --instance"
        )
    if all(t is None for found in several.values() for seeds in found.values() for t in seeds):
        raise ValueError(f"no trial reached the target ({goal}): raise --gap")
    figure, axes = panels(len(several), height=_HEIGHT, width=width)
    names = sorted({name for found in several.values() for name in found})
    look = looks(names)
    for ax, (instance, found) in zip(axes, several.items(), strict=True):
        never = []
        for name in sorted(found):
            if all(t is None for t in found[name]):
                never.append(name)
                continue
            _staircase(ax, ecdf(found[name], budget), name, look[name])
        _seconds_axis(ax, [t for seeds in found.values() for t in seeds])
        _share_axis(ax, f"seeds at {goal}")
        ax.set_title(instance)
        note = wrapped(f"never: {', '.join(never)}", 50).splitlines() if never else []
        ax.set_xlabel("\n".join(["solve time, s", *note]))
    drawn = {line.get_label(): line for ax in axes for line in ax.get_lines()}
    legend_below(figure, [drawn[name] for name in names if name in drawn])
    return figure


def _staircase(
    ax: Any, corners: Sequence[tuple[float, float]], label: str, look: Mapping[str, Any]
) -> list[Any]:
    """A step function whose start at 0 is put where a logarithmic axis can show it."""
    shown = _thinned(corners)
    places = [max(seconds, _FIRST) for seconds, _ in shown]
    shares = [share for _, share in shown]
    lines: list[Any] = ax.step(places, shares, where="post", label=label, **look)
    return lines


def _thinned(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners, but of very many only so many that shares are right to less than a pixel.

    A share rises by the same from corner to corner; leaving out all but every k-th, the first and
    the last makes an error of k steps.
    """
    every = -(-len(corners) // _MOST_CORNERS)
    return [*corners[:-1:every], *corners[-1:]]


def _seconds_axis(ax: Any, times: Times) -> None:
    """Logarithmic, from a little before the first time."""
    first = min((t for t in times if t is not None), default=_FIRST)
    ax.set_xscale("log")
    ax.set_xlim(left=0.7 * max(first, _FIRST))
    plain_log(ax.xaxis)


def _share_axis(ax: Any, label: str) -> None:
    ax.set_ylim(-0.02, 1.02)
    ax.set_ylabel(label)
