"""What these baselines share: the best assignment so far, and random ones."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Limits, Search
from dnnbench.baselines.satisfiability.counts import counts, majority
from dnnbench.baselines.weights import most
from dnnbench.instances.formula import Formula

_CELLS = 2**20
"""Literals looked at between two looks at the clock: a few milliseconds of work."""


class Incumbent:
    """The best assignment of one run: fewest hard constraints violated, then least soft weight.

    Assignments that violate hard constraints are kept, but passed on at the end alone, and only if
    no other was found: the search compares nothing but the weight.

    Attributes:
        counts: the constraints.
        violated: hard constraints that the best one violates.
        value: weight of the soft constraints that it violates, inf before the first.
        z: the best assignment so far, uint8 [n].
    """

    def __init__(self, formula: Formula, search: Search) -> None:
        """The formula; `search` gets the answers."""
        self._formula, self._search = formula, search
        self._hard = is_hard(formula)
        self.counts = counts(formula)
        self.violated, self.value = formula.num_constraints + 1, math.inf
        self.z = np.zeros(0, np.uint8)

    @property
    def perfect(self) -> bool:
        """Whether nothing is violated."""
        return (self.violated, self.value) == (0, 0)

    def first(self) -> None:
        """Offer the assignment in which each variable is as it mostly occurs."""
        self.offer(majority(self._formula), 0, 0)

    def of(self, variables: NDArray[np.integer]) -> NDArray[np.uint8]:
        """The assignment in which these variables, from 1, are true, uint8 [n]."""
        z = np.zeros(self._formula.num_variables, np.uint8)
        z[variables - 1] = 1
        return z

    def offer(self, z: NDArray[np.uint8], steps: int, restarts: int) -> None:
        """Keep and report the assignment `z` if it is the best so far."""
        broken = self.counts.violated(z)
        violated = int(np.count_nonzero(broken & self._hard))
        value = _total(self._formula.costs[broken & ~self._hard])
        if (violated, value) < (self.violated, self.value):
            self.violated, self.value, self.z = violated, value, z.copy()
            if violated == 0:
                self._search.offer(z, value, steps, restarts)

    def finish(self, steps: int, restarts: int) -> None:
        """Report the best assignment again, with the counts of the whole run."""
        if self.z.size:
            self._search.offer(self.z, self.value, steps, restarts)


def is_hard(formula: Formula) -> NDArray[np.bool_]:
    """Which constraints are hard, bool [m]."""
    return np.zeros(formula.num_constraints, bool) if formula.hard is None else formula.hard


def random_assignments(
    formula: Formula, rng: np.random.Generator, limits: Limits, search: Search
) -> None:
    """Draw uniform assignments until `search.should_stop()` or the first of the limits."""
    best = Incumbent(formula, search)
    n, hard = formula.num_variables, is_hard(formula)
    batch = int(np.clip(_CELLS // (n + len(formula.literals)), 1, 256))
    costs = np.where(hard, 0, formula.costs).astype(np.float64)
    allowed = min(most(limits.steps), most(limits.restarts))
    drawn = 0
    while drawn < allowed and not (drawn and (best.perfect or search.should_stop())):
        count = int(min(batch, allowed - drawn))
        bits = np.frombuffer(rng.bytes(n * -(-count // 8)), np.uint8).reshape(n, -1)
        draws = np.unpackbits(bits, axis=1, count=count)
        broken = best.counts.violated(draws)
        order = np.lexsort((costs @ broken, np.count_nonzero(broken[hard], axis=0)))
        drawn += count
        best.offer(draws[:, order[0]], drawn, drawn)
    best.finish(drawn, drawn)


def _total(weights: NDArray[Any]) -> int | float:
    if np.issubdtype(weights.dtype, np.integer):
        return int(weights.sum())
    return math.fsum(weights.tolist())
