"""The method of lines: central differences in space, SciPy's integrators in time.

LSODA (Hindmarsh 1983) with a banded Jacobian for what diffuses, DOP853 (Hairer, Norsett and
Wanner 1993) for advection, whose eigenvalues are imaginary. The tolerance is a small part of the
square of the relative mesh width, so that space decides the error: order 2. Values are kept at
equally spaced times, and those between nodes and times are bicubic.

The resolution is the number of intervals in space.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from dnnbench.baselines.discretisation.data import (
    advection_start,
    allen_cahn_start,
    burgers_start,
    heat_start,
)
from dnnbench.baselines.discretisation.regular_grid import GridFunction, Interval
from dnnbench.baselines.discretisation.solution import Array, Solution
from dnnbench.problems.pde.reference.allen_cahn import DIFFUSION, REACTION

_TOLERANCE = 0.01
"""Times the square of the mesh width relative to the interval."""

_ARRAYS = 3
_FEWEST_TIMES = 64

Rate = Callable[[float, Array], Array]


def heat(resolution: int, alpha: float) -> Solution:
    """u_t = alpha u_xx on (0, 1), zero at both ends."""
    n = resolution
    factor = alpha * n**2

    def rate(t: float, u: Array) -> Array:
        return factor * _second(_with_ends(u))

    # Cubic in time errs like (alpha pi^2 tau)^4, which follows the square of the width.
    times = int(np.ceil(alpha * np.pi**2 * np.sqrt(n)))
    return _between_zeros((0.0, 1.0), n, heat_start, rate, times)


def burgers(resolution: int, nu: float) -> Solution:
    """u_t + (u^2 / 2)_x = nu u_xx on (-1, 1), zero at both ends."""
    n = resolution
    width = 2 / n
    diffusion, convection = nu / width**2, 1 / (4 * width)

    def rate(t: float, u: Array) -> Array:
        whole = _with_ends(u)
        squares = whole**2
        return diffusion * _second(whole) - convection * (squares[2:] - squares[:-2])

    return _between_zeros((-1.0, 1.0), n, burgers_start, rate, n)


def allen_cahn(resolution: int) -> Solution:
    """u_t = 0.0001 u_xx + 5 (u - u^3), periodic on [-1, 1).

    The ring of nodes is folded flat (0, n - 1, 1, n - 2, ...), so that neighbours are at most two
    places apart and the Jacobian is banded.
    """
    n = resolution
    folded = np.empty(n, np.intp)
    folded[0::2] = np.arange((n + 1) // 2)
    folded[1::2] = np.arange(n - 1, (n + 1) // 2 - 1, -1)
    place = np.argsort(folded)
    before, after = place[folded - 1], place[(folded + 1) % n]
    factor = DIFFUSION * (n / 2) ** 2

    def rate(t: float, u: Array) -> Array:
        return factor * (u[before] + u[after] - 2 * u) + REACTION * (u - u**3)

    x = np.linspace(-1.0, 1.0, n, endpoint=False)
    times = max(n, _FEWEST_TIMES)
    found = _marched(rate, allen_cahn_start(x)[folded], times, n, method="LSODA", **_band(2))
    return _periodic((-1.0, 1.0), found[place])


def advection(resolution: int, c: float) -> Solution:
    """u_t + c u_x = 0, periodic on [0, 2 pi)."""
    n = resolution
    width = 2 * np.pi / n
    factor = -c / (2 * width)

    def rate(t: float, u: Array) -> Array:
        around = np.empty(n + 2)
        around[1:-1], around[0], around[-1] = u, u[-1], u[0]
        return factor * (around[2:] - around[:-2])

    # Cubic in time errs like (c tau)^4, which follows the square of the width.
    times = max(_FEWEST_TIMES, int(np.ceil(abs(c) / np.sqrt(width))))
    start = advection_start(np.linspace(0.0, 2 * np.pi, n, endpoint=False))
    found = _marched(rate, start, times, n, method="DOP853")
    return _periodic((0.0, 2 * np.pi), found)


def _between_zeros(
    side: Interval, resolution: int, start: Callable[[Array], Array], rate: Rate, times: int
) -> Solution:
    """A diffusive equation whose solution is 0 at both ends."""
    n = resolution
    x = np.linspace(*side, n + 1)[1:-1]
    found = _marched(rate, start(x), max(times, _FEWEST_TIMES), n, method="LSODA", **_band(1))
    nodes = np.pad(found, ((1, 1), (0, 0)))
    return Solution(GridFunction((side, (0.0, 1.0)), nodes), n - 1, 2.0, _ARRAYS * nodes.nbytes)


def _periodic(side: Interval, found: Array) -> Solution:
    """A periodic solution [nodes, times], repeated by a few nodes at both ends."""
    n = len(found)
    low, high = side
    width = (high - low) / n
    nodes = np.concatenate([found[-1:], found, found[:2]])
    sides = ((low - width, high + width), (0.0, 1.0))
    return Solution(GridFunction(sides, nodes), n, 2.0, _ARRAYS * nodes.nbytes)


def _marched(rate: Rate, start: Array, times: int, resolution: int, **options: Any) -> Array:
    """The solution [nodes, times + 1] at equally spaced times from 0 to 1."""
    tolerance = _TOLERANCE / resolution**2
    result = solve_ivp(
        rate,
        (0.0, 1.0),
        start,
        t_eval=np.linspace(0.0, 1.0, times + 1),
        rtol=tolerance,
        atol=tolerance,
        **options,
    )
    if not result.success:
        raise RuntimeError(
            f"integration in time ended at resolution {resolution}: {result.message}"
        )
    return np.asarray(result.y)


def _band(width: int) -> dict[str, int]:
    return {"lband": width, "uband": width}


def _with_ends(u: Array) -> Array:
    """The inner nodes between two zeros."""
    whole = np.zeros(len(u) + 2)
    whole[1:-1] = u
    return whole


def _second(whole: Array) -> Array:
    """Second differences at the inner nodes."""
    return whole[2:] + whole[:-2] - 2 * whole[1:-1]
