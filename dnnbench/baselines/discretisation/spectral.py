"""Spectral methods: one expansion for the whole domain, exact or of high order in time.

Polynomials by collocation at Chebyshev points where there are boundary values, trigonometric
functions where the problem is periodic (Trefethen, Spectral Methods in MATLAB, 2000). Second
derivatives are diagonalised, which solves the elliptic problems by two matrix products and the
heat equation exactly in time; what is not linear goes by ETDRK4. Values at points are those of the
expansion itself. Flow has a file of its own.

The resolution is the degree of the polynomials, or the number of trigonometric functions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.fft

from dnnbench.baselines.discretisation import chebyshev
from dnnbench.baselines.discretisation.data import (
    Elliptic,
    advection_start,
    allen_cahn_start,
    burgers_start,
    heat_start,
    helmholtz_data,
    poisson_data,
)
from dnnbench.baselines.discretisation.regular_grid import Interval, stencil
from dnnbench.baselines.discretisation.solution import Array, NotSolvedError, Solution
from dnnbench.baselines.discretisation.spectral_flow import kovasznay
from dnnbench.problems.pde.reference.allen_cahn import DIFFUSION, REACTION
from dnnbench.problems.pde.reference.etdrk4 import make_step

_WINDOW = 8
"""Times that a value between them is interpolated from."""

_OVERSAMPLING = 32
_FEWEST_STEPS = 64
_CHUNK = 1 << 21
"""Points times coefficients that are held at once."""


def poisson(resolution: int) -> Solution:
    """Poisson's equation on the unit square."""
    return _rectangle(poisson_data(), resolution)


def helmholtz(resolution: int, a1: float, a2: float, k: float) -> Solution:
    """The Helmholtz equation on (-1, 1)^2."""
    return _rectangle(helmholtz_data(a1, a2, k), resolution)


def _rectangle(data: Elliptic, degree: int) -> Solution:
    """-Laplace(u) - shift u = source at the inner nodes, u = 0 at the others."""
    x, y = (_Diagonal(degree, side) for side in data.sides)
    grid = np.meshgrid(x.nodes.x[1:-1], y.nodes.x[1:-1], indexing="ij")
    source = data.source(np.stack([axis.ravel() for axis in grid], axis=1)).reshape(grid[0].shape)
    eigenvalues = x.eigenvalues[:, None] + y.eigenvalues + data.shift
    modes = x.backward @ source @ y.backward.T / -eigenvalues
    found = np.pad(x.forward @ modes @ y.forward.T, 1)

    def values(points: Array) -> Array:
        total = np.empty(len(points))
        for part in _parts(len(points), degree + 1):
            along_x = x.nodes.basis(points[part, 0])
            along_y = y.nodes.basis(points[part, 1])
            total[part] = ((along_x @ found) * along_y).sum(axis=1)
        return total

    return Solution(values, (degree - 1) ** 2, None, 16 * found.nbytes)


def heat(resolution: int, alpha: float) -> Solution:
    """u_t = alpha u_xx on (0, 1), zero at both ends."""
    line = _Diagonal(resolution, (0.0, 1.0))
    start = line.backward @ heat_start(line.nodes.x[1:-1])

    def coefficients(t: Array) -> Array:
        return np.asarray(start * np.exp(alpha * t[:, None] * line.eigenvalues))

    def basis(x: Array) -> Array:
        return line.nodes.basis(x)[:, 1:-1] @ line.forward

    values = _Separated(basis, coefficients)
    return Solution(values, resolution - 1, None, 16 * line.forward.nbytes)


def burgers(resolution: int, nu: float) -> Solution:
    """u_t + u u_x = nu u_xx on (-1, 1), zero at both ends.

    The solution is odd, as its initial value is, so (0, 1) with u(0) = 0 suffices; it puts the
    front at an end, where the nodes are dense. A front of slope s then needs a degree in
    proportion to the root of s.

    Raises:
        NotSolvedError: the front is so far from resolved that the solution blows up.
    """
    line = _Diagonal(resolution, (0.0, 1.0))
    inner = line.nodes.x[1:-1]
    slope = line.nodes.derivative()[1:-1, 1:-1] @ line.forward

    def convection(modes: Array) -> Array:
        return np.asarray(line.backward @ (-(line.forward @ modes) * (slope @ modes)))

    knots = _stepped(
        nu * line.eigenvalues, line.backward @ burgers_start(inner), convection, 16 * resolution
    )

    def basis(x: Array) -> Array:
        return np.sign(x)[:, None] * (line.nodes.basis(np.abs(x))[:, 1:-1] @ line.forward)

    return Solution(
        _Separated(basis, _Knots(knots)), resolution - 1, None, 2 * knots.nbytes + 16 * slope.nbytes
    )


