"""Critical-difference diagrams: mean ranks, and which solvers they do not tell apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dnnbench.report.measures.ranks import (
    Costs,
    average_ranks,
    friedman,
    nemenyi_critical_difference,
)
from dnnbench.report.plots.style import COLOURS, counted, panels, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROW = 0.2
_ALPHA = 0.05


def ranks(
    solvers: Sequence[str], costs: Costs, what: str, instances: int, width: str = "page"
) -> "Figure":
    """The diagram of Demšar, JMLR 7, 2006: bars join solvers that are not told apart.

    Mean ranks stand on the axis, 1 the best; lines lead to the names, the better half on the left.
    Bars are by Nemenyi's critical difference, whose length is drawn above the axis; the title
    has Friedman's test in the form of Iman and Davenport.

    Args:
        solvers: their names.
        costs: [solvers][instances], less is better; None is a failure, worse than any answer.
        what: is ranked, in words.
        instances: how many there are, of which costs has those that all solvers have run.
        width: of the figure, a key of `style.WIDTHS`.

    Raises:
        ValueError: there are fewer than three solvers or two instances, or all ranks are equal.
    """
    from pandas import DataFrame
    from scikit_posthocs import critical_difference_diagram

    test = friedman(costs)
    means = average_ranks(costs)
    if min(means) == max(means):
        raise ValueError("all solvers have the same mean rank: there is nothing to tell apart")
    count = len(costs[0])
    difference = nemenyi_critical_difference(len(solvers), count, _ALPHA)
    names = [wrapped(name, 22 if width == "column" else 44) for name in solvers]
    told = [[float(abs(a - b) < difference) for a in means] for b in means]
    tall = -(-len(names) // 2) * _ROW * max(name.count("\n") + 1 for name in names)
    figure, (ax,) = panels(1, height=tall + 1.4, width=width)
    ax.grid(visible=False)
    best_first = sorted(range(len(names)), key=lambda i: means[i])
    drawn = critical_difference_diagram(
        dict(zip(names, means, strict=True)),
        DataFrame(told, index=names, columns=names),
        alpha=0.5,  # the table says 1 or 0: not told apart, told apart
        ax=ax,
        label_fmt_left="{label}  {rank:.2f} ",
        label_fmt_right=" {rank:.2f}  {label}",
        label_props={"fontsize": 6.5},
        marker_props={"s": 8},
        elbow_props={"linewidth": 0.8},
        color_palette={names[i]: COLOURS[k % len(COLOURS)] for k, i in enumerate(best_first)},
    )
    for text in drawn["labels"]:
        text.set_color("black")
    start = min(means)
    ax.plot([start, start + difference], [1.9, 1.9], color="black", marker="|", linewidth=1.2)
    ax.text(start, 2.2, f"critical difference {difference:.2f}", va="bottom", fontsize=6.5)
    p = "< 0.001" if test.p < 0.001 else f"= {test.p:.3f}"
    of = counted(count, "instance") if count == instances else f"{count} of {instances} instances"
    ax.spines["top"].set_visible(True)
    ax.set_ylim(top=3.2)
    title = f"mean ranks by {what}, {of}; Friedman p {p}"
    ax.set_title(wrapped(title, 56 if width == "column" else 100), fontsize=7)
    return figure
