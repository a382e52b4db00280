"""Proofs that a program has no solution, checked in float64.

Both are exact statements only up to rounding, so each has a figure that says what was left.

Infeasible (Farkas). For any y let r = -A^T y, so that y . (A x) + r . x = 0 for every x. A feasible
x makes that sum at least the multipliers times the bounds they belong to (signs as in `residuals`);
if this value is positive there is no feasible x. Multipliers of infinite bounds should be 0; if
they sum to e > 0, then what is shown is that no feasible x has all entries of x and A x below
value / e in absolute value.

Unbounded. A feasible x and a direction w along which no bound is ever met, which does not change
the quadratic part (Q w = 0) and lowers the objective (c . w < 0).
"""

import numpy as np
from numpy.typing import NDArray

from dnnbench.instances.program import Program
from dnnbench.problems.base import Proof
from dnnbench.problems.program.residuals import (
    TOLERANCES,
    largest,
    outside,
    owned,
    quadratic_part,
    residuals,
)

_REACH = 1e6
"""A proof of infeasibility has to reach all points whose entries are smaller."""

_ROUNDING = 1e-9
"""Relative to the terms that are summed; what is smaller may be rounding."""


def infeasible(y: np.ndarray, program: Program) -> Proof:
    """Check a Farkas vector.

    Args:
        y: multipliers of the rows [m], of any size.
        program: the program; its objective does not matter.

    Returns:
        `farkas_value`, for y of largest entry 1, and `farkas_reach`, see above.
    """
    y = _unit(_checked(y, (program.num_rows,)))
    reduced = -(program.transposed @ y)
    rows, strayed_rows = owned(y, program.row_lower, program.row_upper)
    bounds, strayed_bounds = owned(reduced, program.lower, program.upper)
    value, strayed = rows + bounds, float(strayed_rows.sum() + strayed_bounds.sum())
    terms = _terms(y, program.row_lower, program.row_upper)
    terms += _terms(reduced, program.lower, program.upper)
    reach = np.inf if strayed == 0 else max(value, 0.0) / strayed
    holds = value > _ROUNDING * terms and reach >= _REACH
    return Proof(bool(holds), {"farkas_value": value, "farkas_reach": float(reach)})


def unbounded(certificate: np.ndarray, program: Program) -> Proof:
    """Check a feasible point and a direction of descent.

    Args:
        certificate: x and w, [2, n]; w of any length.
        program: the program.

    Returns:
        `ray_descent`, -c . w for w of largest entry 1; `ray_residual`, the most by which one step
        along w nears a bound or changes the gradient, relative to the size of the row's terms; and
        `relative_primal` of x.
    """
    n = program.num_variables
    x, w = _checked(certificate, (2, n))
    w = _unit(w)
    descent = -float(program.cost @ w)
    rows = _recession(program.matrix @ w, program.row_lower, program.row_upper)
    rows /= np.maximum(abs(program.matrix) @ np.abs(w), 1)
    curved = np.abs(quadratic_part(w, program))
    if program.quadratic is not None:
        curved /= np.maximum(abs(program.quadratic) @ np.abs(w), 1)
    strayed = largest(np.concatenate([rows, _recession(w, program.lower, program.upper), curved]))
    primal = residuals(x, np.zeros(program.num_rows), program).relative_primal
    feasible = primal <= TOLERANCES[1]
    falls = descent > _ROUNDING * float(np.abs(program.cost) @ np.abs(w))
    figures = {"ray_descent": descent, "ray_residual": strayed, "relative_primal": primal}
    return Proof(bool(feasible and falls and strayed <= _ROUNDING), figures)


def _checked(values: np.ndarray, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = np.asarray(values, np.float64)
    if values.shape != shape:
        raise ValueError(f"the certificate has shape {values.shape}, not {shape}")
    if not np.isfinite(values).all():
        raise ValueError("the certificate has values that are not finite")
    return values


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    size = largest(values)
    return values if size == 0 else values / size


def _recession(
    step: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.float64]:
    """By how much a step towards finite bounds nears them."""
    return outside(
        step, np.where(np.isfinite(lower), 0, -np.inf), np.where(np.isfinite(upper), 0, np.inf)
    )


def _terms(
    multipliers: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> float:
    """Sum of the sizes of the terms that `owned` adds up."""
    bound = np.where(multipliers > 0, lower, upper)
    finite = np.isfinite(bound)
    return float(np.abs(multipliers[finite]) @ np.abs(bound[finite]))
