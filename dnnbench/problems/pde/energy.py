"""Differential equations, differentiable side: residuals of functions given as jets."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.errors import UserError
from dnnbench.instances.equation import Evaluation
from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Directions, Jet
from dnnbench.problems.pde.base import Pde
from dnnbench.problems.pde.geometry import Part
from dnnbench.problems.relaxed import Score

Second = tuple[tuple[int, int, float], ...]


class PdeArrays(NamedTuple):
    """Arrays of a posed equation.

    Attributes:
        points: where the solution is asked for, [n, d].
    """

    points: jax.Array


@dataclass(frozen=True)
class PdeEnergy:
    """An equation with its coefficients, for functions that carry their derivatives.

    Solvers bring their own losses, made from these parts.

    Attributes:
        kernel: none is needed.
        dtype: floating point type of the arrays.
        pde: the equation.
        parameters: its coefficients, by name.
        lanes: lanes in a unit; not used.
    """

    kernel: str
    dtype: str
    pde: Pde
    parameters: tuple[tuple[str, float], ...]
    lanes: int = 1

    @property
    def p(self) -> SimpleNamespace:
        """The coefficients as attributes."""
        return SimpleNamespace(**dict(self.parameters))

    @property
    def directions(self) -> Directions:
        """The derivatives that the residuals need."""
        channels = tuple(_channel(name, self.pde) for name in self.pde.derivatives)
        return Directions(len(self.pde.coordinates), True, channels)

    @property
    def first_order(self) -> Directions:
        """First derivatives alone."""
        return Directions(len(self.pde.coordinates), True, ())

    @property
    def value_only(self) -> Directions:
        """No derivatives."""
        return Directions(len(self.pde.coordinates), False, ())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the boundary on which something is given, see `problems.pde.base`."""
        left_out = set(self.pde.free)
        for name in self.pde.periodic:
            left_out |= {f"{name}_low", f"{name}_high"}
        return tuple(part for part in self.pde.domain(self.p).parts if part.name not in left_out)

    def prepare(self, public: Evaluation) -> PdeArrays:
        """The evaluation points."""
        return PdeArrays(jnp.asarray(public.points, self.dtype))

    def energy(self, x: jax.Array, data: PdeArrays) -> jax.Array:
        """There is none of values at points; methods have losses of their own."""
        raise NotImplementedError("the values at the evaluation points have no energy")

    def round_score(
        self, x: jax.Array, merit: jax.Array, data: PdeArrays, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """The values as they are; the cost is the method's own merit, never an error."""
        return x, Score(jnp.zeros((), x.dtype), merit)

    def at(self, points: jax.Array | Jet) -> SimpleNamespace:
        """The coordinates by name: arrays [n], or jets of width 1."""
        if isinstance(points, Jet):
            columns: Any = points.columns()
        else:
            columns = [points[:, i] for i in range(points.shape[1])]
        return SimpleNamespace(**dict(zip(self.pde.coordinates, columns, strict=True)))

    def constrained(self, net: Jet, points: Jet) -> Jet:
        """The unknowns, by the equation's ansatz, from a network's outputs at the points.

        Raises:
            UserError: the equation has no ansatz.
        """
        if not self.pde.offers("constrained"):
            raise UserError(f"{self.pde.name} has no ansatz with built-in conditions")
        outputs = dict(zip(self.pde.unknowns, net.columns(), strict=True))
        made = self.pde.constrained(SimpleNamespace(**outputs), self.at(points), self.p, taylor)
        return taylor.concatenate([made.get(name, outputs[name]) for name in self.pde.unknowns])

    def fields(self, u: Jet) -> SimpleNamespace:
        """The unknowns by name, each with its value and its derivatives, [n]."""
        named = {}
        for i, name in enumerate(self.pde.unknowns):
            parts = {"value": u.value[:, i]}
            if u.directions.first:
                for axis, coordinate in enumerate(self.pde.coordinates):
                    parts[coordinate] = u.first(axis)[:, i]
            for channel in range(len(u.directions.second)):
                parts[self.pde.derivatives[channel]] = u.second(channel)[:, i]
            named[name] = SimpleNamespace(**parts)
        return SimpleNamespace(**named)

    def residuals(self, u: Jet, points: jax.Array) -> dict[str, jax.Array]:
        """The equation's residuals of `u` at the points [n, d], [n] each, by name.

        Raises:
            UserError: the equation gives something of another shape; its name is said.
        """
        found = self.pde.residuals(self.fields(u), self.at(points), self.p, jnp)
        checked = {}
        for name, value in found.items():
            shape = jnp.shape(value)
            if shape != (u.n,):
                raise UserError(
                    f"{self.pde.name}: the residual '{name}' has the shape {list(shape)}, not one "
                    f"value a point ([{u.n}])"
                )
            checked[name] = jnp.asarray(value, points.dtype)
        if not checked:
            raise UserError(f"{self.pde.name} has no residuals")
        return checked

    def ritz(self, u: Jet, points: jax.Array) -> jax.Array:
        """The density [n] of the integral that the solution minimises.

        Raises:
            UserError: the equation has none.
        """
        if not self.pde.offers("ritz"):
            raise UserError(f"{self.pde.name} is not given as the minimum of an integral")
        density = self.pde.ritz(self.fields(u), self.at(points), self.p, jnp)
        return jnp.broadcast_to(jnp.asarray(density, points.dtype), (u.n,))

    def given(self, part: Part, points: jax.Array) -> tuple[jax.Array, tuple[bool, ...]]:
        """Boundary values [n, unknowns] on a part, and which unknowns are given there.

        Raises:
            UserError: nothing is given, something unknown, or of another shape.
        """
        pde, n = self.pde, points.shape[0]
        found = pde.boundary(part.name, self.at(points), self.p, jnp)
        if not found:
            raise UserError(f"{pde.name}: nothing is given on the boundary part '{part.name}'")
        wrong = sorted(set(found) - set(pde.unknowns))
        if wrong:
            raise UserError(
                f"{pde.name}: '{wrong[0]}' on the part '{part.name}' is no unknown; they are: "
                + ", ".join(pde.unknowns)
            )
        columns = []
        for name in pde.unknowns:
            value = jnp.asarray(found.get(name, 0.0), points.dtype)
            if value.shape not in ((), (n,)):
                raise UserError(
                    f"{pde.name}: '{name}' on the part '{part.name}' has the shape "
                    f"{list(value.shape)}, not one value a point ([{n}])"
                )
            columns.append(jnp.broadcast_to(value, (n,)))
        return jnp.stack(columns, axis=1), tuple(name in found for name in pde.unknowns)


def _channel(name: str, pde: Pde) -> Second:
    """The sum of second derivatives that a name such as `xx`, `xy` or `laplacian` means.

    Raises:
        UserError: it means none.
    """
    if name == "laplacian":
        return tuple((i, i, 1.0) for i, c in enumerate(pde.coordinates) if c != "t")
    for i, first in enumerate(pde.coordinates):
        for j, second in enumerate(pde.coordinates):
            if name == first + second:
                return ((i, j, 1.0),)
    pairs = ", ".join(c + c for c in pde.coordinates)
    raise UserError(f"{pde.name}: '{name}' is no second derivative; such are: laplacian, {pairs}")
