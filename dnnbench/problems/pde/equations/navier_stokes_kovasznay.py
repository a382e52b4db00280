"""Steady incompressible flow behind a grid, after Kovasznay."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import formulas


@dataclass(frozen=True)
class NavierStokesKovasznay(Pde):
    """(U . grad) U = -grad p + Laplace(U) / Re, div U = 0; U is given on the boundary."""

    name: ClassVar[str] = "navier_stokes_kovasznay"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "y")
    unknowns: ClassVar[tuple[str, ...]] = ("u", "v", "p")
    derivatives: ClassVar[tuple[str, ...]] = ("laplacian",)
    parameters: ClassVar[tuple[str, ...]] = ("reynolds",)
    up_to_constant: ClassVar[tuple[str, ...]] = ("p",)
    grid: ClassVar[str] = "101x101"

    def domain(self, p: SimpleNamespace) -> Box:
        """(-0.5, 1) x (-0.5, 1.5)."""
        return Box(self.coordinates, (-0.5, -0.5), (1.0, 1.5))

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Momentum in both directions, and the divergence."""
        u, v, pressure = f.u, f.v, f.p
        return {
            "momentum_x": u.value * u.x + v.value * u.y + pressure.x - u.laplacian / p.reynolds,
            "momentum_y": u.value * v.x + v.value * v.y + pressure.y - v.laplacian / p.reynolds,
            "continuity": u.x + v.y,
        }

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The velocity; the pressure is free."""
        rate = formulas.Kovasznay(p.reynolds).rate
        decay = xp.exp(rate * at.x)
        return {
            "u": 1 - decay * xp.cos(2 * xp.pi * at.y),
            "v": rate / (2 * np.pi) * decay * xp.sin(2 * xp.pi * at.y),
        }

    def reference(self, p: SimpleNamespace) -> formulas.Kovasznay:
        """The formula."""
        return formulas.Kovasznay(p.reynolds)
