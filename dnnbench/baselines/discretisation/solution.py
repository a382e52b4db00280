"""What a discretisation gives: a function on the domain, and what it took."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Callable[[Array], Array]
"""Values [n] or [n, fields] at points [n, d]."""


class NotSolvedError(ArithmeticError):
    """A discretisation has no solution that its solver finds; a finer one may have."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A discrete solution, by whatever interpolation belongs to its scheme.

    Attributes:
        values: gives values [n] or [n, fields] at points [n, d] of the closed domain.
        unknowns: numbers that were solved for at once (in a time step, if there is time).
        order: of convergence of the L2 error in the mesh width; None where it is not algebraic.
        peak_bytes: estimate of the memory that it took.
    """

    values: Values
    unknowns: int
    order: float | None
    peak_bytes: int

    def __call__(self, points: NDArray[Any]) -> Array:
        """Values [n] or [n, fields] at points [n, d]."""
        return self.values(np.asarray(points, np.float64))
