"""Satisfiability, exact side: count what is violated, improve by WalkSAT.

Every assignment answers `sat`: its value is the number of constraints that do not hold, and 0 is a
solution. In `max_sat` constraints may weigh differently, and hard ones have to hold: an answer that
violates any is worth 1 more than all soft ones together, so that it never beats one that does not.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError, unknown
from dnnbench.instances.formula import Formula
from dnnbench.problems.base import Sense, Verdict
from dnnbench.problems.satisfiability.evaluate import violated
from dnnbench.problems.satisfiability.tiny import tiny_formulas, tiny_weighted
from dnnbench.problems.satisfiability.walksat import walksat

_LARGEST_WEIGHTS = 2.0**53
"""Bound on the sum of the weights below which sums of whole ones are exact also in float64."""


@dataclass(frozen=True)
class Sat:
    """Satisfiability; a solution is uint8 [n], 1 for the variables that are true.

    Attributes:
        goal: a value that no answer can beat; a trial that reaches it has nothing left to do.
    """

    name: ClassVar[str] = "sat"
    metric: ClassVar[str] = "violated"
    sense: ClassVar[Sense] = "min"
    family: ClassVar[str] = "cnf"
    binary: ClassVar[bool] = True
    knowable: ClassVar[bool] = True
    polishes: ClassVar[tuple[str, ...]] = ("walksat",)
    goal: ClassVar[int] = 0

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is a formula whose constraints are all alike."""
        _check_formula(self.name, public)
        if public.hard is not None or public.weights is not None:
            what = "weights" if public.hard is None else "hard and soft constraints"
            raise UserError(f"sat has no {what}, and this formula has: use problem=max_sat")

    def tiny(self) -> dict[str, Formula]:
        """Formulas of 6 to 8 variables."""
        return tiny_formulas()

    def random(self, public: Formula, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A uniformly random assignment, uint8 [n]."""
        return rng.integers(0, 2, size=public.num_variables, dtype=np.uint8)

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: Formula,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> NDArray[np.uint8]:
        """Walk from `z` until nothing is violated, the flips run out or `stop()`.

        Args:
            name: `walksat`, the only one.
            z: starting assignment, uint8 [n]; left untouched.
            public: the formula.
            rng: draws the flips.
            stop: asked every few hundred flips.

        Returns:
            The best assignment met, never worse than `z`, uint8 [n].
        """
        if name not in self.polishes:
            raise unknown("polish", name, self.polishes)
        return walksat(_checked(z, public), public, rng, stop)

    def verify(self, z: np.ndarray, public: Formula, sealed: Any) -> Verdict:
        """The number of violated constraints; `solved` in the metrics is 1 where there are none.

        Args:
            z: uint8 [n] of 0/1.
            public: the formula.
            sealed: unused; nothing is hidden.

        Raises:
            ValueError: `z` has the wrong shape, dtype or values.
        """
        broken = int(np.count_nonzero(violated(_checked(z, public), public)))
        return Verdict(broken, metrics={"solved": float(broken == 0)})

    def write_solution(self, z: np.ndarray) -> str:
        """One 0 or 1 per line, in the order of the variables."""
        return "".join(f"{bit}\n" for bit in z.tolist())

    def read_solution(self, text: str, public: Formula) -> NDArray[np.uint8]:
        """Parse what `write_solution` writes; blank lines are skipped.

        Raises:
            UserError: a line is neither 0 nor 1 (it is named), or their number is not n.
        """
        bits: list[int] = []
        for number, line in enumerate(text.splitlines(), start=1):
            entry = line.strip()
            if entry in ("0", "1"):
                bits.append(int(entry))
            elif entry:
                raise UserError(f"solution, line {number}: expected 0 or 1, found '{entry[:40]}'")
        if len(bits) != public.num_variables:
            raise UserError(
                f"solution has {len(bits)} values, the formula {public.num_variables} variables"
            )
        return np.array(bits, dtype=np.uint8)


@dataclass(frozen=True)
class MaxSat(Sat):
    """Weighted partial maximum satisfiability; `sat` is the case of equal weights, none hard."""

    name: ClassVar[str] = "max_sat"
    metric: ClassVar[str] = "weight"

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is a formula whose weights can be summed exactly."""
        _check_formula(self.name, public)
        if public.weights is None:
            return
        if not np.isfinite(public.weights).all() or public.weights.min() <= 0:
            raise UserError("max_sat needs positive, finite weights")
        if float(public.weights.astype(np.float64).sum()) >= _LARGEST_WEIGHTS:
            raise UserError("max_sat needs weights that sum to below 2^53")

    def tiny(self) -> dict[str, Formula]:
        """Weighted and partial formulas of 6 to 8 variables."""
        return tiny_weighted()

    def verify(self, z: np.ndarray, public: Formula, sealed: Any) -> Verdict:
        """The weight of the violated soft constraints, if every hard one holds.

        Whole weights are summed exactly, the sum of real ones is rounded once.

        Args:
            z: uint8 [n] of 0/1.
            public: the formula.
            sealed: unused; nothing is hidden.

        Returns:
            `violation`: how many hard constraints do not hold. Metrics: `soft`, the weight of the
            violated soft constraints in any case; `solved`, 1 where no constraint is violated.

        Raises:
            ValueError: `z` has the wrong shape, dtype or values.
        """
        broken = violated(_checked(z, public), public)
        hard = np.zeros_like(broken) if public.hard is None else public.hard
        violation = int(np.count_nonzero(broken & hard))
        soft = _total(public.costs[broken & ~hard])
        weight = soft if violation == 0 else 1 + _total(public.costs[~hard])
        metrics = {"soft": float(soft), "solved": float(not broken.any())}
        return Verdict(weight, float(violation), metrics)


def _total(weights: NDArray[Any]) -> int | float:
    if np.issubdtype(weights.dtype, np.integer):
        return int(weights.sum(dtype=np.int64))
    return math.fsum(weights.tolist())


def _check_formula(problem: str, public: Any) -> None:
    if not isinstance(public, Formula):
        raise UserError(f"{problem} needs a formula, not {type(public).__name__}")
    if public.num_variables < 1:
        raise UserError(f"{problem} needs a formula with at least one variable")


def _checked(z: np.ndarray, formula: Formula) -> NDArray[np.uint8]:
    """`z` itself if it is an assignment to the formula's variables, else `ValueError`."""
    if not isinstance(z, np.ndarray):
        raise ValueError(f"an assignment is a numpy array, not {type(z).__name__}")
    if z.shape != (formula.num_variables,) or z.dtype != np.uint8:
        n = formula.num_variables
        raise ValueError(f"an assignment is uint8 of shape ({n},), not {z.dtype} of {z.shape}")
    if (z > 1).any():
        raise ValueError(f"an assignment has values 0 and 1, not {z.max()}")
    return z
