"""The compiled loop of `two_improvement`; importing it needs numba.

The arrays are few and wide because compiling takes time for each one of every function, and so
that all that is asked of a vertex beside another stands in one line of the cache.
"""

from typing import NamedTuple

import numpy as np

from dnnbench.baselines.draws import below
from dnnbench.baselines.local_search_kernel import compiled

_CANDIDATES = 4
"""Vertices outside from which the one that left longest ago is forced in (kappa in the paper)."""

_TRIES = 8
"""Draws after which a second vertex to force in need not be two edges from the first."""

_FIXED = 60
"""What entering or leaving costs besides, in conflicts looked at."""

_PROBES = 8
"""Looking up whether two vertices conflict costs about as much as walking over so many."""

_NEVER = 1 << 62

WEIGHT, BURDEN, TIGHT, OWNER, ALONE, PLACE, LEFT, STAMP = range(8)
"""Columns of `Search.of`: each vertex's weight; the weight of the set's vertices beside it, how
many they are, the sum of their numbers (who it is where there is one); for those of the set how
many are beside them and beside no other one of the set; its place in ORDER, the step in which it
last left the set, and a mark."""

PENDING, RAISED, ORDER, CHANGED, BESIDE = range(5)
"""Rows of `Search.lists`: vertices of the set that may have become exchangeable; vertices outside
that may outweigh those beside them; the set's vertices, then all others; vertices in which the set
may differ from the best one; scratch. The first two are also columns of `Search.flags`, which say
who is in these lists; the column BEST says who is in the best set."""

BEST = 2

# Places in `Search.state`: entries of the first two lists, vertices in the set, entries of CHANGED
# and of the log (more than they hold: they were too short), conflicts looked at, the set's weight,
# the best weight, steps, steps since the best weight rose, stamps.
SIZE, CHANGES, LOGGED, WORK, VALUE, MOST, STEP, QUIET, STAMPS = range(2, 11)
PLACES = 11


class Search(NamedTuple):
    """The state of a search; every array but the first two is updated.

    Attributes:
        starts: int64 [n + 1], row starts of the conflicts.
        neighbours: int32 [2m], their columns, in increasing order within a row.
        of: int64 [n, 8], see above; weights are positive.
        lists: int64 [5, n], see above.
        flags: uint8 [n, 3], see above.
        log: int64 [any length], vertices that entered or left in this step, one after another.
        state: int64 [PLACES], see above.
        draw: uint64 [1], random state.
    """

    starts: np.ndarray
    neighbours: np.ndarray
    of: np.ndarray
    lists: np.ndarray
    flags: np.ndarray
    log: np.ndarray
    state: np.ndarray
    draw: np.ndarray


@compiled
def begin(s: Search, chosen: np.ndarray) -> None:
    """Begin with the set `chosen` (uint8 [n], without conflicts)."""
    n = len(chosen)
    s.of[:, BURDEN:] = 0
    s.flags[:] = 0
    s.state[:] = 0
    for v in range(n):
        s.lists[ORDER, v] = v
        s.of[v, PLACE] = v
    for v in range(n):
        if chosen[v]:
            _enter(s, v)
    for v in range(n):
        if s.of[v, WEIGHT] > s.of[v, BURDEN] and not chosen[v]:
            _put(s, v, RAISED)
    _keep(s)


@compiled
def settle(s: Search, work: int) -> bool:
    """Improve the set of `begin`; returns whether it is locally optimal.

    Args:
        s: the search.
        work: look at some so many conflicts, then return.
    """
    _improve(s, s.state[WORK] + work)
    _keep(s)
    return s.state[PENDING] + s.state[RAISED] == 0


@compiled
def search(s: Search, mean: float, most: int, patience: int, work: int) -> int:
    """Force vertices in, improve, keep the outcome or go back, again and again.

    Args:
        s: the search, settled, with a vertex outside the set.
        mean: mean weight.
        most: steps allowed.
        patience: steps without a heavier set that end the search.
        work: look at some so many conflicts, then return.

    Returns:
        Steps made.
    """
    made = 0
    end = s.state[WORK] + work
    while made < most and s.state[QUIET] < patience and s.state[WORK] < end:
        made += 1
        s.state[STEP] += 1
        s.state[LOGGED] = 0
        before = s.state[VALUE]
        _perturb(s)
        _improve(s, _NEVER)
        value = s.state[VALUE]
        if value > s.state[MOST]:
            _keep(s)
            continue
        s.state[QUIET] += 1
        if value < before and s.state[LOGGED] <= len(s.log):
            loss = (before - value) / mean
            behind = (s.state[MOST] - value) / mean
            if below(s.draw, 1 << 30) * (1.0 + loss * behind) >= 1 << 30:
                _go_back(s)
    return made


