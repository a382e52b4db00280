"""Laplace's equation in the unit cube by walks on spheres (Muller, Ann. Math. Stat. 27, 1956).

The solution at a point is the mean of the boundary values where a Brownian motion from there
leaves the domain. That exit is found by jumping to a uniform point of the largest sphere around
the present one, again and again, until the boundary is nearer than a small distance; the nearest
boundary point then counts, at the cost of a bias of that size. The error falls like the inverse
root of the number of walks, whatever the dimension: no mesh does that.
"""

from collections.abc import Callable

import numpy as np

from dnnbench.baselines.discretisation.solution import Array

SHELL = 1e-4
"""Distance from the boundary that ends a walk, in sides of the cube."""


def exits(starts: Array, rng: np.random.Generator) -> Array:
    """Boundary points [n, d] at which walks from `starts` [n, d] end."""
    ends = starts.copy()
    walking = np.arange(len(starts))
    points = starts
    while len(walking):
        distances = np.minimum(points, 1 - points)
        radius = distances.min(axis=1)
        arrived = radius < SHELL
        if arrived.any():
            rows = np.flatnonzero(arrived)
            nearest = distances[rows].argmin(axis=1)
            ends[walking[rows]] = points[rows]
            ends[walking[rows], nearest] = np.round(points[rows, nearest])
            walking, points, radius = walking[~arrived], points[~arrived], radius[~arrived]
        jump = rng.standard_normal(points.shape)
        jump *= (radius / np.linalg.norm(jump, axis=1))[:, None]
        points = points + jump
    return ends


class Estimate:
    """The running mean over walks from fixed points, one more at each call of `walk`.

    Attributes:
        walks: how many walks from each point there were.
    """

    def __init__(self, points: Array, boundary: Callable[[Array], Array]) -> None:
        self.walks = 0
        self._points, self._boundary = points, boundary
        self._mean = np.zeros(len(points))
        self._squares = np.zeros(len(points))

    def walk(self, rng: np.random.Generator) -> None:
        """One more walk from every point."""
        found = self._boundary(exits(self._points, rng))
        self.walks += 1
        off = found - self._mean
        self._mean = self._mean + off / self.walks
        self._squares += off * (found - self._mean)

    @property
    def values(self) -> Array:
        """The means [n]."""
        return self._mean

    @property
    def relative_error(self) -> float | None:
        """Expected relative L2 error, from the spread of the walks; None with fewer than two."""
        if self.walks < 2:
            return None
        variance = self._squares.sum() / (self.walks * (self.walks - 1))
        return float(np.sqrt(variance) / np.linalg.norm(self._mean))
