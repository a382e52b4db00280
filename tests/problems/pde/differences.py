"""Derivatives of a reference by central differences, to hold it against its equation."""

import numpy as np

FIRST = np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
SECOND = np.array([-1 / 560, 8 / 315, -1 / 5, 8 / 5, -205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])
"""Central differences of order 8."""


def differences(u, points, column, gap):
    """First and second derivative along one column, with steps of `gap`."""
    first, second = 0, 0
    for weight1, weight2, shift in zip(FIRST, SECOND, range(-4, 5), strict=True):
        moved = points.copy()
        moved[:, column] += shift * gap
        values = u(moved)
        first, second = first + weight1 * values / gap, second + weight2 * values / gap**2
    return first, second
