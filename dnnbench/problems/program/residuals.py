"""How far a primal and dual point is from solving a program, in float64.

With L(x, y) = f(x) - y . (A x) and the reduced costs r = c + Q x - A^T y, a positive multiplier (an
entry of y or r) belongs to a lower bound, a negative one to an upper bound. A point is optimal if x
violates nothing, no multiplier belongs to an infinite bound, and the objectives are equal:

    p = offset + c . x + x . Q x / 2
    d = offset - x . Q x / 2 + sum of each multiplier times the bound it belongs to

Whatever x is, d is a lower bound on the optimum where no multiplier belongs to an infinite bound.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnnbench.instances.program import Program

Vector = NDArray[np.float64]

TOLERANCES = (1e-3, 1e-6, 1e-9)
"""What is asked of `Residuals.kkt_error`: a rough answer, an accurate one, all of float64."""


@dataclass(frozen=True)
class Residuals:
    """What a primal and dual point lacks to be optimal; all but the objective are 0 at an optimum.

    Attributes:
        objective: p, in the sense in which it is minimised.
        primal: largest violation of a row or of a bound.
        dual: largest multiplier of an infinite bound.
        relative_primal: 2-norm of all violations over 1 + that of the finite bounds of rows (of
            two, the larger one).
        relative_dual: 2-norm of all multipliers of infinite bounds over 1 + that of c.
        relative_gap: |p - d| / (1 + |p| + |d|).
    """

    objective: float
    primal: float
    dual: float
    relative_primal: float
    relative_dual: float
    relative_gap: float

    @property
    def kkt_error(self) -> float:
        """The largest of the relative residuals; NaN if one of them is."""
        return float(np.max([self.relative_primal, self.relative_dual, self.relative_gap]))


def residuals(x: Vector, y: Vector, program: Program) -> Residuals:
    """The residuals of x [n] and y [m]."""
    curved = quadratic_part(x, program)
    reduced = program.cost + curved - program.transposed @ y
    violated = violations(x, program)
    rows, strayed_rows = owned(y, program.row_lower, program.row_upper)
    bounds, strayed_bounds = owned(reduced, program.lower, program.upper)
    strayed = np.concatenate([strayed_rows, strayed_bounds])
    half = float(x @ curved) / 2
    p = program.offset + float(program.cost @ x) + half
    d = program.offset - half + rows + bounds
    return Residuals(
        objective=p,
        primal=largest(violated),
        dual=largest(strayed),
        relative_primal=_norm(violated) / (1 + _norm(row_scale(program))),
        relative_dual=_norm(strayed) / (1 + _norm(program.cost)),
        relative_gap=abs(p - d) / (1 + abs(p) + abs(d)),
    )


def quadratic_part(x: Vector, program: Program) -> Vector:
    """Q x, zeros for a linear program, [n]."""
    if program.quadratic is None:
        return np.zeros_like(x)
    product: Vector = program.quadratic @ x
    return product


def violations(x: Vector, program: Program) -> Vector:
    """By how much each row, then each bound, is violated, [m + n], none negative."""
    rows = outside(program.matrix @ x, program.row_lower, program.row_upper)
    return np.concatenate([rows, outside(x, program.lower, program.upper)])


def outside(values: Vector, lower: Vector, upper: Vector) -> Vector:
    """Distances of values to their intervals."""
    return np.maximum(np.maximum(lower - values, values - upper), 0)


def owned(multipliers: Vector, lower: Vector, upper: Vector) -> tuple[float, Vector]:
    """The sum of multipliers times their finite bounds, and sizes of those of infinite bounds."""
    bound = np.where(multipliers > 0, lower, upper)
    finite = np.isfinite(bound)
    value = float(multipliers[finite] @ bound[finite])
    return value, np.where(finite, 0, np.abs(multipliers))


def row_scale(program: Program) -> Vector:
    """The larger of each row's finite bounds in absolute value, 0 without one, [m]."""
    sizes = [np.where(np.isfinite(b), np.abs(b), 0) for b in (program.row_lower, program.row_upper)]
    return np.maximum(*sizes)


def largest(values: Vector) -> float:
    """The largest absolute value, 0 of none."""
    return float(np.abs(values).max(initial=0))


def _norm(values: Vector) -> float:
    return float(np.linalg.norm(values))
