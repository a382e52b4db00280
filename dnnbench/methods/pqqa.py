"""PQQA: parallel quasi-quantum annealing, an ensemble of relaxed copies that repel each other.

S copies x_s in [0, 1]^n minimise, under AdamW with Langevin noise and a clamp after each step,

    (1 - div) sum_s [ f(x_s) + bg(t) sum_i (1 - (1 - 2 x_si)^kappa) ] - div S sum_i std_s(x_si),

where bg rises linearly from a negative value (which holds the copies at one half) to a small
positive one (which makes them binary). The copies see each other through the last term, so they
are one lane with an axis of their own.

References:
    Ichikawa & Iba, Optimization by Parallel Quasi-Quantum Annealing with Gradient-Based Sampling,
    ICLR 2025, arXiv 2409.02135; weights of the terms as in the authors' repository QQA4CO, where
    the logged experiments sum f and penalty over the copies. (A later version of that code takes
    their mean, which makes the diversity term S times stronger: on MaxCut it then drowns the
    cost, G14 falls from about 3050 to about 2560.)
    Departs from it: copies are rounded every `score_every` steps rather than at every step.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.optimizers.from_optax import adamw
from dnnbench.problems.relaxed import Multilinear

# Below this variance the standard deviation's gradient is cut off: at equal copies it is infinite.
_SMALLEST_VARIANCE = 1e-12


@dataclass(frozen=True)
class PQQA(GradientMethod):
    """Parallel quasi-quantum annealing on a binary problem.

    Attributes:
        energy: multilinear energy over the unit cube, of a graph, a quadratic model or a formula.
        num_replicas: copies S of one lane.
        num_steps: steps of one restart, over which bg rises.
        curve_rate: the exponent kappa, even.
        units: whether f counts in units of `energy` or of the `problem`'s own
            (`temperature_unit`), beside which the other terms stand.

    Hyperparameters (traced): `learning_rate`, `weight_decay` of AdamW; `temperature` of the noise
    sqrt(2 learning_rate temperature) xi; `min_bg`, `max_bg`; `diversity`, the weight div.
    """

    energy: Multilinear
    num_replicas: int
    num_steps: int
    curve_rate: int
    units: Literal["energy", "problem"]

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "weight_decay",
        "temperature",
        "min_bg",
        "max_bg",
        "diversity",
    )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under AdamW."""
        return (Phase("anneal", self.num_steps, adamw()),)

    @property
    def ensemble_axis(self) -> int:
        """The readout is [n, S]."""
        return 1

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """One over the unit of energy, where that is not 1."""
        if self.units == "energy":
            return (), {}
        data = self.energy.prepare(public)
        unit = self.energy.temperature_unit(public, self.energy.field(data))
        return {"rate": jnp.asarray(1 / unit, self.energy.zeros(data).dtype)}, {}

    def start(self, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """Uniform copies [n, S]."""
        zeros = self.energy.zeros(ctx.problem)
        shape = (zeros.shape[0], self.num_replicas)
        return jax.random.uniform(ctx.key, shape, zeros.dtype), ()

    def loss(self, params: jax.Array, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """Annealed energy and diversity of the ensemble."""
        hp, x = ctx.hp, params
        data, copies = ctx.problem, self.num_replicas
        cost = jax.vmap(lambda xs: self.energy.energy(xs, data), in_axes=1)(x).sum()
        if self.units == "problem":
            cost = ctx.method["rate"] * cost
        progress = ctx.t.astype(x.dtype) / self.num_steps
        bg = hp["min_bg"] + (hp["max_bg"] - hp["min_bg"]) * progress
        penalty = jnp.sum(1 - jnp.power(1 - 2 * x, self.curve_rate))
        spread = jnp.sum(self._deviation(x))
        div = hp["diversity"]
        return (1 - div) * (cost + bg * penalty) - div * copies * spread, aux

    def _deviation(self, x: jax.Array) -> jax.Array:
        """Unbiased standard deviation over copies, [n]; zero for a single copy."""
        if self.num_replicas == 1:
            return jnp.zeros(x.shape[:1], x.dtype)
        variance = jnp.var(x, axis=1, ddof=1)
        return jnp.sqrt(jnp.maximum(variance, _SMALLEST_VARIANCE))

    def project(self, params: jax.Array, ctx: Ctx) -> jax.Array:
        """Langevin noise, then the clamp to the unit cube."""
        scale = jnp.sqrt(2 * ctx.hp["learning_rate"] * ctx.hp["temperature"])
        noise = jax.random.normal(ctx.key, params.shape, params.dtype)
        return jnp.clip(params + scale * noise, 0, 1)

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """All copies [n, S]; the engine rounds each and keeps the best."""
        return s.params
