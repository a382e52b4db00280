"""The compiled inner loop of `local_search`; importing it needs numba."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` compiled, kept on disk for the next process where some folder is writable."""
    try:
        return njit(cache=True)(function)
    except RuntimeError:  # numba found no folder for its cache
        return njit(function)


@compiled
def first_improvement(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    spins: np.ndarray,
    gains: np.ndarray,
    order: np.ndarray,
    place: int,
    slack: float,
    most: int,
) -> tuple[int, int, bool]:
    """Walk through the vertices and flip each one that gains.

    Args:
        starts: int64 [n + 1], row starts of the symmetric adjacency matrix.
        neighbours: int32 [2m], its column indices.
        weights: [2m], its values.
        spins: [n] of -1 and 1 in the dtype of the weights; updated.
        gains: [n], what each flip alone adds to the cut, in the dtype of the weights; updated.
        order: int64 [n], a permutation.
        place: where in `order` to begin.
        slack: gains up to this do not count.
        most: flips allowed.

    Returns:
        Flips made, place reached, and whether no vertex gains any more.
    """
    n = len(order)
    flips = 0
    quiet = 0
    while quiet < n and flips < most:
        v = order[place]
        place = place + 1 if place + 1 < n else 0
        if gains[v] <= slack:
            quiet += 1
            continue
        quiet = 0
        flips += 1
        spins[v] = -spins[v]
        gains[v] = -gains[v]
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            gains[u] += 2 * weights[k] * spins[u] * spins[v]
    return flips, place, quiet == n


@compiled
def best_improvement(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    spins: np.ndarray,
    gains: np.ndarray,
    order: np.ndarray,
    place: int,
    slack: float,
    most: int,
) -> tuple[int, int, bool]:
    """Flip the vertex with the largest gain, again and again.

    Arguments and results are those of `first_improvement`, but `order` is not used (ties go to
    the lowest vertex) and `place` is handed back unchanged.
    """
    flips = 0
    while True:
        v = np.argmax(gains)
        if gains[v] <= slack:
            return flips, place, True
        if flips == most:
            return flips, place, False
        flips += 1
        spins[v] = -spins[v]
        gains[v] = -gains[v]
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            gains[u] += 2 * weights[k] * spins[u] * spins[v]
