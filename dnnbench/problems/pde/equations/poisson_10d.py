"""Laplace's equation in ten dimensions, where no mesh fits."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from dnnbench.errors import UserError
from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Box
from dnnbench.problems.pde.reference import formulas

_MOST = 1_000_000


@dataclass(frozen=True)
class Poisson10D(Pde):
    """Laplace(u) = 0 on (0, 1)^10, u = x1 x2 + ... + x9 x10 on the boundary (E and Yu 2018)."""

    name: ClassVar[str] = "poisson_10d"
    coordinates: ClassVar[tuple[str, ...]] = tuple(f"x{i}" for i in range(1, 11))
    derivatives: ClassVar[tuple[str, ...]] = ("laplacian",)
    grid: ClassVar[str] = "8192"

    def domain(self, p: SimpleNamespace) -> Box:
        """The unit cube."""
        return Box(self.coordinates, (0.0,) * 10, (1.0,) * 10)

    def evaluation_points(self, p: SimpleNamespace, grid: str) -> NDArray[np.float64]:
        """Points of a Sobol sequence (scrambled, seed 0), as many as `grid` says."""
        if not (grid.isascii() and grid.isdecimal() and 1 <= int(grid) <= _MOST):
            raise UserError(f"problem.grid must be a number of points from 1 to {_MOST:,}")
        count = int(grid)
        power = max(count - 1, 1).bit_length()
        sequence = qmc.Sobol(self.domain(p).dimensions, rng=np.random.default_rng(0))
        return np.asarray(sequence.random_base2(power)[:count], np.float64)

    def residuals(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """Laplace(u)."""
        return {"laplace": f.u.laplacian}

    def boundary(self, part: str, at: Any, p: SimpleNamespace, xp: Any) -> dict[str, Any]:
        """x1 x2 + x3 x4 + ... + x9 x10."""
        names = self.coordinates
        pairs = zip(names[0::2], names[1::2], strict=True)
        return {"u": sum(getattr(at, a) * getattr(at, b) for a, b in pairs)}

    def ritz(self, f: Any, at: Any, p: SimpleNamespace, xp: Any) -> Any:
        """|grad u|^2 / 2."""
        return 0.5 * sum(getattr(f.u, name) ** 2 for name in self.coordinates)

    def reference(self, p: SimpleNamespace) -> formulas.Poisson10D:
        """The same formula inside."""
        return formulas.Poisson10D()
