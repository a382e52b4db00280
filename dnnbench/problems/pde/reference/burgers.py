"""Burgers' equation with a sine as initial value, by the Cole-Hopf transformation.

    u_t + u u_x = nu u_xx on (-1, 1) x (0, 1],  u(x, 0) = -sin(pi x),  u(-1, t) = u(1, t) = 0

With A = 1 / (2 pi nu) and c = 2 sqrt(nu t) the solution is a quotient of two integrals over the
real line (Cole 1951, Hopf 1950; Basdevant et al., Comput. Fluids 14, 1986):

    u(x, t) = -int sin(pi (x - c s)) g(s) ds / int g(s) ds,   g(s) = exp(-s^2 - A cos(pi (x - c s)))

It needs no scaling for small t (c = 0 gives the initial value) and none for small nu either, once
the largest exponent has been subtracted at each point.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.problems.pde.reference.points import Domain, checked

Array = NDArray[np.float64]

_STEP = 0.15
_TAIL = 40.0
_CHUNK = 1 << 19
"""Nodes times points that are held at once."""


@dataclass(frozen=True)
class Burgers1D:
    """The solution at points (x, t); nu = 0.01 / pi is the usual benchmark.

    Both integrals are computed by the trapezoidal rule with step h on |s| <= S. On the line
    Im s = a, |g| is at most exp(a^2 + A (cosh(pi c a) - 1)) times g on the real line, so aliasing
    costs, relative to int g, at most

        2 exp(a^2 + A (cosh(pi c a) - 1) - 2 pi a / h)      for every a > 0,

    about exp(-pi^2 / (h^2 (1 + pi t))), and cutting the tails at most exp(2 A - S^2). With
    h = 0.15 and S^2 = 2 A + 40 both stay below 1e-17 for nu <= 0.1, and what remains is the
    rounding of exponents as large as S^2: 2e-13 for nu = 0.01 / pi. The tests find errors of a
    tenth to a sixth of the bound for coarse h, and 1e-15 between h = 0.15 and h = 0.1.

    Attributes:
        nu: viscosity, positive.
    """

    nu: float

    domain: ClassVar[Domain] = ((-1.0, 1.0), (0.0, 1.0))

    @property
    def accuracy(self) -> float:
        """Bound on the error: aliasing, tails, and the rounding of exponents up to 4 A + 40."""
        rounding = 4 * float(np.finfo(np.float64).eps) * (4 * _height(self.nu) + _TAIL)
        return rounding + aliasing(self.domain[1][1], self.nu, _STEP) + 2 * float(np.exp(-_TAIL))

    def evaluate(self, points: np.ndarray) -> Array:
        """Values u [n] at points (x, t) [n, 2].

        Raises:
            ValueError: a point is not in [-1, 1] x [0, 1], or the shape is wrong.
        """
        x, t = checked(points, self.domain).T
        return quadrature(x, t, self.nu, _STEP)


def quadrature(x: Array, t: Array, nu: float, step: float) -> Array:
    """The quotient of the integrals at each (x, t), both [n], by the trapezoidal rule."""
    reach = np.sqrt(2 * _height(nu) + _TAIL)
    half = int(np.ceil(reach / step))
    s = step * np.arange(-half, half + 1)
    values = np.empty(len(x))
    stride = max(1, _CHUNK // len(s))
    for start in range(0, len(x), stride):
        part = slice(start, start + stride)
        y = x[part, None] - 2 * np.sqrt(nu * t[part, None]) * s
        exponent = -(s**2) - _height(nu) * np.cos(np.pi * y)
        exponent -= exponent.max(axis=1, keepdims=True)
        weights = np.exp(exponent)
        values[part] = -(np.sin(np.pi * y) * weights).sum(axis=1) / weights.sum(axis=1)
    return values


def aliasing(t: float, nu: float, step: float) -> float:
    """The least of the bounds on the quadrature's error relative to int g (see `Burgers1D`)."""
    a = np.linspace(0.01, 2 * np.pi / step, 2000)
    c = 2 * np.sqrt(nu * t)
    growth = a**2 + _height(nu) * (np.cosh(np.minimum(np.pi * c * a, 300.0)) - 1)
    # The sine of the numerator adds cosh(pi c a); numerator and denominator both err.
    bounds = np.log(4.0) + np.pi * c * a + growth - 2 * np.pi * a / step
    return float(np.exp(min(0.0, bounds.min())))


def _height(nu: float) -> float:
    """A = 1 / (2 pi nu), the amplitude of the exponent."""
    return 1 / (2 * np.pi * nu)
