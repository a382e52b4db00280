"""Whether a quadratic objective is convex: the lowest eigenvalue of Q."""

from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import ArpackNoConvergence, eigsh, splu

from dnnbench.instances.program import Program

_DENSE = 500
"""Variables up to which all eigenvalues are computed."""

_ROUNDING = 1e-9
"""A negative eigenvalue counts as zero below this multiple of a bound on the absolute ones."""

_DIGITS = 1e-6
"""Tolerance of a reported eigenvalue, relative to the same bound."""

_SEED = 0


@lru_cache(maxsize=16)
def negative_eigenvalue(program: Program) -> float | None:
    """The most negative eigenvalue of Q if it is more than rounding, else None.

    Beyond `_DENSE` variables the pivots of Q + slack I decide (by Sylvester's law all are positive
    just where it is definite), which takes no convergence; an eigenvalue is looked for, by Lanczos'
    method, only where there is something to report.
    """
    matrix = program.quadratic
    if matrix is None or not matrix.nnz:
        return None
    bound = float(abs(matrix).sum(axis=1).max())  # Gershgorin's
    slack = _ROUNDING * bound
    if program.num_variables <= _DENSE:
        lowest = float(np.linalg.eigvalsh(matrix.toarray())[0])
        return lowest if lowest < -slack else None
    if _is_definite(matrix + slack * sp.eye_array(program.num_variables)):
        return None
    return min(_lowest(matrix, bound), -slack)


def _is_definite(matrix: sp.csr_array) -> bool:
    """Whether elimination along the diagonal meets positive pivots only."""
    try:
        factors = splu(
            sp.csc_array(matrix),
            "MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # a pivot of 0
        return False
    same_order = np.array_equal(factors.perm_r, factors.perm_c)  # else one of 0 was avoided
    return same_order and bool((factors.U.diagonal() > 0).all())


def _lowest(matrix: sp.csr_array, bound: float) -> float:
    """The lowest eigenvalue, the largest absolute one of Q - bound I; 0 if it is not found."""
    n = matrix.shape[0]
    shifted = matrix - bound * sp.eye_array(n)
    start = np.random.default_rng(_SEED).standard_normal(n)
    try:
        found = eigsh(shifted, 1, which="LM", v0=start, tol=_DIGITS, return_eigenvectors=False)
    except ArpackNoConvergence:
        return 0.0
    return float(found[0]) + bound
