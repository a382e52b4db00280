"""Kovasznay's flow by Chebyshev collocation and Newton's method.

The velocity has degree N in each direction and the pressure degree N - 2, which leaves no spurious
pressure but the constant (Bernardi and Maday 1988). Momentum and continuity are collocated at the
(N - 1)^2 inner nodes. The constant is fixed by a zero mean at the nodes; for the equation that
this adds there is one more unknown, the same divergence everywhere, which vanishes with the error.
"""

import numpy as np

from dnnbench.baselines.discretisation import chebyshev
from dnnbench.baselines.discretisation.data import (
    KOVASZNAY_SIDES,
    kovasznay_velocity,
    with_pressure_fixed,
)
from dnnbench.baselines.discretisation.newton import newton
from dnnbench.baselines.discretisation.solution import Array, NotSolvedError, Solution

_MATRICES = 3
"""Dense matrices of the size of Newton's that are held at once."""

_CHUNK = 1 << 14


def kovasznay(resolution: int, reynolds: float) -> Solution:
    """Velocity and pressure (u, v, p).

    Raises:
        NotSolvedError: Newton's method does not converge.
    """
    flow = _Flow(resolution, reynolds)
    state = newton(flow.correction, flow.start(), resolution)
    velocity, pressure = flow.parted(state)

    def values(points: Array) -> Array:
        result = np.empty((len(points), 3))
        for start in range(0, len(points), _CHUNK):
            part = slice(start, start + _CHUNK)
            x, y = (flow.nodes[i].basis(points[part, i]) for i in (0, 1))
            for i in (0, 1):
                result[part, i] = ((x @ velocity[i]) * y).sum(axis=1)
            x, y = (flow.inner[i].basis(points[part, i]) for i in (0, 1))
            result[part, 2] = ((x @ pressure) * y).sum(axis=1)
        return result

    peak = _MATRICES * 8 * (flow.unknowns + 1) ** 2
    return Solution(with_pressure_fixed(values), flow.unknowns, None, peak)


class _Flow:
    """The collocated equations. A state is u and v at all nodes, then p at the inner ones.

    Attributes:
        nodes, inner: of velocity and pressure, a pair each.
        unknowns: velocities and pressures at the inner nodes.
    """

    def __init__(self, degree: int, reynolds: float) -> None:
        self._degree, self._reynolds = degree, reynolds
        self.nodes = [chebyshev.closed(degree, side) for side in KOVASZNAY_SIDES]
        self.inner = [chebyshev.inner(degree, side) for side in KOVASZNAY_SIDES]
        self.unknowns = 3 * (degree - 1) ** 2
        self._first = [axis.derivative() for axis in self.nodes]
        self._second = [matrix @ matrix for matrix in self._first]
        pressure = [axis.derivative() for axis in self.inner]
        core = slice(1, -1)
        self._slopes = _both([matrix[core, core] for matrix in self._first])
        self._gradient = _both(pressure)
        self._laplace = sum(_both([matrix[core, core] for matrix in self._second]))

    def start(self) -> Array:
        """The given velocity on the boundary and rest inside."""
        grid = np.meshgrid(*(axis.x for axis in self.nodes), indexing="ij")
        points = np.stack([axis.ravel() for axis in grid], axis=1)
        velocity = kovasznay_velocity(points, self._reynolds).T.reshape(2, *grid[0].shape)
        velocity[:, 1:-1, 1:-1] = 0
        return np.concatenate([velocity.ravel(), np.zeros((self._degree - 1) ** 2)])

    def parted(self, state: Array) -> tuple[Array, Array]:
        """Velocity [2, n, n] and pressure [n - 2, n - 2]."""
        n = self._degree + 1
        return state[: 2 * n**2].reshape(2, n, n), state[2 * n**2 :].reshape(n - 2, n - 2)

    def correction(self, state: Array) -> Array:
        """Newton's, which leaves the velocity on the boundary."""
        velocity, pressure = self.parted(state)
        n, m = self._degree + 1, (self._degree - 1) ** 2
        inside = _inner(velocity)
        slopes = [_inner(self._first[0] @ velocity), _inner(velocity @ self._first[1].T)]
        second = _inner(self._second[0] @ velocity + velocity @ self._second[1].T)
        carried = inside[0] * slopes[0] + inside[1] * slopes[1]
        matrix = np.zeros((3 * m + 1, 3 * m + 1))
        right = np.zeros(3 * m + 1)
        parts = [slice(i * m, (i + 1) * m) for i in range(3)]
        carrying = inside[0][:, None] * self._slopes[0] + inside[1][:, None] * self._slopes[1]
        for i in (0, 1):
            matrix[parts[i], parts[i]] = carrying - self._laplace / self._reynolds
            for j in (0, 1):
                matrix[parts[i], parts[j]] += np.diag(slopes[j][i])
            matrix[parts[i], parts[2]] = self._gradient[i]
            matrix[parts[2], parts[i]] = self._slopes[i]
            forces = self._gradient[i] @ pressure.ravel() - second[i] / self._reynolds
            right[parts[i]] = -carried[i] - forces
        matrix[parts[2], -1] = matrix[-1, parts[2]] = 1
        right[parts[2]] = -slopes[0][0] - slopes[1][1]
        right[-1] = -pressure.sum()
        try:
            found = np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError as error:
            raise NotSolvedError(f"degree {self._degree} gives a singular matrix") from error
        moved = np.zeros((2, n, n))
        moved[:, 1:-1, 1:-1] = found[: 2 * m].reshape(2, n - 2, n - 2)
        return np.concatenate([moved.ravel(), found[parts[2]]])


def _both(matrices: list[Array]) -> list[Array]:
    """Matrices along x and along y, for values on the grid as one vector, x slowest."""
    along_x, along_y = matrices
    one = np.eye(len(along_x))
    products = (np.kron(along_x, one), np.kron(one, along_y))
    return [np.asarray(product, np.float64) for product in products]


def _inner(values: Array) -> Array:
    """What lies inside, [2, m]."""
    return np.asarray(values[:, 1:-1, 1:-1].reshape(2, -1))
