"""What every problem offers on its exact side: NumPy only, sharing no code with the energies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from dnnbench.errors import unknown

Sense = Literal["max", "min"]


@dataclass(frozen=True)
class Verdict:
    """What verification found, recomputed from the solution alone.

    Attributes:
        objective: the problem's metric in exact integers where the data allow it, else float64.
        violation: how far the answer is from feasible, in the problem's own unit; 0 is feasible.
        metrics: further named figures (PSNR, residuals), in the units their names state.
    """

    objective: int | float
    violation: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def feasible(self) -> bool:
        """Whether nothing is violated."""
        return self.violation == 0


@dataclass(frozen=True)
class Posed:
    """The two halves of an instance as one problem asks for it.

    Attributes:
        public: what a solver may see.
        sealed: what only verification may see.
    """

    public: Any
    sealed: Any


@dataclass(frozen=True)
class Proof:
    """What became of a solver's certificate that there is no answer.

    Attributes:
        holds: whether it shows what the solver says.
        figures: by how much, by name, for the record.
    """

    holds: bool
    figures: Mapping[str, float]


class Exact(Protocol):
    """The exact side of a problem. Instances are frozen and hold settings only, never data.

    `binary` says that solutions are 0/1 vectors rounded from a relaxation in [0, 1]^n; `knowable`
    that the public half suffices to know the objective of an answer. A problem
    whose solvers see something made from the instance (a noisy measurement of a picture) also has
    `pose(sealed, settings, load)`, which returns `Posed`; and one that is not `knowable`
    `plain(public)`, the answer that takes no solver.

    One that is `knowable` and not `binary` has `conformance_error`, the objective that every solver
    has to reach on its `tiny` instances. One whose answers carry more than is asked for
    (multipliers beside a point) has `stated(z, public)`, the part that `write_solution` is given.
    One whose instances may have no answer has `prove(status, certificate, public)`, which returns a
    `Proof`.
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    sense: ClassVar[Sense]
    family: ClassVar[str]
    binary: ClassVar[bool]
    knowable: ClassVar[bool]
    polishes: ClassVar[tuple[str, ...]]

    def check(self, public: Any) -> None:
        """Raise `UserError` if the instance does not fit this problem."""

    def tiny(self) -> Mapping[str, Any]:
        """Instances (public halves) of a few variables by name, to check solvers on."""

    def random(self, public: Any, rng: np.random.Generator) -> np.ndarray:
        """A uniformly random candidate in the stored format of a solution."""

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: Any,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> np.ndarray:
        """Improve `z` by the named local search until it is locally optimal or `stop()`."""

    def verify(self, z: np.ndarray, public: Any, sealed: Any) -> Verdict:
        """Recompute the objective and the violation of `z`; the only reader of `sealed`.

        Raises:
            ValueError: `z` has the wrong shape, dtype or values.
        """

    def write_solution(self, z: np.ndarray) -> str | bytes:
        """The content of a solution file (maxcut: one 0/1 per line in vertex order; a PNG)."""


class Judged:
    """What problems share whose answers are judged against something that only the referee has.

    Nothing is public before `pose`, no answer's objective is known while it is sought, and so there
    is nothing that a polish could improve.
    """

    binary: ClassVar[bool] = False
    knowable: ClassVar[bool] = False
    polishes: ClassVar[tuple[str, ...]] = ()

    def check(self, public: Any) -> None:
        """Whatever is wrong is said by `pose`."""

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: Any,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> np.ndarray:
        """There is none."""
        raise unknown("polish", name, self.polishes)


def better(a: float, b: float, sense: Sense) -> bool:
    """Whether objective `a` is strictly better than `b`."""
    return a > b if sense == "max" else a < b
