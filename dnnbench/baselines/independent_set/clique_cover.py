"""Cliques of conflicts that together hold every conflict.

At most one vertex of a clique may be chosen. That says more about fractions than one inequality
for each conflict, and says it in fewer: for n vertices that all conflict the sum is at most 1,
where the conflicts alone allow n / 2. The cover is greedy, as in Kellerman, "Determination of
keyword conflict", IBM Technical Disclosure Bulletin 16(2), 1973.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.common import missing_extra, rows
from dnnbench.problems.independent_set.conflicts import Conflicts

_WORK = 20_000_000
"""Entries looked at between two looks at the clock: some 30 milliseconds of compiled work."""


class Cliques(NamedTuple):
    """Sets of vertices that all conflict.

    Attributes:
        starts: int64 [c + 1], where each one starts in `members`.
        members: int32, their vertices, one clique after another.
    """

    starts: NDArray[np.int64]
    members: NDArray[np.int32]


def clique_cover(conflicts: Conflicts, stop: Callable[[], bool], baseline: str) -> Cliques | None:
    """Maximal cliques in which every conflict lies, or None if `stop()` came first.

    Args:
        conflicts: the instance.
        stop: asked some 30 times a second.
        baseline: name for the error where numba is missing.

    Raises:
        UserError: numba is missing, or the conflicts are too many to be stored.
    """
    try:
        from dnnbench.baselines.independent_set.clique_cover_kernel import cover, mirrors
    except ModuleNotFoundError as error:
        raise missing_extra(baseline) from error
    starts, neighbours, _ = rows(conflicts.adjacency)
    n = conflicts.num_vertices
    covered = np.zeros(len(neighbours), np.uint8)
    scratch = [np.zeros(n, np.int64) for _ in range(3)]
    mirror = mirrors(starts, neighbours)
    state = np.zeros(3, np.int64)
    sizes, found = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)]
    while state[0] < n:
        if stop():
            return None
        members = np.empty(max(2**20, 2 * n), np.int32)
        ends = np.empty(2**16, np.int64)
        state[1:] = 0
        cover(starts, neighbours, mirror, covered, *scratch, members, ends, state, _WORK)
        sizes.append(np.diff(ends[: state[1]], prepend=0))
        found.append(members[: state[2]].copy())
    return Cliques(np.cumsum(np.concatenate(sizes)), np.concatenate(found))
