"""HeO: heat diffusion optimisation, gradient descent on the heat-smoothed energy.

A vector theta in [0, 1]^n holds the probability of each spin being up: s = sign(theta - u) with u
uniform. The heat equation smooths the energy of that random spin vector, and at time tau one draw
u estimates the smoothed energy's gradient through

    x = erf((theta - u) / (sqrt(2) sigma_t)),     sigma_t = 1 - t / T,
    theta <- clip(theta - learning_rate dU(x) / dtheta, 0, 1),

so that the heat goes backwards in time until x is the sign again. The answer is theta > 1/2.

References:
    Ma, Lu, Feng, Efficient combinatorial optimization via heat diffusion, NeurIPS 2024, arXiv
    2403.08757 (Algorithm 1); step, schedule and settings as in the authors' repository
    AwakerMhy/HeO (its QUBO script: SGD with learning rate 2, momentum 0, T = 5000, start at 1/2).
    Departs from it: u is drawn with 16 bits, (k + 1/2) / 2^16, which makes a step cheaper; the
    last sigma is 1 / T, thirteen grid cells wide at T = 5000.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import QuadraticEnergy
from dnnbench.problems.cut.spins import external_field


def coarse_uniform(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
    """Uniform on the 2^16 midpoints of (0, 1): half the random bits of the usual draw."""
    bits = jax.random.bits(key, shape, jnp.uint16)
    return (bits.astype(dtype) + 0.5) / 2**16


class Heat(NamedTuple):
    """Probabilities theta in [0, 1] and momentum, both [n]."""

    theta: jax.Array
    momentum: jax.Array


@dataclass(frozen=True)
class HeatDiffusion(OwnStepMethod):
    """Heat diffusion optimisation of a quadratic binary problem.

    Attributes:
        energy: quadratic energy.
        num_steps: steps T of one restart, over which sigma falls from 1 to 1 / T.

    Hyperparameters (traced): `learning_rate` and `momentum` of SGD, the former per unit of energy.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "momentum")

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The external field [n]."""
        return external_field(self.energy.prepare(public)), {}

    def init(self, ctx: Ctx) -> Heat:
        """Start at theta = 1/2; restarts differ by their draws alone."""
        linear = ctx.problem.linear
        return Heat(jnp.full_like(linear, 0.5), jnp.zeros_like(linear))

    def sigma(self, t: Scalar, dtype: Any) -> Scalar:
        """Width of the heat kernel at step t."""
        return 1 - t.astype(dtype) / self.num_steps

    def step(self, s: Heat, phase: Phase, ctx: Ctx) -> tuple[Heat, Info]:
        """One draw and one step of SGD; the merit is the first spin's part of the energy."""
        hp, theta = ctx.hp, s.theta
        width = jnp.sqrt(2.0).astype(theta.dtype) * self.sigma(ctx.t, theta.dtype)
        z = (theta - coarse_uniform(ctx.key, theta.shape, theta.dtype)) / width
        x = jax.lax.erf(z)
        uphill = spmm(ctx.problem.matrix, x) - ctx.data.method
        slope = (2 / jnp.sqrt(jnp.pi)).astype(theta.dtype) / width * jnp.exp(-z * z)
        momentum = hp["momentum"] * s.momentum + uphill * slope
        moved = jnp.clip(theta - hp["learning_rate"] * momentum, 0, 1)
        merit = x[0] * uphill[0]
        return Heat(moved, momentum), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Heat, ctx: Ctx) -> jax.Array:
        """The probabilities theta, [n]."""
        return s.theta
