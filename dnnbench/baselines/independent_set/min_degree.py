"""Randomised minimum-degree greedy: the vertex with the fewest free neighbours enters next.

Halldorsson, Radhakrishnan, "Greed is good: approximating independent sets in sparse and
bounded-degree graphs", Algorithmica 18(1), 1997, doi:10.1007/BF02523693. With weights the vertex
with the most weight / (free neighbours + 1) enters: Sakai, Togasaki, Yamazaki, "A note on greedy
algorithms for the maximum weighted independent set problem", Discrete Applied Mathematics
126(2-3), 2003, doi:10.1016/S0166-218X(02)00205-6. Ties go at random; passes are repeated until the
budget ends. Where weights differ there are few ties, and so all passes but the first see each
weight times a random factor from 1/2 to 1.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra, rows
from dnnbench.baselines.independent_set.common import Incumbent, most
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact
from dnnbench.problems.independent_set.conflicts import Conflicts

_WORK = 10_000_000
"""Conflicts looked at between two looks at the clock: some 20 milliseconds of compiled work."""


@dataclass(frozen=True)
class MinDegree(Baseline):
    """Greedy passes, compiled by numba. A step is one vertex put in, a restart one pass."""

    version: ClassVar[int] = 1

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Compile the passes, on a graph of two vertices."""
        compile_passes("min_degree")

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run passes until `search.should_stop()` or the first of the limits."""
        best = Incumbent(problem, public, search)
        greedy = passes(best.conflicts, "min_degree")
        most_steps, most_passes = most(limits.steps), most(limits.restarts)
        steps = made = 0
        while steps < most_steps and made < most_passes and not (made and search.should_stop()):
            greedy.begin(rng)
            while not greedy.over and steps < most_steps:
                steps += greedy.run(int(min(public.num_vertices, most_steps - steps)))
                if not greedy.over and search.should_stop():
                    break
            made += greedy.over
            best.offer(greedy.chosen, steps, made)
            if not greedy.over:
                break
        best.finish(steps, made)


class _Passes:
    """One greedy pass after the other on the same conflicts.

    Attributes:
        over: whether no vertex is free any more.
    """

    def __init__(self, conflicts: Conflicts, baseline: str) -> None:
        try:
            from dnnbench.baselines import draws
            from dnnbench.baselines.independent_set import min_degree_kernel
        except ModuleNotFoundError as error:
            raise missing_extra(baseline) from error
        self._kernel, self._draws = min_degree_kernel, draws
        self._n = conflicts.num_vertices
        self._starts, self._neighbours, _ = rows(conflicts.adjacency)
        self._degrees = np.diff(self._starts)
        self.over = True

    def _free(self) -> None:
        self._degree = self._degrees.copy()
        self._where = np.full(self._n, self._kernel.FREE, np.uint8)
        self.over = False

    @property
    def chosen(self) -> NDArray[np.uint8]:
        """The set so far, uint8 [n]."""
        return (self._where == self._kernel.INSIDE).astype(np.uint8)

    def begin(self, rng: np.random.Generator) -> None:
        """Begin again with the empty set."""
        raise NotImplementedError

    def run(self, most: int) -> int:
        """Put in up to `most` vertices, fewer if that takes long, and say how many."""
        raise NotImplementedError


class _ByDegree(_Passes):
    """For vertices of equal weight."""

    def __init__(self, conflicts: Conflicts, baseline: str) -> None:
        super().__init__(conflicts, baseline)
        self._sorted = np.argsort(self._degrees, kind="stable").astype(np.int64)
        bins = np.bincount(self._degrees, minlength=int(self._degrees.max()) + 1)
        self._bins = np.concatenate([[0], np.cumsum(bins)]).astype(np.int64)

    def begin(self, rng: np.random.Generator) -> None:
        self._free()
        self._order, self._first = self._sorted.copy(), self._bins.copy()
        self._place = np.empty(self._n, np.int64)
        self._place[self._order] = np.arange(self._n)
        self._state = np.zeros(2, np.int64)
        self._draw = self._draws.seeded(rng)

    def run(self, most: int) -> int:
        bins = (self._degree, self._order, self._place, self._first)
        entered = self._kernel.by_degree(
            self._starts,
            self._neighbours,
            *bins,
            self._where,
            self._state,
            self._draw,
            most,
            _WORK,
        )
        self.over = bool(self._state[0] == self._n)
        return int(entered)


class _ByWeight(_Passes):
    """For vertices of different weights."""

    def __init__(self, conflicts: Conflicts, baseline: str) -> None:
        super().__init__(conflicts, baseline)
        self._weights = conflicts.weights.astype(np.float64)
        self._blur = False

    def begin(self, rng: np.random.Generator) -> None:
        self._free()
        factors = rng.uniform(0.5, 1.0, size=self._n) if self._blur else 1.0
        self._blur = True
        self._heap = np.arange(self._n)
        self._place = np.arange(self._n)
        self._keys: tuple[Any, ...] = (self._weights * factors, self._degree)
        self._tie = rng.random(self._n)
        self._state = np.array([self._n])
        self._kernel.heapify(self._heap, self._place, *self._keys, self._tie)

    def run(self, most: int) -> int:
        entered = self._kernel.by_weight(
            self._starts,
            self._neighbours,
            *self._keys,
            self._heap,
            self._place,
            self._tie,
            self._where,
            self._state,
            most,
            _WORK,
        )
        self.over = bool(self._state[0] == 0)
        return int(entered)


def passes(conflicts: Conflicts, baseline: str) -> _Passes:
    """Greedy passes over the conflicts.

    Args:
        conflicts: the instance.
        baseline: name for the error where numba is missing.

    Raises:
        UserError: numba is missing, or the conflicts are too many to be stored.
    """
    weights = conflicts.weights
    kind = _ByDegree if (weights == weights[0]).all() else _ByWeight
    return kind(conflicts, baseline)


def compile_passes(baseline: str) -> None:
    """Compile both kinds of passes, on a graph of two vertices; errors as for `passes`."""
    edge = Graph(2, np.array([[0, 1]], np.int32), np.ones(1))
    rng = np.random.default_rng(0)
    for weights in ([1, 1], [1, 2]):
        greedy = passes(Conflicts(edge, False, np.array(weights)), baseline)
        greedy.begin(rng)
        greedy.run(2)
