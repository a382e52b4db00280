"""Triangular meshes for scikit-fem, and the values of finite element functions at any points."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from dnnbench.baselines.discretisation.regular_grid import Interval
from dnnbench.baselines.discretisation.solution import Array

_CANDIDATES = 4
_INSIDE = -1e-10
"""Least barycentric coordinate of a point that counts as inside its triangle."""


def rectangle(sides: tuple[Interval, Interval], resolution: int) -> Any:
    """Each of n x n equal cells cut into two triangles; scikit-fem's `MeshTri`."""
    from skfem import MeshTri

    return MeshTri.init_tensor(*(np.linspace(*side, resolution + 1) for side in sides))


def lshape(resolution: int, grading: float) -> Any:
    """The L-shape, graded towards the re-entrant corner (the origin); `MeshTri`.

    The uniform mesh consists of squares around the corner (in the maximum norm); the one of
    radius r moves to r^grading. Triangles of size h r^(1 - 1 / grading) come of that; straight
    lines through the corner stay. What a singularity r^(2/3) spreads over the domain is the
    power 4/3 of the size at the corner, h^(4 grading / 3) (Schatz and Wahlbin, Math. Comp. 33,
    1979).

    Args:
        resolution: intervals along the longest sides; an odd one is raised by one.
        grading: 1 leaves the mesh uniform.
    """
    mesh = rectangle(((-1.0, 1.0), (-1.0, 1.0)), 2 * ((resolution + 1) // 2))
    middle = mesh.p[:, mesh.t].mean(axis=1)
    mesh = mesh.restrict(np.flatnonzero((middle[0] < 0) | (middle[1] > 0)))
    radius = np.abs(mesh.p).max(axis=0)
    scale = np.where(radius > 0, radius, 1.0) ** (grading - 1)
    return type(mesh)(mesh.p * scale, mesh.t)


@dataclass(frozen=True, eq=False)
class ElementFunction:
    """Finite element functions on one mesh, evaluated through their shape functions.

    Attributes:
        mesh: scikit-fem's triangles.
        parts: pairs of a scikit-fem basis on that mesh and its coefficients.
    """

    mesh: Any
    parts: tuple[tuple[Any, Array], ...]

    def __call__(self, points: Array) -> Array:
        """Values [n] of one part or [n, parts] of several at points [n, 2]."""
        triangles, local = located(self.mesh, points)
        values = np.zeros((len(points), len(self.parts)))
        for column, (basis, coefficients) in enumerate(self.parts):
            for k in range(basis.Nbfun):
                shape, _ = basis.elem.lbasis(local, k)
                values[:, column] += shape * coefficients[basis.element_dofs[k, triangles]]
        return values[:, 0] if len(self.parts) == 1 else values


def located(mesh: Any, points: Array) -> tuple[NDArray[np.intp], Array]:
    """The triangle of each of the points [n, 2], [n], and the points' local coordinates [2, n].

    Of the triangles whose centres are nearest it takes the one the point is deepest inside;
    points that are in none of them are tried again with four times as many. (The finder of
    scikit-fem itself compares every point with the candidates of all points.)

    Raises:
        ValueError: a point is in no triangle.
    """
    count = mesh.t.shape[1]
    tree = KDTree(mesh.p[:, mesh.t].mean(axis=1).T)
    triangles = np.zeros(len(points), np.intp)
    local = np.zeros((2, len(points)))
    left = np.arange(len(points))
    candidates = min(_CANDIDATES, count)
    while len(left):
        _, near = tree.query(points[left], k=candidates)
        near = np.asarray(near).reshape(len(left), candidates)
        found = _local(mesh, points[left], near)
        depth = np.minimum(found.min(axis=0), 1 - found.sum(axis=0))
        best = (np.arange(len(left)), depth.argmax(axis=1))
        triangles[left] = near[best]
        local[:, left] = found[:, best[0], best[1]]
        left = left[depth[best] < _INSIDE]
        if len(left) and candidates == count:
            raise ValueError(f"point {points[left[0]].tolist()} is in no triangle of the mesh")
        candidates = min(4 * candidates, count)
    return triangles, local


def _local(mesh: Any, points: Array, triangles: NDArray[np.intp]) -> Array:
    """Local coordinates [2, n, k] of points [n, 2] in each of k triangles [n, k]."""
    a, b, c = (mesh.p[:, mesh.t[i, triangles]] for i in range(3))
    u, v, w = b - a, c - a, points.T[:, :, None] - a
    area = u[0] * v[1] - u[1] * v[0]
    return np.stack([w[0] * v[1] - w[1] * v[0], u[0] * w[1] - u[1] * w[0]]) / area
