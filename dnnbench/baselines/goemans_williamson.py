"""Goemans-Williamson: the semidefinite relaxation, cut by random hyperplanes, with its bound.

Goemans, Williamson, "Improved approximation algorithms for maximum cut and satisfiability problems
using semidefinite programming", Journal of the ACM 42(6):1115-1145, 1995,
doi:10.1145/227683.227684: unit vectors v_i minimise the sum of w_ij v_i . v_j over the edges; a
random hyperplane through the origin then cuts 0.878 of the maximum in expectation where no weight
is negative.

The relaxation is solved in k > sqrt(2 n) dimensions by coordinate descent (the mixing method,
Wang, Chang, Kolter, arXiv 1706.00476), where its local optima are global ones generically (Boumal,
Voroninski, Bandeira, arXiv 1606.04970). The bound rests on no such theorem, nor on convergence:
see `cut_bound`. It is noted as `upper_bound`, the relaxation's own value as `relaxation_value`.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent, missing_extra, rows
from dnnbench.baselines.cut_bound import StoppedError, cut_bound
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_WORK = 10_000_000
"""Multiplications between two looks at the clock: some 10 milliseconds of compiled work."""

_SHARE = 0.5
"""Share of the steps or seconds that the relaxation gets; the rest is for bound and hyperplanes."""

_MOST_SWEEPS = 20_000
"""Sweeps after which an unsolved relaxation is left as it is; the bound holds all the same."""

_MOST_HYPERPLANES = 1000
"""Hyperplanes drawn where neither steps, restarts nor seconds bound their number."""


@dataclass(frozen=True)
class GoemansWilliamson(Baseline):
    """Relaxation, bound, hyperplanes. A restart is one hyperplane.

    A step is one sweep of the relaxation over all vertices, or one hyperplane.

    Attributes:
        tolerance: fall of the relaxation's value in a sweep, as a share of the sum of |w|, below
            which it counts as solved.
    """

    version: ClassVar[int] = 1
    tolerance: float

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Compile the sweep, on a graph of two vertices."""
        pair = Graph(2, np.array([[0, 1]], np.int32), np.ones(1))
        _Relaxation(pair, np.random.default_rng(0)).sweep(1)

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Relax, then round until `search.should_stop()` or the first of the limits."""
        best = Incumbent(public, search)
        relaxation = _Relaxation(public, rng)
        most = np.inf if limits.steps is None else limits.steps
        steps, stopped = self._relax(relaxation, most, search)
        search.note("relaxation_value", relaxation.value)
        planes = 0
        most_planes = np.inf if limits.restarts is None else limits.restarts
        if np.isinf([most, most_planes, search.seconds_left()]).all():
            most_planes = _MOST_HYPERPLANES
        proved = False
        while steps < most and planes < most_planes and not (planes and stopped):
            count = int(min(1 if stopped else relaxation.batch, most - steps, most_planes - planes))
            z = relaxation.round(count, rng)
            steps, planes = steps + count, planes + count
            best.offer(z, steps, planes)
            if not stopped and not proved:
                proved = True
                stopped = self._bound(relaxation, rng, search)
            else:
                stopped = stopped or search.should_stop()
        best.finish(steps, planes)

    def _relax(self, relaxation: "_Relaxation", most: float, search: Search) -> tuple[int, bool]:
        """Sweep until it is solved or its share is used up: (sweeps, whether to stop)."""
        seconds = search.seconds_left()
        sweeps, stopped = 0, False
        allowed = min(_SHARE * most, _MOST_SWEEPS)
        while sweeps < allowed and not stopped:
            count = int(max(1, min(relaxation.chunk, allowed - sweeps)))
            fallen = relaxation.sweep(count)
            sweeps += count
            stopped = search.should_stop()
            if fallen <= self.tolerance * relaxation.largest:
                break
            if not stopped and search.seconds_left() < (1 - _SHARE) * seconds:
                break
        return sweeps, stopped

    def _bound(self, relaxation: "_Relaxation", rng: np.random.Generator, search: Search) -> bool:
        """Note the bound; returns whether to stop instead."""
        try:
            bound = cut_bound(relaxation.graph, relaxation.dual, rng, search.should_stop)
        except StoppedError:
            return True
        search.note("upper_bound", bound)
        return False


class _Relaxation:
    """Unit vectors for the vertices of one graph.

    Attributes:
        graph: the graph.
        largest: sum of |w|.
        chunk: sweeps between two looks at the clock.
        batch: hyperplanes between two looks at the clock.
    """

    def __init__(self, graph: Graph, rng: np.random.Generator) -> None:
        try:
            from dnnbench.baselines import goemans_williamson_kernel
        except ModuleNotFoundError as error:
            raise missing_extra("goemans_williamson") from error
        self._sweep = goemans_williamson_kernel.sweep
        self.graph = graph
        n = graph.num_vertices
        self._matrix = graph.adjacency.astype(np.float64)
        self._rows = rows(self._matrix)
        rank = int(np.ceil(np.sqrt(2 * n))) + 1
        vectors = rng.normal(size=(n, rank))
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self.largest = float(np.abs(self._matrix.data).sum()) / 2
        self.chunk = max(1, min(10, _WORK // ((self._matrix.nnz + n) * rank)))
        self.batch = max(1, min(256, _WORK // (n * rank + graph.num_edges)))

    def sweep(self, count: int) -> float:
        """Sweep so many times; returns by how much the last sweep lowered the value."""
        fallen = 0.0
        for _ in range(count):
            fallen = self._sweep(*self._rows, self._vectors)
        return fallen

    @property
    def value(self) -> float:
        """The relaxation's value at the vectors: a bound only once they are optimal."""
        pull = self._matrix @ self._vectors
        return float(self._matrix.data.sum() - np.sum(pull * self._vectors)) / 4

    @property
    def dual(self) -> NDArray[np.float64]:
        """y_i = ||g_i||, the dual point that belongs to the vectors at the optimum, [n]."""
        lengths: NDArray[np.float64] = np.linalg.norm(self._matrix @ self._vectors, axis=1)
        return lengths

    def round(self, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The best of the cuts by `count` random hyperplanes, uint8 [n]."""
        planes = rng.normal(size=(self._vectors.shape[1], count))
        sides = self._vectors @ planes > 0
        u, v = self.graph.edges[:, 0], self.graph.edges[:, 1]
        values = self.graph.weights.astype(np.float64) @ (sides[u] != sides[v])
        best: NDArray[np.uint8] = sides[:, int(np.argmax(values))].astype(np.uint8)
        return best
