"""Mean-field relaxation of binary problems: one logit a variable, no network.

The expected energy under independent Bernoulli variables is descended with Adam. It is the
ablation that every graph network must beat: the same loss family without message passing.

References:
    Peterson & Anderson, A mean field theory learning algorithm for neural networks, Complex
    Systems 1:995, 1987 (the relaxation; theirs is annealed, this one is not).
    Departs from it: plain gradient descent at zero temperature with restarts, because this is
    meant as the simplest relaxation; annealed mean field is a method of its own.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.relaxed import Multilinear


@dataclass(frozen=True)
class MeanField(GradientMethod):
    """Independent Bernoulli relaxation trained by Adam.

    Attributes:
        energy: multilinear energy over the unit cube, of a graph, a quadratic model or a formula.
        num_steps: steps of one restart.

    Hyperparameters (traced): `learning_rate` in logits a step, `init_scale`, the standard
    deviation of the first logits.
    """

    energy: Multilinear
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "init_scale")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam."""
        return (Phase("descend", self.num_steps, adam()),)

    def start(self, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """Gaussian logits [n]."""
        zeros = self.energy.zeros(ctx.problem)
        return ctx.hp["init_scale"] * jax.random.normal(ctx.key, zeros.shape, zeros.dtype), ()

    def loss(self, params: jax.Array, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """Expected energy at p = sigmoid(logits)."""
        return self.energy.energy(jax.nn.sigmoid(params), ctx.problem), aux

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """Probabilities [n]."""
        return jax.nn.sigmoid(s.params)
