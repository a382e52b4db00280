"""KaMIS, by its authors: ReduMIS and OnlineMIS (package chszlablib, MIT licence).

ReduMIS, an evolutionary algorithm between reductions: Lamm, Sanders, Schulz, Strash, Werneck,
"Finding near-optimal independent sets at scale", J. Heuristics 23, 2017,
doi:10.1007/s10732-017-9337-x. OnlineMIS, local search with reductions on the way: Dahlum, Lamm,
Sanders, Schulz, Strash, Werneck, "Accelerating local search for the maximum independent set
problem", SEA 2016, doi:10.1007/978-3-319-38851-9_9. Neither knows weights.

The library answers at the end of a call alone, and ReduMIS does not look at its clock while it
builds its first population: on dense conflicts it overruns by seconds. So it runs in a process of
its own, which is ended when the budget is; the note `calls_ended` says how many calls were lost to
that, and where it was the first one there is no answer. Two short calls before the long one see to
it that there mostly is one earlier than at the very end, and show by how much calls overrun. Calls
are bounded by the clock, so that runs of equal seed and steps need not be equal where the library
is still improving when they end.
"""

import importlib.util
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.apart.child import load, loaded
from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.independent_set.common import Incumbent, most
from dnnbench.errors import UserError, unknown
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_VARIANTS = ("redumis", "online_mis")

_LADDER = (0.05, 0.15)
"""Shares of the budget that the first calls get; the next gets what is left."""

_DEFAULT_SECONDS = 10.0
"""The library's own limit, where neither seconds nor steps bound the run."""

_MARGIN = 0.02
"""Share of what is left that the last call leaves unused."""

_CAUTION = 1.5
"""The last call also leaves as many times what the calls before it overran by."""


@dataclass(frozen=True)
class Kamis(Baseline):
    """ReduMIS or OnlineMIS. A step is a millisecond given to the library, a restart one call.

    Attributes:
        variant: `redumis` or `online_mis`.
    """

    version: ClassVar[int] = 1
    variant: str

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Load the library, in the process that will call it."""
        if self.variant not in _VARIANTS:
            raise unknown("variant", self.variant, _VARIANTS)
        if importlib.util.find_spec("chszlablib") is None:
            raise UserError(
                "baseline 'kamis' needs the extra 'kamis': pip install 'dnnbench[kamis]'"
            )
        load("independent_set.kamis")

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Make calls until `search.should_stop()` or the first of the limits."""
        best = Incumbent(problem, public, search)
        run = _Run(self.variant, best, rng, limits, search)
        ended = run.calls()
        best.finish(run.steps, run.made)
        search.note("calls_ended", ended)


class _Run:
    """The calls of one trial.

    Attributes:
        steps: milliseconds given to calls that ended by themselves.
        made: how many these were.
    """

    def __init__(
        self,
        variant: str,
        best: Incumbent,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        self._variant, self._best, self._rng, self._search = variant, best, rng, search
        self._most_steps, self._most_calls = most(limits.steps), most(limits.restarts)
        self.steps = self.made = 0

    def calls(self) -> int:
        """Make them; returns how many were ended from here."""
        adjacency = self._best.conflicts.adjacency
        arrays = (adjacency.indptr, adjacency.indices)
        with loaded("independent_set.kamis") as child:
            child.send({"variant": self._variant}, arrays)
            if child.answer(self._search.should_stop) is None:
                return 0
            all_seconds, all_steps = self._search.seconds_left(), self._most_steps
            ladder, late, last = list(_LADDER), 0.0, False
            while self.steps < self._most_steps and self.made < self._most_calls and not last:
                left = self._search.seconds_left()
                share = ladder.pop(0) if ladder and self.made + 1 < self._most_calls else 1.0
                last = share == 1.0 and np.isfinite(left)
                room = (1 - _MARGIN) * left - _CAUTION * late
                length = 1000 * min(share * all_seconds, room)
                length = min(length, share * all_steps, self._most_steps - self.steps)
                if length < 1 and room < 0:
                    break  # no call would end in time
                if not np.isfinite(length):
                    length = 1000 * _DEFAULT_SECONDS
                length = max(1, int(length))
                child.send({"seconds": length / 1000, "seed": int(self._rng.integers(2**31 - 1))})
                message = child.answer(self._search.should_stop)
                if message is None:
                    return 1
                if np.isfinite(left):
                    late = max(late, left - self._search.seconds_left() - length / 1000)
                self.steps += length
                self.made += 1
                self._best.offer(self._best.of(message.arrays[0]), self.steps, self.made)
                if self._search.should_stop():
                    break
        return 0
