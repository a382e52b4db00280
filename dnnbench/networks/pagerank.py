"""PageRank of an undirected graph, a static node feature."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.networks.sage import inverse_degrees

_TOLERANCE = 1e-12  # of the sum of changes; the values are of size 1/n
_MOST_STEPS = 1000  # 0.85^1000 is far below the tolerance


def pagerank(adjacency: sp.csr_array, damping: float = 0.85) -> NDArray[np.float64]:
    """Stationary law [n] of a walk that jumps anywhere with probability 1 - damping.

    Edge weights are ignored; from an isolated vertex the walk jumps anywhere.

    Args:
        adjacency: symmetric [n, n]; its stored entries are the edges.
        damping: probability of following an edge.

    References:
        Page, Brin, Motwani & Winograd, The PageRank citation ranking, 1999.
    """
    n = adjacency.shape[0]
    pattern = adjacency.astype(np.float64)
    pattern.data = np.ones_like(pattern.data)
    share = inverse_degrees(adjacency)
    isolated = share == 0
    rank = np.full(n, 1 / n)
    for _ in range(_MOST_STEPS):
        spread = pattern @ (share * rank) + rank[isolated].sum() / n
        new = damping * spread + (1 - damping) / n
        if np.abs(new - rank).sum() < _TOLERANCE:
            return new
        rank = new
    return rank
