"""Means and their intervals."""

import math
import statistics
from collections.abc import Sequence

from scipy.special import stdtrit

CONFIDENCE = 0.95


def mean_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The mean, and half the width of its 95 % interval by Student's t.

    Args:
        values: one finite value for each independent seed.

    Returns:
        (None, None) without values; one value has a mean and no interval.

    Examples:
        >>> mean_interval([5.0])
        (5.0, None)
    """
    n = len(values)
    if n == 0:
        return None, None
    mean = statistics.fmean(values)
    if n == 1:
        return mean, None
    quantile = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2))
    return mean, quantile * statistics.stdev(values) / math.sqrt(n)
