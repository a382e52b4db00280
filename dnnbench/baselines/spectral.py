"""Spectral methods, refined until rounding is all that is left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.discretisation.solution import Solution
from dnnbench.baselines.refinement import Refinement


@dataclass(frozen=True)
class Spectral(Refinement):
    """Chebyshev and Fourier expansions; see `discretisation.spectral`.

    Errors fall so fast that the resolution grows by a factor of the square root of 2 only.
    """

    growth: ClassVar[float] = 2**0.5

    def schemes(self) -> Mapping[str, Callable[..., Solution]]:
        """One a problem."""
        from dnnbench.baselines.discretisation.spectral import SCHEMES

        return SCHEMES
