"""A perceptron whose output is the point: bounds by its last layer, rows by a loss.

The network sees one random vector that stays as it is, so it is nothing but another set of
coordinates for x, of which it has many more than x has. With r its outputs and e_j the unit of x_j,

    x_j = l_j + (u_j - l_j) / (1 + exp(-r_j))    two finite bounds
    x_j = l_j + e_j log(1 + exp(r_j))            a lower one (an upper one likewise)
    x_j = e_j r_j                                none,

so no bound is ever violated, and none but by rounding reached. With v the signed violation of rows,
R_i^2 scales and b the length of the bounds, F the unit of the objective (all of `program_units`),

    penalty:                loss = f(x) / F + rho |R v|^2 / b^2
    augmented_lagrangian:   loss = f(x) / F + sum_i (y'_i^2 - y_i^2) / (2 s_i F),

s_i = 2 rho F R_i^2 / b^2 and y' the multipliers after a step of sizes s from y (`program_common`),
y = 0 giving the penalty itself. The penalty's y' = -s v are multipliers of a program whose rows
are moved by v: at its minimum each active row is violated by y_i / s_i, that is lambda / (2 rho)
where units are 1. The augmented Lagrangian sets y to y' every `update_every` steps, and
its violation goes to 0 whatever rho is. Equations are rows like others; no null space is taken.

A step is one product each with A and A^T (and Q); the network costs 6 (n + inputs) width operations
and more with depth.

References:
    That a network of a constant input parametrises a point is folklore; penalty and augmented
    Lagrangian as in Nocedal & Wright, Numerical Optimization, 2nd ed., chapter 17. Sizes and rates
    are ours, not published ones.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradState
from dnnbench.errors import unknown
from dnnbench.kernels.rectangular import matmul
from dnnbench.methods.program_common import multipliers
from dnnbench.methods.program_network import ProgramNetwork
from dnnbench.methods.program_units import Units
from dnnbench.problems.program.energy import ProgramData

CONSTRAINTS = ("penalty", "augmented_lagrangian")


class Held(NamedTuple):
    """What is not trained: the network's input [inputs], multipliers y [m] (0 under a penalty)."""

    input: jax.Array
    y: jax.Array


@dataclass(frozen=True, kw_only=True)
class MlpReparam(ProgramNetwork):
    """A perceptron as coordinates, for linear and convex quadratic programs.

    Attributes:
        inputs: length of the random vector that the network sees.
        constraints: `penalty` or `augmented_lagrangian`.
        update_every: steps between two updates of the multipliers.
        (The others are those of `ProgramNetwork`.)

    Hyperparameters (traced): `learning_rate` of Adam; `rho`, the penalty in units of the program.
    """

    inputs: int
    constraints: str
    update_every: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "rho")

    def __post_init__(self) -> None:
        """Check what the config's bounds cannot say."""
        if self.constraints not in CONSTRAINTS:
            raise unknown("constraints", self.constraints, CONSTRAINTS)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam; multipliers are the slow update."""
        (phase,) = super().phases
        if self.constraints == "penalty":
            return (phase,)
        return (Phase(phase.name, phase.steps, phase.optimizer, self.update_every),)

    def start(self, ctx: Ctx) -> tuple[PyTree, Held]:
        """A fresh network, a normal input, no multipliers."""
        key, draw = jax.random.split(ctx.key)
        data = ctx.problem
        seen = jax.random.normal(draw, (self.inputs,), data.cost.dtype)
        fresh = self.fresh(key, self.inputs, data.cost.shape[0])
        return fresh, Held(seen, jnp.zeros_like(data.row_lower))

    def point(self, params: PyTree, aux: Held, ctx: Ctx) -> jax.Array:
        """The point, within its bounds, [n]."""
        data, own = ctx.problem, self._units(ctx)
        size = data.cost.shape[0]
        norm = own.scales.matrix_norm + own.scales.quadratic_norm
        reach = own.bounds / jnp.where(norm > 0, norm, 1) / size**0.5
        raw = self.outputs(params, aux.input[None]).value[0]
        return within(raw, jnp.sqrt(own.scales.columns) * reach, data)

    def _units(self, ctx: Ctx) -> Units:
        own: Units = ctx.method
        return own

    def sizes(self, ctx: Ctx) -> jax.Array:
        """The penalties s, [m]."""
        own = self._units(ctx)
        return 2 * ctx.hp["rho"] * own.objective / own.bounds**2 * own.scales.rows

    def forces(self, x: jax.Array, aux: Held, ctx: Ctx) -> jax.Array:
        """The multipliers y', [m]."""
        rows = matmul(ctx.problem.matrix, x)
        return multipliers(rows, aux.y, self.sizes(ctx), ctx.problem)

    def loss(self, params: PyTree, aux: Held, ctx: Ctx) -> tuple[Scalar, Held]:
        """The augmented Lagrangian, without multipliers the penalised objective."""
        x = self.point(params, aux, ctx)
        y = self.forces(x, aux, ctx)
        rows = jnp.sum((y * y - aux.y * aux.y) / (2 * self.sizes(ctx)))
        return (self.energy.objective(x, ctx.problem) + rows) / self._units(ctx).objective, aux

    def outer(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """Multipliers of the point as it is now."""
        aux: Held = s.aux
        y = self.forces(self.point(s.params, aux, ctx), aux, ctx)
        return self.renewed(s, phase, aux._replace(y=y))

    def readout(self, s: GradState, ctx: Ctx) -> jax.Array:
        """The point and the multipliers y', [n + m]."""
        x = self.point(s.params, s.aux, ctx)
        return jnp.concatenate([x, self.forces(x, s.aux, ctx)])

    def figures(self, s: GradState, ctx: Ctx) -> dict[str, Any]:
        """The largest violation of a row, and max y_i / s_i, which a penalty's is bound to have."""
        x = self.point(s.params, s.aux, ctx)
        y = self.forces(x, s.aux, ctx)
        violation = self.energy.row_violation(matmul(ctx.problem.matrix, x), ctx.problem)
        return {
            "violation": jnp.max(jnp.abs(violation), initial=0),
            "multiplier_over_penalty": jnp.max(jnp.abs(y) / self.sizes(ctx), initial=0),
        }


def within(raw: jax.Array, unit: jax.Array, data: ProgramData) -> jax.Array:
    """Outputs [n] of any size as points between the bounds."""
    low, high = jnp.isfinite(data.lower), jnp.isfinite(data.upper)
    below, above = jnp.where(low, data.lower, 0), jnp.where(high, data.upper, 0)
    half = unit * jax.nn.softplus(raw)
    one_sided = jnp.where(low, below + half, jnp.where(high, above - half, unit * raw))
    return jnp.where(low & high, below + (above - below) * jax.nn.sigmoid(raw), one_sided)
