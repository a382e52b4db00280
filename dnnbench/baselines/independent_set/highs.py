"""HiGHS (MIT licence) on the integer program with clique inequalities.

Huangfu, Hall, "Parallelizing the dual revised simplex method", Math. Programming Computation 10,
2018, doi:10.1007/s12532-017-0130-5 (HiGHS); the inequalities are those of Padberg, "On the facial
structure of set packing polyhedra", Math. Programming 5, 1973, doi:10.1007/BF01580121.

On hundreds of thousands of conflicts it may take minutes to look at its clock again; the process
is then ended when the budget is, with the trivial bound.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.independent_set.bounded import Bounded
from dnnbench.baselines.independent_set.common import Weights
from dnnbench.problems.independent_set.conflicts import Conflicts

_ACCURACY = 1e-7
"""Error of its bounds, as a share of the total weight."""


@dataclass(frozen=True)
class Highs(Bounded):
    """Branch and bound with one thread; see `bounded`. A step is one node."""

    version: ClassVar[int] = 1
    library: ClassVar[str] = "independent_set.highs"
    package: ClassVar[str] = "highspy"
    baseline: ClassVar[str] = "highs_mis"

    def weights(self, conflicts: Conflicts) -> Weights:
        """Numbers of at most 1."""
        values = conflicts.weights.astype(np.float64)
        scale = 1.0 / float(values.max())
        return Weights(values * scale, scale, _ACCURACY * float(values.sum()))
