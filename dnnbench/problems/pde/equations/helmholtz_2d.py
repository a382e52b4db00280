"""The Helmholtz equation with different frequencies in the two directions."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from dnnbench.errors import UserError
from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import formulas


@dataclass(frozen=True)
class Helmholtz2D(Pde):
    """Laplace(u) + k^2 u = q on (-1, 1)^2 with u = sin(a1 pi x) sin(a2 pi y), 0 on the boundary.

    Wang, Teng and Perdikaris 2021, with a1 = 1, a2 = 4, k = 1.
    """

    name: ClassVar[str] = "helmholtz_2d"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "y")
    derivatives: ClassVar[tuple[str, ...]] = ("laplacian",)
    parameters: ClassVar[tuple[str, ...]] = ("a1", "a2", "k")
    grid: ClassVar[str] = "101x101"

    def domain(self, p: SimpleNamespace) -> Box:
        """The square (-1, 1)^2."""
        return Box(self.coordinates, (-1.0, -1.0), (1.0, 1.0))

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Laplace(u) + k^2 u - q."""
        waves = xp.sin(p.a1 * xp.pi * at.x) * xp.sin(p.a2 * xp.pi * at.y)
        source = (p.k**2 - xp.pi**2 * (p.a1**2 + p.a2**2)) * waves
        return {"helmholtz": f.u.laplacian + p.k**2 * f.u.value - source}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Zero."""
        return {"u": 0.0}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """(1 - x^2) (1 - y^2) times the network."""
        return {"u": (1 - at.x**2) * (1 - at.y**2) * net.u}

    def reference(self, p: SimpleNamespace) -> formulas.Helmholtz2D:
        """sin(a1 pi x) sin(a2 pi y); zero on the boundary for whole a1 and a2 only."""
        for name in ("a1", "a2"):
            if not float(getattr(p, name)).is_integer():
                raise UserError(f"problem.{name} must be a whole number")
        return formulas.Helmholtz2D(int(p.a1), int(p.a2), p.k)
