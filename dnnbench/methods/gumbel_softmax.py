"""GSO: Gumbel-softmax optimisation, a logit for each variable and reparametrised samples.

A variable is up with probability p = sigmoid(x). Its Gumbel-softmax sample over the two classes,
softmax((log p + g_1, log(1 - p) + g_0) / tau), is a spin

    s = tanh((x + L) / (2 tau)),     L = g_1 - g_0, a logistic variable,

and Adam descends U(s) / (n scale) + eta mean x^2 through it, while tau falls linearly. Hard
samples sign(x + L) are what is scored.

References:
    Liu, Gao, Zhang, Gumbel-softmax optimization, arXiv 1909.07018; Li, Liu, Lin, Hou, Mou, Zhang,
    Gumbel-softmax-based optimization, Computational Social Networks 8:5, 2021, arXiv 2004.07300;
    settings of the authors' script for the Sherrington-Kirkpatrick model (Adam with learning rate
    1, tau 20 to 1, eta 1e-3, start 1e-5, 2000 iterations in the evolutionary script and 50 000 in
    the plain one).
    Departs from it: the copies of a batch are lanes, each with a loss of its own (Adam removes
    the factor 1 / B); couplings are divided by `scale`, the local field of random spins, which is
    1 in the model that eta was set for; the logit is x itself, where the script's log(p + 1e-10)
    flattens beyond |x| = 23, out of eta's reach; samples are scored every `score_every` steps; the
    script's stop, as soon as a batch's best equals the best so far, is left out, because integer
    cuts tie early.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.cut.energy import QuadraticEnergy
from dnnbench.problems.cut.spins import external_field, field_scale, spin_energy


@dataclass(frozen=True)
class GumbelSoftmax(GradientMethod):
    """Gumbel-softmax optimisation of a quadratic binary problem.

    Attributes:
        energy: quadratic energy.
        num_steps: steps of one restart, over which tau falls.

    Hyperparameters (traced): `learning_rate` of Adam; `tau_start` and `tau_end`, first and last
    temperature; `weight_penalty`, eta; `init_scale`, standard deviation of the first logits.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "tau_start",
        "tau_end",
        "weight_penalty",
        "init_scale",
    )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("anneal", self.num_steps, adam()),)

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The external field [n] and 1 / (n scale)."""
        field = external_field(self.energy.prepare(public))
        strength = 1 / (
            field_scale(self.energy.coupling_squares(public)) * max(public.num_vertices, 1)
        )
        return {"field": field, "strength": jnp.asarray(strength, field.dtype)}, {}

    def shape(self, n: int) -> tuple[int, ...]:
        """Shape of the logits of one lane."""
        return (n,)

    def start(self, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """Gaussian logits near zero."""
        linear = ctx.problem.linear
        shape = self.shape(linear.shape[0])
        return ctx.hp["init_scale"] * jax.random.normal(ctx.key, shape, linear.dtype), ()

    def tau(self, t: Scalar, hp: dict[str, Scalar]) -> Scalar:
        """Temperature of the samples at step t."""
        share = t.astype(hp["tau_start"].dtype) / self.num_steps
        return hp["tau_start"] + (hp["tau_end"] - hp["tau_start"]) * share

    def loss(self, params: jax.Array, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """Energy of one soft sample (a copy) and the penalty, both a variable and a copy."""
        hp, own = ctx.hp, ctx.method
        spins = jnp.tanh((params + logistic(ctx.key, params)) / (2 * self.tau(ctx.t, hp)))
        field = own["field"].reshape((-1,) + (1,) * (params.ndim - 1))
        copies = params.size // params.shape[0]
        cost = spin_energy(ctx.problem, field, spins) * own["strength"] / copies
        return cost + hp["weight_penalty"] * jnp.mean(params * params), aux

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """A hard sample, as 0 and 1, [n]."""
        return (s.params + logistic(ctx.key, s.params) > 0).astype(s.params.dtype)


def logistic(key: jax.Array, like: jax.Array) -> jax.Array:
    """Standard logistic noise, the difference of two Gumbel variables."""
    return jax.random.logistic(key, like.shape, like.dtype)
