"""What a classical solver sees and what it must do."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from dnnbench.problems.base import Exact


class Search(Protocol):
    """The running trial, as a baseline sees it; the runner owns the clock and the incumbents."""

    def should_stop(self) -> bool:
        """Whether time, restarts or target are used up or the user interrupted."""

    def seconds_left(self) -> float:
        """Seconds until the soft limit (`inf` without one)."""

    def offer(self, z: np.ndarray, claim: float, steps: int, restarts: int) -> None:
        """Report a candidate and how much work was done so far.

        Args:
            z: candidate solution; copied, so the caller may go on writing to it.
            claim: objective value as the solver believes it; recorded apart from the verified one.
            steps: solver's own steps so far (sweeps, flips), cumulative.
            restarts: independent starts finished so far, cumulative.
        """

    def note(self, name: str, value: bool | int | float | str) -> None:
        """Keep a figure of the whole run, a bound for instance, for the record's diagnostics.

        Args:
            name: what it is; the last value noted under a name is kept.
            value: must not depend on the clock where steps or restarts bound the run.
        """

    def prove(self, status: str, certificate: np.ndarray) -> bool:
        """Say that there is no answer, and show why.

        Args:
            status: how the trial then ends: `infeasible` or `unbounded`.
            certificate: what the problem's `prove` checks.

        Returns:
            Whether it holds; if it does not, the record says so and the trial ends as ever.
        """


@dataclass(frozen=True)
class Limits:
    """What the budget allows this process.

    Attributes:
        steps: the most steps in the solver's own unit, or None.
        restarts: the most independent starts, or None.
    """

    steps: int | None = None
    restarts: int | None = None


class Baseline(Protocol):
    """A frozen dataclass of settings with one method that must be written.

    One call runs in one process on one core. It offers its first candidate as soon as it has
    one, asks `should_stop` at least every 50 ms where the library lets it, and returns when
    there is nothing left to do; without a time limit it must respect `limits`.

    Attributes:
        version: raised by one whenever a change alters results; part of every trial's id.
    """

    version: ClassVar[int]

    def prepare(self, problem: Exact, public: Any) -> None:
        """Compile what `solve` needs on this instance; by default nothing.

        The runner calls it before the clock starts and records its time as compile time, never
        as solve time, so nothing here may search or use up work that belongs to `solve`.
        """
        del problem, public

    def solve(
        self, problem: Exact, public: Any, rng: np.random.Generator, limits: Limits, search: Search
    ) -> None:
        """Run until `search.should_stop()`, `limits`, or proof of optimality."""
