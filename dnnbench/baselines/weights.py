"""Numbers as solvers take them: whole weights, limits."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LARGEST_TOTAL = 2.0**45
"""Real weights are scaled to whole ones that sum to at most this."""


class Weights(NamedTuple):
    """Weights as a solver takes them.

    Attributes:
        values: [n], positive.
        scale: they are this times those of the instance, but for rounding.
        error: how far off a bound in them can be, in the instance's unit.
    """

    values: NDArray[Any]
    scale: float
    error: float


def whole_weights(given: NDArray[Any]) -> Weights:
    """Positive weights [n] as int64; of real ones 13 digits are kept."""
    if np.issubdtype(given.dtype, np.integer):
        return Weights(given.astype(np.int64), 1.0, 0.0)
    scale = 2.0 ** math.floor(math.log2(_LARGEST_TOTAL / float(given.sum())))
    rounded = np.maximum(np.rint(given * scale), 1).astype(np.int64)
    return Weights(rounded, scale, float(np.abs(rounded / scale - given).sum()))


def most(limit: int | None) -> float:
    """A limit as a number: infinity for None."""
    return math.inf if limit is None else limit
