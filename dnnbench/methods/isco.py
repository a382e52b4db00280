"""iSCO: annealed sampling by paths of locally balanced flips, corrected as a whole.

At temperature T a chain of bits x draws a path of L different bits, one after the other without
replacement, with weights

    w_i(x) = sqrt(p(x with bit i flipped) / p(x)) = exp(-(E(x with i flipped) - E(x)) / (2 T)),

flips them all, giving y, and accepts y with the Metropolis-Hastings probability of the whole path

    min(1, p(y) q(y -> x) / (p(x) q(x -> y))),   p ~ exp(-E / T),
    q(x -> y) = prod_s w_{i_s}(x) / (sum of w(x) over what is not yet drawn at s),

where q(y -> x) is the chance of drawing the same bits from y in reverse order. Detailed balance
holds between a path and its reverse, so at a fixed T and L the chain samples p exactly. The path
length follows the acceptance rate, L <- L + adaptation_rate (acceptance - target_acceptance), and
the temperature falls exponentially, T = initial_temperature decay_rate^(t / num_steps), not below
final_temperature.

References:
    Sun, Goshvadi, Nova, Schuurmans & Dai, Revisiting Sampling for Combinatorial Optimization, ICML
    2023 (iSCO); Sun, Dai, Xia & Ramamurthy, Path Auxiliary Proposal for MCMC in Discrete Space,
    ICLR 2022 (the fast path, weights of x for the whole path); settings and adaptation as in
    google-research/discs, sampler `path_auxiliary` with `use_fast_path`, experiment
    maxcut/optsicom.
    Departs from it: the chains do not see each other, so each is a lane with keys of its own, and
    the path length, which theirs adapts to the mean acceptance of the batch, follows the chain's
    own; it is cut at `max_path` (theirs: n), so that a path is an array of that size and no sort
    of all n bits is needed; the best point of every step counts, theirs is looked up every 100
    steps; the normalising sums are taken over what is left, where theirs subtracts what is drawn
    from 1 (which cancels in float32 once a few bits hold nearly all the weight); no weight is
    less than e^-60 of the largest.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import Quadratic, QuadraticEnergy

# Log weights this far below the largest one are raised to it, so that sums of weights keep clear of
# float32's smallest numbers. Part of the proposal, which the correction corrects.
_WIDEST = 60.0


class Chain(NamedTuple):
    """One chain.

    Attributes:
        x: bits, as floats, [n].
        product: A x [n].
        energy: E(x).
        length: path length before rounding.
        best: the best x so far, [n].
        best_energy: its energy.
    """

    x: jax.Array
    product: jax.Array
    energy: jax.Array
    length: jax.Array
    best: jax.Array
    best_energy: jax.Array


class Path(NamedTuple):
    """A path of flips, padded to `max_path` slots.

    Attributes:
        bits: int32 [slots], in the order drawn.
        used: bool [slots], the first L are.
        flips: bool [n], the same as a set.
    """

    bits: jax.Array
    used: jax.Array
    flips: jax.Array


def log_weights(
    x: jax.Array, product: jax.Array, data: Quadratic, temperature: jax.Array
) -> jax.Array:
    """log(w_i(x) / max_j w_j(x)) [n], not below -`_WIDEST`."""
    weights = (2 * x - 1) * (2 * product + data.linear) / (2 * temperature)
    return jnp.maximum(weights - jnp.max(weights), -_WIDEST)


def draw_path(key: jax.Array, weights: jax.Array, length: jax.Array, slots: int) -> Path:
    """Draw `length` bits one after the other without replacement (Gumbel top-k).

    Args:
        key: random key.
        weights: log weights [n].
        length: int32, 1 to slots.
        slots: the most bits of a path, 1 to n.
    """
    n = weights.shape[0]
    noisy = weights + jax.random.gumbel(key, (n,), weights.dtype)
    bits = jax.lax.top_k(noisy, slots)[1]
    used = jnp.arange(slots) < length
    flips = jnp.zeros((n,), bool).at[bits].set(used, unique_indices=True)
    return Path(bits, used, flips)


def log_chance(path: Path, weights: jax.Array, reverse: bool) -> jax.Array:
    """Log q of drawing the path's bits in its order, or in the reverse one; a scalar.

    The normalising sums add up what has not been drawn yet, so nothing cancels.

    Args:
        path: the path.
        weights: log weights [n] of the point it starts from, as `log_weights` gives them.
        reverse: whether the last bit is drawn first.
    """
    rest = jnp.sum(jnp.where(path.flips, 0, jnp.exp(weights)))
    mine = weights[path.bits]
    # When bit s is drawn, s and all that is drawn later are left, and the bits off the path.
    later = jax.lax.cumsum(jnp.where(path.used, jnp.exp(mine), 0), reverse=not reverse)
    return jnp.sum(jnp.where(path.used, mine - jnp.log(later + rest), 0))


@dataclass(frozen=True)
class ISCO(OwnStepMethod):
    """Annealed path-auxiliary sampling of a quadratic binary problem.

    Attributes:
        energy: quadratic energy; linear in each bit, so its gradient gives exact flip ratios.
        num_steps: steps of one restart, over which the temperature falls.
        max_path: the most flips of a path.

    Hyperparameters (traced): `initial_temperature`, `final_temperature`, in units of energy;
    `decay_rate`, the factor by which the temperature falls over a restart; `initial_path`, flips
    of the first path; `adaptation_rate`, flips per unit of acceptance (0 keeps the length);
    `target_acceptance`.
    """

    energy: QuadraticEnergy
    num_steps: int
    max_path: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "initial_temperature",
        "final_temperature",
        "decay_rate",
        "initial_path",
        "adaptation_rate",
        "target_acceptance",
    )

    def init(self, ctx: Ctx) -> Chain:
        """Fair random bits."""
        linear = ctx.problem.linear
        x = jax.random.bernoulli(ctx.key, 0.5, linear.shape).astype(linear.dtype)
        product = spmm(ctx.problem.matrix, x)
        energy = jnp.sum(x * (product + linear))
        length = jnp.asarray(ctx.hp["initial_path"], linear.dtype)
        return Chain(x, product, energy, length, x, energy)

    def temperature(self, ctx: Ctx) -> jax.Array:
        """T of this step."""
        hp = ctx.hp
        progress = ctx.t.astype(hp["decay_rate"].dtype) / self.num_steps
        falling = hp["initial_temperature"] * hp["decay_rate"] ** progress
        return jnp.maximum(falling, hp["final_temperature"])

    def log_acceptance(
        self, drop: jax.Array, there: jax.Array, back: jax.Array, temperature: jax.Array
    ) -> jax.Array:
        """Log of the Metropolis-Hastings ratio of a path.

        Args:
            drop: E(x) - E(y).
            there: log q(x -> y).
            back: log q(y -> x).
            temperature: T.
        """
        return drop / temperature + back - there

    def step(self, s: Chain, phase: Phase, ctx: Ctx) -> tuple[Chain, Info]:
        """Draw a path, flip it, accept or stay; the merit is the energy after that."""
        hp, data = ctx.hp, ctx.problem
        slots = min(self.max_path, s.x.shape[0])
        draw, accept = jax.random.split(ctx.key)
        temperature = self.temperature(ctx)
        length = jnp.clip(jnp.round(s.length), 1, slots).astype(jnp.int32)
        forward = log_weights(s.x, s.product, data, temperature)
        path = draw_path(draw, forward, length, slots)
        y = jnp.where(path.flips, 1 - s.x, s.x)
        product = spmm(data.matrix, y)
        energy = jnp.sum(y * (product + data.linear))
        backward = log_weights(y, product, data, temperature)
        log_ratio = self.log_acceptance(
            s.energy - energy,
            log_chance(path, forward, reverse=False),
            log_chance(path, backward, reverse=True),
            temperature,
        )
        chance = jnp.exp(jnp.minimum(log_ratio, 0))
        taken = jax.random.uniform(accept, (), chance.dtype) < chance
        longer = s.length + hp["adaptation_rate"] * (chance - hp["target_acceptance"])
        energy = jnp.where(taken, energy, s.energy)
        x = jnp.where(taken, y, s.x)
        better = energy < s.best_energy
        moved = Chain(
            x,
            jnp.where(taken, product, s.product),
            energy,
            jnp.clip(longer, 1, slots),
            jnp.where(better, x, s.best),
            jnp.where(better, energy, s.best_energy),
        )
        finite = jnp.isfinite(energy) & ~jnp.isnan(log_ratio)
        return moved, Info(energy, finite, jnp.zeros((), bool))

    def readout(self, s: Chain, ctx: Ctx) -> jax.Array:
        """The best bits that the chain has met, [n]."""
        return s.best
