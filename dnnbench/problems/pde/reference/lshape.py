"""-Laplace(u) = 1 on the L-shape (-1, 1)^2 without [0, 1) x (-1, 0], u = 0 on its boundary.

The missing quadrant is the lower right one; the re-entrant corner is the origin. The method is
that of particular solutions (Fox, Henrici and Moler 1967; Betcke and Trefethen 2005): functions
that satisfy the equation exactly are fitted to the boundary values by least squares, and the
maximum principle turns the misfit on the boundary into a bound on the error inside.

What is fitted has no singularity left but the one it can represent. At a corner c of opening w
u behaves like r^2 log(r), because its second derivatives along both edges vanish while their sum
is -1: with eta = z - c turned so that the bisector is the positive real axis,

    u = -/+ Re(eta^2 log eta) / (2 w) + smoother   (minus at the five convex corners, where
                                                    w = pi / 2; plus at the origin, w = 3 pi / 2)

With these six terms and -|z|^2 / 4 taken out, the rest is harmonic, symmetric about the line
y = -x, analytic across the boundary but for the origin, and so approximated at a geometric rate by

    r^e cos(e phi),   e = 0, 1, 2, ... and e = 2 k / 3 with k odd and no multiple of 3,

phi being the angle from the ray towards (-1, 1): harmonic polynomials, and the corner's own
functions r^(2k/3) sin(2k theta / 3) as they read from the bisector.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.problems.pde.reference.points import Domain, checked, refuse_outside

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_DIAGONAL = np.exp(0.75j * np.pi)
"""The bisector of the re-entrant corner."""

_CONVEX = (
    (1 + 0j, np.exp(0.75j * np.pi)),
    (1 + 1j, np.exp(-0.75j * np.pi)),
    (-1 + 1j, np.exp(-0.25j * np.pi)),
    (-1 - 1j, np.exp(0.25j * np.pi)),
    (0 - 1j, np.exp(0.75j * np.pi)),
)
"""The other corners, with their bisectors into the domain."""

_HALF = (0j, 1 + 0j, 1 + 1j, -1 + 1j)
"""The half of the boundary above the line y = -x; the other half is its mirror image."""

_RADIUS = np.sqrt(2)
_DEGREE = 40
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class PoissonLShape:
    """The solution at points (x, y), as a sum of the functions above.

    Attributes:
        exponents: e [m].
        coefficients: of (r / sqrt(2))^e cos(e phi), [m].
        misfit: the largest |u| found on the boundary, where u should be 0, at points far denser
            than those fitted.
        accuracy: bound on the error: u - (the sum) is harmonic, so it is nowhere larger than on
            the boundary; to the misfit there comes the rounding of the sum, eps times the sum of
            the absolute values of its terms.
    """

    exponents: Array
    coefficients: Array
    misfit: float
    accuracy: float

    domain: ClassVar[Domain] = ((-1.0, 1.0), (-1.0, 1.0))

    def evaluate(self, points: np.ndarray) -> Array:
        """Values u [n] at points (x, y) [n, 2] of the closed L-shape.

        Raises:
            ValueError: a point is not in the L-shape, or the shape is wrong.
        """
        x, y = checked(points, self.domain).T
        refuse_outside((x > 0) & (y < 0), points, "the L-shape (no lower right quadrant)")
        z = x + 1j * y
        values = np.empty(len(z))
        for start in range(0, len(z), _CHUNK):
            part = z[start : start + _CHUNK]
            sums = _basis(part, self.exponents) @ self.coefficients
            values[start : start + _CHUNK] = sums + _particular(part)
        return values


def solve(degree: int = _DEGREE) -> PoissonLShape:
    """Fit the boundary values with exponents up to `degree`.

    The error falls by a constant factor a degree until rounding stops it.

    Args:
        degree: the largest exponent, at least 1.
    """
    smooth = np.arange(degree + 1.0)
    odd = np.arange(1, 3 * degree // 2 + 1, 2)
    exponents = np.concatenate([smooth, 2 * odd[odd % 3 != 0] / 3])
    fitted = _boundary(8 * degree)
    found, *_ = np.linalg.lstsq(_basis(fitted, exponents), -_particular(fitted), rcond=None)
    coefficients = np.asarray(found, np.float64)
    dense = _boundary(80 * degree + 1)
    basis, particular = _basis(dense, exponents), _particular(dense)
    misfit = float(np.abs(basis @ coefficients + particular).max())
    # Every basis function is at most 1 in the domain, and each of the 7 particular terms at most 7
    # (distances are at most 2.83, angles from a convex corner's bisector at most pi / 2).
    rounding = float(np.finfo(np.float64).eps * (np.abs(coefficients).sum() + 7 * 7))
    return PoissonLShape(exponents, coefficients, misfit, misfit + rounding)


def _boundary(count: int) -> Complex:
    """Points on half of the boundary, `count` a unit length, closer together at the corners."""
    sides = []
    for start, stop in pairwise(_HALF):
        n = count * round(abs(stop - start))
        fraction = np.sin(np.linspace(0, np.pi / 2, n)) ** 2
        if start == 0:
            fraction = fraction**1.5  # the fit lives in r^(2/3) there
        sides.append(start + fraction * (stop - start))
    return np.concatenate(sides)


def _basis(z: Complex, exponents: Array) -> Array:
    """(r / sqrt(2))^e cos(e phi), [n, m]."""
    radius = np.abs(z)[:, None] / _RADIUS
    angle = np.angle(z / _DIAGONAL)[:, None]
    return np.asarray(radius**exponents * np.cos(exponents * angle))


def _particular(z: Complex) -> Array:
    """A function with Laplacian -1 and the singularities of u at all corners, [n]."""
    total = -(np.abs(z) ** 2) / 4 + _square_log(z / _DIAGONAL) / (3 * np.pi)
    for corner, bisector in _CONVEX:
        total -= _square_log((z - corner) / bisector) / np.pi
    return np.asarray(total)


def _square_log(eta: Complex) -> Array:
    """Re(eta^2 log(eta)), harmonic but for the branch cut along the negative reals; 0 at 0."""
    at_corner = eta == 0
    return np.where(at_corner, 0.0, (eta**2 * np.log(np.where(at_corner, 1.0, eta))).real)
