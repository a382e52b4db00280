"""The measurement itself as an answer: the floor that every restoration must be seen against."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.instances.measurement import Measurement
from dnnbench.problems.base import Exact


@dataclass(frozen=True)
class AsMeasured(Baseline):
    """Nothing is solved: repeated pixels, the mean where nothing was seen."""

    version: ClassVar[int] = 1

    def solve(
        self,
        problem: Exact,
        public: Measurement,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Offer the measurement."""
        answer = problem.plain(public)
        search.offer(answer, problem.verify(answer, public, None).objective, 1, 1)
