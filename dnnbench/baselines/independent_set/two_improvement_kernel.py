"""The compiled loop of `two_improvement`; importing it needs numba."""

from typing import NamedTuple

import numpy as np

from dnnbench.baselines.independent_set.draws import below
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

WORK, VALUE, BEST, STEP, QUIET, SIZE, LOGGED, CHANGED = range(8)
"""Places in `Search.state`."""

BURDEN, TIGHT, OWNER, ALONE = range(4)
"""Columns of `Search.near`."""


class Search(NamedTuple):
    """The state of a search; every array is updated.

    Attributes:
        starts: int64 [n + 1], row starts of the conflicts.
        neighbours: int32 [2m], their columns, in increasing order within a row.
        weights: int64 [n], positive.
        mean: float64 [1], the mean weight.
        order: int64 [n], the set's vertices, then all others.
        place: int64 [n], where each one stands in `order`.
        near: int64 [n, 4]: for each vertex the weight of the set's vertices beside it, how many
            they are, and the sum of their numbers (who it is where there is one); for those of
            the set how many vertices are beside them and beside no other one of the set.
        left: int64 [n], step in which each vertex last left the set.
        best: uint8 [n], the best set, with the best weight.
        log: int64 [any length], vertices that entered or left in this step, one after another.
        changed: int64 [n], vertices in which the set may differ from `best`.
        pending: int64 [n], vertices of the set that may have become exchangeable.
        is_pending: uint8 [n].
        raised: int64 [n], vertices outside that may outweigh those beside them.
        is_raised: uint8 [n].
        queues: int64 [2], how many are pending and raised.
        stamp: int64 [n + 1], scratch; its last entry counts the stamps.
        beside: int64 [n], scratch.
        state: int64 [8]: conflicts looked at, the set's weight, the best weight, steps, steps
            since the best weight rose, vertices in the set, entries of `log` and of `changed`
            (more than they hold: they were too short).
        draw: uint64 [1], random state.
    """

    starts: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    mean: np.ndarray
    order: np.ndarray
    place: np.ndarray
    near: np.ndarray
    left: np.ndarray
    best: np.ndarray
    log: np.ndarray
    changed: np.ndarray
    pending: np.ndarray
    is_pending: np.ndarray
    raised: np.ndarray
    is_raised: np.ndarray
    queues: np.ndarray
    stamp: np.ndarray
    beside: np.ndarray
    state: np.ndarray
    draw: np.ndarray


@compiled
def begin(s: Search, chosen: np.ndarray) -> None:
    """Begin with the set `chosen` (uint8 [n], without conflicts)."""
    n = len(chosen)
    s.order[:] = np.arange(n)
    s.place[:] = s.order
    s.near[:] = 0
    for counts in (s.left, s.stamp, s.state):
        counts[:] = 0
    for flags in (s.is_pending, s.is_raised, s.best):
        flags[:] = 0
    s.queues[:] = 0
    for v in range(n):
        if chosen[v]:
            _enter(s, v)
    for v in range(n):
        if s.weights[v] > s.near[v, BURDEN]:
            _raise(s, v)
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
    return s.queues[0] + s.queues[1] == 0


