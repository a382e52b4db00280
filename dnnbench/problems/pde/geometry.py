"""Domains of differential equations: maps from the unit cube, so that points are drawn anywhere.

Everything is written with `xp`, the array module of the caller (`numpy` or `jax.numpy`); this file
imports NumPy only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError

Map = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Part:
    """A part of the boundary on which something is given.

    Attributes:
        name: `x_low`, `x_high`, `initial` and so on.
        measure: its length or area (1 for a point).
        at: (variates [n, d - 1] in the unit cube, xp) -> points [n, d], uniform on the part.
        opposite: name of the part on the other side of a box, for periodic conditions.
    """

    name: str
    measure: float
    at: Map
    opposite: str | None = None


class Domain(Protocol):
    """A closed domain; instances are frozen."""

    @property
    def dimensions(self) -> int:
        """Coordinates of a point, time included."""

    @property
    def measure(self) -> float:
        """Area or volume."""

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest value of each coordinate."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the boundary on which conditions are asked for."""

    def interior(self, v: Any, xp: Any) -> Any:
        """Variates [n, d] of the unit cube to points [n, d], uniform in the domain."""

    def inside(self, points: NDArray[np.float64], tolerance: float = 0.0) -> NDArray[np.bool_]:
        """Which of the points [n, d] lie in the closed domain, or so close to it, [n]."""

    def grid(self, counts: Sequence[int]) -> NDArray[np.float64]:
        """The points [n, d] of a regular grid, boundary included, first coordinate slowest."""


@dataclass(frozen=True)
class Box:
    """An interval in each coordinate.

    Attributes:
        names: of the coordinates.
        low, high: ends of the intervals.
        time: whether the last coordinate is time, whose late end carries no condition.
    """

    names: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    time: bool = False

    @property
    def dimensions(self) -> int:
        """Coordinates of a point."""
        return len(self.low)

    @property
    def measure(self) -> float:
        """Product of the lengths."""
        return float(np.prod(np.subtract(self.high, self.low)))

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        """The intervals."""
        return tuple(zip(self.low, self.high, strict=True))

    @property
    def parts(self) -> tuple[Part, ...]:
        """The faces: `x_low`, `x_high`, ..., and `initial`."""
        last = self.dimensions - 1
        faces = []
        for axis, name in enumerate(self.names):
            if self.time and axis == last:
                faces.append(self._face("initial", axis, self.low[axis], None))
                continue
            low, high = f"{name}_low", f"{name}_high"
            faces.append(self._face(low, axis, self.low[axis], high))
            faces.append(self._face(high, axis, self.high[axis], low))
        return tuple(faces)

    def _face(self, name: str, axis: int, value: float, opposite: str | None) -> Part:
        others = [i for i in range(self.dimensions) if i != axis]
        lengths = [self.high[i] - self.low[i] for i in others]

        def at(v: Any, xp: Any) -> Any:
            constant = xp.full((v.shape[0],), value, dtype=v.dtype)
            columns: list[Any] = [constant] * self.dimensions
            for column, i in enumerate(others):
                columns[i] = self.low[i] + lengths[column] * v[:, column]
            return xp.stack(columns, axis=1)

        return Part(name, float(np.prod(lengths)), at, opposite)

    def interior(self, v: Any, xp: Any) -> Any:
        """The cube stretched to the box."""
        low = xp.asarray(self.low, dtype=v.dtype)
        return low + (xp.asarray(self.high, dtype=v.dtype) - low) * v

    def inside(self, points: NDArray[np.float64], tolerance: float = 0.0) -> NDArray[np.bool_]:
        """Whether every coordinate lies in its interval."""
        low, high = np.array(self.low) - tolerance, np.array(self.high) + tolerance
        return np.asarray(((points >= low) & (points <= high)).all(axis=1))

    def grid(self, counts: Sequence[int]) -> NDArray[np.float64]:
        """A tensor product of equally spaced points."""
        axes = [np.linspace(*ends, n) for ends, n in zip(self.box, counts, strict=True)]
        return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)


@dataclass(frozen=True)
class LShape:
    """The square (-1, 1)^2 without its lower right quadrant; the re-entrant corner is the origin.

    Coordinates are x and y. The parts of the boundary go round it from that corner: `corner_x`
    (0, 0)-(1, 0), `x_high`, `y_high`, `x_low`, `y_low`, `corner_y` (0, -1)-(0, 0).
    """

    @property
    def dimensions(self) -> int:
        """Two."""
        return 2

    @property
    def measure(self) -> float:
        """Three unit squares."""
        return 3.0

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        """The square around it."""
        return ((-1.0, 1.0), (-1.0, 1.0))

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its six edges."""
        return (
            _edge("corner_x", (0.0, 0.0), (1.0, 0.0)),
            _edge("x_high", (1.0, 0.0), (1.0, 1.0)),
            _edge("y_high", (1.0, 1.0), (-1.0, 1.0)),
            _edge("x_low", (-1.0, 1.0), (-1.0, -1.0)),
            _edge("y_low", (-1.0, -1.0), (0.0, -1.0)),
            _edge("corner_y", (0.0, -1.0), (0.0, 0.0)),
        )

    def interior(self, v: Any, xp: Any) -> Any:
        """The first variate chooses among the three unit squares and is used up."""
        third = xp.minimum(xp.floor(3 * v[:, 0]), 2)
        rest = 3 * v[:, 0] - third
        x = xp.where(third == 2, rest, rest - 1)
        y = xp.where(third == 0, v[:, 1] - 1, v[:, 1])
        return xp.stack([x, y], axis=1)

    def inside(self, points: NDArray[np.float64], tolerance: float = 0.0) -> NDArray[np.bool_]:
        """In the square, and not in the open lower right quadrant."""
        square = (np.abs(points) <= 1 + tolerance).all(axis=1)
        return np.asarray(square & ~((points[:, 0] > tolerance) & (points[:, 1] < -tolerance)))

    def grid(self, counts: Sequence[int]) -> NDArray[np.float64]:
        """The points of a grid of the square that lie in the L-shape."""
        points = Box(("x", "y"), (-1.0, -1.0), (1.0, 1.0)).grid(counts)
        return points[self.inside(points)]


def _edge(name: str, start: tuple[float, float], stop: tuple[float, float]) -> Part:
    """A straight edge in the plane."""
    length = float(np.hypot(stop[0] - start[0], stop[1] - start[1]))

    def at(v: Any, xp: Any) -> Any:
        s = v[:, 0]
        ends = zip(start, stop, strict=True)
        return xp.stack([low + (high - low) * s for low, high in ends], axis=1)

    return Part(name, length, at)


def parse_counts(text: str, dimensions: int) -> tuple[int, ...]:
    """The points along each coordinate that a text such as `101x101` asks for.

    Raises:
        UserError: it is no list of `dimensions` whole numbers from 2 to 10,000.
    """
    words = text.lower().split("x")
    counts = tuple(int(w) for w in words if w.isascii() and w.isdecimal())
    form = "x".join(["101"] * dimensions)
    if len(counts) != len(words) or len(counts) != dimensions:
        raise UserError(f"problem.grid must be {dimensions} whole numbers such as {form}")
    if min(counts) < 2 or max(counts) > 10_000:
        raise UserError(f"problem.grid: '{text}' has a number outside 2..10000")
    return counts
