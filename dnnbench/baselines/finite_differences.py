"""Second-order finite differences, refined until time or memory runs out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dnnbench.baselines.discretisation.solution import Solution
from dnnbench.baselines.refinement import Refinement


@dataclass(frozen=True)
class FiniteDifferences(Refinement):
    """Central differences on regular grids; see `discretisation.finite_differences`."""

    def schemes(self) -> Mapping[str, Callable[..., Solution]]:
        """One a problem."""
        from dnnbench.baselines.discretisation.finite_differences import SCHEMES

        return SCHEMES