@compiled
def search(s: Search, most: int, patience: int, work: int) -> int:
    """Force vertices in, improve, keep the outcome or go back, again and again.

    Args:
        s: the search, settled, with a vertex outside the set.
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
        if value > s.state[BEST]:
            _keep(s)
            continue
        s.state[QUIET] += 1
        if value < before and s.state[LOGGED] <= len(s.log):
            loss = (before - value) / s.mean[0]
            behind = (s.state[BEST] - value) / s.mean[0]
            if below(s.draw, 1 << 30) * (1.0 + loss * behind) >= 1 << 30:
                _go_back(s)
    return made


@compiled
def _perturb(s: Search) -> None:
    """Force one vertex in, seldom more."""
    n = len(s.order)
    count = 1
    if below(s.draw, 2 * max(1, s.state[SIZE])) == 0:
        count = 2
        while below(s.draw, 2) == 0:
            count += 1
    first = s.order[s.state[SIZE] + below(s.draw, n - s.state[SIZE])]
    for _ in range(_CANDIDATES - 1):
        v = s.order[s.state[SIZE] + below(s.draw, n - s.state[SIZE])]
        if s.left[v] < s.left[first]:
            first = v
    _insert(s, first)
    for _ in range(count - 1):
        if s.state[SIZE] == n:
            break
        v = s.order[s.state[SIZE] + below(s.draw, n - s.state[SIZE])]
        for _ in range(_TRIES):
            u = _any_beside(s, _any_beside(s, first))
            if s.place[u] >= s.state[SIZE] and not _conflict(s, u, first):
                v = u
                break
        _insert(s, v)


@compiled
def _improve(s: Search, end: int) -> None:
    """Put vertices in that outweigh those beside them, and exchange one for two, while it gains.

    It also stops when the work done so far is `end`.
    """
    while s.queues[0] + s.queues[1] > 0 and s.state[WORK] < end:
        if s.queues[1] > 0:
            v = _drawn(s, s.raised, s.is_raised, 1)
            if s.place[v] >= s.state[SIZE] and s.weights[v] > s.near[v, BURDEN]:
                _insert(s, v)
        else:
            u = _drawn(s, s.pending, s.is_pending, 0)
            if s.place[u] < s.state[SIZE]:
                _exchange(s, u)


@compiled
def _drawn(s: Search, queue: np.ndarray, flags: np.ndarray, which: int) -> int:
    """Any vertex of a queue, taken out of it."""
    k = below(s.draw, s.queues[which])
    v = queue[k]
    s.queues[which] -= 1
    queue[k] = queue[s.queues[which]]
    flags[v] = 0
    return v


@compiled
def _exchange(s: Search, u: int) -> None:
    """Exchange the set's vertex `u` for two others if these are heavier together."""
    count = 0
    for k in range(s.starts[u], s.starts[u + 1]):
        v = s.neighbours[k]
        if s.near[v, TIGHT] == 1:
            s.beside[count] = v
            count += 1
    s.state[WORK] += s.starts[u + 1] - s.starts[u]
    if count < 2:
        return
    turn = below(s.draw, count)
    for i in range(count - 1):
        v = s.beside[(i + turn) % count]
        degree = s.starts[v + 1] - s.starts[v]
        marked = degree < _PROBES * (count - 1 - i)
        s.state[WORK] += min(degree, _PROBES * (count - 1 - i))
        if marked:
            s.stamp[-1] += 1
            for k in range(s.starts[v], s.starts[v + 1]):
                s.stamp[s.neighbours[k]] = s.stamp[-1]
        for j in range(i + 1, count):
            w = s.beside[(j + turn) % count]
            if s.weights[v] + s.weights[w] <= s.weights[u]:
                continue
            apart = s.stamp[w] != s.stamp[-1] if marked else not _conflict(s, v, w)
            if apart:
                _leave(s, u)
                _enter(s, v)
                _enter(s, w)
                return


@compiled
def _insert(s: Search, v: int) -> None:
    """Put `v` in; those beside it leave."""
    if s.near[v, TIGHT] == 1:
        _leave(s, s.near[v, OWNER])
    k = s.starts[v]
    while s.near[v, TIGHT] > 0:
        u = s.neighbours[k]
        if s.place[u] < s.state[SIZE]:
            _leave(s, u)
        k += 1
    _enter(s, v)


