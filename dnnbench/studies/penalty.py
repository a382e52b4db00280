"""What is proved of the penalty of independent sets, and its check by enumeration.

The relaxation is f(x) = -sum x + (gamma / 2) x^T A x - (gamma' / 2) x^T B x over the unit cube, A
being the conflicts and B those of the complement. Its restriction to an edge of the cube is linear
(the diagonals are zero), so strict local minimisers are binary, and a binary point is one if every
single change raises f:

    i outside S:  gamma d_S(i) > 1 + gamma' (|S| - d_S(i)),
    i inside S:   gamma d_S(i) < 1 + gamma' (|S| - 1 - d_S(i)),

d_S(i) being the conflicts of i with S. With gamma' = 0 these are the maximal independent sets if
gamma > 1; at gamma = 1 they are no longer strict; below, infeasible ones appear. With gamma' > 0
every maximum set is one if gamma > 1 + gamma' (alpha - 1).

References:
    Alkhouri et al., arXiv 2406.19532 (the relaxation with the clique term).
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Minimisers", "breaks", "strict_minimisers"]

_MOST_VERTICES = 20


class AxisLike(Protocol):
    """An axis of a landscape."""

    @property
    def name(self) -> str:
        """The setting."""

    @property
    def values(self) -> Sequence[float]:
        """Its values."""


class Minimisers(NamedTuple):
    """Strict local minimisers of the relaxation.

    Attributes:
        sets: the points, bool [k, n].
        independent: whether each is an independent set, bool [k].
        maximal: whether each is a maximal one, bool [k].
    """

    sets: NDArray[np.bool_]
    independent: NDArray[np.bool_]
    maximal: NDArray[np.bool_]


def strict_minimisers(
    adjacency: NDArray[np.float64], gamma: float, gamma_prime: float
) -> Minimisers:
    """All strict local minimisers, by going through every binary point.

    Args:
        adjacency: conflicts, 0/1 [n, n], n up to 20.
        gamma: penalty of a conflict.
        gamma_prime: reward of a pair that does not conflict.

    Raises:
        ValueError: there are too many vertices.
    """
    n = len(adjacency)
    if n > _MOST_VERTICES:
        raise ValueError(f"2^{n} points are too many; at most {_MOST_VERTICES} vertices")
    points = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(np.float64)
    inside = points > 0
    conflicts = points @ adjacency
    others = points.sum(axis=1, keepdims=True) - points - conflicts
    slope = -1 + gamma * conflicts - gamma_prime * others
    strict = np.all(np.where(inside, slope < 0, slope > 0), axis=1)
    independent = np.all(~inside | (conflicts == 0), axis=1)
    maximal = independent & np.all(inside | (conflicts > 0), axis=1)
    return Minimisers(inside[strict], independent[strict], maximal[strict])


def breaks(
    x: AxisLike, y: AxisLike, alpha: float | None
) -> dict[str, tuple[list[float], list[float]]]:
    """The break conditions as curves in the plane of two axes, by name.

    Args:
        x: horizontal axis.
        y: vertical axis.
        alpha: independence number, as far as it is known; None if not at all.

    Returns:
        Nothing unless the axes are gamma and gamma'.
    """
    if {x.name, y.name} != {"gamma", "gamma_prime"}:
        return {}
    second = next(a for a in (x, y) if a.name == "gamma_prime")
    prime = np.linspace(min(second.values), max(second.values), 400)
    curves = {"gamma = 1": np.ones_like(prime)}
    if alpha is not None:
        curves[f"gamma = 1 + gamma' (alpha - 1), alpha = {alpha:g}"] = 1 + prime * (alpha - 1)
    made = {}
    for name, gamma in curves.items():
        pair = (gamma.tolist(), prime.tolist())
        made[name] = pair if x.name == "gamma" else (pair[1], pair[0])
    return made
