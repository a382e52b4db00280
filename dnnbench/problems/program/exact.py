"""Linear and quadratic programs, exact side: residuals of a primal and dual answer, and proofs.

An answer is x [n] and then y [m], one multiplier a row; `residuals` has the signs. It is judged by
its largest relative residual, for which no optimum has to be known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError, unknown
from dnnbench.instances.program import Program
from dnnbench.problems.base import Proof, Sense, Verdict
from dnnbench.problems.program import certificates
from dnnbench.problems.program.convexity import negative_eigenvalue
from dnnbench.problems.program.crossover import crossover
from dnnbench.problems.program.residuals import TOLERANCES, residuals
from dnnbench.problems.program.tiny import tiny_linear, tiny_quadratic


@dataclass(frozen=True)
class LinearProgram:
    """A linear program; a solution is float64 [n + m], x and then y.

    Attributes:
        feasibility: relative primal residual above which an answer is called infeasible.
        conformance_error: what every solver has to reach on the tiny programs.
    """

    name: ClassVar[str] = "lp"
    metric: ClassVar[str] = "kkt_error"
    sense: ClassVar[Sense] = "min"
    family: ClassVar[str] = "program"
    binary: ClassVar[bool] = False
    knowable: ClassVar[bool] = True
    polishes: ClassVar[tuple[str, ...]] = ("crossover",)
    feasibility: ClassVar[float] = TOLERANCES[0]
    conformance_error: ClassVar[float] = TOLERANCES[0]

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is a linear program of finite coefficients."""
        check_program(self.name, public)
        if public.quadratic is not None and public.quadratic.nnz:
            raise UserError("lp: the objective has a quadratic part (use problem=qp)")

    def tiny(self) -> dict[str, Program]:
        """Programs of two and three variables."""
        return tiny_linear()

    def random(self, public: Program, rng: np.random.Generator) -> NDArray[np.float64]:
        """A random point between the bounds, and zero multipliers.

        Uniform where both bounds are finite, else an exponential distance from the one that is;
        free variables are standard normal.
        """
        n = public.num_variables
        low, high = np.isfinite(public.lower), np.isfinite(public.upper)
        below, above = np.where(low, public.lower, 0), np.where(high, public.upper, 0)
        share, distance = rng.random(n), rng.exponential(size=n)
        x = np.select(
            [low & high, low, high],
            [
                np.minimum(below + share * (above - below), above),
                below + distance,
                above - distance,
            ],
            rng.standard_normal(n),
        )
        return np.concatenate([x, np.zeros(public.num_rows)])

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: Program,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> NDArray[np.float64]:
        """Guess what is active at the optimum and solve for it; never raises the error.

        Args:
            name: `crossover`, the only one.
            z: x and then y, float64 [n + m]; left untouched.
            public: the program.
            rng: unused; nothing is drawn.
            stop: asked before each system that is solved.
        """
        if name not in self.polishes:
            raise unknown("polish", name, self.polishes)
        x, y = split(z, public)
        return np.concatenate(crossover(x, y, public, stop))

    def verify(self, z: np.ndarray, public: Program, sealed: Any) -> Verdict:
        """The residuals of `z`, in float64; the objective is the largest relative one.

        Args:
            z: x and then y, [n + m].
            public: the program.
            sealed: unused; an optimum proves itself.

        Raises:
            ValueError: `z` has another shape, or values that are not finite.
        """
        found = residuals(*split(z, public), public)
        relative = found.relative_primal
        return Verdict(
            found.kkt_error,
            violation=relative if relative > self.feasibility else 0.0,
            metrics={
                "objective": -found.objective if public.maximised else found.objective,
                "primal_residual": found.primal,
                "dual_residual": found.dual,
                "relative_primal": relative,
                "relative_dual": found.relative_dual,
                "relative_gap": found.relative_gap,
            },
        )

    def prove(self, status: str, certificate: np.ndarray, public: Program) -> Proof:
        """Check that a program is `infeasible` or `unbounded`, see `certificates`.

        Args:
            status: which of the two.
            certificate: multipliers of rows [m] for `infeasible`; a point and a direction
                [2, n] for `unbounded`.
            public: the program.

        Raises:
            ValueError: the certificate has another shape, or values that are not finite.
        """
        if status == "infeasible":
            return certificates.infeasible(certificate, public)
        if status == "unbounded":
            return certificates.unbounded(certificate, public)
        raise ValueError(f"no certificate shows that a program is {status}")

    def stated(self, z: np.ndarray, public: Program) -> NDArray[np.float64]:
        """What a solution file holds of an answer: x alone."""
        return split(z, public)[0]

    def write_solution(self, z: np.ndarray) -> bytes:
        """The point x as a NumPy file, float64 [n]."""
        content = BytesIO()
        np.save(content, z, allow_pickle=False)
        return content.getvalue()


