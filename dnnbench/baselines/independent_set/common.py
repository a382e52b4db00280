"""What these baselines share: conflicts, the best set so far, claims in the problem's terms.

Every baseline looks for a heavy set without conflicts. What that is as a clique or a vertex cover,
and what a bound on its weight says about those, stands here alone.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Limits, Search
from dnnbench.baselines.weights import Weights, most, whole_weights
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.exact import IndependentSet


def whole(conflicts: Conflicts) -> Weights:
    """The weights of the vertices as int64, for solvers that know no others."""
    return whole_weights(conflicts.weights)


class Incumbent:
    """The best set of one run; passes improvements on to the search.

    Attributes:
        conflicts: which vertices exclude each other, and their weights.
        value: weight of the best set so far, -inf before the first.
        chosen: the best set so far, uint8 [n].
    """

    def __init__(self, problem: Exact, public: Graph, search: Search) -> None:
        """Ask `problem` for the conflicts of the instance `public`; `search` gets the answers."""
        assert isinstance(problem, IndependentSet)
        self._problem, self._search = problem, search
        self.conflicts = problem.shown(public)
        self.value = -math.inf
        self.chosen = np.zeros(0, np.uint8)

    def of(self, vertices: NDArray[np.integer]) -> NDArray[np.uint8]:
        """The set of these vertices as bits, uint8 [n]."""
        chosen = np.zeros(self.conflicts.num_vertices, np.uint8)
        chosen[vertices] = 1
        return chosen

    def offer(self, chosen: NDArray[np.uint8], steps: int, restarts: int) -> None:
        """Keep and report the set `chosen` (uint8 [n]) if it is the heaviest so far."""
        value = self._weight(chosen)
        if value > self.value:
            self.value, self.chosen = value, chosen.copy()
            self.finish(steps, restarts)

    def finish(self, steps: int, restarts: int) -> None:
        """Report the best set again, with the counts of the whole run."""
        if self.chosen.size:
            answer = self._problem.answer(self.chosen)
            self._search.offer(answer, self._objective(self.value), steps, restarts)

    def note_bound(self, bound: float, proved: bool) -> None:
        """Note that no set is heavier than `bound`, and whether the best one is proved optimal.

        For minimum covers this is a lower bound.
        """
        name = "upper_bound" if self._problem.sense == "max" else "lower_bound"
        self._search.note(name, self._objective(bound))
        self._search.note("optimum_proved", proved)

    def _weight(self, chosen: NDArray[np.uint8]) -> int | float:
        weights = self.conflicts.weights[chosen.astype(bool)]
        if np.issubdtype(weights.dtype, np.integer):
            return int(weights.sum())
        return math.fsum(weights.tolist())

    def _objective(self, weight: float) -> float:
        """The problem's objective where a set weighs `weight`; covers leave the set out."""
        return self.conflicts.num_vertices - weight if self._problem.covers else weight


def random_set(conflicts: Conflicts, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A maximal set without conflicts, uint8 [n]: vertices in random order, each kept if it may."""
    chosen = np.zeros(conflicts.num_vertices, np.uint8)
    free = np.ones(conflicts.num_vertices, bool)
    for vertex in rng.permutation(conflicts.num_vertices).tolist():
        if free[vertex]:
            chosen[vertex] = 1
            free[conflicts.neighbours(vertex)] = False
    return chosen


def random_sets(
    problem: Exact, public: Graph, rng: np.random.Generator, limits: Limits, search: Search
) -> None:
    """Draw random maximal sets until `search.should_stop()` or the first of the limits."""
    best = Incumbent(problem, public, search)
    allowed = min(most(limits.steps), most(limits.restarts))
    drawn = 0
    while drawn < allowed and not (drawn and search.should_stop()):
        chosen = random_set(best.conflicts, rng)
        drawn += 1
        best.offer(chosen, drawn, drawn)
    best.finish(drawn, drawn)
