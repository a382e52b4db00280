"""Sparse direct solution, with what it took."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from dnnbench.baselines.discretisation.solution import NotSolvedError

_BYTES = 24
"""A stored number of the factors: the number, its index, and what SuperLU works with."""


@dataclass(frozen=True, eq=False)
class Factors:
    """A factorised matrix.

    Attributes:
        solver: SuperLU's object.
        peak_bytes: estimate of the memory that the factorisation took.
    """

    solver: Any
    peak_bytes: int

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The solution [n] for a right side [n]."""
        return np.asarray(self.solver.solve(right))


def factorised(matrix: sp.csc_array, *, symmetric: bool) -> Factors:
    """The factors of a square sparse matrix.

    Args:
        matrix: [n, n], float64 or complex128.
        symmetric: whether it is symmetric with a diagonal fit for pivots. The order then follows
            the pattern of the matrix and pivots leave the diagonal only if they are 100 times
            too small, which saves a third of the fill; for the mixed problems of flow, whose
            diagonal is zero in part, it would double it.

    Raises:
        NotSolvedError: it is singular.
    """
    try:
        if symmetric:
            solver = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01)
        else:
            solver = splu(matrix)
    except RuntimeError as error:
        raise NotSolvedError(f"a matrix of {matrix.shape[0]} rows is singular") from error
    return Factors(solver, _BYTES * (solver.nnz + matrix.nnz))