@dataclass(frozen=True)
class QuadraticProgram(LinearProgram):
    """A convex quadratic program; linear ones are among them."""

    name: ClassVar[str] = "qp"

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is a convex program of finite coefficients."""
        check_program(self.name, public)
        lowest = negative_eigenvalue(public)
        if lowest is not None:
            raise UserError(
                f"qp: the objective is not convex, Q has the eigenvalue {lowest:.6g}"
                + (" (of the objective to be maximised, negated)" if public.maximised else "")
            )

    def tiny(self) -> dict[str, Program]:
        """Programs of three variables."""
        return tiny_quadratic()


def split(z: np.ndarray, program: Program) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The parts x [n] and y [m] of an answer, or `ValueError`."""
    n, m = program.num_variables, program.num_rows
    if not isinstance(z, np.ndarray):
        raise ValueError(f"an answer is a numpy array, not {type(z).__name__}")
    if z.shape != (n + m,):
        raise ValueError(
            f"an answer has shape ({n + m},): {n} variables and {m} multipliers, not {z.shape}"
        )
    if z.dtype.kind != "f":
        raise ValueError(f"an answer has floating point values, not {z.dtype}")
    wrong = np.flatnonzero(~np.isfinite(z))
    if wrong.size:
        what = f"variable {wrong[0]}" if wrong[0] < n else f"the multiplier of row {wrong[0] - n}"
        raise ValueError(f"{what} is {z[wrong[0]]}")
    wide = z.astype(np.float64)
    return wide[:n], wide[n:]


def check_program(name: str, public: Any) -> None:
    """Raise `UserError` unless this is a program of finite coefficients and ordered bounds.

    Variables and rows are named by their numbers from 0.
    """
    if not isinstance(public, Program):
        raise UserError(f"{name} needs a linear or quadratic program, not {type(public).__name__}")
    if public.num_variables < 1:
        raise UserError(f"{name} needs a program with at least one variable")
    if not np.isfinite(public.offset):
        raise UserError(f"{name}: the objective's constant is {public.offset}")
    _check_finite(name, "the cost of variable {0}", public.cost)
    for matrix, what in (
        (public.matrix, "the coefficient of row {0} and variable {1}"),
        (public.quadratic, "the quadratic coefficient of variables {0} and {1}"),
    ):
        if matrix is not None and not np.isfinite(matrix.data).all():
            entries = matrix.tocoo()
            _check_finite(name, what, entries.data, *entries.coords)
    _check_bounds(name, "row", public.row_lower, public.row_upper)
    _check_bounds(name, "variable", public.lower, public.upper)


def _check_finite(name: str, what: str, values: np.ndarray, *places: np.ndarray) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        i = wrong[0]
        where = [place[i] for place in places] or [i]
        raise UserError(f"{name}: {what.format(*where)} is {values[i]}")


def _check_bounds(name: str, what: str, lower: np.ndarray, upper: np.ndarray) -> None:
    wrong = np.flatnonzero(~((lower <= upper) & (lower < np.inf) & (upper > -np.inf)))
    if wrong.size:
        i = wrong[0]
        raise UserError(
            f"{name}: {what} {i} has no value between its bounds {lower[i]:g} and {upper[i]:g}"
        )
