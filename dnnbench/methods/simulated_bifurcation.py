"""Simulated bifurcation, ballistic (bSB) and discrete (dSB): coupled oscillators with walls.

The energy's Ising couplings drive n oscillators whose pump grows until each settles at +1 or -1:

    y <- y + dt [ -(a0 - a(t)) x + c0 (J g(x) + h) ],   x <- x + dt a0 y,
    |x_i| > 1:  x_i <- sign(x_i), y_i <- 0,

with g the identity (ballistic) or the sign (discrete), a(t) linear from 0 to a0.

References:
    Goto, Endo, Suzuki, Sakai, Kanao, Hamakawa, Hidaka, Yamasaki, Tatsumura, High-performance
    combinatorial optimization based on classical mechanics, Science Advances 7:eabe7953, 2021
    (Eqs. 2-4, symplectic Euler with perfectly inelastic walls, c0 of the methods section).
    Departs from it: c0 = c0_scale sqrt(n - 1) / ||J||_F with 0.5 for c0_scale as in the paper's
    estimate for dense J; the scale is a hyperparameter because sparse graphs like other values.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import QuadraticEnergy


class Oscillators(NamedTuple):
    """Positions x and momenta y, both [n]."""

    x: jax.Array
    y: jax.Array


@dataclass(frozen=True)
class SimulatedBifurcation(OwnStepMethod):
    """Ballistic or discrete simulated bifurcation of a quadratic binary problem.

    Attributes:
        energy: quadratic energy; its Ising form gives J = -A and h = -(A 1 + linear).
        variant: `ballistic` or `discrete`.
        num_steps: steps of one restart, over which the pump rises.

    Hyperparameters (traced): `dt`, time step; `a0`, final pump; `c0_scale`, see above;
    `init_scale`, half-width of the uniform start of x and y.
    """

    energy: QuadraticEnergy
    variant: Literal["ballistic", "discrete"]
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("dt", "a0", "c0_scale", "init_scale")

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The field h [n] and the factor sqrt(n - 1) / ||J||_F."""
        data = self.energy.prepare(public)
        ones = jnp.ones_like(data.linear)
        field = -(spmm(data.matrix, ones) + data.linear)
        norm = float(np.sqrt(self.energy.coupling_squares(public).sum()))
        n = public.num_vertices
        coupling = np.sqrt(max(n - 1, 1)) / norm if norm > 0 else 0.0
        return {"field": field, "coupling": jnp.asarray(coupling, data.linear.dtype)}, {}

    def init(self, ctx: Ctx) -> Oscillators:
        """Small uniform positions and momenta."""
        linear = ctx.problem.linear
        kx, ky = jax.random.split(ctx.key)
        width = ctx.hp["init_scale"]

        def draw(key: jax.Array) -> jax.Array:
            return width * jax.random.uniform(key, linear.shape, linear.dtype, -1, 1)

        return Oscillators(draw(kx), draw(ky))

    def step(self, s: Oscillators, phase: Phase, ctx: Ctx) -> tuple[Oscillators, Info]:
        """One symplectic Euler step.

        The merit is the first oscillator's part of the energy: the sum over all of them would
        cost a third of the step and serves nothing, since quality is scored on rounded spins.
        """
        hp, own = ctx.hp, ctx.method
        pump = hp["a0"] * (ctx.t.astype(s.x.dtype) / self.num_steps)
        spins = jnp.sign(s.x) if self.variant == "discrete" else s.x
        force = own["field"] - spmm(ctx.problem.matrix, spins)
        strength = hp["c0_scale"] * own["coupling"]
        y = s.y + hp["dt"] * (strength * force - (hp["a0"] - pump) * s.x)
        x = s.x + hp["dt"] * hp["a0"] * y
        wall = jnp.abs(x) > 1
        moved = Oscillators(jnp.where(wall, jnp.sign(x), x), jnp.where(wall, 0, y))
        merit = -s.x[0] * force[0]
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Oscillators, ctx: Ctx) -> jax.Array:
        """(x + 1) / 2 in [0, 1]^n."""
        return (s.x + 1) / 2
