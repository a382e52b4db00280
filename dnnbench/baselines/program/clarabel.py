"""Clarabel (Apache-2.0 licence), an interior point method.

Goulart, Chen, "Clarabel: an interior-point solver for conic programs with quadratic objectives",
2024, arXiv:2405.12762.
"""

from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.program.library import Library


@dataclass(frozen=True)
class Clarabel(Library):
    """A homogeneous embedding and direct factorisation; a step is one iteration.

    Attributes:
        certificate_tolerance: of a proof that there is no optimum, in its own measure.
    """

    library: ClassVar[str] = "program.clarabel"
    package: ClassVar[str] = "clarabel"
    baseline: ClassVar[str] = "clarabel"
    certificate_tolerance: float
