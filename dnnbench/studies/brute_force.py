"""The optimum of an instance of a few bits, by trying all of them."""

from typing import Any

import numpy as np

from dnnbench.problems.base import Exact, better

_LARGEST_BRUTE_FORCE = 16


def brute_force(problem: Exact, public: Any) -> int | float:
    """The best objective of a feasible 0/1 vector, by trying all.

    Raises:
        ValueError: there are too many.
    """
    n = problem.random(public, np.random.default_rng(0)).shape[0]
    if n > _LARGEST_BRUTE_FORCE:
        raise ValueError(f"2^{n} vectors are too many")
    best: int | float | None = None
    for number in range(2**n):
        z = ((number >> np.arange(n)) & 1).astype(np.uint8)
        verdict = problem.verify(z, public, None)
        if verdict.feasible and (best is None or better(verdict.objective, best, problem.sense)):
            best = verdict.objective
    if best is None:
        raise ValueError("no 0/1 vector is feasible")
    return best
