"""The data of the equations: right sides, domains, initial values, boundary values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dnnbench.baselines.discretisation.regular_grid import Interval
from dnnbench.baselines.discretisation.solution import Array, Values
from dnnbench.problems.pde.reference import formulas

KOVASZNAY_SIDES = ((-0.5, 1.0), (-0.5, 1.5))
_STAGNANT = np.array([[0.0, 0.5]])
"""Where the pressure is made 0; it is determined up to a constant only."""


@dataclass(frozen=True)
class Elliptic:
    """-Laplace(u) - shift u = source on a rectangle, u = 0 on its boundary.

    Attributes:
        sides: the intervals of the two coordinates.
        source: values [n] at points [n, 2].
        shift: k^2 of the Helmholtz equation.
    """

    sides: tuple[Interval, Interval]
    source: Callable[[Array], Array]
    shift: float = 0.0


def poisson_data() -> Elliptic:
    """Poisson's equation on the unit square."""
    return Elliptic(((0.0, 1.0), (0.0, 1.0)), formulas.Poisson2D().source)


def helmholtz_data(a1: float, a2: float, k: float) -> Elliptic:
    """Laplace(u) + k^2 u = q on (-1, 1)^2, with the sign of both sides turned."""
    equation = formulas.Helmholtz2D(round(a1), round(a2), k)
    sides = ((-1.0, 1.0), (-1.0, 1.0))
    return Elliptic(sides, lambda points: -equation.source(points), k**2)


def heat_start(x: Array) -> Array:
    """The initial value on (0, 1)."""
    return np.sin(np.pi * x)


def burgers_start(x: Array) -> Array:
    """The initial value on (-1, 1)."""
    return -np.sin(np.pi * x)


def allen_cahn_start(x: Array) -> Array:
    """The initial value on [-1, 1)."""
    return x**2 * np.cos(np.pi * x)


def advection_start(x: Array) -> Array:
    """The initial value on [0, 2 pi)."""
    return np.sin(x)


def kovasznay_velocity(points: Array, reynolds: float) -> Array:
    """The velocity [n, 2] that is given on the boundary."""
    return formulas.Kovasznay(reynolds).formula(points)[:, :2]


def with_pressure_fixed(values: Values) -> Values:
    """The same (u, v, p) but for a constant in p, which every resolution has its own of."""
    constant = values(_STAGNANT)[0] * [0, 0, 1]
    return lambda points: values(points) - constant
