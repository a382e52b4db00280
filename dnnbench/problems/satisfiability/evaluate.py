"""Which constraints of a formula an assignment violates: NumPy only, for the exact side."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.instances.formula import Formula, Kind


def true_literals(z: NDArray[np.uint8], formula: Formula) -> NDArray[np.int64]:
    """How many literals of each constraint are true, int64 [m].

    Args:
        z: 0/1 by variable, uint8 [n].
        formula: the constraints.
    """
    holds = (z[np.abs(formula.literals) - 1] == 1) == (formula.literals > 0)
    return np.bincount(formula.owners[holds], minlength=formula.num_constraints)


def violated(z: NDArray[np.uint8], formula: Formula) -> NDArray[np.bool_]:
    """Which constraints do not hold, bool [m]; arguments as of `true_literals`."""
    true = true_literals(z, formula)
    return falls_short(true, formula.kinds, formula.widths, formula.bounds)


def falls_short(
    true: NDArray[Any], kinds: NDArray[Any], widths: NDArray[Any], bounds: NDArray[Any]
) -> NDArray[np.bool_]:
    """Whether constraints with so many true literals are violated; all arrays of one shape.

    Args:
        true: how many literals are true.
        kinds: the `Kind` of each constraint.
        widths: how many literals it has.
        bounds: how many an `AT_LEAST` asks for.
    """
    return np.select(
        [kinds == Kind.OR, kinds == Kind.XOR, kinds == Kind.AT_LEAST],
        [true == 0, true % 2 == 0, true < bounds],
        default=(true == 0) | (true == widths),
    )
