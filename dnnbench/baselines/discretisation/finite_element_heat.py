"""The heat equation by finite elements in space and a fourth-order Gauss method in time.

With mass matrix M and stiffness K the two-stage Gauss method (Kuntzmann and Butcher 1964) turns
M u' = -alpha K u into u_new = R(z) u, z = -tau alpha M^-1 K, where R is the diagonal Pade
approximation of exp of degree 2. With its pole r = 3 + i sqrt(3) and its mirror image

    R(z) = (12 + 6 z + z^2) / (12 - 6 z + z^2) = 1 + 2 Re(12 r / (r - conj(r)) / (z - r)),

so a step is one solution with a complex matrix, factorised once. Values between the steps are cubic
in time, in space those of the elements. So many steps are taken that cubics in time err less than
elements of degree 2: their errors fall like (alpha pi^2 tau)^4 and h^3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from dnnbench.baselines.discretisation.data import heat_start
from dnnbench.baselines.discretisation.direct import factorised
from dnnbench.baselines.discretisation.regular_grid import stencil
from dnnbench.baselines.discretisation.solution import Array, Solution

_POLE = 3 + 1j * np.sqrt(3)
_CUBIC = 4
_FEWEST_STEPS = 64


def heat(resolution: int, degree: int, alpha: float, steps: int | None = None) -> Solution:
    """u_t = alpha u_xx on (0, 1), zero at both ends.

    Args:
        resolution: number of elements.
        degree: 1 or 2.
        alpha: diffusivity.
        steps: in time; by default as many as said above.
    """
    from skfem import Basis, BilinearForm, ElementLineP1, ElementLineP2, MeshLine

    line = MeshLine(np.linspace(0.0, 1.0, resolution + 1))
    basis = Basis(line, ElementLineP1() if degree == 1 else ElementLineP2())
    order = np.argsort(basis.doflocs[0])[1:-1]

    @BilinearForm
    def stiff(u: Any, v: Any, w: Any) -> Any:
        return u.grad[0] * v.grad[0]

    @BilinearForm
    def massive(u: Any, v: Any, w: Any) -> Any:
        return u * v

    stiffness, mass = (sp.csc_array(f.assemble(basis))[order][:, order] for f in (stiff, massive))
    if steps is None:
        steps = max(_FEWEST_STEPS, int(np.ceil(alpha * np.pi**2 * resolution**0.75)))
    factors = factorised(sp.csc_array(-alpha / steps * stiffness - _POLE * mass), symmetric=True)
    residue = 12 * _POLE / (_POLE - _POLE.conjugate())
    nodes = np.zeros((steps + 1, degree * resolution + 1))
    nodes[0, 1:-1] = heat_start(basis.doflocs[0, order])
    for step in range(steps):
        u = nodes[step, 1:-1]
        nodes[step + 1, 1:-1] = u + 2 * (residue * factors.solve(mass @ u)).real
    values = _Elements(nodes, degree)
    return Solution(values, len(order), degree + 1.0, factors.peak_bytes + 2 * nodes.nbytes)


@dataclass(frozen=True, eq=False)
class _Elements:
    """Nodal values [times, degree * elements + 1] on the unit square of x and t."""

    nodes: Array
    degree: int

    def __call__(self, points: Array) -> Array:
        """Values [n] at points (x, t) [n, 2]."""
        times, count = self.nodes.shape
        elements = (count - 1) // self.degree
        element = np.clip(np.floor(points[:, 0] * elements), 0, elements - 1)
        inside = (points[:, 0] * elements - element) * self.degree
        _, shapes = stencil(inside, self.degree + 1, self.degree + 1)
        first = element.astype(np.intp) * self.degree
        earliest, weights = stencil(points[:, 1] * (times - 1), times, _CUBIC)
        total = np.zeros(len(points))
        for a in range(weights.shape[1]):
            for b in range(self.degree + 1):
                total += weights[:, a] * shapes[:, b] * self.nodes[earliest + a, first + b]
        return total
