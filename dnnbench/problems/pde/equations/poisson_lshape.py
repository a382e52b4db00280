"""Poisson's equation on the L-shape, whose corner makes the solution singular."""

from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, ClassVar

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import LShape
from dnnbench.problems.pde.reference import lshape


@dataclass(frozen=True)
class PoissonLShape(Pde):
    """-Laplace(u) = 1, u = 0 on the boundary; its gradient is infinite at the origin."""

    name: ClassVar[str] = "poisson_lshape"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "y")
    derivatives: ClassVar[tuple[str, ...]] = ("laplacian",)
    grid: ClassVar[str] = "101x101"

    def domain(self, p: SimpleNamespace) -> LShape:
        """The L-shape."""
        return LShape()

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Laplace(u) + 1."""
        return {"poisson": f.u.laplacian + 1.0}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Zero."""
        return {"u": 0.0}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The network times a function that vanishes on the six edges only.

        y - x + sqrt(x^2 + y^2) does so on the edges of the missing quadrant, where it is the
        R-function of its two half planes (Rvachev); it is not smooth at the corner, nor is u.
        """
        square = (1 - at.x**2) * (1 - at.y**2)
        corner = at.y - at.x + xp.sqrt(at.x**2 + at.y**2)
        return {"u": square * corner * net.u}

    def ritz(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> Any:
        """|grad u|^2 / 2 - u."""
        return 0.5 * (f.u.x**2 + f.u.y**2) - f.u.value

    def reference(self, p: SimpleNamespace) -> lshape.PoissonLShape:
        """By particular solutions."""
        return _reference()


@lru_cache(maxsize=1)
def _reference() -> lshape.PoissonLShape:
    return lshape.solve()
