"""The compiled part of `clique_cover`; importing it needs numba."""

import numpy as np

from dnnbench.baselines.local_search_kernel import compiled


@compiled
def mirrors(starts: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Where each entry of a symmetric matrix stands mirrored, int64 [2m].

    Args:
        starts: int64 [n + 1], row starts.
        neighbours: int32 [2m], columns, in increasing order within a row.
    """
    n = len(starts) - 1
    mirror = np.empty(len(neighbours), np.int64)
    seen = starts[:n].copy()  # entries of each row met so far: rows come in increasing order
    for v in range(n):
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            mirror[k] = seen[u]
            seen[u] += 1
    return mirror


@compiled
def cover(
    starts: np.ndarray,
    neighbours: np.ndarray,
    mirror: np.ndarray,
    covered: np.ndarray,
    joined: np.ndarray,
    fresh: np.ndarray,
    candidates: np.ndarray,
    members: np.ndarray,
    ends: np.ndarray,
    state: np.ndarray,
    work: int,
) -> None:
    """Find cliques until every edge lies in one of them.

    The next edge in row order that lies in none begins a clique. The vertex joins it that covers
    the most new edges, the lowest one of these, until no vertex is beside all members.

    Args:
        starts: int64 [n + 1], row starts of the adjacency matrix.
        neighbours: int32 [2m], columns, in increasing order within a row.
        mirror: int64 [2m], from `mirrors`.
        covered: uint8 [2m], entries whose edge lies in a clique; updated.
        joined: int64 [n], 0 before and after: members beside each vertex.
        fresh: int64 [n], 0 before and after: uncovered edges from each vertex to members.
        candidates: int64 [n], scratch.
        members: int32 [any length], the cliques' vertices, one clique after another; filled.
        ends: int64 [any length], where each one ends in `members`; filled.
        state: int64 [3]: row reached, cliques, entries of `members`; updated.
        work: look at some so many entries, then return; and when there may be no room for another.
    """
    n = len(starts) - 1
    row = state[0]
    while row < n and work > 0 and state[1] < len(ends) and state[2] + n <= len(members):
        open_entry = -1
        for k in range(starts[row], starts[row + 1]):
            work -= 1
            if not covered[k]:
                open_entry = k
                break
        if open_entry < 0:
            row += 1
            continue
        begin = state[2]
        size = 0
        joiner = row
        count = 0
        while joiner >= 0:
            # Who is beside all members, and how much would each cover?
            work -= starts[joiner + 1] - starts[joiner]
            for k in range(starts[joiner], starts[joiner + 1]):
                u = neighbours[k]
                if joined[u] == size:
                    joined[u] = size + 1
                    fresh[u] += not covered[k]
                    if size == 0:
                        candidates[count] = u
                        count += 1
                elif joined[u] < 0 and not covered[k]:
                    covered[k] = 1
                    covered[mirror[k]] = 1
            members[begin + size] = joiner
            size += 1
            left = 0
            best = -1
            for i in range(count):
                u = candidates[i]
                if joined[u] != size or u == joiner:
                    joined[u] = 0
                    fresh[u] = 0
                    continue
                candidates[left] = u
                left += 1
                if best < 0 or fresh[u] > fresh[best]:
                    best = u
            count = left
            joined[joiner] = -1
            joiner = best
        for i in range(begin, begin + size):
            joined[members[i]] = 0
            fresh[members[i]] = 0
        state[2] = begin + size
        ends[state[1]] = state[2]
        state[1] += 1
    state[0] = row
