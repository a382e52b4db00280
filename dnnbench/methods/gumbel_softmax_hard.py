"""GSO for independent sets: Gumbel-softmax optimisation with hard samples, straight through.

A vertex is in the set with probability sigmoid(x). Each step draws the set

    z = [x + L > 0],   L a logistic variable,

and takes the energy's gradient at z through the soft sample sigmoid((x + L) / tau), whose slope
stands in for that of the step. Gradient descent with a fixed step size moves the logits x; tau
stays as it is. (The form for spin glasses, `gumbel_softmax`, has soft samples, Adam, and a falling
tau.) What is scored is a hard sample of its own.

References:
    Liu, Gao, Zhang, Gumbel-softmax optimization, arXiv 1909.07018; Li, Liu, Lin, Hou, Mou, Zhang,
    Gumbel-softmax-based optimization, Computational Social Networks 8:5, 2021, arXiv 2004.07300;
    settings of the authors' script for independent sets (tau 1, SGD with learning rate 0.01,
    20 000 iterations, start 1e-5; there the penalty is 5 for a conflict counted in both
    directions, so `problem.penalty` is 10).
    Departs from it: the copies of a batch are lanes (their loss is a sum over copies, so nothing
    changes); samples are scored every `score_every` steps, after the problem's repair unless that
    is `none`, where theirs counts samples without conflicts only.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import optax

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradientMethod
from dnnbench.methods.gumbel_softmax import logistic
from dnnbench.optimizers.from_optax import FromOptax
from dnnbench.problems.cut.energy import QuadraticEnergy


def descent() -> FromOptax:
    """Gradient descent with the traced hyperparameter `learning_rate`."""
    return FromOptax(lambda hp: optax.sgd(hp["learning_rate"]))


@dataclass(frozen=True)
class GumbelSoftmaxHard(GradientMethod):
    """Straight-through Gumbel-softmax optimisation of a quadratic binary problem.

    Attributes:
        energy: quadratic energy.
        num_steps: steps of one restart.

    Hyperparameters (traced): `learning_rate`, per unit of energy; `tau`, temperature of the soft
    samples; `init_scale`, standard deviation of the first logits.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "tau", "init_scale")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase of gradient descent."""
        return (Phase("descend", self.num_steps, descent()),)

    def start(self, ctx: Ctx) -> tuple[jax.Array, PyTree]:
        """Gaussian logits near zero, [n]."""
        linear = ctx.problem.linear
        return ctx.hp["init_scale"] * jax.random.normal(ctx.key, linear.shape, linear.dtype), ()

    def loss(self, params: jax.Array, aux: PyTree, ctx: Ctx) -> tuple[Scalar, PyTree]:
        """Energy of a hard sample, with the slopes of the soft one."""
        noisy = params + logistic(ctx.key, params)
        soft = jax.nn.sigmoid(noisy / ctx.hp["tau"])
        hard = (noisy > 0).astype(params.dtype)
        sample = hard + (soft - jax.lax.stop_gradient(soft))
        return self.energy.energy(sample, ctx.problem), aux

    def readout(self, s: PyTree, ctx: Ctx) -> jax.Array:
        """A hard sample, as 0 and 1, [n]."""
        return (s.params + logistic(ctx.key, s.params) > 0).astype(s.params.dtype)
