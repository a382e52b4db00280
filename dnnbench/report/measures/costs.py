"""The costs of solvers on instances, as ranks, tests and profiles take them."""

import math
from collections.abc import Sequence

import numpy as np

Costs = Sequence[Sequence[float | None]]
"""[solvers][instances], less is better; None (or infinity) is a failure."""


def as_costs(costs: Costs) -> np.ndarray:
    """[solvers, instances] of float64; failures (None, NaN) are infinite.

    Raises:
        ValueError: it is empty, or solvers differ in how many instances they have.
    """
    lengths = {len(row) for row in costs}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError("costs must have the same instances, at least one, for every solver")
    rows = [[math.inf if c is None or math.isnan(c) else c for c in row] for row in costs]
    return np.array(rows, dtype=float)
