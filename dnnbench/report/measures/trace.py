"""Traces: what a trial had reached, and when."""

import math
from collections.abc import Iterable, Sequence

from dnnbench.problems.base import Sense, better

Trace = Sequence[tuple[float, float | None]]
"""Seconds since the start and the objective then; rows in any order, None without an answer."""


def improvements(
    trace: Iterable[tuple[float, float | None]], sense: Sense
) -> list[tuple[float, float]]:
    """The rows that are better than all before them: the best so far as a step function.

    Rows without a finite objective are no answer. Of rows at the same time the best counts.

    Examples:
        >>> improvements([(1.0, 5), (2.0, None), (3.0, 4), (4.0, 7)], "max")
        [(1.0, 5), (4.0, 7)]
    """
    steps: list[tuple[float, float]] = []
    for seconds, value in sorted(trace, key=lambda row: row[0]):
        if value is None or not math.isfinite(value):
            continue
        if not steps or better(value, steps[-1][1], sense):
            if steps and steps[-1][0] == seconds:
                steps.pop()
            steps.append((seconds, value))
    return steps
