"""dNN-MIS: a ReLU network whose weights are the graph, trained to its own lower bound.

The only trained layer multiplies the input, all ones, by theta in [0, 1]^n. The fixed rest of the
network adds up, with n vertices, conflicts E and the pairs Ebar without one,

    f(theta) = - sum_i relu(theta_i - 1/2) + n sum_{ij in E} relu(theta_i + theta_j - 1)
               - temperature sum_{ij in Ebar} relu(theta_i + theta_j - 1),

whose least value over {0, 1}^n belongs to the maximum independent sets. (Over the whole cube there
can be lower ones: an isolated vertex at 1 beside a clique of 5 or more at 1/2 is lower than the
two vertices of the maximum independent set.) Adam descends f; theta is cut back to the cube after
each step; the answer is theta > 1/2.

The network has a unit for every pair. Here f and its gradient are counted instead: f is piecewise
linear, f = sum_i k_i (theta_i - 1/2) with k its gradient, and

    k_i = - [theta_i > 1/2] + (n + temperature) near_i - temperature all_i,

near_i and all_i being the numbers of conflicts of i, and of vertices at all, whose theta exceeds
1 - theta_i (`kernels.pair_counts`): O(m + n log n) instead of n^2 units.

References:
    Alkhouri, Atia & Velasquez, A differentiable approach to the maximum independent set problem
    using dataless neural networks, Neural Networks 155:168, 2022, arXiv 2203.08209; learning rate,
    steps and start 1 - d_i / max d as in the authors' code, which sets the weight of Ebar to 1/2
    (`temperature`) where the paper has 1.
    Departs from it: the start has noise, uniform in [0, init_noise) and cut back to the cube,
    without which all restarts are the same (the code's own noise is an integer drawn below 1,
    always 0); the constant n^2 / 2 is not added to the loss. Vertices that start at 0, such as
    those of the largest degree, feed no active unit and stay there without noise; on a regular
    graph that is all of them. Vertices of an infeasible answer are deleted by the problem's repair.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.kernels.pair_counts import Slots, make_slots, pair_counts
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.energy import SetEnergy


class Wiring(NamedTuple):
    """What of the network is the instance's.

    Attributes:
        slots: neighbours in the graph that the problem stores, that of the conflicts or the
            other pairs', see `kernels.pair_counts`.
        first: the start without noise, [n].
    """

    slots: Slots
    first: jax.Array


@dataclass(frozen=True)
class DNNMIS(GradientMethod):
    """The dataless neural network for maximum independent sets.

    Attributes:
        energy: energy of a problem of independent sets with equal weights.
        num_steps: steps of one restart.

    Hyperparameters (traced): `learning_rate` of Adam; `temperature`, minus the weight of the pairs
    without conflict; `init_noise`, width of the starts' uniform noise.
    """

    energy: SetEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "temperature", "init_noise")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("train", self.num_steps, adam()),)

    def prepare(self, public: Conflicts) -> tuple[Wiring, dict[str, float]]:
        """Neighbours, and 1 - d_i / max d (1 where nothing conflicts at all)."""
        degrees = np.asarray(public.degrees, np.float64)
        first = 1 - degrees / max(degrees.max(), 1)
        slots = make_slots(public.stored)
        return Wiring(slots, jnp.asarray(first, self.energy.dtype)), {}

    def start(self, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """Theta from the degrees, with noise, [n]."""
        first = ctx.method.first
        noise = jax.random.uniform(ctx.key, first.shape, first.dtype)
        return jnp.clip(first + ctx.hp["init_noise"] * noise, 0, 1), ()

    def slopes(self, theta: jax.Array, ctx: Ctx) -> jax.Array:
        """The gradient k of f at theta in the cube, [n]; of the kinks' slopes the one below."""
        near, every = pair_counts(ctx.method.slots, theta)
        if ctx.problem.matrix.rest:  # what is stored are the pairs without conflict
            near = every - near
        n, temperature = theta.shape[0], ctx.hp["temperature"]
        return (n + temperature) * near - temperature * every - (theta > 0.5)

    def loss(self, params: jax.Array, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """The network's output f, as the sum of k_i (theta_i - 1/2)."""
        return jnp.sum(self.slopes(jax.lax.stop_gradient(params), ctx) * (params - 0.5)), aux

    def project(self, params: jax.Array, ctx: Ctx) -> jax.Array:
        """Back to the cube."""
        return jnp.clip(params, 0, 1)

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        """Theta, as an answer of the problem, [n]."""
        return self.energy.independent(s.params)
