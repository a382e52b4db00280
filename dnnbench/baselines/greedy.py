"""Randomised greedy: vertices are placed one by one on the side that cuts more weight.

Sahni and Gonzalez, "P-complete approximation problems", Journal of the ACM 23(3), 1976,
doi:10.1145/321958.321975; for the choice of the order and measurements see Kahruman,
Kolotoglu, Butenko, Hicks, "On greedy construction heuristics for the MAX-CUT problem",
International Journal of Computational Science and Engineering 3(3), 2007,
doi:10.1504/IJCSE.2007.017827. A pass guarantees half of the total weight where no weight is
negative. It is repeated with other orders until the budget ends.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent
from dnnbench.errors import unknown
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_ORDERS = ("random", "degree")
_LOOK = 512
"""Vertices placed between two looks at the clock: a few milliseconds of work."""


@dataclass(frozen=True)
class Greedy(Baseline):
    """Greedy placement. A step is one vertex placed, a restart one pass over all of them.

    Attributes:
        order: `random` permutes the vertices afresh each pass; `degree` places those with the
            largest sum of |w| first, the sums blurred at random by up to a half after the
            first pass.
    """

    version: ClassVar[int] = 1
    order: str

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run passes until `search.should_stop()` or the first of the limits."""
        if self.order not in _ORDERS:
            raise unknown("order", self.order, _ORDERS)
        n = public.num_vertices
        most_steps = np.inf if limits.steps is None else limits.steps
        most_passes = np.inf if limits.restarts is None else limits.restarts
        best = Incumbent(public, search)
        steps = passes = 0
        while steps < most_steps and passes < most_passes and not (passes and search.should_stop()):
            order = self._order(public, passes, rng)[: int(min(n, most_steps - steps))]
            spins, placed = _pass(public, order, rng, search)
            steps += placed
            if placed < n:  # cut short: the rest goes to either side
                spins = np.where(spins == 0, rng.choice((-1, 1), size=n), spins)
            else:
                passes += 1
            best.offer((spins > 0).astype(np.uint8), steps, passes)
            if placed < n:
                break
        if best.z.size:
            best.finish(steps, passes)

    def _order(self, graph: Graph, passes: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """The vertices in the order in which to place them, intp [n]."""
        order = rng.permutation(graph.num_vertices)
        if self.order == "random":
            return order
        weight = abs(graph.adjacency).sum(axis=1).astype(np.float64)[order]
        if passes:
            weight *= rng.uniform(0.5, 1.0, size=len(weight))
        return order[np.argsort(-weight, kind="stable")]


def _pass(
    graph: Graph, order: NDArray[np.intp], rng: np.random.Generator, search: Search
) -> tuple[NDArray[np.int64] | NDArray[np.float64], int]:
    """Place the vertices of `order`; stops early when the search says so.

    Returns:
        The sides as spins -1 and 1, 0 where not placed, [n] in the dtype of the weights, and
        how many were placed.
    """
    adjacency = graph.adjacency
    starts = adjacency.indptr.tolist()
    neighbours, weights = adjacency.indices, adjacency.data
    spins = np.zeros(graph.num_vertices, dtype=weights.dtype)
    coins = rng.choice((-1, 1), size=len(order)).tolist()
    for position, vertex in enumerate(order.tolist()):
        if position % _LOOK == _LOOK - 1 and search.should_stop():
            return spins, position
        row = slice(starts[vertex], starts[vertex + 1])
        pull = weights[row] @ spins[neighbours[row]]  # weight to side 1 minus weight to side -1
        spins[vertex] = coins[position] if pull == 0 else (-1 if pull > 0 else 1)
    return spins, len(order)
