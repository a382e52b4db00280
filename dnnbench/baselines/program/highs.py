"""HiGHS (MIT licence), by simplex and by interior points.

Huangfu, Hall, "Parallelizing the dual revised simplex method", Math. Programming Computation 10,
2018, doi:10.1007/s12532-017-0130-5; the interior point method is IPX: Schork, Gondzio,
"Implementation of an interior point method with basis preconditioning", Math. Programming
Computation 12, 2020, doi:10.1007/s12532-020-00181-8.

Its presolve is on. Where it shows that there is no optimum without having a certificate of its own,
further linear programs are solved for one; their iterations are not counted.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from dnnbench.baselines.program.library import Library


@dataclass(frozen=True)
class _Highs(Library):
    """Subclasses say which method is used for linear programs."""

    library: ClassVar[str] = "program.highs"
    package: ClassVar[str] = "highspy"
    solver: ClassVar[str]

    def task(self) -> dict[str, Any]:
        """Settings, and what is fixed for the class."""
        return {"solver": self.solver, "regularization": 0.0} | super().task()


@dataclass(frozen=True)
class HighsSimplex(_Highs):
    """The dual simplex method; for quadratic programs a primal active set method.

    A step is one iteration of either; those of the simplex method that leads to the first active
    set of a quadratic program are noted as `simplex_iterations`.

    Attributes:
        qp_regularization: a multiple of the identity that is added to Q.
    """

    baseline: ClassVar[str] = "highs_simplex"
    solver: ClassVar[str] = "simplex"
    qp_regularization: float

    def task(self) -> dict[str, Any]:
        """Settings, and what is fixed for the class."""
        return super().task() | {"regularization": self.qp_regularization}


@dataclass(frozen=True)
class HighsIpm(_Highs):
    """The interior point method, then crossover to a basic solution.

    A step is one interior point iteration; `crossover_iterations` and `simplex_iterations`, of the
    clean-up after it, are noted. It has no quadratic programs: HiGHS uses its active set method for
    them.
    """

    baseline: ClassVar[str] = "highs_ipm"
    solver: ClassVar[str] = "ipm"
