"""The compiled inner loops of `burer_monteiro`; importing it needs numba."""

import numpy as np

from dnnbench.baselines.local_search_kernel import compiled

ARMIJO = 0.01
LARGEST_STEP = 4.0
MOST_HALVINGS = 10
RELATIVE_CHANGE = 1e-4
GRADIENT = 1e-4
"""Constants of the line search and of the two stopping tests, as in CirCut and MQLib."""


@compiled
def minimise(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    theta: np.ndarray,
    state: np.ndarray,
    most: int,
) -> tuple[int, bool]:
    """Scaled gradient descent on f = sum over edges of w_ij cos(theta_i - theta_j).

    Args:
        starts: int64 [n + 1], row starts of the symmetric adjacency matrix.
        neighbours: int32 [2m], its column indices.
        weights: float64 [2m], its values.
        theta: float64 [n], angles; updated.
        state: float64 [1], the step size, 1 at the beginning; updated.
        most: iterations allowed.

    Returns:
        Iterations made, and whether a stopping test holds.
    """
    n = len(theta)
    norm = 0.0
    for k in range(len(weights)):
        norm += abs(weights[k])
    norm = max(norm, 1e-300)
    cosine, sine = np.cos(theta), np.sin(theta)
    gradient = np.empty(n)
    aligned = np.empty(n)
    value = _evaluate(starts, neighbours, weights, cosine, sine, gradient, aligned)
    for made in range(1, most + 1):
        square = 0.0
        scale = 1.0
        for i in range(n):
            square += gradient[i] * gradient[i]
            scale = max(scale, -aligned[i])
        if square / norm < GRADIENT:
            return made, True
        slope = -square / scale
        accepted = False
        halvings = 0
        while halvings <= MOST_HALVINGS:
            trial = theta - (state[0] / scale) * gradient
            trial_cosine, trial_sine = np.cos(trial), np.sin(trial)
            trial_value = _value(starts, neighbours, weights, trial_cosine, trial_sine)
            if trial_value <= value + ARMIJO * state[0] * slope:
                accepted = True
                break
            state[0] *= 0.5
            halvings += 1
        if not accepted:
            return made, True
        change = abs(value - trial_value) / (1.0 + abs(value))
        theta[:] = trial
        cosine, sine = trial_cosine, trial_sine
        if change < RELATIVE_CHANGE:
            return made, True
        value = _evaluate(starts, neighbours, weights, cosine, sine, gradient, aligned)
        if halvings <= 2:
            state[0] = min(2.0 * state[0], LARGEST_STEP)
    return most, False


@compiled
def _evaluate(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
    gradient: np.ndarray,
    aligned: np.ndarray,
) -> float:
    """The value f; fills in its gradient and `aligned`: sum_j w_ij cos(theta_i - theta_j)."""
    total = 0.0
    for i in range(len(cosine)):
        a = 0.0
        b = 0.0
        for k in range(starts[i], starts[i + 1]):
            j = neighbours[k]
            a += weights[k] * cosine[j]
            b += weights[k] * sine[j]
        aligned[i] = cosine[i] * a + sine[i] * b
        gradient[i] = cosine[i] * b - sine[i] * a
        total += aligned[i]
    return total / 2


@compiled
def _value(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    cosine: np.ndarray,
    sine: np.ndarray,
) -> float:
    """The value f alone."""
    total = 0.0
    for i in range(len(cosine)):
        for k in range(starts[i], starts[i + 1]):
            j = neighbours[k]
            if j > i:
                total += weights[k] * (cosine[i] * cosine[j] + sine[i] * sine[j])
    return total


@compiled
def sweep(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    order: np.ndarray,
    spins: np.ndarray,
    gains: np.ndarray,
) -> int:
    """Turn a half-plane by half a turn: flip the vertices in the order it passes them.

    Args:
        starts: int64 [n + 1], row starts of the symmetric adjacency matrix.
        neighbours: int32 [2m], its column indices.
        weights: [2m], the adjacency matrix's values.
        order: int64 [n], the vertices by angle modulo pi.
        spins: [n], the cut at the beginning, -1 and 1 in the dtype of the weights; flipped.
        gains: [n], what each flip alone adds to the cut, in the dtype of the weights; updated.

    Returns:
        How many flips lead to the best cut on the way.
    """
    value = gains.dtype.type(0)
    best = value
    place = 0
    for step in range(len(order)):
        v = order[step]
        value += gains[v]
        _flip(starts, neighbours, weights, spins, gains, v)
        if value > best:
            best = value
            place = step + 1
    return place


@compiled
def improve_pairs(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    spins: np.ndarray,
    gains: np.ndarray,
    slack: float,
) -> int:
    """Pass once over all edges and flip both ends where that gains more than `slack`.

    `spins` and `gains` are as for `sweep`; updated. Returns how many pairs were flipped.
    """
    flipped = 0
    for u in range(len(spins)):
        for k in range(starts[u], starts[u + 1]):
            v = neighbours[k]
            if v > u and gains[u] + gains[v] - 2 * weights[k] * spins[u] * spins[v] > slack:
                _flip(starts, neighbours, weights, spins, gains, u)
                _flip(starts, neighbours, weights, spins, gains, v)
                flipped += 1
    return flipped


@compiled
def _flip(
    starts: np.ndarray,
    neighbours: np.ndarray,
    weights: np.ndarray,
    spins: np.ndarray,
    gains: np.ndarray,
    v: int,
) -> None:
    """Flip one vertex and bring the gains up to date."""
    spins[v] = -spins[v]
    gains[v] = -gains[v]
    for k in range(starts[v], starts[v + 1]):
        u = neighbours[k]
        gains[u] += 2 * weights[k] * spins[u] * spins[v]
