"""EvoGSO: Gumbel-softmax optimisation of a population, with selection and mutation.

The copies of GSO are one lane with an axis of their own. Every `cycle` steps a hard sample of each
is scored; the best 1 / `proportion` of the copies overwrite the worst, except that with a small
probability a fresh copy takes the place (mutation).

References:
    Li, Liu, Lin, Hou, Mou, Zhang, Gumbel-softmax-based optimization: a simple general framework
    for optimization problems on graphs, Computational Social Networks 8:5, 2021, arXiv 2004.07300;
    selection, mutation and settings of the authors' script (128 copies, cycle 100, an eighth;
    mutation where a normal draw lies below -3; Adam's moments stay with the overwritten copy).
    There is no crossover in it, hence none here. Departures of `gumbel_softmax` hold here too.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase
from dnnbench.engine.gradient import GradState
from dnnbench.kernels.spmm import spmm
from dnnbench.methods.gumbel_softmax import GumbelSoftmax, logistic
from dnnbench.optimizers.from_optax import adam


@dataclass(frozen=True)
class GumbelSoftmaxEvolution(GumbelSoftmax):
    """Gumbel-softmax optimisation of a population.

    Attributes:
        num_replicas: copies B of one lane.
        cycle: steps between two selections.
        proportion: B / proportion copies are overwritten at each; at least 2.

    Hyperparameters (traced): those of `GumbelSoftmax`, and `mutation`, the probability that a
    fresh copy is put in instead of a good one.
    """

    num_replicas: int
    cycle: int
    proportion: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (*GumbelSoftmax.hyperparameters, "mutation")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam, selection every `cycle` steps."""
        return (Phase("anneal", self.num_steps, adam(), outer_every=self.cycle),)

    @property
    def ensemble_axis(self) -> int:
        """The readout is [n, B]."""
        return 1

    def shape(self, n: int) -> tuple[int, ...]:
        """[n, B]."""
        return (n, self.num_replicas)

    def outer(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """Selection and mutation on the logits."""
        noise, coin, fresh = (jax.random.fold_in(ctx.key, i) for i in (1, 2, 3))
        params = s.params
        spins = jnp.where(params + logistic(noise, params) > 0, 1, -1).astype(params.dtype)
        field = ctx.method["field"][:, None]
        cost = jnp.sum(spins * (0.5 * spmm(ctx.problem.matrix, spins) - field), axis=0)
        number = self.num_replicas // self.proportion
        order = jnp.argsort(cost)
        best = params[:, order[:number]]
        worst = order[::-1][:number]
        mutate = jax.random.bernoulli(coin, ctx.hp["mutation"], (number,))
        new = ctx.hp["init_scale"] * jax.random.normal(fresh, best.shape, best.dtype)
        params = params.at[:, worst].set(jnp.where(mutate, new, best))
        return s._replace(params=params)
