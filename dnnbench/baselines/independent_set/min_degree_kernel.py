"""The compiled passes of `min_degree`; importing it needs numba.

A vertex is FREE, INSIDE the set, or OUTSIDE because one beside it is inside.
"""

import numpy as np

from dnnbench.baselines.draws import below
from dnnbench.baselines.local_search_kernel import compiled

FREE, INSIDE, OUTSIDE, _LEAVING = 0, 1, 2, 3


@compiled
def by_degree(
    starts: np.ndarray,
    neighbours: np.ndarray,
    degree: np.ndarray,
    order: np.ndarray,
    place: np.ndarray,
    first: np.ndarray,
    where: np.ndarray,
    state: np.ndarray,
    draw: np.ndarray,
    most: int,
    work: int,
) -> int:
    """Take a free vertex with the fewest free neighbours, again and again, ties at random.

    Vertices lie in bins by their number of free neighbours, one bin behind the other in `order`.
    Who loses a free neighbour changes places with the first of its bin, which then begins one
    later. Vertices that are free no longer stay in their bin until they are drawn from it.

    Args:
        starts: int64 [n + 1], row starts of the conflicts.
        neighbours: int32 [2m], their columns.
        degree: int64 [n], free neighbours of the free vertices; updated.
        order: int64 [n], the vertices by bin; updated.
        place: int64 [n], where each one stands in `order`; updated.
        first: int64 [largest degree + 2], where each bin begins if not already drawn; updated.
        where: uint8 [n], FREE, INSIDE or OUTSIDE; updated.
        state: int64 [2]: vertices of `order` already drawn, lowest bin that may have any; updated.
        draw: uint64 [1], random state; updated.
        most: vertices allowed to enter.
        work: look at some so many conflicts, then return.

    Returns:
        Vertices that entered. The pass is over when `state[0]` is n.
    """
    n = len(where)
    head, low = state[0], state[1]
    entered = 0
    while head < n and entered < most and work > 0:
        while max(first[low + 1], head) == max(first[low], head):
            low += 1
        chosen = head + below(draw, max(first[low + 1], head) - head)
        v = order[chosen]
        order[chosen] = order[head]
        place[order[head]] = chosen
        order[head] = v
        place[v] = head
        head += 1
        work -= 1
        if where[v] != FREE:
            continue
        where[v] = INSIDE
        entered += 1
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            if where[u] == FREE:
                where[u] = _LEAVING
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            if where[u] != _LEAVING:
                continue
            where[u] = OUTSIDE
            work -= starts[u + 1] - starts[u]
            for j in range(starts[u], starts[u + 1]):
                x = neighbours[j]
                if where[x] != FREE:
                    continue
                d = degree[x]
                front = max(first[d], head)
                other = order[front]
                order[place[x]] = other
                place[other] = place[x]
                order[front] = x
                place[x] = front
                first[d] = front + 1
                degree[x] = d - 1
                low = min(low, d - 1)
    state[0], state[1] = head, low
    return entered


@compiled
def by_weight(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    degree: np.ndarray,
    heap: np.ndarray,
    place: np.ndarray,
    tie: np.ndarray,
    where: np.ndarray,
    state: np.ndarray,
    most: int,
    work: int,
) -> int:
    """Take a free vertex with the most weight / (free neighbours + 1), again and again.

    Args:
        starts: int64 [n + 1], row starts of the conflicts.
        neighbours: int32 [2m], their columns.
        weights: float64 [n].
        degree: int64 [n], free neighbours of the free vertices; updated.
        heap: int64 [n], the vertices as a binary heap, the best first; updated.
        place: int64 [n], where each one stands in it; updated.
        tie: float64 [n], decides between equals.
        where: uint8 [n], FREE, INSIDE or OUTSIDE; updated.
        state: int64 [1], vertices left in the heap; updated.
        most: vertices allowed to enter.
        work: look at some so many conflicts, then return.

    Returns:
        Vertices that entered. The pass is over when `state[0]` is 0.
    """
    left = state[0]
    entered = 0
    while left > 0 and entered < most and work > 0:
        v = heap[0]
        left -= 1
        heap[0] = heap[left]
        place[heap[0]] = 0
        _sink(heap, place, weights, degree, tie, 0, left)
        work -= 1
        if where[v] != FREE:
            continue
        where[v] = INSIDE
        entered += 1
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            if where[u] == FREE:
                where[u] = _LEAVING
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            if where[u] != _LEAVING:
                continue
            where[u] = OUTSIDE
            work -= starts[u + 1] - starts[u]
            for j in range(starts[u], starts[u + 1]):
                x = neighbours[j]
                if where[x] == FREE:
                    degree[x] -= 1
                    _rise(heap, place, weights, degree, tie, place[x])
    state[0] = left
    return entered


@compiled
def heapify(
    heap: np.ndarray, place: np.ndarray, weights: np.ndarray, degree: np.ndarray, tie: np.ndarray
) -> None:
    """Bring `heap` and `place` into order; arguments are those of `by_weight`."""
    for k in range(len(heap) // 2 - 1, -1, -1):
        _sink(heap, place, weights, degree, tie, k, len(heap))


@compiled
def _before(v: int, u: int, weights: np.ndarray, degree: np.ndarray, tie: np.ndarray) -> bool:
    a = weights[v] / (degree[v] + 1)
    b = weights[u] / (degree[u] + 1)
    return a > b or (a == b and tie[v] < tie[u])


@compiled
def _rise(
    heap: np.ndarray,
    place: np.ndarray,
    weights: np.ndarray,
    degree: np.ndarray,
    tie: np.ndarray,
    k: int,
) -> None:
    v = heap[k]
    while k > 0:
        parent = (k - 1) // 2
        u = heap[parent]
        if not _before(v, u, weights, degree, tie):
            break
        heap[k] = u
        place[u] = k
        k = parent
    heap[k] = v
    place[v] = k


@compiled
def _sink(
    heap: np.ndarray,
    place: np.ndarray,
    weights: np.ndarray,
    degree: np.ndarray,
    tie: np.ndarray,
    k: int,
    size: int,
) -> None:
    if k >= size:
        return
    v = heap[k]
    while 2 * k + 1 < size:
        child = 2 * k + 1
        if child + 1 < size and _before(heap[child + 1], heap[child], weights, degree, tie):
            child += 1
        if not _before(heap[child], v, weights, degree, tie):
            break
        heap[k] = heap[child]
        place[heap[k]] = k
        k = child
    heap[k] = v
    place[v] = k
