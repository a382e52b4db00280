"""Burgers' equation, which steepens a sine to a front."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import burgers


@dataclass(frozen=True)
class Burgers1D(Pde):
    """u_t + u u_x = nu u_xx on (-1, 1) x (0, 1], u(x, 0) = -sin(pi x), u = 0 at both ends.

    nu = 0.01 / pi is the example of Raissi, Perdikaris and Karniadakis 2019.
    """

    name: ClassVar[str] = "burgers_1d"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "t")
    derivatives: ClassVar[tuple[str, ...]] = ("xx",)
    parameters: ClassVar[tuple[str, ...]] = ("nu",)
    grid: ClassVar[str] = "257x101"

    def domain(self, p: SimpleNamespace) -> Box:
        """Space from -1 to 1, time from 0 to 1."""
        return Box(self.coordinates, (-1.0, 0.0), (1.0, 1.0), time=True)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """u_t + u u_x - nu u_xx."""
        return {"burgers": f.u.t + f.u.value * f.u.x - p.nu * f.u.xx}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value, and zero at the ends."""
        return {"u": -xp.sin(xp.pi * at.x) if part == "initial" else 0.0}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value, and t (1 - x^2) times the network."""
        return {"u": at.t * (1 - at.x**2) * net.u - xp.sin(xp.pi * at.x)}

    def reference(self, p: SimpleNamespace) -> burgers.Burgers1D:
        """By the Cole-Hopf transformation."""
        return burgers.Burgers1D(p.nu)
