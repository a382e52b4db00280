"""CHILS, concurrent hybrid iterated local search, by its authors (package chils, MIT licence).

Grossmann, Langedal, Schulz, "Concurrent iterated local search for the maximum weight independent
set problem", SEA 2025, doi:10.4230/LIPIcs.SEA.2025.22. With one solution, which its authors advise
below five minutes, it is the local search of that paper alone. With more, the solutions take turns
of ten seconds on the whole graph, then of five where they differ.

The library is bounded by the clock alone, and once interrupted it does not run again in the same
process. So it is called in slices, each going on where the last one ended (with more solutions a
slice is a round of turns), and runs of equal seed and steps need not be equal where it is still
improving when they end.
"""

import ctypes
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.independent_set.common import Incumbent, most, whole
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact
from dnnbench.problems.independent_set.conflicts import Conflicts

_SLICE = 50
"""Steps of the longest slice of local search, which come after slices of 1, 2, 4, ..."""

_CONFLICTS_A_STEP = 10_000
"""Slices are longer by a step for each so many conflicts: each call checks them all."""

_TURNS = 15_000
"""Steps in which every solution has its turns, for each."""


@dataclass(frozen=True)
class Chils(Baseline):
    """CHILS. A step is a millisecond given to the library, a restart one seed.

    Attributes:
        solutions: solutions that are improved side by side; 1 for local search alone.
        patience: steps without a heavier set that end a start.
    """

    version: ClassVar[int] = 1
    solutions: int
    patience: int

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Load the library."""
        _library()

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Search until `search.should_stop()` or the first of the limits."""
        best = Incumbent(problem, public, search)
        most_steps, most_starts = most(limits.steps), most(limits.restarts)
        steps = starts = 0
        while steps < most_steps and starts < most_starts and not (steps and search.should_stop()):
            solver = _Solver(best.conflicts, self.solutions, int(rng.integers(2**31)))
            solver.run(0)  # the start, which does not depend on the clock
            best.offer(solver.chosen, steps, starts)
            length, quiet = 1, 0
            while steps < most_steps and quiet < self.patience:
                seconds = search.seconds_left()
                length = int(min(length, most_steps - steps, max(1.0, 1000 * seconds)))
                heavier = solver.run(length)
                steps += length
                quiet = 0 if heavier else quiet + length
                starts += quiet >= self.patience
                if heavier:
                    best.offer(solver.chosen, steps, starts)
                if search.should_stop():
                    break
                length = solver.next_length(length)
        best.finish(steps, starts)


class _Solver:
    """The library's solver on one instance with one seed."""

    def __init__(self, conflicts: Conflicts, solutions: int, seed: int) -> None:
        self._solver = solver = _library().CHILS()
        self._solutions, self._seed, self._n = solutions, seed, conflicts.num_vertices
        self._longest = _SLICE + conflicts.num_edges // _CONFLICTS_A_STEP
        self._weight = 0
        adjacency = conflicts.adjacency
        # All at once: the package itself offers one call for each vertex and edge.
        entry = _library()._lib.chils_set_graph
        arrays = (
            adjacency.indptr.astype(np.int64),
            adjacency.indices.astype(np.int32),
            whole(conflicts).values,
        )
        entry.argtypes = [ctypes.c_void_p, ctypes.c_int, *[ctypes.c_void_p] * 3]
        entry(solver.solver, self._n, *(array.ctypes.data for array in arrays))

    def run(self, length: int) -> bool:
        """Search for so many steps; returns whether the set is heavier than before."""
        if self._solutions == 1:
            self._solver.run_local_search_only(length / 1000, self._seed)
        else:
            self._solver.run_full(length / 1000, self._solutions, self._seed)
        before, self._weight = self._weight, self._solver.get_solution_weight()
        return bool(self._weight > before)

    def next_length(self, length: int) -> int:
        """How long the next slice should be: long enough for turns of all solutions."""
        if self._solutions > 1:
            return _TURNS * self._solutions
        return min(2 * length, self._longest)

    @property
    def chosen(self) -> NDArray[np.uint8]:
        """The heaviest set, uint8 [n]."""
        bits = map(self._solver.get_solution_vertex_configuration, range(self._n))
        return np.fromiter(bits, np.uint8, count=self._n)


def _library() -> Any:
    try:
        import chils
    except ModuleNotFoundError as error:
        raise missing_extra("chils") from error
    return chils
