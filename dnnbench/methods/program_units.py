"""Units of a program, so that networks trained on it see numbers of order one.

In the scaled variables of `program_common`, x = C x' and y = R y', a program has two sizes: b, the
length of its bounds, and c, that of its cost. Points are then about b / |A| long, multipliers
c / |A|, and objectives b c / |A|, A being the scaled matrix.
"""

from typing import Any, NamedTuple

import numpy as np

from dnnbench.instances.program import Program
from dnnbench.methods.program_common import Scales, Vector, scales


class Units(NamedTuple):
    """A program's scales and sizes, equal in shape for all programs of one shape.

    Attributes:
        scales: R^2, C^2, norms and the first primal weight.
        bounds: b, the length of R times the rows' finite bounds; where all of them are 0, that of
            the variables' bounds times |A|; 1 without any.
        objective: b c / |A|.
    """

    scales: Scales
    bounds: Any
    objective: Any


def units(public: Program, rounds: int) -> Units:
    """The units of a program scaled in so many rounds of Ruiz."""
    own = scales(public, rounds)
    root, norm = np.sqrt(own.columns), own.matrix_norm or own.quadratic_norm or 1.0
    bounds = _length(np.sqrt(own.rows), public.row_lower, public.row_upper)
    bounds = bounds or norm * _length(1 / root, public.lower, public.upper) or 1.0
    cost = float(np.linalg.norm(root * public.cost)) or 1.0
    return Units(own, bounds, bounds * cost / norm)


def _length(factor: Vector, lower: Vector, upper: Vector) -> float:
    """Of the larger finite bounds in absolute value, times a factor each."""
    sizes = [np.where(np.isfinite(bound), abs(bound), 0) for bound in (lower, upper)]
    return float(np.linalg.norm(factor * np.maximum(*sizes)))
