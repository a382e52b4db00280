"""Crossover: from an approximate primal and dual point to the solution of its active set.

Which rows and bounds hold as equalities at the optimum is guessed from the point; the program with
these equalities alone is a linear system, its KKT system. One wrong guess makes that system
contradictory, so the program is not solved as it is but with a penalty on the distance from the
point, |x - x0|^2 / (2 t) and |y - y0|^2 / (2 s): the proximal method of multipliers. Each such
program has one solution. It is found by guessing, solving and guessing again from there until the
guess repeats, which is a semismooth Newton method without line search. If it repeats, its solution
is the next point and t and s grow, up to where the penalty is rounding; if not, they shrink.

The best point met is kept, which may be the given one. This is a method that solves programs, given
time; what makes it a step at the end is that it may solve `SYSTEMS` systems and no more.

References:
    Rockafellar, Augmented Lagrangians and applications of the proximal point algorithm in convex
    programming, Math. Oper. Res. 1(2):97, 1976. Li, Sun & Toh, An asymptotically superlinearly
    convergent semismooth Newton augmented Lagrangian method for linear programming, SIAM J.
    Optim. 30(3):2410, 2020. Departs from the latter: x and y are found together, by a sparse
    factorisation; no line search, but smaller t and s where the guesses go round in circles.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from dnnbench.instances.program import Program
from dnnbench.problems.program.residuals import largest, quadratic_part, residuals

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
Point = tuple[Vector, Vector]

MOST_UNKNOWNS = 50_000
MOST_ENTRIES = 1_000_000
"""Programs with more variables and rows, or more coefficients, are left as they are."""

SYSTEMS = 60
MOST_FILL = 4_000_000
"""No further system is solved after so many, or once their factors have more entries."""

_ROUNDS = 8
"""Guesses after which a program with penalty counts as not solved."""

_GROWTH, _SHRINKAGE = 3.0, 4.0
_LEAST, _MOST = 1e-3, 1e8
"""Of t and s, in units of (1 + largest |x|) / (1 + largest multiplier) and its inverse."""

_ENOUGH = 1e-13
"""Errors below this are rounding."""


def crossover(x: Vector, y: Vector, program: Program, stop: Callable[[], bool]) -> Point:
    """A point whose KKT error is not larger than that of (x, y).

    Args:
        x: [n], left untouched.
        y: [m], left untouched.
        program: the program.
        stop: asked before each system that is solved.
    """
    best, error = (x, y), residuals(x, y, program).kkt_error
    if not _fits(program):
        return best
    unit = (1 + largest(x)) / (1 + max(largest(y), largest(_reduced(x, y, program))))
    centre, weight, systems, fill = best, 1.0, 0, 0
    while _LEAST <= weight <= _MOST:
        t, s = weight * unit, weight / unit
        point, active, settled = centre, None, False
        for _ in range(_ROUNDS):
            if error < _ENOUGH or systems == SYSTEMS or fill > MOST_FILL or stop():
                return best
            guess = _guess(point, centre, t, s, program)
            settled = active is not None and active.same(guess)
            if settled:
                break
            active = guess
            point, entries = _solved(point, centre, t, s, program, active)
            systems, fill = systems + 1, fill + entries
            if not all(np.isfinite(part).all() for part in point):
                break
            found = residuals(*point, program).kkt_error
            if found < error:
                best, error = point, found
        if settled:
            centre, weight = point, weight * _GROWTH
        else:
            weight /= _SHRINKAGE
    return best


@dataclass(frozen=True)
class _Active:
    """What is taken to hold as an equality: rows and variables, and at which value.

    Attributes:
        rows, bounds: which are, [m] and [n].
        row_values, values: at which value; of the others it means nothing.
    """

    rows: Mask
    bounds: Mask
    row_values: Vector
    values: Vector

    def same(self, other: "_Active") -> bool:
        """Whether it is the same guess."""
        return (
            np.array_equal(self.rows, other.rows)
            and np.array_equal(self.bounds, other.bounds)
            and np.array_equal(self.row_values[self.rows], other.row_values[self.rows])
            and np.array_equal(self.values[self.bounds], other.values[self.bounds])
        )


def _fits(program: Program) -> bool:
    curved = 0 if program.quadratic is None else program.quadratic.nnz
    unknowns = program.num_variables + program.num_rows
    return unknowns <= MOST_UNKNOWNS and program.matrix.nnz + curved <= MOST_ENTRIES


def _reduced(x: Vector, y: Vector, program: Program) -> Vector:
    slope: Vector = program.cost + quadratic_part(x, program) - program.transposed @ y
    return slope


def _guess(point: Point, centre: Point, t: float, s: float, program: Program) -> _Active:
    """What is active in the program with penalty, if the point's reduced costs and A x are right.

    Its solution has x = P(x0 - t r) and A x between the bounds, y = y0 - s (A x - P(A x - y0 / s)),
    P being the projections to the bounds of variables and of rows.
    """
    x, y = point
    rows, row_values = _at(program.matrix @ x - centre[1] / s, program.row_lower, program.row_upper)
    bounds, values = _at(centre[0] - t * _reduced(x, y, program), program.lower, program.upper)
    return _Active(rows, bounds, row_values, values)


def _at(wanted: Vector, lower: Vector, upper: Vector) -> tuple[Mask, Vector]:
    """Which values would leave their bounds, equalities always, and the bound that stops them."""
    low, high = wanted < lower, wanted > upper
    return low | high | (lower == upper), np.where(low, lower, upper)


def _solved(
    point: Point, centre: Point, t: float, s: float, program: Program, active: _Active
) -> tuple[Point, int]:
    """The solution of the program with penalty under the equalities of `active`.

    Fixed variables and the multipliers of inactive rows are known. The rest solves

        (c + Q x - A^T y + (x - x0) / t)_F = 0,   (A x + (y - y0) / s)_R = values_R.

    The matrix in dx and -dy, [[Q_FF + I / t, A_RF^T], [A_RF, -I / s]], is quasidefinite, so no
    pivots have to be sought; solving twice with the same factors takes off most of the rounding.

    Returns:
        The point, and the number of entries of the factors.
    """
    x, y = np.where(active.bounds, active.values, point[0]), np.where(active.rows, point[1], 0.0)
    free, rows = np.flatnonzero(~active.bounds), np.flatnonzero(active.rows)
    if not free.size and not rows.size:
        return (x, y), 0
    part = program.matrix[rows][:, free]
    above = sp.eye_array(free.size) / t
    if program.quadratic is not None:
        above = above + program.quadratic[free][:, free]
    system = sp.block_array([[above, part.T], [part, sp.eye_array(rows.size) / -s]], format="csc")
    try:
        factors = splu(
            system, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
    except RuntimeError:  # singular to rounding
        return point, 0
    for _ in range(2):
        slope = _reduced(x, y, program) + (x - centre[0]) / t
        lacking = active.row_values - program.matrix @ x - (y - centre[1]) / s
        step = factors.solve(np.concatenate([-slope[free], lacking[rows]]))
        x[free] += step[: free.size]
        y[rows] -= step[free.size :]
    return (x, y), factors.nnz
