"""The gap: how much worse a value is than a reference."""

import math

from dnnbench.problems.base import Sense


def gap(value: float | None, best_known: float | None, sense: Sense) -> float | None:
    """How much worse `value` is than `best_known`, as a fraction of the latter's size.

    Equality is exactly 0; a better value has a negative gap, which is reported, never clipped.
    Integers are subtracted as integers, so that no digit is lost before the division.

    Args:
        value: what was reached.
        best_known: the reference.
        sense: whether more or less is better.

    Returns:
        None if one of them is missing or not finite, or if the reference is 0 and the value is
        not: a fraction of nothing is not defined.

    Examples:
        >>> gap(99, 100, "max"), gap(101, 100, "max"), gap(-90, -100, "min")
        (0.01, -0.01, 0.1)
    """
    if value is None or best_known is None:
        return None
    if not (math.isfinite(value) and math.isfinite(best_known)):
        return None
    worse = best_known - value if sense == "max" else value - best_known
    if worse == 0:
        return 0.0
    return worse / abs(best_known) if best_known != 0 else None
