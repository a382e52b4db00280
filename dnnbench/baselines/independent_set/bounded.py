"""What the two exact baselines do alike.

The library runs in a process of its own (`apart.child`). Its model has a variable for each vertex,
at most one of which is 1 in each clique of a greedy cover of the conflicts (`clique_cover`), and
its search begins at a set from `min_degree`.
"""

import importlib.util
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dnnbench.baselines.apart.child import load, loaded
from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.independent_set.clique_cover import Cliques, clique_cover
from dnnbench.baselines.independent_set.common import Incumbent, Weights
from dnnbench.baselines.independent_set.min_degree import compile_passes, passes
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact
from dnnbench.problems.independent_set.conflicts import Conflicts

_MARGIN = 0.02
"""Share of what is left of the budget that the library leaves for ending late."""

_ROUNDING = 1e-12
"""Sums of real weights that differ by less, as a share of the total weight, are the same."""


@dataclass(frozen=True)
class Bounded(Baseline):
    """Subclasses name their library and say what a step is. There are no restarts.

    Notes `upper_bound` (for covers `lower_bound`) and `optimum_proved`.
    """

    library: ClassVar[str]
    package: ClassVar[str]
    baseline: ClassVar[str]

    def weights(self, conflicts: Conflicts) -> Weights:
        """The weights as the library takes them."""
        raise NotImplementedError

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Load the library, in the process that will call it, and compile the first pass."""
        if importlib.util.find_spec(self.package) is None:
            raise missing_extra(self.baseline)
        compile_passes(self.baseline)
        load(self.library)

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run until the optimum is proved, `search.should_stop()` or the first of the limits."""
        best = Incumbent(problem, public, search)
        run = _Run(best, self.weights(best.conflicts), search)
        run.first(passes(best.conflicts, self.baseline), rng)
        cliques = None
        if run.open and not run.stop():
            cliques = clique_cover(best.conflicts, run.stop, self.baseline)
        if cliques is not None:
            self._search(run, cliques, int(rng.integers(2**31 - 1)), limits.steps)
        run.finish()

    def _search(self, run: "_Run", cliques: Cliques, seed: int, most_steps: int | None) -> None:
        arrays = (*cliques, run.weights.values, run.best.chosen)
        with loaded(self.library) as child:
            child.send({}, arrays)
            message = child.answer(run.stop)
            seconds = run.seconds()
            child.send({"seconds": seconds, "steps": most_steps, "seed": seed, "gap": run.gap})
            # What the library does after a set that ends the run is not looked at: it would
            # depend on the clock.
            while message is not None and not run.stop():
                message = child.answer(run.stop)
                if message is None:
                    break
                header, (vertices,) = message
                steps = header["steps"]
                run.learn(steps if most_steps is None else min(steps, most_steps), header["bound"])
                run.best.offer(run.best.of(vertices), run.steps, 0)
                if header["end"]:
                    break


class _Run:
    """One run.

    Attributes:
        best: the heaviest set.
        bound: no set is heavier.
        steps: the library's work so far.
        weights: as the library takes them.
        gap: where bound and set are closer than this, in the library's unit, it may end.
    """

    def __init__(self, best: Incumbent, weights: Weights, search: Search) -> None:
        self._search, self._stopped = search, False
        self.best, self.weights, self.steps = best, weights, 0
        given = best.conflicts.weights
        self.bound = float(given.sum())
        # Whole weights less than 1 apart are the same, if the error leaves that to be seen.
        self._whole = bool(np.issubdtype(given.dtype, np.integer)) and weights.error < 0.25
        self._closed = 1.0 if self._whole else 3 * weights.error + _ROUNDING * self.bound
        self.gap = (self._closed - 2 * weights.error) * weights.scale

    def stop(self) -> bool:
        """Whether to stop; not asked again once it is so."""
        self._stopped = self._stopped or self._search.should_stop()
        return self._stopped

    def seconds(self) -> float | None:
        """How long the library may take."""
        left = (1 - _MARGIN) * self._search.seconds_left()
        return max(left, 0.0) if math.isfinite(left) else None

    def first(self, greedy: Any, rng: np.random.Generator) -> None:
        """Offer a greedy set."""
        greedy.begin(rng)
        while not greedy.over:
            greedy.run(self.best.conflicts.num_vertices)
            if self.stop():
                break
        self.best.offer(greedy.chosen, 0, 0)

    @property
    def open(self) -> bool:
        """Whether there may be a heavier set."""
        return self.bound - self.best.value >= self._closed

    def learn(self, steps: int, bound: float) -> None:
        """Take note of the library's work and bound; its error is added here."""
        self.steps = max(self.steps, steps)
        self.bound = min(self.bound, bound / self.weights.scale + self.weights.error)

    def finish(self) -> None:
        """Report the best set again, the bound and whether the set is optimal."""
        self.best.finish(self.steps, 0)
        # A set that is heavier than the bound by a rounding error is no heavier.
        bound = max(self.bound, self.best.value)
        if self._whole:
            bound = float(np.floor(bound))
        self.best.note_bound(bound, not self.open)
