"""Iterated local search with exchanges of one vertex for two (ARW).

Andrade, Resende, Werneck, "Fast local search for the maximum independent set problem", Journal of
Heuristics 18(4), 2012, doi:10.1007/s10732-012-9196-4. A step forces a vertex in (seldom more),
takes those beside it out, then exchanges one vertex of the set for two as long as that is possible.
A smaller set is kept with probability 1 / (1 + loss * distance from the best), else the step is
undone.

Weights: two vertices must be heavier than the one they replace, a single vertex enters where it
outweighs all beside it, and losses count in mean weights, as in Nogueira, Pinheiro, Subramanian, "A
hybrid iterated local search heuristic for the maximum weight independent set problem",
Optimization Letters 12, 2018, doi:10.1007/s11590-017-1128-7, without its larger neighbourhoods.

Departs from both: starts are passes of `min_degree`, and after `patience` n steps in vain a new
start is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import rows
from dnnbench.baselines.independent_set.common import Incumbent, most, whole
from dnnbench.baselines.independent_set.min_degree import passes
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact
from dnnbench.problems.independent_set.conflicts import Conflicts

if TYPE_CHECKING:
    from dnnbench.baselines.independent_set.two_improvement_kernel import Search as Arrays

_WORK = 3_000_000
"""Conflicts looked at between two looks at the clock: some 20 milliseconds of compiled work."""


@dataclass(frozen=True)
class TwoImprovement(Baseline):
    """Iterated local search, compiled by numba. A step is one perturbation, a restart one start.

    Attributes:
        patience: steps without a heavier set that end a start, in units of n.
    """

    version: ClassVar[int] = 1
    patience: int

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Compile the search, on a path of three vertices."""
        path = Graph(3, np.array([[0, 1], [1, 2]], np.int32), np.ones(2))
        for weights in ([1, 1, 1], [1, 1, 2]):
            conflicts = Conflicts(path, False, np.array(weights))
            run = _Run(conflicts, np.random.default_rng(0), self.patience, lambda: False)
            run.advance(1)
            run.advance(1)

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
        run = _Run(best.conflicts, rng, self.patience, search.should_stop)
        best.offer(run.chosen, 0, 0)
        while steps < most_steps and starts < most_starts and not search.should_stop():
            if run.over:
                run.start()
            steps += run.advance(int(min(2**62, most_steps - steps)))
            starts += run.over
            best.offer(run.chosen, steps, starts)
            if run.trivial:
                break
        best.finish(steps, starts)


class _Run:
    """Searches on one instance, one after the other; the first has begun.

    Attributes:
        over: whether the search has run out of patience.
        trivial: whether there are no conflicts, and so nothing to search.
    """

    def __init__(
        self,
        conflicts: Conflicts,
        rng: np.random.Generator,
        patience: int,
        stop: Callable[[], bool],
    ) -> None:
        self._greedy = passes(conflicts, "two_improvement")
        from dnnbench.baselines import draws
        from dnnbench.baselines.independent_set import two_improvement_kernel

        self._kernel, self._rng, self._stop = two_improvement_kernel, rng, stop
        n = conflicts.num_vertices
        starts, neighbours, _ = rows(conflicts.adjacency)
        weights = whole(conflicts).values
        self.trivial = len(neighbours) == 0
        self._patience, self._mean = patience * n, float(weights.mean())
        of = np.zeros((n, 8), np.int64)
        of[:, two_improvement_kernel.WEIGHT] = weights
        self._arrays: Arrays = two_improvement_kernel.Search(
            starts=starts,
            neighbours=neighbours,
            of=of,
            lists=np.zeros((5, n), np.int64),
            flags=np.zeros((n, 3), np.uint8),
            log=np.zeros(2 * n, np.int64),
            state=np.zeros(two_improvement_kernel.PLACES, np.int64),
            draw=draws.seeded(rng),
        )
        self.start()

    def start(self) -> None:
        """Begin again at a greedy set; what time leaves of one, if that."""
        self._greedy.begin(self._rng)
        while not self._greedy.over:
            self._greedy.run(len(self._arrays.of))
            if self._stop():
                break
        self._kernel.begin(self._arrays, self._greedy.chosen)
        self._settled = self.over = False

    def advance(self, most: int) -> int:
        """Make up to `most` steps, fewer if they take long, and say how many; at first none."""
        made = 0
        if not self._settled:
            self._settled = bool(self._kernel.settle(self._arrays, _WORK))
        elif not self.trivial:
            limits = (most, self._patience, _WORK)
            made = int(self._kernel.search(self._arrays, self._mean, *limits))
        quiet = int(self._arrays.state[self._kernel.QUIET])
        self.over = self._settled and (self.trivial or quiet >= self._patience)
        return made

    @property
    def chosen(self) -> NDArray[np.uint8]:
        """The best set of this start, uint8 [n]."""
        return self._arrays.flags[:, self._kernel.BEST].copy()
