"""The Allen-Cahn equation of the PINN literature, stiff and with sharp fronts."""

from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, ClassVar

from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import allen_cahn


@dataclass(frozen=True)
class AllenCahn1D(Pde):
    """u_t = 0.0001 u_xx + 5 u - 5 u^3, u(x, 0) = x^2 cos(pi x), periodic on [-1, 1), 0 < t <= 1."""

    name: ClassVar[str] = "allen_cahn_1d"
    coordinates: ClassVar[tuple[str, ...]] = ("x", "t")
    derivatives: ClassVar[tuple[str, ...]] = ("xx",)
    periodic: ClassVar[tuple[str, ...]] = ("x",)
    grid: ClassVar[str] = "257x101"

    def domain(self, p: SimpleNamespace) -> Box:
        """Space from -1 to 1, time from 0 to 1."""
        return Box(self.coordinates, (-1.0, 0.0), (1.0, 1.0), time=True)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """u_t - 0.0001 u_xx - 5 u + 5 u^3."""
        diffusion, reaction = allen_cahn.DIFFUSION, allen_cahn.REACTION
        u = f.u.value
        return {"allen_cahn": f.u.t - diffusion * f.u.xx + reaction * (u**3 - u)}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value."""
        return {"u": at.x**2 * xp.cos(xp.pi * at.x)}

    def constrained(self, net: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """The initial value, and t times the network, which has to be periodic by itself."""
        return {"u": at.x**2 * xp.cos(xp.pi * at.x) + at.t * net.u}

    def reference(self, p: SimpleNamespace) -> allen_cahn.AllenCahn1D:
        """By a cosine series and exponential time differencing."""
        return _reference()


@lru_cache(maxsize=1)
def _reference() -> allen_cahn.AllenCahn1D:
    return allen_cahn.solve()
