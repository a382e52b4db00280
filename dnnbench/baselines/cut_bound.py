"""An upper bound on the maximum cut from any dual point of the semidefinite relaxation.

For spins s and any y with W + Diag(y) positive semidefinite, s^T W s >= -sum(y), so that

    cut(s) = (total weight - s^T W s / 2) / 2 <= total weight / 2 + sum(y) / 4

(the dual of Goemans and Williamson, Journal of the ACM 42(6), 1995, section 5.1; Delorme, Poljak,
Math. Programming 62, 1993). A y that is not feasible becomes so when the smallest eigenvalue of
W + Diag(y), if negative, is taken from all its entries.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackError, LinearOperator, SuperLU, eigsh, splu

from dnnbench.instances.graph import Graph

_FIRST_SHIFT = 1e-4
"""First guess of minus the smallest eigenvalue, as a share of the matrix's norm."""

_TIGHT = 1e-3
"""Share of the smallest eigenvalue that is added to it before the last test."""


class StoppedError(Exception):
    """The bound was given up because `stop()` said so."""


def cut_bound(
    graph: Graph, y: NDArray[np.float64], rng: np.random.Generator, stop: Callable[[], bool]
) -> float:
    """A value that no cut of the graph exceeds, whatever `y` is; tight at the dual optimum.

    That the shifted matrix is positive definite is tested by a sparse factorisation in float64
    without pivoting: by Sylvester's law of inertia all its pivots are positive only then. The
    shift includes n eps ||W + Diag(y)||_1, of the order of that test's own rounding error.

    Args:
        graph: the graph, weights of any sign.
        y: dual point, [n].
        rng: draws the start of the eigenvalue iteration.
        stop: asked before each factorisation and each step of the iteration.

    Raises:
        StoppedError: `stop()` said so before a bound was proved.
    """
    n, total = graph.num_vertices, float(graph.weights.astype(np.float64).sum())
    scale = float(np.abs(graph.weights.astype(np.float64)).max(initial=0)) or 1.0
    matrix = sp.csr_array(graph.adjacency.astype(np.float64) / scale + sp.diags_array(y / scale))
    norm = float(abs(matrix).sum(axis=1).max()) or 1.0
    rounding = n * np.finfo(np.float64).eps * norm

    def factors(shift: float) -> SuperLU | None:
        if stop():
            raise StoppedError
        return _positive_definite(matrix, shift)

    shift = max(_FIRST_SHIFT * norm, rounding)
    while (found := factors(shift)) is None:
        shift *= 4
    smallest = _smallest_eigenvalue(found, shift, rng, stop)
    tighter = max(-smallest, 0.0) * (1 + _TIGHT) + rounding
    # Where the iteration was wrong the factorisation says so, and the first shift stands.
    if smallest > -shift and tighter < shift and factors(tighter) is not None:
        shift = tighter
    return total / 2 + (float(y.sum()) + n * scale * (shift + rounding)) / 4


def _positive_definite(matrix: sp.csr_array, shift: float) -> SuperLU | None:
    """Factors of matrix + shift I if all pivots are positive, else None."""
    shifted = (matrix + shift * sp.eye_array(matrix.shape[0])).tocsc()
    try:
        factors = splu(
            shifted,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
    except RuntimeError:  # a pivot is exactly zero
        return None
    # A row order of its own would mean a pivot off the diagonal, which proves nothing.
    symmetric = np.array_equal(factors.perm_r, factors.perm_c)
    return factors if symmetric and bool((factors.U.diagonal() > 0).all()) else None


def _smallest_eigenvalue(
    factors: SuperLU, shift: float, rng: np.random.Generator, stop: Callable[[], bool]
) -> float:
    """The smallest eigenvalue of a matrix, from the factors of matrix + shift I."""
    n = factors.shape[0]

    def solve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        if stop():
            raise StoppedError
        return factors.solve(x)

    if n <= 2:
        dense = np.column_stack([solve(column) for column in np.eye(n)])
        return float(1 / np.linalg.eigvalsh((dense + dense.T) / 2)[-1]) - shift
    inverse = LinearOperator((n, n), matvec=solve, dtype=np.float64)
    try:
        largest = eigsh(
            inverse, k=1, which="LA", v0=rng.normal(size=n), tol=1e-6, return_eigenvectors=False
        )
    except ArpackError:
        return -shift
    return float(1 / largest[0]) - shift
