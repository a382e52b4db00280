"""Monte Carlo for Laplace's equation: walks on spheres from every evaluation point."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.discretisation.walk_on_spheres import Estimate
from dnnbench.problems.base import Exact, better
from dnnbench.problems.pde.reference.formulas import Poisson10D


@dataclass(frozen=True)
class WalkOnSpheres(Baseline):
    """The mean over walks, offered whenever their number has doubled, and at the end.

    A step and a restart are both one walk from every point. The claim is the expected relative L2
    error, from the spread of the walks.

    Attributes:
        last_walks: walks from each point; None for as many as time allows.
    """

    last_walks: int | None

    version: ClassVar[int] = 1

    def solve(
        self,
        problem: Exact,
        public: Any,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Walk until the limits."""
        estimate = Estimate(public.points, Poisson10D().formula)
        sign = 1 if better(0, 1, problem.sense) else -1
        bounds = [n for n in (self.last_walks, limits.steps, limits.restarts) if n is not None]
        most, offered, claim = min(bounds, default=np.inf), 0, 1.0
        while estimate.walks < most:
            if estimate.walks and search.should_stop():
                break
            estimate.walk(rng)
            error = estimate.relative_error
            last = estimate.walks >= most
            if last or estimate.walks >= 2 * offered:
                claim = min(claim * (1 - 1e-9), 1.0 if error is None else error)
                offered = estimate.walks
                search.offer(estimate.values[:, None], sign * claim, offered, offered)
        if estimate.walks > offered:
            error = estimate.relative_error
            claim = min(claim * (1 - 1e-9), 1.0 if error is None else error)
            search.offer(estimate.values[:, None], sign * claim, estimate.walks, estimate.walks)
        search.note("walks", estimate.walks)
