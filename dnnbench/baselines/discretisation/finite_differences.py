"""Second-order central differences on regular grids: boxes and the L-shape.

On a box with zero boundary values the sines are the eigenvectors of the five-point Laplacian, so
two fast sine transforms solve the system exactly (Hockney, J. ACM 12, 1965); the L-shape takes a
sparse factorisation. At a re-entrant corner with solutions like r^(2/3) the scheme is of order
4/3 only (Bramble, Hubbard and Zlamal, SIAM J. Numer. Anal. 5, 1968).

Values between the nodes are bicubic. The resolution is the number of intervals along a side.
"""

from collections.abc import Callable

import numpy as np
import scipy.fft
import scipy.sparse as sp

from dnnbench.baselines.discretisation.data import Elliptic, helmholtz_data, poisson_data
from dnnbench.baselines.discretisation.direct import factorised
from dnnbench.baselines.discretisation.lines import advection, allen_cahn, burgers, heat
from dnnbench.baselines.discretisation.regular_grid import GridFunction, mesh
from dnnbench.baselines.discretisation.solution import Array, Solution
from dnnbench.errors import UserError

_RESONANCE = 1e-10
_ARRAYS = 8
"""Arrays of the grid's size that a fast solution holds at once."""


def poisson(resolution: int) -> Solution:
    """Poisson's equation on the unit square."""
    return _box(poisson_data(), resolution)


def helmholtz(resolution: int, a1: float, a2: float, k: float) -> Solution:
    """The Helmholtz equation on (-1, 1)^2.

    Raises:
        UserError: k^2 is an eigenvalue of the discrete Laplacian.
    """
    return _box(helmholtz_data(a1, a2, k), resolution)


def _box(data: Elliptic, resolution: int) -> Solution:
    """-Laplace(u) - shift u = source, u = 0 on the boundary of a box."""
    n = resolution
    source = data.source(mesh(data.sides, (n, n))).reshape(n - 1, n - 1)
    waves = np.sin(np.arange(1, n) * np.pi / (2 * n)) ** 2
    along_x, along_y = (4 * waves * (n / (high - low)) ** 2 for low, high in data.sides)
    eigenvalues = along_x[:, None] + along_y - data.shift
    if np.abs(eigenvalues).min() < _RESONANCE * np.abs(eigenvalues).max():
        raise UserError(f"problem.k: {data.shift:g} = k^2 is an eigenvalue at resolution {n}")
    modes = scipy.fft.dstn(source, type=1) / eigenvalues
    nodes = np.pad(scipy.fft.idstn(modes, type=1), 1)
    return Solution(GridFunction(data.sides, nodes), (n - 1) ** 2, 2.0, _ARRAYS * nodes.nbytes)


def lshape(resolution: int) -> Solution:
    """-Laplace(u) = 1 on the L-shape; an odd resolution is raised by one.

    Each of its three unit squares has its own bicubic interpolation, so that no polynomial
    reaches across the re-entrant corner.
    """
    half = max(3, (resolution + 1) // 2)
    n = 2 * half
    inside = np.zeros((n + 1, n + 1), bool)
    inside[1:-1, 1:-1] = True
    inside[half:, : half + 1] = False
    number = np.full(inside.shape, -1, np.int64)
    number[inside] = np.arange(inside.sum())
    matrix = _five_points(number) * float(half) ** 2
    factors = factorised(matrix.tocsc(), symmetric=True)
    nodes = np.zeros(inside.shape)
    nodes[inside] = factors.solve(np.ones(matrix.shape[0]))
    return Solution(_Squares(nodes), matrix.shape[0], 4 / 3, factors.peak_bytes + 4 * nodes.nbytes)


def _five_points(number: np.ndarray) -> sp.csr_array:
    """4 u - (neighbours) on the numbered nodes of a grid; neighbours numbered -1 are 0."""
    count = int(number.max()) + 1
    rows, columns = [], []
    for axis in (0, 1):
        low = np.moveaxis(number, axis, 0)[:-1].ravel()
        high = np.moveaxis(number, axis, 0)[1:].ravel()
        both = (low >= 0) & (high >= 0)
        rows += [low[both], high[both]]
        columns += [high[both], low[both]]
    row, column = np.concatenate(rows), np.concatenate(columns)
    beside = sp.coo_array((-np.ones(len(row)), (row, column)), shape=(count, count))
    return sp.csr_array(beside + 4 * sp.eye_array(count))


class _Squares:
    """The L-shape's nodes [n + 1, n + 1], interpolated in each of its unit squares."""

    def __init__(self, nodes: Array) -> None:
        half = len(nodes) // 2
        parts = {-1: slice(0, half + 1), 0: slice(half, None)}
        self._squares = {
            (left, low): GridFunction(
                ((left, left + 1.0), (low, low + 1.0)), nodes[parts[left], parts[low]]
            )
            for left, low in ((-1, -1), (-1, 0), (0, 0))
        }

    def __call__(self, points: Array) -> Array:
        """Values [n] at points [n, 2]."""
        values = np.full(len(points), np.nan)
        right, upper = points[:, 0] > 0, points[:, 1] >= 0
        # On x = 0 the left squares hold for all y, and on y = 0 the upper ones for all x.
        for (left, low), square in self._squares.items():
            mine = (right == (left == 0)) & (upper == (low == 0))
            values[mine] = square(points[mine])
        return values


SCHEMES: dict[str, Callable[..., Solution]] = {
    "poisson_2d": poisson,
    "poisson_lshape": lshape,
    "helmholtz_2d": helmholtz,
    "heat_1d": heat,
    "burgers_1d": burgers,
    "allen_cahn_1d": allen_cahn,
    "advection_1d": advection,
}
