"""Newton's method for discrete problems."""

from collections.abc import Callable

import numpy as np

from dnnbench.baselines.discretisation.solution import Array, NotSolvedError

_STEPS = 25
_SMALL = 1e-6
"""Largest correction, relative to the largest value, that ends it: what is left is its square."""


def newton(correction: Callable[[Array], Array], start: Array, resolution: int) -> Array:
    """Add corrections until they are small.

    Args:
        correction: gives Newton's at a state [n].
        start: the first state [n].
        resolution: named in the message.

    Raises:
        NotSolvedError: they do not get small.
    """
    state = start
    for _ in range(_STEPS):
        change = correction(state)
        state = state + change
        if not np.isfinite(state).all():
            break
        if np.abs(change).max() < _SMALL * np.abs(state).max():
            return state
    raise NotSolvedError(f"Newton's method does not converge at resolution {resolution}")
