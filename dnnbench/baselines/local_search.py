"""Multi-start local search: random cuts, each improved by single flips to a local optimum.

The 1-flip neighbourhood is the classical one for MaxCut; see e.g. Festa, Pardalos, Resende,
Ribeiro, "Randomized heuristics for the MAX-CUT problem", Optimization Methods and Software
17(6), 2002, doi:10.1080/1055678021000090033. A local optimum cuts at least half of the total
weight where no weight is negative.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent, missing_extra, rows, slack
from dnnbench.errors import unknown
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_RULES = ("first", "best")
_WORK = 2_000_000
"""Vertices scanned between two looks at the clock: a few milliseconds of compiled work."""


@dataclass(frozen=True)
class LocalSearch(Baseline):
    """Restarted 1-flip descent, compiled by numba. A step is one flip.

    Attributes:
        rule: `first` walks through the vertices in random order and flips whatever improves;
            `best` always flips the vertex with the largest gain.
    """

    version: ClassVar[int] = 1
    rule: str

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Compile the descent for the dtype of the weights, on a graph of two vertices."""
        weights = np.ones(1, np.int64) if public.integral else np.ones(1, np.float64)
        pair = Graph(2, np.array([[0, 1]], np.int32), weights)
        descent = _Descent(pair, self.rule)
        descent.start(np.random.default_rng(0))
        descent.run(1)

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Start afresh until `search.should_stop()` or the first of the limits."""
        most_steps = np.inf if limits.steps is None else limits.steps
        most_starts = np.inf if limits.restarts is None else limits.restarts
        chunk = max(1, _WORK // public.num_vertices)
        best = Incumbent(public, search)
        descent = _Descent(public, self.rule)
        steps = starts = 0
        while steps < most_steps and starts < most_starts and not (starts and search.should_stop()):
            descent.start(rng)
            while not descent.done and steps < most_steps:
                steps += descent.run(int(min(chunk, most_steps - steps)))
                if not descent.done and search.should_stop():
                    break
            starts += descent.done
            if descent.value > best.value:
                best.offer(descent.z, steps, starts)
            if not descent.done:
                break
        if best.z.size:
            best.finish(steps, starts)


class _Descent:
    """One descent after the other on the same graph.

    Attributes:
        done: whether no flip gains any more.
    """

    def __init__(self, graph: Graph, rule: str) -> None:
        if rule not in _RULES:
            raise unknown("rule", rule, _RULES)
        try:
            from dnnbench.baselines import local_search_kernel
        except ModuleNotFoundError as error:
            raise missing_extra("local_search") from error
        self._descend = getattr(local_search_kernel, f"{rule}_improvement")
        self._adjacency = adjacency = graph.adjacency
        self._rows, self._slack = rows(adjacency), slack(graph)
        self._total = graph.weights.sum().item()
        self.done = False

    def start(self, rng: np.random.Generator) -> None:
        """Begin again at a uniformly random cut."""
        n, dtype = self._adjacency.shape[0], self._adjacency.dtype
        self._spins = 2 * rng.integers(0, 2, size=n, dtype=np.int8).astype(dtype) - 1
        self._gains = self._spins * (self._adjacency @ self._spins)
        self._order = rng.permutation(n)
        self._place = 0
        self.done = False

    def run(self, most: int) -> int:
        """Make up to `most` flips and say how many."""
        state = (self._spins, self._gains, self._order, self._place, self._slack, most)
        flips, self._place, self.done = self._descend(*self._rows, *state)
        return int(flips)

    @property
    def value(self) -> float:
        """Value of the current cut, kept up to date through the gains."""
        twice_uncut = self._gains.sum().item() / 2  # sum over edges of w * s_u * s_v
        return (self._total - twice_uncut) / 2

    @property
    def z(self) -> NDArray[np.uint8]:
        """The current cut, uint8 [n]."""
        return (self._spins > 0).astype(np.uint8)
