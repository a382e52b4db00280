"""Finite elements, refined until time or memory runs out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.discretisation.solution import Solution
from dnnbench.baselines.refinement import Refinement
from dnnbench.problems.base import Exact


@dataclass(frozen=True)
class FiniteElements(Refinement):
    """Continuous elements on lines and triangles; see `discretisation.finite_elements`.

    Attributes:
        degree: of the polynomials, 1 or 2.
    """

    degree: int

    def schemes(self) -> Mapping[str, Callable[..., Solution]]:
        """One a problem."""
        from dnnbench.baselines.discretisation.finite_elements import SCHEMES

        return SCHEMES

    def options(self) -> dict[str, Any]:
        """The degree."""
        return {"degree": self.degree}

    def prepare(self, problem: Exact, public: Any) -> None:
        """Import scikit-fem.

        Raises:
            UserError: it is not installed.
        """
        if find_spec("skfem") is None:
            raise missing_extra("finite_elements")
        super().prepare(problem, public)
