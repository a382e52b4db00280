"""The compiled inner loop of `tabu`; importing it needs numba."""

import numpy as np

from dnnbench.baselines.local_search_kernel import compiled

BLOCK = 64
"""Vertices whose best gain is kept together, so that a step need not look at all vertices."""

SHORTEST_RANDOM = 10
"""A tenure is its fixed part plus a uniform draw from 1 to this."""


@compiled
def search(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    spins: np.ndarray,
    gains: np.ndarray,
    best: np.ndarray,
    tabu: np.ndarray,
    members: np.ndarray,
    state: np.ndarray,
    values: np.ndarray,
    slack: float,
    tenure: int,
    patience: int,
    most: int,
) -> int:
    """Flip the best vertex that is not tabu, again and again.

    A tabu vertex is flipped all the same if that gives the best value of this search (aspiration).
    Ties are broken at random: between the blocks with the best gain, then within the block.

    Args:
        starts: int64 [n + 1], row starts of the symmetric adjacency matrix.
        neighbours: int32 [2m], its column indices.
        weights: [2m], its values.
        spins: [n] of -1 and 1 in the dtype of the weights; updated.
        gains: [n], what each flip alone adds to the cut, in the dtype of the weights; updated.
        best: like `spins`, the best cut of this search; updated.
        tabu: int64 [n], the step until which each vertex is tabu; updated.
        members: int64 [tenure + SHORTEST_RANDOM + 1], the tabu vertices; updated.
        state: uint64 [4]: random state, step, step of the last improvement, number of tabu
            vertices; updated.
        values: [2] in the dtype of the weights: current value and best value; updated.
        slack: the best value has to rise by more than this.
        tenure: fixed part of the tenure, steps.
        patience: steps without a better value that end the search.
        most: steps allowed.

    Returns:
        Steps made; fewer than `most` if the patience ran out.
    """
    n = len(spins)
    blocks = (n + BLOCK - 1) // BLOCK
    top = np.zeros(blocks, gains.dtype)  # best gain of a free vertex in each block
    free = np.zeros(blocks, np.bool_)  # whether the block has a free vertex
    stale = np.ones(blocks, np.bool_)
    draw = state[0]
    step, last, held = np.int64(state[1]), np.int64(state[2]), np.int64(state[3])
    made = 0
    while made < most and step - last < patience:
        made += 1
        step += 1
        # Who is tabu no longer?
        k = 0
        while k < held:
            v = members[k]
            if tabu[v] < step:
                held -= 1
                members[k] = members[held]
                stale[v // BLOCK] = True
            else:
                k += 1
        # The best free vertex.
        chosen_block = -1
        ties = 0
        for b in range(blocks):
            if stale[b]:
                stale[b] = False
                free[b] = False
                for v in range(b * BLOCK, min(n, (b + 1) * BLOCK)):
                    if tabu[v] < step and (not free[b] or gains[v] > top[b]):
                        top[b] = gains[v]
                        free[b] = True
            if not free[b]:
                continue
            if chosen_block < 0 or top[b] > top[chosen_block]:
                chosen_block = b
                ties = 1
            elif top[b] == top[chosen_block]:
                ties += 1
                draw = _next(draw)
                if draw % np.uint64(ties) == 0:
                    chosen_block = b
        chosen = -1
        if chosen_block >= 0:
            ties = 0
            b = chosen_block
            for v in range(b * BLOCK, min(n, (b + 1) * BLOCK)):
                if tabu[v] < step and gains[v] == top[b]:
                    ties += 1
                    draw = _next(draw)
                    if ties == 1 or draw % np.uint64(ties) == 0:
                        chosen = v
        # Aspiration.
        for k in range(held):
            v = members[k]
            good = values[0] + gains[v] > values[1] + slack
            if good and (chosen < 0 or gains[v] > gains[chosen]):
                chosen = v
        if chosen < 0:  # a few vertices, all of them tabu
            continue
        # Flip it and make it tabu.
        v = chosen
        values[0] += gains[v]
        spins[v] = -spins[v]
        gains[v] = -gains[v]
        stale[v // BLOCK] = True
        for k in range(starts[v], starts[v + 1]):
            u = neighbours[k]
            gains[u] += 2 * weights[k] * spins[u] * spins[v]
            stale[u // BLOCK] = True
        if tabu[v] < step:
            members[held] = v
            held += 1
        draw = _next(draw)
        tabu[v] = step + tenure + 1 + np.int64(draw % np.uint64(SHORTEST_RANDOM))
        if values[0] > values[1] + slack:
            values[1] = values[0]
            best[:] = spins
            last = step
    state[0] = draw
    state[1], state[2], state[3] = step, last, held
    return made


@compiled
def _next(draw: np.uint64) -> np.uint64:
    """The next state of a 64-bit xorshift generator (Marsaglia, J. Stat. Softw. 8(14), 2003)."""
    draw ^= draw << np.uint64(13)
    draw ^= draw >> np.uint64(7)
    draw ^= draw << np.uint64(17)
    return draw
