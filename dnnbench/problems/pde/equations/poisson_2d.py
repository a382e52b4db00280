"""Poisson's equation on the unit square, with a smooth solution."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import formulas


@dataclass(frozen=True)
class Poisson2D(Pde):
    """-Laplace(u) = 2 pi^2 sin(pi x) sin(pi y) on (0, 1)^2, u = 0 on the boundary."""

    name: ClassVar[str] = "poisson_2d"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "y")
    derivatives: ClassVar[tuple[str, ...]] = ("laplacian",)
    grid: ClassVar[str] = "101x101"

    def domain(self, p: SimpleNamespace) -> Box:
        """The unit square."""
        return Box(self.coordinates, (0.0, 0.0), (1.0, 1.0))

    def source(self, at: Any, xp: Any) -> Any:
        """The right side."""
        return 2 * xp.pi**2 * xp.sin(xp.pi * at.x) * xp.sin(xp.pi * at.y)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Laplace(u) + f."""
        return {"poisson": f.u.laplacian + self.source(at, xp)}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Zero."""
        return {"u": 0.0}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The network times x (1 - x) y (1 - y)."""
        return {"u": at.x * (1 - at.x) * at.y * (1 - at.y) * net.u}

    def ritz(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> Any:
        """|grad u|^2 / 2 - f u."""
        return 0.5 * (f.u.x**2 + f.u.y**2) - self.source(at, xp) * f.u.value

    def reference(self, p: SimpleNamespace) -> formulas.Poisson2D:
        """sin(pi x) sin(pi y)."""
        return formulas.Poisson2D()
