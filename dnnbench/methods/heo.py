"""HeO: heat diffusion optimisation, gradient descent on the heat-smoothed energy.

A vector theta in [0, 1]^n holds the probability of each spin being up: s = sign(theta - u) with u
uniform. The heat equation smooths the energy of that random spin vector, and at time tau one draw
u estimates the smoothed energy's gradient through

    x = erf((theta - u) / (sqrt(2) sigma_t)),     sigma_t = 1 - t / T,
    theta <- clip(theta - learning_rate dU(x) / dtheta, 0, 1),

so that the heat goes backwards in time until x is the sign again. The answer is theta > 1/2.

On formulas U is the sum over constraints c of w_c v_c^power, where v_c is the chance that c is
violated by independent bits with means x: under the power 4 those that nearly hold pull little.

References:
    Ma, Lu, Feng, Efficient combinatorial optimization via heat diffusion, NeurIPS 2024, arXiv
    2403.08757 (Algorithm 1); step, schedule and settings as in the authors' repository
    AwakerMhy/HeO (SGD with learning rate 2, T = 5000, start at 1/2; momentum 0 in its QUBO script,
    0.9999 and power 4 in that for 3-SAT).
    Departs from it: weighted formulas count in units of their slopes at random bits (`units`);
    slopes are those in bits, twice those in spins that the authors' learning rate for 3-SAT goes
    with; u is drawn with 16 bits, (k + 1/2) / 2^16, which makes a step cheaper; the last sigma is
    1 / T, thirteen grid cells wide at T = 5000.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, cast

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.errors import UserError
from dnnbench.problems.relaxed import Constrained, Multilinear


def coarse_uniform(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Uniform on the 2^16 midpoints of (0, 1): half the random bits of the usual draw."""
    bits = jax.random.bits(key, shape, jnp.uint16)
    return (bits.astype(dtype) + 0.5) / 2**16


class Own(NamedTuple):
    """Arrays of the method: the energy's field, and one over the unit of energy (None: 1)."""

    field: PyTree
    rate: jax.Array | None


class Heat(NamedTuple):
    """Probabilities theta in [0, 1] and momentum, both [n]."""

    theta: jax.Array
    momentum: jax.Array


@dataclass(frozen=True)
class HeatDiffusion(OwnStepMethod):
    """Heat diffusion optimisation of a binary problem.

    Attributes:
        energy: multilinear energy, of a graph, a quadratic model or a formula.
        num_steps: steps T of one restart, over which sigma falls from 1 to 1 / T.
        power: of each constraint's chance of being violated; only formulas take others than 1.
        units: whether the step size is per unit of `energy` or of the `problem`'s own
            (`temperature_unit`).

    Hyperparameters (traced): `learning_rate` and `momentum` of SGD.
    """

    energy: Multilinear
    num_steps: int
    power: int
    units: Literal["energy", "problem"]

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "momentum")

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The energy's field and its unit.

        Raises:
            UserError: a power is asked for where there are no constraints to take it of.
        """
        if self.power != 1 and not hasattr(self.energy, "powered_slopes"):
            raise UserError(f"method.power={self.power} is for formulas: elsewhere it is 1")
        data = self.energy.prepare(public)
        field = self.energy.field(data)
        if self.units == "energy":
            return Own(field, None), {}
        rate = 1 / self.energy.temperature_unit(public, field)
        return Own(field, jnp.asarray(rate, self.energy.zeros(data).dtype)), {}

    def init(self, ctx: Ctx) -> Heat:
        """Start at theta = 1/2; restarts differ by their draws alone."""
        zeros = self.energy.zeros(ctx.problem)
        return Heat(jnp.full_like(zeros, 0.5), zeros)

    def sigma(self, t: Scalar, dtype: Any) -> Scalar:
        """Width of the heat kernel at step t."""
        return 1 - t.astype(dtype) / self.num_steps

    def uphill(self, x: jax.Array, ctx: Ctx) -> jax.Array:
        """Gradient of U at x in [-1, 1]^n."""
        if self.power == 1:
            return self.energy.spin_slopes(x, ctx.problem, ctx.method.field)
        return cast(Constrained, self.energy).powered_slopes(x, ctx.problem, self.power)

    def step(self, s: Heat, phase: Phase, ctx: Ctx) -> tuple[Heat, Info]:
        """One draw and one step of SGD; the merit is the first spin's part of the energy."""
        hp, theta = ctx.hp, s.theta
        width = jnp.sqrt(2.0).astype(theta.dtype) * self.sigma(ctx.t, theta.dtype)
        z = (theta - coarse_uniform(ctx.key, theta.shape, theta.dtype)) / width
        x = jax.lax.erf(z)
        uphill = self.uphill(x, ctx)
        slope = (2 / jnp.sqrt(jnp.pi)).astype(theta.dtype) / width * jnp.exp(-z * z)
        momentum = hp["momentum"] * s.momentum + uphill * slope
        rate = ctx.method.rate
        step = hp["learning_rate"] if rate is None else hp["learning_rate"] * rate
        moved = jnp.clip(theta - step * momentum, 0, 1)
        merit = x[0] * uphill[0]
        return Heat(moved, momentum), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Heat, ctx: Ctx) -> jax.Array:
        """The probabilities theta, [n]."""
        return s.theta