@compiled
def _perturb(s: Search) -> None:
    """Force one vertex in, seldom more."""
    n = len(s.of)
    count = 1
    if below(s.draw, 2 * max(1, s.state[SIZE])) == 0:
        count = 2
        while below(s.draw, 2) == 0:
            count += 1
    first = -1
    for _ in range(_CANDIDATES):
        v = s.lists[ORDER, s.state[SIZE] + below(s.draw, n - s.state[SIZE])]
        if first < 0 or s.of[v, LEFT] < s.of[first, LEFT]:
            first = v
    _insert(s, first)
    for _ in range(count - 1):
        if s.state[SIZE] == n:
            break
        v = s.lists[ORDER, s.state[SIZE] + below(s.draw, n - s.state[SIZE])]
        for _ in range(_TRIES):
            u = first
            for _ in range(2):
                u = s.neighbours[s.starts[u] + below(s.draw, s.starts[u + 1] - s.starts[u])]
            if s.of[u, PLACE] >= s.state[SIZE] and not _conflict(s, u, first):
                v = u
                break
        _insert(s, v)


@compiled
def _improve(s: Search, end: int) -> None:
    """Put vertices in that outweigh those beside them, and exchange one for two, while it gains.

    It also stops when the work done so far is `end`.
    """
    while s.state[PENDING] + s.state[RAISED] > 0 and s.state[WORK] < end:
        which = RAISED if s.state[RAISED] > 0 else PENDING
        k = below(s.draw, s.state[which])
        v = s.lists[which, k]
        s.state[which] -= 1
        s.lists[which, k] = s.lists[which, s.state[which]]
        s.flags[v, which] = 0
        inside = s.of[v, PLACE] < s.state[SIZE]
        if which == PENDING and inside:
            _exchange(s, v)
        elif which == RAISED and not inside and s.of[v, WEIGHT] > s.of[v, BURDEN]:
            _insert(s, v)


@compiled
def _exchange(s: Search, u: int) -> None:
    """Exchange the set's vertex `u` for two others if these are heavier together."""
    count = 0
    for k in range(s.starts[u], s.starts[u + 1]):
        v = s.neighbours[k]
        if s.of[v, TIGHT] == 1:
            s.lists[BESIDE, count] = v
            count += 1
    s.state[WORK] += s.starts[u + 1] - s.starts[u]
    if count < 2:
        return
    turn = below(s.draw, count)
    for i in range(count - 1):
        v = s.lists[BESIDE, (i + turn) % count]
        degree = s.starts[v + 1] - s.starts[v]
        marked = degree < _PROBES * (count - 1 - i)
        s.state[WORK] += min(degree, _PROBES * (count - 1 - i))
        if marked:
            s.state[STAMPS] += 1
            for k in range(s.starts[v], s.starts[v + 1]):
                s.of[s.neighbours[k], STAMP] = s.state[STAMPS]
        for j in range(i + 1, count):
            w = s.lists[BESIDE, (j + turn) % count]
            if s.of[v, WEIGHT] + s.of[w, WEIGHT] <= s.of[u, WEIGHT]:
                continue
            apart = s.of[w, STAMP] != s.state[STAMPS] if marked else not _conflict(s, v, w)
            if apart:
                _leave(s, u)
                _enter(s, v)
                _enter(s, w)
                return


@compiled
def _insert(s: Search, v: int) -> None:
    """Put `v` in; those beside it leave."""
    if s.of[v, TIGHT] == 1:
        _leave(s, s.of[v, OWNER])
    k = s.starts[v]
    while s.of[v, TIGHT] > 0:
        u = s.neighbours[k]
        if s.of[u, PLACE] < s.state[SIZE]:
            _leave(s, u)
        k += 1
    _enter(s, v)


