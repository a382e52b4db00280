"""Burer-Monteiro-Zhang: the rank-two relaxation, cut by a turning half-plane, then perturbed.

Burer, Monteiro, Zhang, "Rank-two relaxation heuristics for MAX-CUT and other binary quadratic
programs", SIAM Journal on Optimization 12(2):503-521, 2002, doi:10.1137/S1052623400382467.
Each vertex is a point (cos theta_i, sin theta_i) of the circle. From random angles,

1. descend on f(theta) = sum over edges of w_ij cos(theta_i - theta_j) (Eq. 6);
2. of the n cuts into half-planes take the best (Procedure-CUT), then improve it by flips of one
   vertex and of two adjacent ones;
3. turn the best cut so far back into angles 0 and pi, perturb them, and repeat (Algorithm-1),
   until ten repetitions in a row have brought nothing; then begin afresh.

Line search, stopping tests, perturbation and the order of local searches are those of the
authors' code CirCut as MQLib rewrote it (BURER2002; Dunning, Gupta, Silberholz, INFORMS Journal
on Computing 30(3), 2018). Departs from it: weights are divided by their mean magnitude in the
descent, so that the scale of an instance does not matter.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent, cut_value, missing_extra, rows, slack
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_MOST_ITERATIONS = 200
"""Iterations of one descent."""

_WORK = 1_000_000
"""Vertices and edges times iterations between two looks at the clock: some 20 milliseconds."""


@dataclass(frozen=True)
class BurerMonteiro(Baseline):
    """Rank-two relaxation, compiled by numba. A step is one gradient iteration.

    A restart is one set of random angles, with all perturbations that follow it.

    Attributes:
        patience: perturbations in a row without a better cut that end a start.
        perturbation: half-width of the uniform perturbation, in units of pi.
    """

    version: ClassVar[int] = 1
    patience: int
    perturbation: float

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Compile the kernels for the dtype of the weights, on a graph of two vertices."""
        weights = np.ones(1, np.int64) if public.integral else np.ones(1, np.float64)
        circle = _Circle(Graph(2, np.array([[0, 1]], np.int32), weights))
        circle.begin(np.array([0.1, 0.2]))
        circle.descend(1)
        circle.cut()

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Relax, cut and perturb until `search.should_stop()` or the first of the limits."""
        n = public.num_vertices
        most_steps = np.inf if limits.steps is None else limits.steps
        most_starts = np.inf if limits.restarts is None else limits.restarts
        best, own = Incumbent(public, search), -np.inf  # own: the start's best value
        circle = _Circle(public)
        steps = starts = fruitless = 0
        circle.begin(rng.uniform(-np.pi, np.pi, size=n))
        stopped = False
        while steps < most_steps and starts < most_starts and not stopped:
            steps += circle.descend(int(min(circle.chunk, most_steps - steps)))
            stopped = search.should_stop()
            if not (circle.flat or stopped or steps >= most_steps):
                continue
            z = circle.cut()
            value = cut_value(public, z)
            fruitless = 0 if value > own else fruitless + 1
            if value > own:
                own, kept = value, z
            starts += circle.flat and fruitless >= self.patience
            best.offer(z, steps, starts)
            if fruitless < self.patience:
                noise = rng.uniform(-np.pi, np.pi, size=n)
                circle.begin(np.where(kept, 0.0, np.pi) + self.perturbation * noise)
            else:
                own, fruitless = -np.inf, 0
                circle.begin(rng.uniform(-np.pi, np.pi, size=n))
        best.finish(steps, starts)


class _Circle:
    """The relaxation on one graph.

    Attributes:
        flat: whether the descent has come to its end.
        chunk: iterations that take some 20 milliseconds.
    """

    def __init__(self, graph: Graph) -> None:
        try:
            from dnnbench.baselines import burer_monteiro_kernel, local_search_kernel
        except ModuleNotFoundError as error:
            raise missing_extra("burer_monteiro") from error
        self._kernel, self._best_flip = burer_monteiro_kernel, local_search_kernel.best_improvement
        self._adjacency = adjacency = graph.adjacency
        self._rows, self._slack = rows(adjacency), slack(graph)
        real = adjacency.data.astype(np.float64)
        mean = np.abs(real).mean() if real.any() else 1.0
        self._scaled = (*self._rows[:2], real / mean)
        self.chunk = max(1, _WORK // (10 * graph.num_vertices + adjacency.nnz))

    def begin(self, theta: NDArray[np.float64]) -> None:
        """Begin a descent at these angles [n]."""
        self._theta = theta
        self._step = np.ones(1)
        self._left = _MOST_ITERATIONS
        self.flat = False

    def descend(self, most: int) -> int:
        """Make up to `most` iterations and say how many."""
        most = min(most, self._left)
        made, still = self._kernel.minimise(*self._scaled, self._theta, self._step, most)
        self._left -= made
        self.flat = still or self._left == 0
        return int(made)

    def cut(self) -> NDArray[np.uint8]:
        """The best half-plane, improved by flips of one and of two vertices, uint8 [n]."""
        turn = np.mod(self._theta, 2 * np.pi)
        half = np.mod(turn, np.pi)
        dtype = self._adjacency.dtype
        first = np.where(turn < np.pi, 1, -1).astype(dtype)
        order = np.argsort(half, kind="stable")
        moved = first.copy()
        gains = moved * (self._adjacency @ moved)
        place = self._kernel.sweep(*self._rows, order, moved, gains)
        spins = first
        spins[order[:place]] *= -1
        gains = spins * (self._adjacency @ spins)
        while True:
            most = np.iinfo(np.int64).max
            self._best_flip(*self._rows, spins, gains, order, 0, self._slack, most)
            pairs = self._kernel.improve_pairs(*self._rows, spins, gains, self._slack)
            if not pairs:
                return (spins > 0).astype(np.uint8)