def allen_cahn(resolution: int) -> Solution:
    """u_t = 0.0001 u_xx + 5 (u - u^3), periodic on [-1, 1).

    The solution is even: u = sum a_k cos(k pi x). The kink of the initial value at x = 1 makes
    convergence algebraic: a_k falls like k^-2 until diffusion has damped it. At t = 0 itself the
    values are those given. The first coefficients come from a grid 32 times finer than the modes
    need, because what a coarse one aliases into them stays.
    """
    fine = np.linspace(0.0, 1.0, _OVERSAMPLING * resolution + 1)
    start = scipy.fft.dct(allen_cahn_start(fine), type=1)[:resolution] / (len(fine) - 1)
    start[0] /= 2
    waves = np.pi * np.arange(float(resolution))

    def reaction(modes: Array) -> Array:
        halved = np.pad(modes / 2, (0, resolution + 1))  # twice the modes: no aliasing of cubes
        halved[0] = modes[0]
        cubes = scipy.fft.dct(scipy.fft.dct(halved, type=1) ** 3, type=1)[:resolution]
        cubes *= -REACTION / (2 * resolution)
        cubes[0] /= 2
        return np.asarray(cubes)

    knots = _stepped(REACTION - DIFFUSION * waves**2, start, reaction, resolution)
    later = _Separated(lambda x: np.cos(x[:, None] * waves), _Knots(knots))

    def values(points: Array) -> Array:
        x, t = points.T
        return np.where(t == 0, allen_cahn_start(x), later(points))

    return Solution(values, resolution, None, 2 * knots.nbytes)


def advection(resolution: int, c: float) -> Solution:
    """u_t + c u_x = 0, periodic on [0, 2 pi): every wave travels with speed c, exactly."""
    nodes = np.linspace(0.0, 2 * np.pi, resolution, endpoint=False)
    modes = scipy.fft.rfft(advection_start(nodes)) / resolution
    modes[1 : (resolution + 1) // 2] *= 2
    waves = np.arange(len(modes))

    def basis(x: Array) -> Array:
        return np.concatenate([np.cos(x[:, None] * waves), -np.sin(x[:, None] * waves)], axis=1)

    def coefficients(t: Array) -> Array:
        turned = modes * np.exp(-1j * c * t[:, None] * waves)
        return np.concatenate([turned.real, turned.imag], axis=1)

    return Solution(_Separated(basis, coefficients), resolution, None, 16 * modes.nbytes)


class _Diagonal:
    """The second derivative on an interval with u = 0 at both ends, as a diagonal matrix.

    Attributes:
        nodes: Chebyshev points, ends included.
        eigenvalues: negative, [degree - 1].
        forward, backward: from its modes to values at the inner nodes, and back.
    """

    def __init__(self, degree: int, side: Interval) -> None:
        self.nodes = chebyshev.closed(degree, side)
        derivative = self.nodes.derivative()
        second = (derivative @ derivative)[1:-1, 1:-1]
        eigenvalues, vectors = np.linalg.eig(second)
        # They are real (Gottlieb and Lustman 1983); rounding can make a pair complex.
        self.eigenvalues = eigenvalues.real
        self.forward = vectors.real
        self.backward = np.linalg.inv(self.forward)


def _stepped(linear: Array, start: Array, nonlinear: Callable[[Array], Array], steps: int) -> Array:
    """The coefficients [steps + 1, m] at equally spaced times from 0 to 1, by ETDRK4.

    Raises:
        NotSolvedError: they grow without bounds, as where a front is not resolved.
    """
    steps = max(_FEWEST_STEPS, steps)
    step = make_step(linear, 1 / steps)
    knots = np.empty((steps + 1, len(start)))
    knots[0] = start
    with np.errstate(over="ignore", invalid="ignore"):
        for number in range(steps):
            knots[number + 1] = step(knots[number], nonlinear)
    if not np.isfinite(knots[-1]).all():
        raise NotSolvedError(f"ETDRK4 is not stable with {len(start)} coefficients")
    return knots


@dataclass(frozen=True, eq=False)
class _Knots:
    """Coefficients between equally spaced times from 0 to 1, by polynomials of degree 7."""

    knots: Array

    def __call__(self, t: Array) -> Array:
        """Coefficients [n, m] at times [n]."""
        first, weights = stencil(t * (len(self.knots) - 1), len(self.knots), _WINDOW)
        total = np.zeros((len(t), self.knots.shape[1]))
        for i in range(weights.shape[1]):
            total += weights[:, i, None] * self.knots[first + i]
        return total


@dataclass(frozen=True, eq=False)
class _Separated:
    """sum_k basis_k(x) coefficients_k(t); equal x and equal t share the work.

    Attributes:
        basis: [n, m] at x [n].
        coefficients: [n, m] at t [n].
    """

    basis: Callable[[Array], Array]
    coefficients: Callable[[Array], Array]

    def __call__(self, points: Array) -> Array:
        """Values [n] at points (x, t) [n, 2]."""
        order = np.lexsort(points.T)
        values = np.empty(len(points))
        width = self.basis(np.zeros(1)).shape[1]
        for part in _parts(len(points), width):
            chosen = order[part]
            (x, at_x), (t, at_t) = (
                np.unique(points[chosen, axis], return_inverse=True) for axis in (0, 1)
            )
            at = self.basis(x)[at_x]
            values[chosen] = np.einsum("nk,nk->n", at, self.coefficients(t)[at_t])
        return values


def _parts(count: int, width: int) -> list[slice]:
    """Slices of so many points that those times `width` numbers fit."""
    stride = max(1, _CHUNK // width)
    return [slice(start, start + stride) for start in range(0, count, stride)]


SCHEMES: dict[str, Callable[..., Solution]] = {
    "poisson_2d": poisson,
    "helmholtz_2d": helmholtz,
    "heat_1d": heat,
    "burgers_1d": burgers,
    "allen_cahn_1d": allen_cahn,
    "advection_1d": advection,
    "navier_stokes_kovasznay": kovasznay,
}
