"""RLSA: simulated annealing by Langevin steps that are regularised to a fixed Hamming distance.

A chain of bits x flips, all at once and each by itself, the bits i with probability

    sigmoid((delta_i - delta_(d)) / tau_t),   delta = (2 x - 1) * grad E(x) / 2,

where delta_i is half of what flipping bit i alone would take off the energy and delta_(d) is the
d-th largest of them, so that about d bits flip in a step whatever the scale of the energy. The
temperature falls linearly, tau_t = tau0 (1 - t / num_steps), and the best point met counts.

References:
    Feng & Yang, Regularized Langevin Dynamics for Combinatorial Optimization, ICML 2025, arXiv
    2502.00277 (Algorithm 1); d, tau0, steps and chains for MaxCut as in the authors' repository
    RLD4CO. The K chains never see each other, so each is a lane with keys of its own.
    Departs from it: the d-th largest value is found by bisection instead of `kthvalue`, which
    gives the same number wherever values that differ are further apart than 2^-18 of their range
    (the integer gains of unweighted graphs always are); d is cut to n on smaller graphs, where
    theirs would stop with an error; numbers are float32, theirs float16 in the timed runs.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import QuadraticEnergy

# Halvings of the range in which the threshold lies.
_BISECTIONS = 18


class Chain(NamedTuple):
    """One chain.

    Attributes:
        x: bits, as floats, [n].
        product: A x [n], which gives the energy and the next step's gradient.
        best: the best x so far, [n].
        best_energy: its energy.
    """

    x: jax.Array
    product: jax.Array
    best: jax.Array
    best_energy: jax.Array


def kth_largest(values: jax.Array, k: jax.Array) -> jax.Array:
    """The k-th largest entry, counted with repetitions; a scalar.

    Bisection on the number of entries above a threshold, then the largest entry not above it.
    The halvings are written out, not looped: the batching rule that keeps lanes last does not
    reach into loops.

    Args:
        values: [n], finite.
        k: 1 to n; a whole number of any type.
    """
    low, high = jnp.min(values), jnp.max(values)
    # Never more than k - 1 entries lie above `high`; k or more lie above `low` or equal the least.
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = jnp.sum((values > middle).astype(values.dtype)) >= k
        low, high = jnp.where(enough, middle, low), jnp.where(enough, high, middle)
    return jnp.max(jnp.where(values <= high, values, -jnp.inf))


@dataclass(frozen=True)
class RLSA(OwnStepMethod):
    """Regularized Langevin simulated annealing of a quadratic binary problem.

    Attributes:
        energy: quadratic energy; linear in each bit, so its gradient gives exact flip gains.
        num_steps: steps of one restart, over which the temperature falls to 0.

    Hyperparameters (traced): `tau0`, the first temperature, in units of energy; `distance`, the
    Hamming distance d that a step is regularised to.
    """

    energy: QuadraticEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("tau0", "distance")

    def init(self, ctx: Ctx) -> Chain:
        """Fair random bits."""
        linear = ctx.problem.linear
        x = jax.random.bernoulli(ctx.key, 0.5, linear.shape).astype(linear.dtype)
        product = spmm(ctx.problem.matrix, x)
        return Chain(x, product, x, jnp.sum(x * (product + linear)))

    def step(self, s: Chain, phase: Phase, ctx: Ctx) -> tuple[Chain, Info]:
        """One regularised Langevin step; the merit is the energy after it."""
        linear = ctx.problem.linear
        n, dtype = linear.shape[0], linear.dtype
        tau = ctx.hp["tau0"] * (1 - ctx.t.astype(dtype) / self.num_steps)
        delta = (2 * s.x - 1) * (s.product + linear / 2)  # grad E = 2 A x + linear
        threshold = kth_largest(delta, jnp.minimum(ctx.hp["distance"], n))
        chance = jax.nn.sigmoid((delta - threshold) / tau)
        x = jnp.where(jax.random.uniform(ctx.key, (n,), dtype) < chance, 1 - s.x, s.x)
        product = spmm(ctx.problem.matrix, x)
        energy = jnp.sum(x * (product + linear))
        better = energy < s.best_energy
        moved = Chain(
            x, product, jnp.where(better, x, s.best), jnp.where(better, energy, s.best_energy)
        )
        return moved, Info(energy, jnp.isfinite(energy), jnp.zeros((), bool))

    def readout(self, s: Chain, ctx: Ctx) -> jax.Array:
        """The best bits that the chain has met, [n]."""
        return s.best
