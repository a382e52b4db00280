"""The Allen-Cahn equation of the PINN literature, by a cosine series and ETDRK4.

    u_t = 0.0001 u_xx + 5 u - 5 u^3,  u(x, 0) = x^2 cos(pi x),  periodic on [-1, 1),  0 <= t <= 1

The solution is even, so u = sum a_k(t) cos(k pi x). The initial value's slope jumps by 4 at
x = 1, its coefficients fall like 4 / (pi k)^2 only, and diffusion needs until t = 0.002 to damp
those beyond 4096. Three things keep the accuracy in spite of it:

- the a_k(0) are exact integrals, not values of a grid. A grid of n points folds a part of size
  1 / n^2 into the low modes, where it stays, and misses 1 / n at the kink. The usual reference
  file has n = 512: it errs by 9e-4 at x = 1 and t = 0.01, by 1.2e-5 in relative L2;
- the modes beyond those computed have not yet taken part in much: near x = 1, u is -1, where the
  reaction is linear with rate -10. They are added in closed form, as exp(-10 t) times what the
  heat equation makes of them;
- steps grow with t, and the number of modes falls.

The cube is free of aliasing (twice the modes on the grid).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from dnnbench.problems.pde.reference.etdrk4 import make_step
from dnnbench.problems.pde.reference.points import Domain, checked

Array = NDArray[np.float64]

DIFFUSION = 1e-4
REACTION = 5.0

_MODES = 4096
_FINAL_MODES = 1024
"""Enough for the fronts, whose coefficients fall like exp(-k pi^2 sqrt(1e-4 / 10))."""

_FIRST = 2.0**-14
"""End of the first block; the others double, up to t = 1."""

_STEPS = 64
_LARGEST = 2.0**-11
_KNOTS = 16
_LARGEST_GAP = 2.0**-8
_WINDOW = 10
"""Knots that one interpolation in time uses."""

_SMOOTHED = 32.0
"""Exponent beyond which a damped mode is gone: exp(-32) is 1e-14."""

_CHUNK = 1024
_GAUSS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True, eq=False)
class Block:
    """The cosine coefficients over one stretch of time.

    Attributes:
        start, stop: the stretch.
        knots: a_k at equally spaced times from start to stop, [n, modes].
    """

    start: float
    stop: float
    knots: Array

    def at(self, t: float) -> Array:
        """The coefficients at time t, by a polynomial through the ten knots around it."""
        count = len(self.knots)
        place = (t - self.start) / (self.stop - self.start) * (count - 1)
        first = int(np.clip(np.floor(place) - _WINDOW // 2 + 1, 0, count - _WINDOW))
        nodes = np.arange(_WINDOW, dtype=np.float64)
        offsets = place - first - nodes
        gaps = nodes[:, None] - nodes
        np.fill_diagonal(gaps, 1.0)
        others = np.where(np.eye(_WINDOW, dtype=bool), 1.0, offsets)
        weights = (others / gaps).prod(axis=1)
        return np.asarray(weights @ self.knots[first : first + _WINDOW])


@dataclass(frozen=True, eq=False)
class AllenCahn1D:
    """The solution at points (x, t).

    Attributes:
        blocks: in order of time, from 0 to 1.
        accuracy: estimate of the largest error at any x and t. Twice as many modes with half the
            early and a quarter of the late steps change values by at most 2.6e-11, near x = 1 at
            t = 1e-4; from t = 0.05 on by 1e-11, which is rounding, as it does not fall with the
            step. Half as many modes err by 3e-10, a quarter by 5e-9, an eighth by 8e-8; and where
            the step decides, twice its length errs sixteen times as much.
    """

    blocks: tuple[Block, ...]

    domain: ClassVar[Domain] = ((-1.0, 1.0), (0.0, 1.0))
    accuracy: ClassVar[float] = 1e-10

    def evaluate(self, points: np.ndarray) -> Array:
        """Values u [n] at points (x, t) [n, 2]; points of equal t share most of the work.

        Raises:
            ValueError: a point is not in [-1, 1] x [0, 1], or the shape is wrong.
        """
        x, t = checked(points, self.domain).T
        times, group = np.unique(t, return_inverse=True)
        order = np.argsort(group, kind="stable")
        bounds = np.searchsorted(group[order], np.arange(len(times) + 1))
        values = np.empty(len(x))
        for i, time in enumerate(times.tolist()):
            members = order[bounds[i] : bounds[i + 1]]
            values[members] = self._at(x[members], time)
        return values

    def _at(self, x: Array, t: float) -> Array:
        block = next(b for b in self.blocks if t <= b.stop)
        coefficients = block.at(t)
        modes = len(coefficients)
        if DIFFUSION * (np.pi * modes) ** 2 * t >= _SMOOTHED:
            return _series(x, coefficients)
        tail = np.exp(-2 * REACTION * t)
        return _series(x, coefficients - tail * damped(modes, t)) + tail * heat(x, t)


def solve(
    modes: int = _MODES, steps: int = _STEPS, largest: float = _LARGEST, final: int = _FINAL_MODES
) -> AllenCahn1D:
    """Compute the solution for all times.

    Args:
        modes: cosines at the start, a power of 2.
        steps: fewest steps a block, a power of 2 and at least 16.
        largest: longest step, a power of 1/2.
        final: fewest cosines at later times, a power of 2, at most `modes`.
    """
    coefficients = initial(modes)
    blocks: list[Block] = []
    start, stop = 0.0, _FIRST
    while start < 1:
        needed = np.sqrt(_SMOOTHED / (DIFFUSION * np.pi**2 * start)) if start else np.inf
        while len(coefficients) > final and len(coefficients) / 2 >= needed:
            coefficients = coefficients[: len(coefficients) // 2]
        count = max(steps, round((stop - start) / largest))
        gaps = min(count, max(_KNOTS, round((stop - start) / _LARGEST_GAP)))
        knots = advance(coefficients, stop - start, count, count // gaps)
        blocks.append(Block(start, stop, knots))
        coefficients = knots[-1]
        start, stop = stop, 2 * stop
    return AllenCahn1D(tuple(blocks))


def initial(modes: int) -> Array:
    """The first cosine coefficients of x^2 cos(pi x) on [-1, 1], exact."""
    k = np.arange(2, modes)
    high = np.where(k % 2 == 0, -2.0, 2.0) / np.pi**2 * (1.0 / (k + 1) ** 2 + 1.0 / (k - 1) ** 2)
    return np.concatenate([[-2 / np.pi**2, 1 / 3 + 1 / (2 * np.pi**2)], high])


def damped(modes: int, t: float) -> Array:
    """The same coefficients after the heat equation has acted for the time t."""
    rate = DIFFUSION * (np.pi * np.arange(modes)) ** 2
    return np.asarray(initial(modes) * np.exp(-rate * t))


def heat(x: Array, t: float) -> Array:
    """What the heat equation makes of x^2 cos(pi x), periodic, at x [n]: no series.

    The integral over the Gaussian is split where the initial value has its kink, and each part is
    done by 48 Gauss-Legendre points, which is exact to rounding.
    """
    width = 2 * np.sqrt(DIFFUSION * t)
    if width == 0:
        return x**2 * np.cos(np.pi * x)
    nodes, weights = _GAUSS
    reach = 6.5  # exp(-6.5^2) is below 1e-18
    kinks = [np.clip((x + side) / width, -reach, reach) for side in (-1.0, 1.0)]
    edges = [np.full_like(x, -reach), *kinks, np.full_like(x, reach)]
    total = np.zeros_like(x)
    for low, high in pairwise(edges):
        half = (high - low)[:, None] / 2
        s = (high + low)[:, None] / 2 + half * nodes
        y = x[:, None] - width * s
        y = y - 2 * np.round(y / 2)  # back to [-1, 1]
        total += (half * weights * np.exp(-(s**2)) * y**2 * np.cos(np.pi * y)).sum(axis=1)
    return total / np.sqrt(np.pi)


def _series(x: Array, coefficients: Array) -> Array:
    """The sum of the cosines at x [n]."""
    values = np.empty(len(x))
    waves = np.pi * np.arange(len(coefficients))
    for start in range(0, len(x), _CHUNK):
        part = slice(start, start + _CHUNK)
        values[part] = np.cos(x[part, None] * waves) @ coefficients
    return values


def advance(coefficients: Array, duration: float, count: int, every: int) -> Array:
    """The coefficients at the start and after each `every` of `count` equal steps."""
    modes = len(coefficients)
    linear = REACTION - DIFFUSION * (np.pi * np.arange(modes, dtype=np.float64)) ** 2
    step = make_step(linear, duration / count)
    knots = [coefficients]
    for number in range(1, count + 1):
        coefficients = step(coefficients, _reaction)
        if number % every == 0:
            knots.append(coefficients)
    return np.array(knots)


def _reaction(coefficients: Array) -> Array:
    """The coefficients of -5 u^3, on a grid of 2 n + 1 points on [0, 1] for n cosines."""
    modes = len(coefficients)
    halved = np.zeros(2 * modes + 1)
    halved[:modes] = coefficients / 2
    halved[0] = coefficients[0]
    values = scipy.fft.dct(halved, type=1)
    cubes = scipy.fft.dct(-REACTION * values**3, type=1)[:modes] / (2 * modes)
    cubes[0] /= 2
    return np.asarray(cubes)
