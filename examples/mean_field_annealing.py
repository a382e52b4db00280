"""A dnnbench plug-in in one file: mean-field annealing for maximum cut.

    dnnbench check examples/mean_field_annealing.py
    dnnbench run method=mean_field_annealing --plugin examples/mean_field_annealing.py

Every vertex has a mean spin m in (-1, 1). At temperature T the mean-field equations are
m = tanh(-(W m) / T); they are iterated, damped, while T falls from `hot` to `cold` (both in units
of the root mean square weighted degree).

References:
    Peterson & Anderson, A mean field theory learning algorithm for neural networks, Complex
    Systems 1:995, 1987. Departs from it: all spins are updated at once, with damping.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import QuadraticEnergy

# What stands in configs/ for a built-in method. `_options` may be left out; `_plan` too.
DNNBENCH = """
method:
  mean_field_annealing:
    hot: 1.0
    cold: 0.05
    damping: 0.8
    init_scale: 0.01
    num_steps: 1000
    _about:
      title: Mean-field annealing (example of a plug-in)
      implementation: MeanFieldAnnealing
      kind: relaxation
      taxonomy: architecture-agnostic
      problems: [maxcut]
      paper: "Peterson & Anderson, Complex Systems 1:995, 1987"
      licence: Apache-2.0
    _plan: {lane_axis: -1}
    _options:
      hot: {help: "first temperature, in root mean square degrees", type: float, above: 0}
      cold: {help: "last temperature, in root mean square degrees", type: float, above: 0}
      damping: {help: "share of the old spins that is kept", type: float, min: 0, below: 1}
      init_scale: {help: "standard deviation of the first spins", type: float, above: 0}
      num_steps: {help: "steps of one restart", unit: steps, type: int, min: 1}
"""


class Spins(NamedTuple):
    """Mean spins, [n]."""

    m: jax.Array


@dataclass(frozen=True)
class MeanFieldAnnealing(OwnStepMethod):
    """Damped mean-field iteration under a falling temperature.

    Attributes:
        energy: the problem's energy, bound to a kernel and a dtype.
        num_steps: steps of one restart.

    Hyperparameters (traced: sweeping them compiles nothing): `hot`, `cold`, `damping`,
    `init_scale`.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("hot", "cold", "damping", "init_scale")

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The scale of temperatures: the root mean square of the weighted degrees."""
        weights = public.adjacency.data.astype(np.float64)
        scale = np.sqrt(np.square(weights).sum() / max(public.num_vertices, 1))
        return jnp.asarray(max(scale, 1e-30), self.energy.dtype), {}

    def init(self, ctx: Ctx) -> Spins:
        """Small Gaussian spins."""
        linear = ctx.problem.linear
        return Spins(ctx.hp["init_scale"] * jax.random.normal(ctx.key, linear.shape, linear.dtype))

    def step(self, s: Spins, phase: Phase, ctx: Ctx) -> tuple[Spins, Info]:
        """One damped update of all spins at the present temperature."""
        hp, scale = ctx.hp, ctx.method
        share = ctx.t.astype(s.m.dtype) / self.num_steps
        temperature = scale * hp["hot"] * (hp["cold"] / hp["hot"]) ** share
        field = -spmm(ctx.problem.matrix, s.m)
        m = hp["damping"] * s.m + (1 - hp["damping"]) * jnp.tanh(field / temperature)
        merit = -m[0] * field[0]
        return Spins(m), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Spins, ctx: Ctx) -> jax.Array:
        """(m + 1) / 2 in [0, 1]^n."""
        return (s.m + 1) / 2
