"""The compiled inner loop of `goemans_williamson`; importing it needs numba."""

import numpy as np

from dnnbench.baselines.local_search_kernel import compiled


@compiled
def sweep(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    vectors: np.ndarray,
) -> float:
    """One sweep of the mixing method: v_i <- -g_i / ||g_i|| with g_i = sum over j of w_ij v_j.

    Wang, Chang, Kolter, "The Mixing method: low-rank coordinate descent for semidefinite
    programming with diagonal constraints", arXiv 1706.00476, Algorithm 1.

    Args:
        starts: int64 [n + 1], row starts of the symmetric adjacency matrix.
        neighbours: int32 [2m], its column indices.
        weights: float64 [2m], its values.
        vectors: float64 [n, k], rows of length 1; updated.

    Returns:
        By how much the sum over edges of w_ij v_i . v_j has fallen.
    """
    n, rank = vectors.shape
    fallen = 0.0
    g = np.empty(rank)
    for i in range(n):
        g[:] = 0.0
        for e in range(starts[i], starts[i + 1]):
            w = weights[e]
            row = vectors[neighbours[e]]
            for c in range(rank):
                g[c] += w * row[c]
        square = 0.0
        inner = 0.0
        for c in range(rank):
            square += g[c] * g[c]
            inner += g[c] * vectors[i, c]
        length = np.sqrt(square)
        if length > 0.0:
            fallen += length + inner
            for c in range(rank):
                vectors[i, c] = -g[c] / length
    return fallen
