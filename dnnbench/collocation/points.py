"""Where residuals are asked for: points drawn once, or again and again, where they are large.

| sampling | points of a restart |
| --- | --- |
| `uniform` | independent, uniform |
| `sobol` | a scrambled Sobol sequence, the same in every restart |
| `grid` | centres of equal cells, the same in every restart |

References:
    Wu, Zhu, Tan, Kartha & Lu, Computer Methods in Applied Mechanics and Engineering 403:115671,
    2023, arXiv 2207.10289 (residual-based adaptive distribution, RAD).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from dnnbench.errors import unknown
from dnnbench.problems.pde.energy import PdeEnergy
from dnnbench.problems.pde.geometry import Part

KINDS = ("uniform", "sobol", "grid")


class Points(NamedTuple):
    """Points of one restart.

    Attributes:
        interior: [n, d].
        boundary: [m, d], part after part; `given` [m, unknowns] are the values asked for there.
        low, high: [k, d], opposite points in the periodic coordinates; k may be 0.
    """

    interior: jax.Array
    boundary: jax.Array
    given: jax.Array
    low: jax.Array
    high: jax.Array


class Span(NamedTuple):
    """The rows of one part of the boundary among all boundary points.

    Attributes:
        name: of the part.
        start, stop: its rows.
        given: whether each unknown is given there.
    """

    name: str
    start: int
    stop: int
    given: tuple[bool, ...]


@dataclass(frozen=True)
class Sampler:
    """Draws points of an equation's domain and boundary.

    Attributes:
        energy: the equation.
        interior: points inside; for `grid` the next lower power of a whole number.
        boundary: points on each part of the boundary but the initial one, and pairs of points on
            each periodic pair of sides.
        initial: points on the initial part.
        kind: see the table above.
    """

    energy: PdeEnergy
    interior: int
    boundary: int
    initial: int
    kind: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown("sampling", self.kind, KINDS)

    def count(self, part: Part) -> int:
        """Points on a part."""
        return self.initial if part.name == "initial" else self.boundary

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The parts, in the order of the boundary points."""
        spans, start = [], 0
        for part in self.energy.parts:
            stop = start + self._made(self.count(part), self._dimensions - 1)
            probe = part.at(jnp.full((1, self._dimensions - 1), 0.5), jnp)
            spans.append(Span(part.name, start, stop, self.energy.given(part, probe)[1]))
            start = stop
        return tuple(spans)

    @property
    def _dimensions(self) -> int:
        return len(self.energy.pde.coordinates)

    @property
    def _periodic(self) -> tuple[tuple[Part, Part], ...]:
        parts = {part.name: part for part in self.energy.pde.domain(self.energy.p).parts}
        names = self.energy.pde.periodic
        return tuple((parts[f"{name}_low"], parts[f"{name}_high"]) for name in names)

    def _made(self, count: int, dimensions: int) -> int:
        if self.kind != "grid" or dimensions == 0:
            return count
        return round(count ** (1 / dimensions) - 0.499) ** dimensions

    def fixed_variates(self) -> dict[str, NDArray[np.float64]]:
        """Variates that every restart shares, by what they are for; none for `uniform`."""
        if self.kind == "uniform":
            return {}
        d = self._dimensions
        make = _sobol if self.kind == "sobol" else _cells
        made = {"interior": make(self.interior, d, 0)}
        for number, part in enumerate(self.energy.parts, 1):
            made[part.name] = make(self.count(part), d - 1, number)
        for number, (low, _) in enumerate(self._periodic, 101):
            made[f"{low.name} pair"] = make(self.boundary, d - 1, number)
        return made

    def draw(self, key: jax.Array, fixed: dict[str, jax.Array]) -> Points:
        """Points of one restart, from a key or from `fixed_variates`."""
        dtype, d = jnp.dtype(self.energy.dtype), self._dimensions
        domain = self.energy.pde.domain(self.energy.p)

        def variates(what: str, count: int, dimensions: int, tag: int) -> jax.Array:
            if what in fixed:
                return fixed[what]
            return jax.random.uniform(jax.random.fold_in(key, tag), (count, dimensions), dtype)

        interior = domain.interior(variates("interior", self.interior, d, 0), jnp)
        boundary, given = [jnp.zeros((0, d), dtype)], [jnp.zeros((0, self._unknowns), dtype)]
        for tag, part in enumerate(self.energy.parts, 1):
            at = part.at(variates(part.name, self.count(part), d - 1, tag), jnp)
            boundary.append(at)
            given.append(self.energy.given(part, at)[0])
        low, high = [jnp.zeros((0, d), dtype)], [jnp.zeros((0, d), dtype)]
        for tag, (one, other) in enumerate(self._periodic, 101):
            v = variates(f"{one.name} pair", self.boundary, d - 1, tag)
            low.append(one.at(v, jnp))
            high.append(other.at(v, jnp))
        joined = (jnp.concatenate(p) for p in (boundary, given, low, high))
        return Points(interior, *joined)

    @property
    def _unknowns(self) -> int:
        return len(self.energy.pde.unknowns)

    def fresh_interior(self, key: jax.Array, count: int) -> jax.Array:
        """New uniform points inside, [count, d]."""
        v = jax.random.uniform(key, (count, self._dimensions), jnp.dtype(self.energy.dtype))
        inside: jax.Array = self.energy.pde.domain(self.energy.p).interior(v, jnp)
        return inside


def by_residual(
    residual: Callable[[jax.Array], jax.Array],
    pool: jax.Array,
    count: int,
    power: float,
    floor: float,
    key: jax.Array,
) -> jax.Array:
    """Some of the points of a pool, more where the residual is large (RAD).

    The chance of a point is proportional to |r|^power / mean(|r|^power) + floor; none is taken
    twice.

    Args:
        residual: size of the residual [m] at points [m, d].
        pool: [m, d].
        count: how many, at most m.
        power: k of the paper.
        floor: c of the paper.
        key: for the draw.
    """
    size = jnp.abs(residual(pool)) ** power
    chance = size / jnp.maximum(jnp.mean(size), jnp.finfo(size.dtype).tiny) + floor
    chance = jnp.where(jnp.isfinite(chance), chance, 0.0) + jnp.finfo(size.dtype).tiny
    chosen = jax.random.choice(key, pool.shape[0], (count,), replace=False, p=chance / chance.sum())
    return pool[chosen]


def _sobol(count: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    if dimensions == 0:
        return np.zeros((count, 0))
    power = max(count - 1, 1).bit_length()
    sequence = qmc.Sobol(dimensions, rng=np.random.default_rng(seed))
    return np.asarray(sequence.random_base2(power)[:count], np.float64)


def _cells(count: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    if dimensions == 0:
        return np.zeros((count, 0))
    side = round(count ** (1 / dimensions) - 0.499)
    centres = [(np.arange(side) + 0.5) / side] * dimensions
    return np.stack([a.ravel() for a in np.meshgrid(*centres, indexing="ij")], axis=1)
