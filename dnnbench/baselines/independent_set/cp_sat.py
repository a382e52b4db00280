"""CP-SAT of OR-Tools (Apache-2.0) on Boolean variables, at most one true in each clique.

Perron, Didier, Gay, "The CP-SAT-LP solver", CP 2023, doi:10.4230/LIPIcs.CP.2023.3. One worker: the
runner fills the cores with independent seeds.
"""

from dataclasses import dataclass
from typing import ClassVar

from dnnbench.baselines.independent_set.bounded import Bounded
from dnnbench.baselines.independent_set.common import Weights, whole
from dnnbench.problems.independent_set.conflicts import Conflicts


@dataclass(frozen=True)
class CpSat(Bounded):
    """CP-SAT with one worker; see `bounded`.

    A step is a thousandth of what the solver calls a deterministic second: a measure of its work
    that does not depend on the clock, so that runs of equal seed and steps are equal.
    """

    version: ClassVar[int] = 1
    library: ClassVar[str] = "independent_set.cp_sat"
    package: ClassVar[str] = "ortools"
    baseline: ClassVar[str] = "cp_sat"

    def weights(self, conflicts: Conflicts) -> Weights:
        """Whole numbers; with these it reckons exactly."""
        return whole(conflicts)
