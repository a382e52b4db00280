"""QUBO and Ising, exact side: minimise a quadratic polynomial of bits or of spins.

A solution is stored as bits, uint8 [n] of 0 and 1; for an Ising model bit 1 is spin +1 and bit 0
spin -1. Every 0/1 vector is feasible.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError, unknown
from dnnbench.instances.graph import Graph
from dnnbench.instances.quadratic import Domain, QuadraticModel, quadratic_model
from dnnbench.problems.base import Sense, Verdict
from dnnbench.problems.cut.exact import MaxCut, fits_int64, one_flip
from dnnbench.problems.cut.tiny import tiny_graphs

_GROWTH = 8
"""The largest number that is formed is below this times the sum of the absolute coefficients."""


@dataclass(frozen=True)
class _Quadratic:
    """What both problems share."""

    name: ClassVar[str]
    domain: ClassVar[Domain]
    sense: ClassVar[Sense] = "min"
    binary: ClassVar[bool] = True
    knowable: ClassVar[bool] = True
    polishes: ClassVar[tuple[str, ...]] = ("one_flip",)

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is such a model whose values can be exact."""
        if not isinstance(public, QuadraticModel) or public.domain != self.domain:
            raise UserError(f"{self.name} needs a quadratic model of {self.domain}")
        numbers = np.concatenate([public.graph.weights, public.linear, [public.offset]])
        if not np.isfinite(numbers).all():
            raise UserError(f"{self.name} needs finite coefficients")
        if public.integral and not fits_int64(_GROWTH * numbers.astype(np.float64)):
            raise UserError(
                f"{self.name} needs integer coefficients whose absolute values sum to below 2^59"
            )

    def tiny(self) -> dict[str, QuadraticModel]:
        """The tiny graphs of `maxcut` with linear parts, so that no point has a twin."""
        models = {}
        for name, graph in tiny_graphs().items():
            n = graph.num_vertices
            linear = np.array([(3 * i) % 7 - 3 for i in range(n)], np.int64)
            models[name] = quadratic_model(self.domain, graph, linear, 2)
        return models

    def random(self, public: QuadraticModel, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Uniformly random bits, uint8 [n]."""
        return rng.integers(0, 2, size=public.num_vertices, dtype=np.uint8)

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: QuadraticModel,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> NDArray[np.uint8]:
        """Flip variables that lower the value until none does or `stop()`; never raises it.

        Arguments as for `MaxCut.polish`. Unless stopped, no single flip lowers the result (with
        real coefficients: by more than 1e-12 of the largest local field).
        """
        if name not in self.polishes:
            raise unknown("polish", name, self.polishes)
        return one_flip(_checked(z, public), public.graph, rng, stop, public.field)

    def verify(self, z: np.ndarray, public: QuadraticModel, sealed: Any) -> Verdict:
        """The value at `z`: exact for integer coefficients, correctly rounded for real ones.

        Args:
            z: uint8 [n] of 0/1.
            public: the model.
            sealed: unused; there is no hidden reference.

        Raises:
            ValueError: `z` has the wrong shape, dtype or values.
        """
        variables = _checked(z, public).astype(np.int64)
        if self.domain == "spins":
            variables = 2 * variables - 1
        u, v = public.edges[:, 0], public.edges[:, 1]
        couplings = public.graph.weights * (variables[u] * variables[v])
        fields = public.linear * variables
        if public.integral:
            return Verdict(int(couplings.sum()) + int(fields.sum()) + int(public.offset))
        return Verdict(math.fsum([*couplings.tolist(), *fields.tolist(), public.offset]))

    def write_solution(self, z: np.ndarray) -> str:
        """One 0 or 1 per line, in variable order."""
        return MaxCut().write_solution(z)

    def read_solution(self, text: str, public: QuadraticModel) -> NDArray[np.uint8]:
        """Parse what `write_solution` writes; errors as for `MaxCut.read_solution`."""
        variables = Graph(public.num_vertices, public.edges[:0], public.graph.weights[:0])
        return MaxCut().read_solution(text, variables)


@dataclass(frozen=True)
class Qubo(_Quadratic):
    """Quadratic unconstrained binary optimisation: minimise x^T Q x over bits."""

    name: ClassVar[str] = "qubo"
    metric: ClassVar[str] = "value"
    family: ClassVar[str] = "qubo"
    domain: ClassVar[Domain] = "bits"


@dataclass(frozen=True)
class Ising(_Quadratic):
    """Ground state of an Ising model: minimise sum J_ij s_i s_j + sum h_i s_i over spins."""

    name: ClassVar[str] = "ising"
    metric: ClassVar[str] = "energy"
    family: ClassVar[str] = "ising"
    domain: ClassVar[Domain] = "spins"


def _checked(z: np.ndarray, model: QuadraticModel) -> NDArray[np.uint8]:
    """`z` itself if it is a point of the model, else `ValueError`."""
    if not isinstance(z, np.ndarray):
        raise ValueError(f"a solution is a numpy array, not {type(z).__name__}")
    if z.shape != (model.num_vertices,) or z.dtype != np.uint8:
        raise ValueError(
            f"a solution is uint8 of shape ({model.num_vertices},), not {z.dtype} of {z.shape}"
        )
    if (z > 1).any():
        raise ValueError(f"a solution has values 0 and 1, not {z.max()}")
    return z
