"""Exact maximum cut by cutting planes and branch and bound, with HiGHS (MIT licence).

Barahona, Grotschel, Junger, Reinelt, "An application of combinatorial optimization to statistical
physics and circuit layout design", Operations Research 36(3):493-513, 1988,
doi:10.1287/opre.36.3.493. First the linear program over the cut polytope's odd-cycle inequalities
(`odd_cycles`), each round with a cut rounded from its solution; where no weight that matters is
left to branch on, as on most planar and toroidal graphs, it proves the optimum by itself. What is
left goes to HiGHS as an integer program with those inequalities. Huangfu, Hall, "Parallelizing the
dual revised simplex method", Math. Programming Computation 10, 2018 (HiGHS).

Sparse graphs are solved with thousands of vertices; dense ones only up to some 30, because
odd cycles bound them badly.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent, missing_extra
from dnnbench.baselines.odd_cycles import Cut, Separation, tree_cut
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

if TYPE_CHECKING:
    from dnnbench.baselines.exact_model import Model

_ACCURACY = 1e-7
"""Error of the solver's bounds, as a share of the sum of |w|; bounds are raised by it."""

_MOST_CUTS = 1000
"""Inequalities added a round: the most violated ones."""

_PATIENCE, _PROGRESS = 10, 1e-5
"""The linear program is given up for branching when so many rounds lower its bound by less."""


@dataclass(frozen=True)
class ExactCut(Baseline):
    """Cutting planes, then branch and bound. There are no restarts.

    A step is one linear program or one node. Notes `upper_bound` and `optimum_proved`.
    """

    version: ClassVar[int] = 1

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Import the solver (seconds on a cold disk)."""
        _model()

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run until the optimum is proved, `search.should_stop()` or the first of the limits."""
        run = _Run(problem, public, rng, limits, search)
        if run.open and run.cutting_planes():
            run.branch_and_bound()
        run.best.finish(run.steps, 0)
        search.note("upper_bound", run.bound)
        search.note("optimum_proved", not run.open)


def _model() -> "type[Model]":
    try:
        from dnnbench.baselines.exact_model import Model
    except ModuleNotFoundError as error:
        raise missing_extra("exact") from error
    return Model


class _Run:
    """One run.

    Attributes:
        best: the best cut.
        bound: no cut is worth more.
        steps: linear programs and nodes so far.
    """

    def __init__(
        self,
        problem: Exact,
        graph: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        self._problem, self._graph, self._rng, self._search = problem, graph, rng, search
        self._most = np.inf if limits.steps is None else limits.steps
        self._stopped = False
        self.best = Incumbent(graph, search)
        self.steps = 0
        weights = graph.weights.astype(np.float64)
        self._error = _ACCURACY * float(np.abs(weights).sum())
        # Whole values less than 1 apart are the same, if the error leaves that to be seen. The
        # solver's own gap is smaller by the error that its bound is raised by.
        whole = graph.integral and self._error < 0.25
        self._closed = 1.0 if whole else 3 * self._error
        self._gap = self._closed - 2 * self._error
        self.bound = float(weights[weights > 0].sum()) + self._error
        self.best.offer(problem.random(graph, rng), 0, 0)
        if weights.any():
            self._model = _model()(graph, self._stop)
            self._offer(self.best.z)

    @property
    def open(self) -> bool:
        """Whether there may be a better cut."""
        return self.bound - self.best.value >= self._closed > 0

    def cutting_planes(self) -> bool:
        """Strengthen the linear program; returns whether to go on with branching."""
        graph, separation = self._graph, Separation(self._graph)
        quiet = 0
        while self.steps < self._most and not self._stop():
            y = self._model.relax()
            self.steps += 1
            if y is None:
                return False
            before = self.bound
            self._lower()
            self._offer(tree_cut(graph, y, self._rng))
            if not self.open:
                return False
            quiet = quiet + 1 if before - self.bound < _PROGRESS * abs(before) else 0
            cuts = self._violated(separation, y)
            if self._stopped:
                return False
            if not cuts or quiet > _PATIENCE:
                return self.steps < self._most
            self._model.add(cuts)
        return False

    def branch_and_bound(self) -> None:
        """Hand the rest to the integer program."""
        done = self.steps
        left = None if np.isinf(self._most) else int(self._most - done)

        def better(z: NDArray[np.uint8], nodes: int) -> None:
            self.steps = max(self.steps, done + nodes)
            self.best.offer(z, self.steps, 0)

        nodes = self._model.branch(self.best.z, self._gap, left, better)
        self.steps = max(self.steps, done + nodes)
        self._lower()

    def _violated(self, separation: Separation, y: NDArray[np.float64]) -> list[Cut]:
        """The most violated inequalities; fewer if it takes too many vertices to find them."""
        found: dict[Cut, float] = {}
        for block in separation.violated(y, self._rng.permutation(self._graph.num_vertices)):
            found.update((cut, violation) for violation, cut in block)
            if len(found) >= 2 * _MOST_CUTS or self._stop():
                break
        return sorted(found, key=lambda cut: (-found[cut], cut))[:_MOST_CUTS]

    def _offer(self, z: NDArray[np.uint8]) -> None:
        """Offer the local optimum next to a cut."""
        polished = self._problem.polish("one_flip", z, self._graph, self._rng, lambda: False)
        self.best.offer(polished, self.steps, 0)

    def _lower(self) -> None:
        self.bound = min(self.bound, self._model.bound + self._error)

    def _stop(self) -> bool:
        """Whether to stop; not asked again once it is so."""
        self._stopped = self._stopped or self._search.should_stop()
        return self._stopped
