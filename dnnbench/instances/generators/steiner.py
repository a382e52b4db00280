"""Steiner triple systems: every two of v points lie in exactly one of the triples.

Those of 27, 45, 81 ... points are made from a base system by tripling. The order of the triples and
of the points within them matters to the graphs made from them; it is that of the DIMACS files.
"""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError

_A9 = (
    *("1 2 3", "4 5 6", "7 8 9", "1 5 9", "1 4 8", "1 6 7", "2 4 9", "2 5 7", "2 6 8"),
    *("3 6 9", "3 5 8", "3 4 7"),
)
_A9_TRIPLED = (
    *("1 2 3", "4 5 6", "7 8 9", "1 5 9", "1 6 8", "2 4 9", "2 6 7", "3 4 8", "3 5 7"),
    *("1 4 7", "2 5 8", "3 6 9"),
)
_A15 = (
    *("3 4 6", "4 5 7", "1 5 8", "1 2 9", "2 3 10", "2 5 6", "1 3 7", "2 4 8", "3 5 9", "1 4 10"),
    *("8 9 11", "9 10 12", "6 10 13", "6 7 14", "7 8 15", "7 10 11", "6 8 12", "7 9 13"),
    *("8 10 14", "6 9 15", "1 13 14", "2 14 15", "3 11 15", "4 11 12", "5 12 13", "1 12 15"),
    *("2 11 13", "3 12 14", "4 13 15", "5 11 14", "1 6 11", "2 7 12", "3 8 13", "4 9 14"),
    "5 10 15",
)
"""The base systems of the DIMACS graphs MANN_a9, MANN_a27 (and a81) and MANN_a45."""

_MAX_POINTS = 1000


def triple_system(points: int) -> NDArray[np.int64]:
    """The triples of a system, int64 [points (points - 1) / 6, 3], points from 0.

    Args:
        points: 9, 15, or three times another such number.

    Raises:
        UserError: another number, or more than a thousand points.
    """
    if points == 9:
        return _table(_A9)
    base, times = points, 0
    while 15 < base <= _MAX_POINTS and base % 3 == 0:
        base, times = base // 3, times + 1
    if base not in (9, 15):
        raise UserError(
            f"no triple system with v={points}: there are those of 9, 15 and, up to {_MAX_POINTS}, "
            "27, 45, 81 and so on"
        )
    triples = _table(_A9_TRIPLED if base == 9 else _A15)
    for _ in range(times):
        triples = _tripled(triples, base)
        base *= 3
    return triples


def _table(rows: tuple[str, ...]) -> NDArray[np.int64]:
    return np.array([row.split() for row in rows]).astype(np.int64) - 1


def _tripled(triples: NDArray[np.int64], points: int) -> NDArray[np.int64]:
    """The system on three copies of the points; copy l holds the numbers l v .. (l + 1) v - 1."""
    level = points * np.arange(3)
    copies = [triples + shift for shift in level]
    across = [triples[:, list(order)] + level for order in permutations(range(3))]
    upright = np.arange(points)[:, np.newaxis] + level
    return np.concatenate([*copies, *across, upright])
