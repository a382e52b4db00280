"""The points at which a reference is asked for its values."""

import numpy as np
from numpy.typing import NDArray

Domain = tuple[tuple[float, float], ...]
"""Lowest and highest value of each column of the points."""


def checked(points: np.ndarray, domain: Domain) -> NDArray[np.float64]:
    """The points as float64 [n, d].

    Raises:
        ValueError: they are no array [n, d], not finite, or outside the closed box `domain`.
    """
    if not isinstance(points, np.ndarray) or points.ndim != 2 or points.shape[1] != len(domain):
        found = points.shape if isinstance(points, np.ndarray) else type(points).__name__
        raise ValueError(f"expected points of shape [n, {len(domain)}], got {found}")
    if points.dtype.kind not in "fiu":
        raise ValueError(f"expected real points, got dtype {points.dtype}")
    values = points.astype(np.float64)
    low, high = np.array(domain).T
    # Written so that NaN counts as outside.
    refuse_outside(~((values >= low) & (values <= high)).all(axis=1), values, f"the box {domain}")
    return values


def refuse_outside(outside: NDArray[np.bool_], points: np.ndarray, where: str) -> None:
    """Raise `ValueError` naming the first of the points [n, d] that `outside` [n] marks."""
    if outside.any():
        first = int(np.argmax(outside))
        raise ValueError(f"point {first}, {points[first].tolist()}, is not in {where}")
