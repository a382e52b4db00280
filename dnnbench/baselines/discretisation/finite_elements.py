"""Continuous finite elements of degree 1 or 2 on triangles (assembled by scikit-fem).

Errors in L2 are of order degree + 1; on the L-shape the mesh is graded towards the re-entrant
corner, without which the order is 4/3 for any degree. Systems are solved directly, and values at
points are those of the shape functions. Flow and heat have files of their own.

The resolution is the number of intervals along a side of the domain.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from dnnbench.baselines.discretisation import triangles
from dnnbench.baselines.discretisation.data import Elliptic, helmholtz_data, poisson_data
from dnnbench.baselines.discretisation.direct import factorised
from dnnbench.baselines.discretisation.finite_element_flow import kovasznay
from dnnbench.baselines.discretisation.finite_element_heat import heat
from dnnbench.baselines.discretisation.solution import Array, Solution

_GRADING = {1: 1.6, 2: 2.4}
"""By degree: a little more than 3 (degree + 1) / 4, from which on the corner does not spoil the
order (`triangles.lshape`). More makes errors larger: with 2 and 4, by 1.4 and 5 times."""


def poisson(resolution: int, degree: int) -> Solution:
    """Poisson's equation on the unit square."""
    return _rectangle(poisson_data(), resolution, degree)


def helmholtz(resolution: int, degree: int, a1: float, a2: float, k: float) -> Solution:
    """The Helmholtz equation on (-1, 1)^2."""
    return _rectangle(helmholtz_data(a1, a2, k), resolution, degree)


def lshape(resolution: int, degree: int, grading: float | None = None) -> Solution:
    """-Laplace(u) = 1 on the L-shape.

    Args:
        resolution: intervals along the longest sides.
        degree: 1 or 2.
        grading: of the mesh, 1 for a uniform one; by default 1.6 for degree 1 and 2.4 for degree 2.
    """
    grading = _GRADING[degree] if grading is None else grading
    mesh = triangles.lshape(resolution, grading)
    order = min(degree + 1.0, 4 / 3 * grading)
    return _solved(mesh, degree, lambda points: np.ones(len(points)), 0.0, order)


def _rectangle(data: Elliptic, resolution: int, degree: int) -> Solution:
    mesh = triangles.rectangle(data.sides, resolution)
    return _solved(mesh, degree, data.source, data.shift, degree + 1.0)


def _solved(
    mesh: Any, degree: int, source: Callable[[Array], Array], shift: float, order: float
) -> Solution:
    """-Laplace(u) - shift u = source, u = 0 on the boundary."""
    from skfem import Basis, BilinearForm, ElementTriP1, ElementTriP2, LinearForm

    basis = Basis(mesh, ElementTriP1() if degree == 1 else ElementTriP2())

    @BilinearForm
    def energy(u: Any, v: Any, w: Any) -> Any:
        return u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1] - shift * u * v

    @LinearForm
    def load(v: Any, w: Any) -> Any:
        places = np.stack([w.x[0].ravel(), w.x[1].ravel()], axis=1)
        return source(places).reshape(w.x[0].shape) * v

    inner = basis.complement_dofs(basis.get_dofs())
    matrix = sp.csc_array(energy.assemble(basis))[inner][:, inner]
    factors = factorised(matrix, symmetric=True)
    coefficients = basis.zeros()
    coefficients[inner] = factors.solve(load.assemble(basis)[inner])
    values = triangles.ElementFunction(mesh, ((basis, coefficients),))
    return Solution(values, len(inner), order, factors.peak_bytes + _assembly(basis))


def _assembly(basis: Any) -> int:
    """Bytes that scikit-fem holds while it assembles: fields at all quadrature points."""
    fields = 3 * basis.Nbfun * basis.X.shape[-1]
    triplets = 2 * basis.Nbfun**2
    return int(8 * basis.nelems * (fields + 2 * triplets))


SCHEMES: dict[str, Callable[..., Solution]] = {
    "poisson_2d": poisson,
    "poisson_lshape": lshape,
    "helmholtz_2d": helmholtz,
    "heat_1d": heat,
    "navier_stokes_kovasznay": kovasznay,
}
