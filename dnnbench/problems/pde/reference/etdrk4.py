"""Exponential time differencing, fourth order: y' = L y + N(y) with diagonal L.

Cox and Matthews' scheme (J. Comput. Phys. 176, 2002) with the coefficients of Kassam and Trefethen
(SIAM J. Sci. Comput. 26, 2005): the quotients cancel for small h L, so they are averaged over a
circle around h L in the complex plane.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CIRCLE = 32
"""Points on the upper half of the circle of radius 1; the lower half is its mirror image."""


@dataclass(frozen=True, eq=False)
class Step:
    """The coefficients of a step of one length; all arrays have the shape of L.

    Attributes:
        full, half: exp(h L) and exp(h L / 2).
        stage: the weight of N within the stages.
        first, middle, last: the weights of N at the four stages.
    """

    full: Array
    half: Array
    stage: Array
    first: Array
    middle: Array
    last: Array

    def __call__(self, y: Array, nonlinear: Callable[[Array], Array]) -> Array:
        """The solution one step later."""
        at_y = nonlinear(y)
        a = self.half * y + self.stage * at_y
        at_a = nonlinear(a)
        b = self.half * y + self.stage * at_a
        at_b = nonlinear(b)
        c = self.half * a + self.stage * (2 * at_b - at_y)
        at_c = nonlinear(c)
        return (
            self.full * y + self.first * at_y + 2 * self.middle * (at_a + at_b) + self.last * at_c
        )


def make_step(linear: Array, length: float) -> Step:
    """The coefficients for the diagonal `linear` (real) and one step length."""
    circle = np.exp(1j * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
    z = length * linear[:, None] + circle
    e = np.exp(z)

    def mean(values: NDArray[np.complex128]) -> Array:
        return length * values.mean(axis=1).real

    return Step(
        full=np.exp(length * linear),
        half=np.exp(length * linear / 2),
        stage=mean((np.exp(z / 2) - 1) / z),
        first=mean((-4 - z + e * (4 - 3 * z + z**2)) / z**3),
        middle=mean((2 + z + e * (z - 2)) / z**3),
        last=mean((-4 - 3 * z - z**2 + e * (4 - z)) / z**3),
    )
