"""The heat equation in one dimension."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import formulas


@dataclass(frozen=True)
class Heat1D(Pde):
    """u_t = alpha u_xx on (0, 1) x (0, 1], u(x, 0) = sin(pi x), u = 0 at both ends."""

    name: ClassVar[str] = "heat_1d"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "t")
    derivatives: ClassVar[tuple[str, ...]] = ("xx",)
    parameters: ClassVar[tuple[str, ...]] = ("alpha",)
    grid: ClassVar[str] = "101x101"

    def domain(self, p: SimpleNamespace) -> Box:
        """Space and time from 0 to 1."""
        return Box(self.coordinates, (0.0, 0.0), (1.0, 1.0), time=True)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """u_t - alpha u_xx."""
        return {"heat": f.u.t - p.alpha * f.u.xx}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value, and zero at the ends."""
        return {"u": xp.sin(xp.pi * at.x) if part == "initial" else 0.0}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value, and t x (1 - x) times the network."""
        return {"u": xp.sin(xp.pi * at.x) + at.t * at.x * (1 - at.x) * net.u}

    def reference(self, p: SimpleNamespace) -> formulas.Heat1D:
        """exp(-alpha pi^2 t) sin(pi x)."""
        return formulas.Heat1D(p.alpha)
