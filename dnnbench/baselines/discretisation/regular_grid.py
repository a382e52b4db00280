"""Values on regular grids, and local polynomials through them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.discretisation.solution import Array

_CUBIC = 4

Interval = tuple[float, float]


def stencil(places: Array, count: int, width: int) -> tuple[NDArray[np.intp], Array]:
    """Lagrange interpolation at `places` [n] from the nodes 0, 1, ..., count - 1.

    Args:
        places: in the unit of the nodes, from 0 to count - 1.
        count: number of nodes.
        width: how many neighbouring nodes a value comes from; the error is of that order.

    Returns:
        The first of the nodes that are used [n], and their weights [n, width].
    """
    width = min(width, count)
    first = np.floor(places).astype(np.intp) - (width - 1) // 2
    first = np.clip(first, 0, count - width)
    offsets = places - first
    weights = np.ones((len(places), width))
    for i in range(width):
        for j in range(width):
            if i != j:
                weights[:, i] *= (offsets - j) / (i - j)
    return first, weights


@dataclass(frozen=True, eq=False)
class GridFunction:
    """A function on a rectangle, bicubic between its values on a regular grid: order 4.

    At the rectangle's sides the polynomials are one-sided, so nothing beyond it is used.

    Attributes:
        sides: the intervals of the two coordinates.
        nodes: values [nx, ny], the first and last of each axis at the interval's ends.
    """

    sides: tuple[Interval, Interval]
    nodes: Array

    def __call__(self, points: Array) -> Array:
        """Values [n] at points [n, 2]."""
        axes = []
        for axis, (low, high) in enumerate(self.sides):
            count = self.nodes.shape[axis]
            places = (points[:, axis] - low) / (high - low) * (count - 1)
            axes.append(stencil(places, count, _CUBIC))
        (first_x, weights_x), (first_y, weights_y) = axes
        total = np.zeros(len(points))
        for a in range(weights_x.shape[1]):
            for b in range(weights_y.shape[1]):
                weights = weights_x[:, a] * weights_y[:, b]
                total += weights * self.nodes[first_x + a, first_y + b]
        return total


def mesh(sides: Sequence[Interval], counts: Sequence[int]) -> Array:
    """The inner points [n, d] of a regular grid of `counts` intervals a side, last axis fastest."""
    axes = [
        np.linspace(low, high, count + 1)[1:-1]
        for (low, high), count in zip(sides, counts, strict=True)
    ]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
