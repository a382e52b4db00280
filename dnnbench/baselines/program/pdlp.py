"""PDLP of OR-Tools (Apache-2.0 licence), restarted primal-dual hybrid gradient.

Applegate, Diaz, Hinder, Lu, Lubin, O'Donoghue, Schudy, "Practical large-scale linear programming
using primal-dual hybrid gradient", NeurIPS 2021, arXiv:2106.04756.
"""

from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.program.library import Library


@dataclass(frozen=True)
class Pdlp(Library):
    """A step is one iteration.

    Its quadratic programs have a diagonal Q, so that it is not offered for them.

    Attributes:
        certificate_tolerance: of a proof that there is no optimum, in its own measure.
    """

    library: ClassVar[str] = "program.pdlp"
    package: ClassVar[str] = "ortools"
    baseline: ClassVar[str] = "pdlp"
    certificate_tolerance: float
