"""Linear advection, which carries a sine round a circle."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import formulas


@dataclass(frozen=True)
class Advection1D(Pde):
    """u_t + c u_x = 0, u(x, 0) = sin(x), periodic on [0, 2 pi), 0 < t <= 1; c = 80 is hard."""

    name: ClassVar[str] = "advection_1d"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "t")
    parameters: ClassVar[tuple[str, ...]] = ("c",)
    periodic: ClassVar[tuple[str, ...]] = ("x",)
    grid: ClassVar[str] = "129x201"

    def domain(self, p: SimpleNamespace) -> Box:
        """Once round the circle, time from 0 to 1."""
        return Box(self.coordinates, (0.0, 0.0), (2 * np.pi, 1.0), time=True)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """u_t + c u_x."""
        return {"advection": f.u.t + p.c * f.u.x}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value."""
        return {"u": xp.sin(at.x)}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value, and t times the network, which has to be periodic by itself."""
        return {"u": xp.sin(at.x) + at.t * net.u}

    def reference(self, p: SimpleNamespace) -> formulas.Advection1D:
        """sin(x - c t)."""
        return formulas.Advection1D(p.c)