@compiled
def _enter(s: Search, v: int) -> None:
    """Put `v` in, beside which no vertex of the set may be."""
    near, neighbours, weight = s.near, s.neighbours, s.weights[v]
    _change_places(s, v, s.state[SIZE])
    s.state[SIZE] += 1
    s.state[VALUE] += weight
    alone = 0
    for k in range(s.starts[v], s.starts[v + 1]):
        x = neighbours[k]
        if near[x, TIGHT] == 0:
            alone += 1
        elif near[x, TIGHT] == 1:
            near[near[x, OWNER], ALONE] -= 1
        near[x, BURDEN] += weight
        near[x, TIGHT] += 1
        near[x, OWNER] += v
    near[v, ALONE] = alone
    if alone > 1:
        _pend(s, v)
    _record(s, v)


@compiled
def _leave(s: Search, v: int) -> None:
    """Take `v` out. It is not looked at again before something beside it leaves."""
    near, neighbours, weights = s.near, s.neighbours, s.weights
    weight = weights[v]
    s.state[SIZE] -= 1
    _change_places(s, v, s.state[SIZE])
    s.state[VALUE] -= weight
    s.left[v] = s.state[STEP]
    near[v, ALONE] = 0
    for k in range(s.starts[v], s.starts[v + 1]):
        x = neighbours[k]
        near[x, BURDEN] -= weight
        near[x, TIGHT] -= 1
        near[x, OWNER] -= v
        if weights[x] > near[x, BURDEN]:
            _raise(s, x)
        if near[x, TIGHT] == 1:
            u = near[x, OWNER]
            near[u, ALONE] += 1
            if near[u, ALONE] > 1:
                _pend(s, u)
    _record(s, v)


@compiled
def _change_places(s: Search, v: int, k: int) -> None:
    u = s.order[k]
    s.order[s.place[v]] = u
    s.place[u] = s.place[v]
    s.order[k] = v
    s.place[v] = k


@compiled
def _raise(s: Search, v: int) -> None:
    if s.place[v] >= s.state[SIZE] and not s.is_raised[v]:
        s.is_raised[v] = 1
        s.raised[s.queues[1]] = v
        s.queues[1] += 1


@compiled
def _pend(s: Search, v: int) -> None:
    if not s.is_pending[v]:
        s.is_pending[v] = 1
        s.pending[s.queues[0]] = v
        s.queues[0] += 1


@compiled
def _record(s: Search, v: int) -> None:
    """Count the work and write down that `v` entered or left."""
    s.state[WORK] += s.starts[v + 1] - s.starts[v] + _FIXED
    if s.state[LOGGED] < len(s.log):
        s.log[s.state[LOGGED]] = v
    s.state[LOGGED] += 1
    if s.state[CHANGED] < len(s.changed):
        s.changed[s.state[CHANGED]] = v
    s.state[CHANGED] += 1


@compiled
def _go_back(s: Search) -> None:
    """Undo the step."""
    for k in range(s.state[LOGGED] - 1, -1, -1):
        v = s.log[k]
        s.state[LOGGED] = k  # what undoing writes down may stand in the place of what is undone
        if s.place[v] < s.state[SIZE]:
            _leave(s, v)
        else:
            _enter(s, v)
    for k in range(s.queues[0]):
        s.is_pending[s.pending[k]] = 0
    for k in range(s.queues[1]):
        s.is_raised[s.raised[k]] = 0
    s.queues[:] = 0


@compiled
def _keep(s: Search) -> None:
    """The set is the best one: bring `best` up to date where it may differ."""
    s.state[BEST] = s.state[VALUE]
    s.state[QUIET] = 0
    if s.state[CHANGED] > len(s.changed):
        for k in range(len(s.order)):
            s.best[s.order[k]] = k < s.state[SIZE]
    else:
        for k in range(s.state[CHANGED]):
            v = s.changed[k]
            s.best[v] = s.place[v] < s.state[SIZE]
    s.state[CHANGED] = 0


@compiled
def _any_beside(s: Search, v: int) -> int:
    """Any vertex in conflict with `v`, which has one."""
    return s.neighbours[s.starts[v] + below(s.draw, s.starts[v + 1] - s.starts[v])]


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
