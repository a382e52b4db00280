"""Repair and completion of a set of vertices on the host.

The rule that every method gets alike: vertices with the most conflicts inside the set leave until
none conflict; then free vertices enter, those with the least weight of free vertices beside them
for their own weight first. Along edges this goes in rounds, in which every vertex that comes before
all those in conflict with it moves at once: as one after another, at O(m) a round. In the
complement of a graph nearly all vertices conflict, so a round would move one anyway.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dnnbench.problems.independent_set.conflicts import Conflicts

__all__ = ["maximal", "repaired"]


def repaired(
    conflicts: Conflicts, chosen: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The set without the vertices that it has to lose, uint8 [n]; ties are broken at random."""
    chosen, tie = chosen.copy(), rng.random(len(chosen))
    lightness = -conflicts.weights.astype(np.float64)  # of equal conflicts the lighter one leaves
    if conflicts.complemented:
        inside = conflicts.counts(chosen)
        while (bad := np.flatnonzero((chosen == 1) & (inside > 0))).size:
            leaver = int(bad[np.lexsort((tie[bad], lightness[bad], inside[bad]))[-1]])
            chosen[leaver] = 0
            inside[conflicts.neighbours(leaver)] -= 1
        return chosen
    pairs = conflicts.graph.edges[(chosen[conflicts.graph.edges] == 1).all(axis=1)]
    while len(pairs):
        count = np.bincount(pairs.ravel(), minlength=len(chosen))
        order = _places(count, lightness, tie)
        chosen[_foremost(-order, pairs, count > 0)] = 0
        pairs = pairs[(chosen[pairs] == 1).all(axis=1)]
    return chosen


def maximal(
    conflicts: Conflicts,
    chosen: NDArray[np.uint8],
    rng: np.random.Generator,
    stop: Callable[[], bool],
) -> NDArray[np.uint8]:
    """The independent set with vertices added until none can be, or `stop()`, uint8 [n]."""
    chosen, tie = chosen.copy(), rng.random(len(chosen))
    weights = conflicts.weights.astype(np.float64)
    free = (chosen == 0) & (conflicts.counts(chosen) == 0)
    if conflicts.complemented:
        while free.any() and not stop():
            burden = conflicts.counts(np.where(free, weights, 0.0)) / weights
            left = np.flatnonzero(free)
            enterer = int(left[np.lexsort((tie[left], burden[left]))[0]])
            chosen[enterer] = 1
            free[enterer] = False
            free[conflicts.neighbours(enterer)] = False
        return chosen
    pairs = conflicts.graph.edges[free[conflicts.graph.edges].all(axis=1)]
    while free.any() and not stop():
        u, v = pairs.T
        beside = np.bincount(u, weights[v], len(free)) + np.bincount(v, weights[u], len(free))
        entering = _foremost(_places(beside / weights, tie), pairs, free)
        chosen[entering] = 1
        free[entering] = False
        free[v[entering[u]]] = free[u[entering[v]]] = False
        pairs = pairs[free[pairs].all(axis=1)]
    return chosen


def _places(*keys: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each vertex in the order by the first key, then the second, int64 [n]."""
    places = np.empty(len(keys[0]), np.int64)
    places[np.lexsort(keys[::-1])] = np.arange(len(places))
    return places


def _foremost(
    places: NDArray[np.int64], pairs: NDArray[np.int32], among: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Those of `among` that come before all that they are paired with, bool [n]."""
    first = among.copy()
    u, v = pairs.T
    first[np.where(places[u] < places[v], v, u)] = False
    return first
