"""Polish as a named, timed step inside the budget, with the value before and after."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnnbench.problems.base import Exact, better

# A better candidate takes less polishing than the first one; the rest is margin for noise.
_MARGIN = 1.5


@dataclass
class Polisher:
    """Polishes candidates of one trial and learns how much time to leave for it.

    Attributes:
        problem: exact side.
        public: public half of the instance.
        name: which polish, or `none`.
        rng: for polishes that draw.
        seconds: total time spent polishing.
        reserve: seconds of the budget that the final polish is expected to need.
    """

    problem: Exact
    public: Any
    name: str
    rng: np.random.Generator
    seconds: float = 0.0
    reserve: float = 0.0

    def polish(self, z: np.ndarray, stop: Callable[[], bool]) -> np.ndarray:
        """The polished candidate; `z` itself when there is no polish."""
        if self.name == "none":
            return z
        begin = time.perf_counter()
        polished = self.problem.polish(self.name, z, self.public, self.rng, stop)
        spent = time.perf_counter() - begin
        self.seconds += spent
        self.reserve = _MARGIN * spent
        return polished

    def rehearse(self, z: np.ndarray) -> None:
        """Polish the first candidate to learn the time it takes; its result is not used.

        It draws from a copy, so that the final polish is that of a run without a clock.
        """
        if self.name != "none" and self.reserve == 0:
            rng, self.rng = self.rng, copy.deepcopy(self.rng)
            self.polish(z, lambda: False)
            self.rng = rng

    def report(self, z: np.ndarray, polished: np.ndarray, seconds: float) -> dict[str, Any] | None:
        """What the record says about the polish."""
        if self.name == "none":
            return None
        before = self.problem.verify(z, self.public, None).objective
        after = self.problem.verify(polished, self.public, None).objective
        return {
            "name": self.name,
            "seconds": seconds,
            "before": before,
            "after": after,
            "improved": better(after, before, self.problem.sense),
        }
