"""Polynomials through Chebyshev points: interpolation and derivatives (Berrut and Trefethen 2004).

Everything follows from the barycentric weights, which are known in closed form for the extreme
points cos(pi j / n) of the Chebyshev polynomial, with or without the two ends.
"""

from dataclasses import dataclass

import numpy as np

from dnnbench.baselines.discretisation.regular_grid import Interval
from dnnbench.baselines.discretisation.solution import Array


@dataclass(frozen=True, eq=False)
class Nodes:
    """Interpolation nodes.

    Attributes:
        x: in falling order, [m].
        weights: barycentric, up to a common factor, [m].
    """

    x: Array
    weights: Array

    def basis(self, x: Array) -> Array:
        """The values [n, m] of the polynomials that are 1 at one node and 0 at the others."""
        gaps = x[:, None] - self.x
        hit = gaps == 0
        terms = self.weights / np.where(hit, 1.0, gaps)
        terms = np.where(hit.any(axis=1, keepdims=True), hit, terms)
        return np.asarray(terms / terms.sum(axis=1, keepdims=True))

    def derivative(self) -> Array:
        """The matrix [m, m] from values at the nodes to the derivative there."""
        gaps = self.x[:, None] - self.x
        np.fill_diagonal(gaps, 1.0)
        matrix = self.weights / self.weights[:, None] / gaps
        np.fill_diagonal(matrix, 0.0)
        # Rows sum to 0, as the derivative of a constant; so summed, they do so to rounding.
        np.fill_diagonal(matrix, -matrix.sum(axis=1))
        return np.asarray(matrix)


def closed(degree: int, side: Interval) -> Nodes:
    """The degree + 1 extreme points of the Chebyshev polynomial, ends included."""
    weights = _signs(degree)
    weights[[0, -1]] /= 2
    return Nodes(_points(degree, side), weights)


def inner(degree: int, side: Interval) -> Nodes:
    """The degree - 1 of them between the ends."""
    angles = np.pi * np.arange(1, degree) / degree
    return Nodes(_points(degree, side)[1:-1], _signs(degree)[1:-1] * np.sin(angles) ** 2)


def _signs(degree: int) -> Array:
    return np.where(np.arange(degree + 1) % 2, -1.0, 1.0)


def _points(degree: int, side: Interval) -> Array:
    low, high = side
    # As a sine the points are symmetric to rounding.
    unit = np.sin(np.pi / 2 * (1 - 2 * np.arange(degree + 1) / degree))
    points = (high + low) / 2 + (high - low) / 2 * unit
    points[[0, -1]] = high, low
    return np.asarray(points)
