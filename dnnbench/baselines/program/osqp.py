"""OSQP (Apache-2.0 licence), ADMM.

Stellato, Banjac, Goulart, Bemporad, Boyd, "OSQP: an operator splitting solver for quadratic
programs", Math. Programming Computation 12, 2020, doi:10.1007/s12532-020-00179-2.
"""

from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.program.library import Library


@dataclass(frozen=True)
class Osqp(Library):
    """Its step size is adapted by iterations, never by the clock; a step is one iteration.

    Attributes:
        certificate_tolerance: of a proof that there is no optimum, in its own measure.
        polish: whether it solves for the active set at the end.
    """

    library: ClassVar[str] = "program.osqp"
    package: ClassVar[str] = "osqp"
    baseline: ClassVar[str] = "osqp"
    certificate_tolerance: float
    polish: bool
