"""How a network learns a picture: PSNR and error by frequency against steps."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dnnbench.records.schema import Record
from dnnbench.report.plots.style import COLOURS, looks, panels, wrapped
from dnnbench.report.rules import ORACLE, named_problems, named_solvers, rules_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKS = {"fixed": "s", "ema": "D", "es_wmv": "v", "es_emv": "^", "held_out": "P", ORACLE: "*"}
BANDS = "oracle_bands"


def trajectory(records: Sequence[Record]) -> "Figure":
    """PSNR of the output against steps, one panel a picture and solver, a line a noise level.

    Marks stand at the step and the PSNR of what each stopping rule returned.

    Raises:
        ValueError: no record has such a curve (`method.oracle=true` keeps it).
    """
    drawn = _by_noise(
        [r for r in records if ORACLE in rules_of(r) and _curve(r, ORACLE) is not None]
    )
    if not drawn:
        raise ValueError("no record has a curve of PSNR: it takes method.oracle=true")
    solvers, problems = named_solvers(drawn), named_problems(drawn)
    keys = list(dict.fromkeys((r.instance, s) for r, s in zip(drawn, solvers, strict=True)))
    figure, axes = panels(len(keys))
    look = looks(dict.fromkeys(problems))
    for ax, key in zip(axes, keys, strict=True):
        for record, solver, problem in zip(drawn, solvers, problems, strict=True):
            if (record.instance, solver) != key:
                continue
            found = rules_of(record)
            curve = _curve(record, ORACLE)
            assert curve is not None
            ax.plot(curve[:, 0], curve[:, 1], linewidth=1, **look[problem])
            for rule, mark in _MARKS.items():
                if rule in found and found[rule]["step"] is not None:
                    place = [max(found[rule]["step"], 1)], [found[rule]["psnr"]]
                    style = {"markersize": 7, "markeredgecolor": "white", "markeredgewidth": 0.6}
                    ax.plot(*place, mark, color=look[problem]["color"], **style)
        ax.set_xscale("log")
        ax.set_title(wrapped(f"{key[1]}, {key[0]}"), fontsize=9)
        ax.set_xlabel("step")
        ax.set_ylabel("PSNR, dB")
    for problem in dict.fromkeys(problems):
        axes[0].plot([], [], label=problem, **look[problem])
    present = {rule for r in drawn for rule in rules_of(r)}
    for rule, mark in _MARKS.items():
        if rule in present:
            axes[0].plot([], [], mark, color="#555555", label=rule)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


def bands(records: Sequence[Record]) -> "Figure":
    """Relative error in bands of radial frequency against steps, one panel a trial.

    1 is a band of which nothing is there yet; above it the output has more noise there than the
    picture has content.

    Raises:
        ValueError: no record has such curves (`method.bands=5` keeps them).
    """
    drawn = _by_noise([r for r in records if _curve(r, BANDS) is not None])
    if not drawn:
        raise ValueError("no record has errors by frequency: it takes method.bands=5")
    solvers, problems = named_solvers(drawn), named_problems(drawn)
    figure, axes = panels(len(drawn))
    most = 0
    for ax, record, solver, problem in zip(axes, drawn, solvers, problems, strict=True):
        rows = _curve(record, BANDS)
        assert rows is not None
        count = rows.shape[1] - 1
        most = max(most, count)
        for band in range(count):
            colour = COLOURS[band % len(COLOURS)]
            ax.plot(rows[:, 0], rows[:, 1 + band], color=colour, linewidth=1.2)
        ax.axhline(1, color="#999999", linewidth=0.6)
        ax.set_xscale("log")
        ax.set_yscale("log")
        whole = f"{solver}, {problem}, {record.instance}, seed {record.seed}"
        ax.set_title(wrapped(whole), fontsize=9)
        ax.set_xlabel("step")
        ax.set_ylabel("error / content of the band")
    for band in range(most):
        name = f"{band / most:.1f} to {(band + 1) / most:.1f} of Nyquist"
        axes[0].plot([], [], color=COLOURS[band % len(COLOURS)], label=name)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


def _by_noise(records: Sequence[Record]) -> list[Record]:
    """Solvers together, the least noise first."""

    def noise(record: Record) -> float:
        sigma = record.problem_settings.get("sigma", 0)
        return float(sigma) if isinstance(sigma, int | float) else 0.0

    return sorted(records, key=lambda r: (r.solver, noise(r)))


def _curve(record: Record, name: str) -> NDArray[np.float64] | None:
    """[points, 1 + values] of a curve against steps; None where there is none of this name."""
    found = record.diagnostics.get(name)
    rows = found.get("curve") if isinstance(found, Mapping) else None
    try:
        curve = np.asarray(rows, np.float64)
    except (TypeError, ValueError):  # `diagnostics` may hold anything
        return None
    return curve if curve.ndim == 2 and len(curve) > 0 and curve.shape[1] > 1 else None
