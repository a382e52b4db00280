"""Kovasznay's flow by mixed finite elements and Newton's method (assembled by scikit-fem).

Degree 2 is the Taylor-Hood element (velocity of degree 2, pressure of degree 1; Hood and Taylor
1973): errors in L2 of order 3 for the velocity, 2 for the pressure. Degree 1 is the MINI element
(velocity of degree 1 with a bubble in each triangle, pressure of degree 1; Arnold, Brezzi and
Fortin 1984): order 2 for the velocity, at least 1 for the pressure.

The velocity on the boundary is the problem's data; the pressure is fixed at one node.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp

from dnnbench.baselines.discretisation import triangles
from dnnbench.baselines.discretisation.data import (
    KOVASZNAY_SIDES,
    kovasznay_velocity,
    with_pressure_fixed,
)
from dnnbench.baselines.discretisation.direct import factorised
from dnnbench.baselines.discretisation.newton import newton
from dnnbench.baselines.discretisation.solution import Array, Solution

_QUADRATURE = 5
"""Degree that is integrated exactly: two velocities of degree 2 and a slope of degree 1."""


def kovasznay(resolution: int, degree: int, reynolds: float) -> Solution:
    """Velocity and pressure (u, v, p) on a rectangle of n x n cells of two triangles.

    Raises:
        NotSolvedError: Newton's method does not converge.
    """
    flow = _Flow(resolution, degree, reynolds)
    u, v, p = flow.parted(newton(flow.correction, flow.start(), resolution))
    values = triangles.ElementFunction(
        flow.mesh, ((flow.speed, u), (flow.speed, v), (flow.press, p))
    )
    # The pressure's order is lower, and so is that of all three together.
    return Solution(with_pressure_fixed(values), len(flow.free), float(degree), flow.peak_bytes)


class _Flow:
    """The discrete equations. A state is u and v at the velocity's nodes, then p at the pressure's.

    Attributes:
        mesh: scikit-fem's triangles.
        speed, press: scikit-fem's bases of one component of the velocity, and of the pressure.
        free: numbers of the unknowns within a state.
        peak_bytes: of the last factorisation.
    """

    def __init__(self, resolution: int, degree: int, reynolds: float) -> None:
        from skfem import Basis, BilinearForm, ElementTriP1, ElementTriP1B, ElementTriP2

        self.mesh = triangles.rectangle(KOVASZNAY_SIDES, resolution)
        element = ElementTriP1B() if degree == 1 else ElementTriP2()
        self.speed = Basis(self.mesh, element, intorder=_QUADRATURE)
        self.press = self.speed.with_element(ElementTriP1())
        n, m = self.speed.N, self.press.N
        self._inner = self.speed.complement_dofs(self.speed.get_dofs())
        self.free = np.concatenate([self._inner, n + self._inner, 2 * n + np.arange(1, m)])
        self.peak_bytes = 0
        self._reynolds = reynolds
        viscous = BilinearForm(lambda u, v, w: u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1])
        self._viscous = viscous.assemble(self.speed) / reynolds
        self._divergence = [
            BilinearForm(lambda u, q, w, i=i: -u.grad[i] * q).assemble(self.speed, self.press)
            for i in (0, 1)
        ]

    def start(self) -> Array:
        """The given velocity on the boundary and rest inside."""
        velocity = kovasznay_velocity(self.speed.doflocs.T, self._reynolds).T.copy()
        velocity[:, self._inner] = 0
        return np.concatenate([*velocity, self.press.zeros()])

    def parted(self, state: Array) -> tuple[Array, Array, Array]:
        """u, v and p."""
        n = self.speed.N
        return state[:n], state[n : 2 * n], state[2 * n :]

    def correction(self, state: Array) -> Array:
        """Newton's, which leaves the velocity on the boundary and the pressure at one node."""
        carrying, stretching = self._convection(state)
        linear = carrying + self._viscous
        b0, b1 = self._divergence
        steady = sp.block_array([[linear, None, b0.T], [None, linear, b1.T], [b0, b1, None]])
        residual = -(steady @ state)[self.free]
        (s00, s01), (s10, s11) = stretching
        jacobian = sp.block_array(
            [[linear + s00, s01, b0.T], [s10, linear + s11, b1.T], [b0, b1, None]]
        )
        matrix = sp.csc_array(jacobian)[self.free][:, self.free]
        factors = factorised(sp.csc_array(matrix), symmetric=False)
        self.peak_bytes = factors.peak_bytes
        change = np.zeros_like(state)
        change[self.free] = factors.solve(residual)
        return change

    def _convection(self, state: Array) -> tuple[Any, list[list[Any]]]:
        """Matrices of (w . grad) u v, and by component and direction of (d_j w_i) u v."""
        from skfem import BilinearForm

        flow = [self.speed.interpolate(part) for part in self.parted(state)[:2]]
        carrying = BilinearForm(
            lambda u, v, w: (w.first * u.grad[0] + w.second * u.grad[1]) * v
        ).assemble(self.speed, first=flow[0], second=flow[1])
        weighted = BilinearForm(lambda u, v, w: w.weight * u * v)
        stretching = [
            [weighted.assemble(self.speed, weight=part.grad[j]) for j in (0, 1)] for part in flow
        ]
        return carrying, stretching
