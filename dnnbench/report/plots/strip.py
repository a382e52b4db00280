"""Pictures side by side: what is behind the measurement, what was measured, what came of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnbench.records.schema import Record
from dnnbench.report.rules import named_problems, named_solvers, rules_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDE = 1.9
_FIRST = ("clean", "measured")


def strip(records: Sequence[Record], pictures: Callable[[Record], dict[str, Path]]) -> "Figure":
    """One row a trial: clean, measured, outputs at chosen steps, what each rule returned.

    Args:
        records: the trials.
        pictures: the PNG files of a trial by name.

    Raises:
        ValueError: no trial has pictures.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    rows = [(r, found) for r in records if (found := _worth_showing(pictures(r)))]
    if not rows:
        raise ValueError("no record has pictures")
    solvers = named_solvers([r for r, _ in rows])
    problems = named_problems([r for r, _ in rows])
    width = max(len(found) for _, found in rows)
    figure = Figure(figsize=(_SIDE * width, (_SIDE + 0.35) * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    for i, (record, found) in enumerate(rows):
        for j, name in enumerate(_order(set(found))):
            ax = figure.add_subplot(len(rows), width, i * width + j + 1)
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set_visible(False)
            with Image.open(found[name]) as picture:
                shown: Any = picture.copy()
            gray: dict[str, Any] = (
                {"cmap": "gray", "vmin": 0, "vmax": 255} if shown.mode == "L" else {}
            )
            ax.imshow(shown, interpolation="nearest", **gray)
            ax.set_title(_caption(record, name), fontsize=7)
            if j == 0:
                label = f"{solvers[i]}\n{problems[i]}\n{record.instance}"
                ax.set_ylabel(label, fontsize=6)
    return figure


def _worth_showing(found: dict[str, Path]) -> dict[str, Path]:
    """Not the preview; nor the answer again where the rules' pictures are there."""
    ruled = found.keys() - {"clean", "measured", "answer", "latest"}
    return {n: p for n, p in found.items() if n != "latest" and not (ruled and n == "answer")}


def _order(names: set[str]) -> list[str]:
    """Clean and measured first, then outputs by their steps, then the rules and the answer."""
    steps = sorted((n for n in names if n.startswith("step_")), key=lambda n: int(n[5:]))
    rest = sorted(names - set(steps) - set(_FIRST))
    return [*(n for n in _FIRST if n in names), *steps, *rest]


def _caption(record: Record, name: str) -> str:
    found = rules_of(record).get(name)
    if found is not None:
        return f"{name}, step {found['step']}\n{found['psnr']:.2f} dB"
    if name == "answer" and record.value is not None:
        return f"{name}\n{record.value:.2f} dB"
    return name.replace("_", " ")
