"""Means of times."""

import math
from collections.abc import Sequence


def shifted_geometric_mean(
    values: Sequence[float | None], shift: float = 1.0, *, penalty: float | None = None
) -> float:
    """The geometric mean of values + shift, less the shift (Achterberg 2007, section A.3).

    The shift keeps tiny values from ruling the mean; 1 s (or 10 s) is usual for times.

    Args:
        values: at least 0; None (or infinity) is a failure.
        shift: in the values' unit.
        penalty: what a failure counts as, such as the budget or twice that; without it the mean
            with a failure is infinite.

    Raises:
        ValueError: there are no values, or one is negative, or one and the shift are 0 together.

    Examples:
        >>> round(shifted_geometric_mean([1.0, 7.0], 1.0), 9)
        3.0
    """
    if not values:
        raise ValueError("no values")
    failed = math.inf if penalty is None else penalty
    known = [failed if v is None or math.isinf(v) else v for v in values]
    if any(value < 0 or value + shift <= 0 for value in known):
        raise ValueError("a value is negative, or 0 without a shift")
    return math.exp(math.fsum(math.log(value + shift) for value in known) / len(known)) - shift