@compiled
def _enter(s: Search, v: int) -> None:
    """Put `v` in, beside which no vertex of the set may be."""
    of, neighbours = s.of, s.neighbours
    weight = of[v, WEIGHT]
    _move(s, v, s.state[SIZE])
    s.state[SIZE] += 1
    s.state[VALUE] += weight
    alone = 0
    for k in range(s.starts[v], s.starts[v + 1]):
        x = neighbours[k]
        if of[x, TIGHT] == 0:
            alone += 1
        elif of[x, TIGHT] == 1:
            of[of[x, OWNER], ALONE] -= 1
        of[x, BURDEN] += weight
        of[x, TIGHT] += 1
        of[x, OWNER] += v
    of[v, ALONE] = alone
    if alone > 1:
        _put(s, v, PENDING)


@compiled
def _leave(s: Search, v: int) -> None:
    """Take `v` out. It is not looked at again before something beside it leaves."""
    of, neighbours = s.of, s.neighbours
    weight = of[v, WEIGHT]
    s.state[SIZE] -= 1
    _move(s, v, s.state[SIZE])
    s.state[VALUE] -= weight
    of[v, LEFT] = s.state[STEP]
    of[v, ALONE] = 0
    for k in range(s.starts[v], s.starts[v + 1]):
        x = neighbours[k]
        of[x, BURDEN] -= weight
        of[x, TIGHT] -= 1
        of[x, OWNER] -= v
        if of[x, WEIGHT] > of[x, BURDEN]:
            _put(s, x, RAISED)
        if of[x, TIGHT] == 1:
            u = of[x, OWNER]
            of[u, ALONE] += 1
            if of[u, ALONE] > 1:
                _put(s, u, PENDING)


@compiled
def _move(s: Search, v: int, k: int) -> None:
    """Make `v` the k-th in ORDER, because it enters or leaves; write that down."""
    u, place = s.lists[ORDER, k], s.of[v, PLACE]
    s.lists[ORDER, place] = u
    s.of[u, PLACE] = place
    s.lists[ORDER, k] = v
    s.of[v, PLACE] = k
    s.state[WORK] += s.starts[v + 1] - s.starts[v] + _FIXED
    if s.state[LOGGED] < len(s.log):
        s.log[s.state[LOGGED]] = v
    s.state[LOGGED] += 1
    if s.state[CHANGES] < len(s.of):
        s.lists[CHANGED, s.state[CHANGES]] = v
    s.state[CHANGES] += 1


@compiled
def _put(s: Search, v: int, which: int) -> None:
    """Put `v` on a list if it is not there."""
    if not s.flags[v, which]:
        s.flags[v, which] = 1
        s.lists[which, s.state[which]] = v
        s.state[which] += 1


@compiled
def _go_back(s: Search) -> None:
    """Undo the step."""
    for k in range(s.state[LOGGED] - 1, -1, -1):
        v = s.log[k]
        s.state[LOGGED] = k  # what undoing writes down may stand in the place of what is undone
        if s.of[v, PLACE] < s.state[SIZE]:
            _leave(s, v)
        else:
            _enter(s, v)
    for which in (PENDING, RAISED):
        for k in range(s.state[which]):
            s.flags[s.lists[which, k], which] = 0
        s.state[which] = 0


@compiled
def _keep(s: Search) -> None:
    """The set is the best one: bring the flags up to date where they may differ."""
    s.state[MOST] = s.state[VALUE]
    s.state[QUIET] = 0
    known = s.state[CHANGES] <= len(s.of)
    for k in range(s.state[CHANGES] if known else len(s.of)):
        v = s.lists[CHANGED, k] if known else k
        s.flags[v, BEST] = s.of[v, PLACE] < s.state[SIZE]
    s.state[CHANGES] = 0


@compiled
def _conflict(s: Search, v: int, w: int) -> bool:
    """Whether `v` and `w` are in conflict."""
    low, high = s.starts[v], s.starts[v + 1]
    while low < high:
        middle = (low + high) // 2
        if s.neighbours[middle] < w:
            low = middle + 1
        else:
            high = middle
    return low < s.starts[v + 1] and s.neighbours[low] == w
