"""Problems whose solution is a formula.

`formula` works in any floating dtype, complex included, so that tests can differentiate it in
the complex plane and repeat it in extended precision; `evaluate` is the same on checked points.
The stated accuracies bound the rounding of float64; the tests hold them against extended
precision.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.problems.pde.reference.points import Domain, checked

Array = NDArray[np.float64]
Inexact = NDArray[Any]


@dataclass(frozen=True)
class Formula:
    """What the formulas share; each also has `accuracy`, a bound on its absolute error."""

    domain: ClassVar[Domain]

    def evaluate(self, points: np.ndarray) -> Array:
        """Values [n] (Kovasznay: [n, 3]) at points [n, d] of the closed domain.

        Raises:
            ValueError: a point is not in the domain, or the shape is wrong.
        """
        return np.asarray(self.formula(checked(points, self.domain)), np.float64)

    def formula(self, points: Inexact) -> Inexact:
        """The solution at points [n, d], in the dtype of the points."""
        raise NotImplementedError


@dataclass(frozen=True)
class Poisson2D(Formula):
    """u = sin(pi x) sin(pi y): -Laplace(u) = 2 pi^2 u on (0, 1)^2, and u = 0 on its boundary."""

    domain: ClassVar[Domain] = ((0.0, 1.0), (0.0, 1.0))
    accuracy: ClassVar[float] = 1e-15

    def formula(self, points: Inexact) -> Inexact:
        """The solution [n] at (x, y)."""
        return np.sin(np.pi * points[:, 0]) * np.sin(np.pi * points[:, 1])

    def source(self, points: Inexact) -> Inexact:
        """The right side f [n] of -Laplace(u) = f."""
        return 2 * np.pi**2 * self.formula(points)


@dataclass(frozen=True)
class Poisson10D(Formula):
    """u = x1 x2 + x3 x4 + ... + x9 x10: Laplace(u) = 0 on (0, 1)^10, u given on the boundary.

    The ten-dimensional example of the Deep Ritz paper (E and Yu 2018).
    """

    domain: ClassVar[Domain] = ((0.0, 1.0),) * 10
    accuracy: ClassVar[float] = 3e-15

    def formula(self, points: Inexact) -> Inexact:
        """The solution [n] at (x1, ..., x10)."""
        return (points[:, 0::2] * points[:, 1::2]).sum(axis=1)


@dataclass(frozen=True)
class Helmholtz2D(Formula):
    """u = sin(a1 pi x) sin(a2 pi y): Laplace(u) + k^2 u = q on (-1, 1)^2, 0 on the boundary.

    a1 = 1, a2 = 4, k = 1 is the usual benchmark (Wang, Teng and Perdikaris 2021).

    Attributes:
        a1, a2: half waves to a unit of length along x and y.
        k: the wave number of the equation.
    """

    a1: int
    a2: int
    k: float

    domain: ClassVar[Domain] = ((-1.0, 1.0), (-1.0, 1.0))

    @property
    def accuracy(self) -> float:
        """Bound on the rounding, which grows with the argument of the sine."""
        return 1e-15 * (1 + abs(self.a1) + abs(self.a2))

    def formula(self, points: Inexact) -> Inexact:
        """The solution [n] at (x, y)."""
        waves = np.sin(self.a1 * np.pi * points[:, 0]) * np.sin(self.a2 * np.pi * points[:, 1])
        return np.asarray(waves)

    def source(self, points: Inexact) -> Inexact:
        """The right side q [n] of Laplace(u) + k^2 u = q."""
        return (self.k**2 - np.pi**2 * (self.a1**2 + self.a2**2)) * self.formula(points)


@dataclass(frozen=True)
class Heat1D(Formula):
    """u = exp(-alpha pi^2 t) sin(pi x): u_t = alpha u_xx, u(x, 0) = sin(pi x), u = 0 at 0 and 1.

    Attributes:
        alpha: diffusivity, positive.
    """

    alpha: float

    domain: ClassVar[Domain] = ((0.0, 1.0), (0.0, 1.0))
    accuracy: ClassVar[float] = 1e-15

    def formula(self, points: Inexact) -> Inexact:
        """The solution [n] at (x, t)."""
        x, t = points[:, 0], points[:, 1]
        return np.exp(-self.alpha * np.pi**2 * t) * np.sin(np.pi * x)


@dataclass(frozen=True)
class Advection1D(Formula):
    """u = sin(x - c t): u_t + c u_x = 0, u(x, 0) = sin(x), periodic on [0, 2 pi).

    c = 80 is the usual hard case.

    Attributes:
        c: the speed.
    """

    c: float

    domain: ClassVar[Domain] = ((0.0, 2 * np.pi), (0.0, 1.0))

    @property
    def accuracy(self) -> float:
        """Bound on the rounding of x - c t."""
        return 3e-16 * (8 + abs(self.c))

    def formula(self, points: Inexact) -> Inexact:
        """The solution [n] at (x, t)."""
        return np.asarray(np.sin(points[:, 0] - self.c * points[:, 1]))


@dataclass(frozen=True)
class Kovasznay(Formula):
    """Laminar flow behind a grid (Kovasznay 1948): steady incompressible Navier-Stokes.

        (U . grad) U = -grad p + Laplace(U) / Re,   div U = 0
        u = 1 - exp(l x) cos(2 pi y),  v = l / (2 pi) exp(l x) sin(2 pi y),
        p = (1 - exp(2 l x)) / 2,      l = Re / 2 - sqrt(Re^2 / 4 + 4 pi^2)

    u and v are given on the boundary; p is determined up to a constant, here p = 0 at x = 0.

    Attributes:
        reynolds: Re, positive; 40 is usual.
    """

    reynolds: float

    domain: ClassVar[Domain] = ((-0.5, 1.0), (-0.5, 1.5))

    @property
    def accuracy(self) -> float:
        """Bound on the rounding: values are below 1 + (1 + |l|) exp(|l|)."""
        return 3e-15 * (1 + (1 + abs(self.rate)) * float(np.exp(abs(self.rate))))

    @property
    def rate(self) -> float:
        """The decay rate l, written without the cancellation that large Re would bring."""
        half = self.reynolds / 2
        return float(-4 * np.pi**2 / (half + np.sqrt(half**2 + 4 * np.pi**2)))

    def formula(self, points: Inexact) -> Inexact:
        """Velocity and pressure (u, v, p) [n, 3] at (x, y)."""
        x, y = points[:, 0], points[:, 1]
        decay = np.exp(self.rate * x)
        u = 1 - decay * np.cos(2 * np.pi * y)
        v = self.rate / (2 * np.pi) * decay * np.sin(2 * np.pi * y)
        return np.stack([u, v, -np.expm1(2 * self.rate * x) / 2], axis=1)
