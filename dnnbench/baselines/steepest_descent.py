"""Multi-start steepest descent with D-Wave's C++ solver (dwave-samplers, Apache-2.0).

Each descent starts at a random cut and flips the vertex that gains most until none gains: what
`local_search` with the rule `best` does, by the implementation that others compare against.
The neighbourhood is that of Festa, Pardalos, Resende, Ribeiro, "Randomized heuristics for the
MAX-CUT problem", Optimization Methods and Software 17(6), 2002, doi:10.1080/1055678021000090033.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent, missing_extra, spin_model
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_WORK = 2**18
"""Vertices and edges times descents between two looks at the clock: some 20 milliseconds."""

_SPARSE = 0.05
"""Share of the vertices that are neighbours below which the solver keeps a search tree."""


@dataclass(frozen=True)
class SteepestDescent(Baseline):
    """Restarted steepest descent. A step and a restart are both one descent."""

    version: ClassVar[int] = 1

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Import the libraries (seconds on a cold disk) and call them once, on a single edge."""
        pair = Graph(2, np.array([[0, 1]], np.int32), np.ones(1))
        _Solver(pair).descend(np.ones((1, 2), np.int8))

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Descend until `search.should_stop()` or the first of the limits."""
        n = public.num_vertices
        solver = _Solver(public)
        batch = int(np.clip(_WORK // (n + public.num_edges), 1, 256))
        most = min(x for x in (limits.steps, limits.restarts, np.inf) if x is not None)
        best = Incumbent(public, search)
        made = 0
        while made < most and not (made and search.should_stop()):
            count = int(min(batch, most - made))
            starts = 2 * rng.integers(0, 2, size=(count, n), dtype=np.int8) - 1
            spins, energies = solver.descend(starts)
            made += count
            best.offer((spins[np.argmin(energies)] > 0).astype(np.uint8), made, made)
        if made:
            best.finish(made, made)


class _Solver:
    """The library's solver on one graph."""

    def __init__(self, graph: Graph) -> None:
        try:
            from dwave.samplers import SteepestDescentSolver

            self._model = spin_model(graph)
        except ModuleNotFoundError as error:
            raise missing_extra("steepest_descent") from error
        n, m = graph.num_vertices, graph.num_edges
        self._solver = SteepestDescentSolver()
        self._labels = range(n)
        self._sparse = 2 * m < _SPARSE * n * n

    def descend(self, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Local optima from starts: spins int8 [r, n] in and out, and their energies [r]."""
        answer = self._solver.sample(
            self._model, initial_states=(starts, self._labels), large_sparse_opt=self._sparse
        )
        return answer.record.sample, answer.record.energy
