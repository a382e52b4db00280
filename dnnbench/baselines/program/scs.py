"""SCS (MIT licence), ADMM on a homogeneous embedding, with Anderson acceleration.

O'Donoghue, "Operator splitting for a homogeneous embedding of the linear complementarity problem",
SIAM J. Optim. 31(3), 2021, doi:10.1137/20M1366307.
"""

from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.program.library import Library


@dataclass(frozen=True)
class Scs(Library):
    """Its direct variant (QDLDL); a step is one iteration.

    Attributes:
        certificate_tolerance: of a proof that there is no optimum, in its own measure.
    """

    library: ClassVar[str] = "program.scs"
    package: ClassVar[str] = "scs"
    baseline: ClassVar[str] = "scs"
    certificate_tolerance: float
