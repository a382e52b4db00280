"""Wu and Lisser's network over time: it is trained to be the path of the projection network.

A perceptron takes the time t alone and gives the whole primal and dual point, z(t) = (x(t), y(t)),

    z(t) = z_0 + (1 - exp(-t)) D NN(t),

which begins at z_0, the origin within the bounds. With Phi(z) = (-d_x, -d_y), the velocity of the
projection network (`projection_nn`, which proves that it leads to an optimum), the loss is

    mean over times t and over entries of  (D^-1 (dz/dt - Phi(z(t))))^2

at times drawn once, uniformly in [0, horizon]. dz/dt comes with the network's values, in forward
mode. The answer is z(horizon), judged like every answer: neither a small loss nor a good objective
alone says that it is optimal. It can be no better than the path is at the horizon.

The network has to learn nothing but the program: D = (sqrt(T), sqrt(S)) u, T and S the diagonals of
the projection network and u^2 the unit of the objective over n + m (`program_units`), makes outputs
of order one whatever units the program has.

A step is two products with A and two with A^T (and two with Q) of as many columns as there are
times, forward, and the same again backward.

References:
    Wu & Lisser, A deep learning approach for solving linear programming problems, Neurocomputing,
    2023, doi 10.1016/j.neucom.2022.11.053 (ansatz and loss).
    One hidden layer of 100 tanh, Adam at 0.001, 128 times drawn once and horizons of 10 to 50 are
    those of an open re-implementation (github.com/mmogib/deepLP); the authors' own settings and
    results are UNVERIFIED. Departs from it: the flow (theirs is that of the plain saddle for
    linear programs; the sign of one branch of the re-implementation is wrong and not taken
    over); times stretched to [-1, 1] before the first layer; D; bounds of variables are
    projected on, not rows; training ends at `num_steps`, not at a loss.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, PyTree, Scalar
from dnnbench.engine.gradient import GradState
from dnnbench.methods.program_common import origin
from dnnbench.methods.program_network import ProgramNetwork
from dnnbench.methods.program_units import Units
from dnnbench.methods.projection_nn import answer, descent, diagonals


@dataclass(frozen=True, kw_only=True)
class WuLisser(ProgramNetwork):
    """A network over time for linear and convex quadratic programs.

    Attributes:
        times: at how many times the loss looks.
        (The others are those of `ProgramNetwork`.)

    Hyperparameters (traced): `learning_rate` of Adam; `horizon`, the time of the answer, in units
    of the projection network's; `gain` of the projection network.
    """

    times: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "horizon", "gain")

    def start(self, ctx: Ctx) -> tuple[PyTree, jax.Array]:
        """A fresh network, and the times as shares of the horizon, [times]."""
        key, draw = jax.random.split(ctx.key)
        data = ctx.problem
        size = data.cost.shape[0] + data.row_lower.shape[0]
        shares = jax.random.uniform(draw, (self.times,), data.cost.dtype)
        return self.fresh(key, 1, size), shares

    def loss(self, params: PyTree, aux: jax.Array, ctx: Ctx) -> tuple[Scalar, jax.Array]:
        """Mean square of the residuals."""
        return jnp.mean(jnp.square(self.residuals(params, aux, ctx))), aux

    def residuals(self, params: PyTree, aux: jax.Array, ctx: Ctx) -> jax.Array:
        """D^-1 (dz/dt - Phi(z)), [n + m, times]."""
        n = ctx.problem.cost.shape[0]
        D = diagonals(self._units(ctx).scales, ctx.hp["gain"])
        path, speed = self.path(params, aux, ctx)

        def velocity(z: jax.Array) -> jax.Array:
            d_x, d_y, _ = descent(z[:n], z[n:], D, self.energy, ctx.problem)
            return -jnp.concatenate([d_x, d_y])

        return (speed - jax.vmap(velocity, 1, 1)(path)) / self._sizes(ctx)[:, None]

    def path(self, params: PyTree, shares: jax.Array, ctx: Ctx) -> tuple[jax.Array, jax.Array]:
        """Points z and velocities dz/dt at shares of the horizon, [n + m, times] each."""
        end, data = ctx.hp["horizon"], ctx.problem
        found = self.outputs(params, 2 * shares[:, None] - 1, first=True)
        value, slope = found.parts
        decay = jnp.exp(-end * shares)
        first = jnp.concatenate([origin(self.energy, data), jnp.zeros_like(data.row_lower)])
        sizes = self._sizes(ctx)[:, None]
        speed = decay * value + (1 - decay) * slope * 2 / end
        return first[:, None] + sizes * (1 - decay) * value, sizes * speed

    def _units(self, ctx: Ctx) -> Units:
        own: Units = ctx.method
        return own

    def _sizes(self, ctx: Ctx) -> jax.Array:
        """D, [n + m]."""
        own = self._units(ctx)
        T, S, *_ = diagonals(own.scales, ctx.hp["gain"])
        roots = jnp.sqrt(jnp.concatenate([T, S]))
        return roots * jnp.sqrt(own.objective / roots.size)

    def readout(self, s: GradState, ctx: Ctx) -> jax.Array:
        """The end of the path as an answer, [n + m]."""
        n = ctx.problem.cost.shape[0]
        z = self._end(s, ctx)
        return answer(z[:n], z[n:], self.energy, ctx.problem)

    def _end(self, s: GradState, ctx: Ctx) -> jax.Array:
        """The point z(horizon), [n + m]."""
        one = jnp.ones((1,), jnp.dtype(self.energy.dtype))
        return self.path(s.params, one, ctx)[0][:, 0]

    def figures(self, s: GradState, ctx: Ctx) -> dict[str, Any]:
        """The root of the loss, and how far the path's end is from rest, sqrt(E), in units of D."""
        n, own = ctx.problem.cost.shape[0], self._units(ctx)
        z = self._end(s, ctx)
        D = diagonals(own.scales, ctx.hp["gain"])
        residual = descent(z[:n], z[n:], D, self.energy, ctx.problem)[2]
        return {
            "path_residual": jnp.sqrt(self.loss(s.params, s.aux, ctx)[0]),
            "distance_from_rest": jnp.sqrt(residual / own.objective),
        }
