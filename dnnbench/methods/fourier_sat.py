"""FourierSAT: projected gradient descent on the Fourier expansion of weighted constraints.

Every variable is a number x_i in [-1, 1], -1 standing for true. Each constraint has the multilinear
(Walsh-Fourier) expansion FE_c of the indicator of its violation, which is its chance of being
violated under independent random signs of mean x, and

    F_w(x) = sum_c w_c FE_c(x)

is descended over the cube. Clauses, XOR, cardinality and not-all-equal constraints all have such an
expansion, so none of them is converted. F_w is linear in each variable: rounding any point, one
variable after the other, need not increase it.

Two ways of going on from there:

`FourierSAT`, as published: a round is a run of accelerated projected gradient descent with a step
size found by backtracking. Its end is cut at 0, and the constraints u (0 or 1) violated there
change the weights, w <- keep w + gain u / max u; the next round starts where the last one ended.
After `num_rounds` rounds all begins anew.

`EveryStep`: the weights follow every single gradient step, and by the violation of the relaxed
point, not of the rounded one:

    w <- w + growth FE(x) - decay (w - 1),    x <- clip(x - rate dF_w/dx, -1, 1).

So a constraint gains weight as long as it is violated and forgets it at the rate `decay`: a leaky
form of ascent in Lagrange multipliers. The cube's minima are left as soon as they are reached, and
there are no rounds, line search or acceleration any more. This is dnnbench's own.

References:
    Kyrillidis, Shrivastava, Vardi & Zhang, FourierSAT, AAAI 2020, arXiv 1912.01032 (the expansion);
    Cen, Zhang & Fong, FastFourierSAT, arXiv 2308.15020 (points in parallel on a GPU); loop, weights
    and starts as in the authors' program for clauses (seeder-research/FastFourierSAT, with jaxopt).
    `FourierSAT` departs from it so that every step costs the same, whatever the lane is at:
    one trial step size is tested in a step, theirs tests up to 15 before it moves; the step that
    follows a round's end is spent on looking at the rounded point. Each restart has weights of its
    own, while their 32 points share one vector (u counts points there). A point that is found to
    satisfy everything stays.
    The growth of weights during the descent is that of the continuous-time solver of Ercsey-Ravasz
    & Toroczkai, Nature Physics 7:966, 2011, where it is exponential, has no decay, and acts on
    squared violations; the decay is the smoothing of clause weights of discrete local search.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.problems.satisfiability.energy import FormulaEnergy

# Halvings of the first step size, 1, after which a step is taken without a test, as jaxopt does.
_SMALLEST_SIZE = 2.0**-15
# Doubled no further, so that it stays finite: a flat cost lets every step size pass.
_LARGEST_SIZE = 2.0**60


def truth(x: jax.Array) -> jax.Array:
    """The probability of being true, [n], of numbers in [-1, 1] of which -1 is true."""
    return (1 - x) / 2


def start(ctx: Ctx, n: int, dtype: Any) -> jax.Array:
    """A standard normal point [n], cut to the cube."""
    return jax.random.truncated_normal(ctx.key, -1.0, 1.0, (n,), dtype)


class OnFormula(OwnStepMethod):
    """The constraints' own weights, and points x of the cube as answers.

    Subclasses, frozen dataclasses, have a field `energy`; their states have `x`.
    """

    energy: FormulaEnergy

    def prepare(self, public: Any) -> tuple[PyTree, dict[str, float]]:
        """The constraints' own weights in units of their mean, [m]."""
        own = self.energy.prepare(public).weights
        return own / (jnp.mean(own) if own.size else 1), {}

    def readout(self, s: Any, ctx: Ctx) -> jax.Array:
        """The point as probabilities of being true, [n]."""
        return truth(s.x)


class Round(NamedTuple):
    """A restart in the middle of a round.

    Attributes:
        x: the point, [n].
        ahead: x with its momentum, where the gradient is taken; may lie outside the cube, [n].
        weights: of the constraints, [m].
        speed: the sequence t_k of accelerated descent, from 1.
        size: step size to be tried.
        moves: int32, moves in this round.
        over: whether the round has ended and its point is still to be rounded.
        rounds: int32, rounds that have ended.
    """

    x: jax.Array
    ahead: jax.Array
    weights: jax.Array
    speed: Scalar
    size: Scalar
    moves: Scalar
    over: Scalar
    rounds: Scalar


@dataclass(frozen=True)
class FourierSAT(OnFormula):
    """FourierSAT in rounds, as published.

    Attributes:
        energy: energy of a formula.
        round_steps: most moves of a round.
        num_rounds: rounds of one restart.

    Hyperparameters (traced): `tolerance`, distance of a move, in units of the next step size, below
    which a round ends; `keep` and `gain`, what of its weight a constraint keeps and what it gains
    by being violated.
    """

    energy: FormulaEnergy
    round_steps: int
    num_rounds: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("tolerance", "keep", "gain")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase, which ends with the last round."""
        return (Phase("descend"),)

    def init(self, ctx: Ctx) -> Round:
        """A cut normal point and the problem's own weights."""
        weights = ctx.method
        x = start(ctx, self.energy.size(ctx.problem), weights.dtype)
        one, zero = jnp.ones((), weights.dtype), jnp.zeros((), jnp.int32)
        return Round(x, x, weights, one, one, zero, jnp.zeros((), bool), zero)

    def step(self, s: Round, phase: Phase, ctx: Ctx) -> tuple[Round, Info]:
        """Try a move, or round the round's end; the merit is F_w where the gradient is taken."""
        energy, data, w = self.energy, ctx.problem, s.weights
        here, slopes = energy.value_and_slopes(truth(s.ahead), w, data)
        gradient = -slopes / 2
        trial = jnp.clip(s.ahead - s.size * gradient, -1, 1)
        rounded = jnp.where(s.x < 0, -1, 1).astype(trial.dtype)
        there = energy.violations(truth(jnp.where(s.over, rounded, trial)), data)
        value = jnp.sum(w * here)
        moved = self._moved(s, trial, gradient, jnp.sum(w * there) - value, ctx)
        ended = self._ended(s, rounded, there > 0.5, ctx)
        new = jax.tree.map(lambda a, b: jnp.where(s.over, a, b), ended, moved)
        done = new.rounds >= self.num_rounds
        return new, Info(value, jnp.isfinite(value), done)

    def _moved(
        self, s: Round, trial: jax.Array, gradient: jax.Array, change: Scalar, ctx: Ctx
    ) -> Round:
        """Move to `trial`, by which F_w changes by `change`, if it falls enough; else halve."""
        d = trial - s.ahead
        bound = s.size * jnp.sum(d * gradient) + jnp.sum(d * d) / 2
        slack = jnp.finfo(d.dtype).eps
        fits = (s.size * change <= bound + slack) | (s.size <= _SMALLEST_SIZE)
        size = jnp.where(fits, jnp.minimum(2 * s.size, _LARGEST_SIZE), s.size / 2)
        speed = (1 + jnp.sqrt(1 + 4 * s.speed * s.speed)) / 2
        leap = trial - s.x
        moves = s.moves + 1
        close = jnp.sqrt(jnp.sum(leap * leap)) <= ctx.hp["tolerance"] * size
        return s._replace(
            x=jnp.where(fits, trial, s.x),
            ahead=jnp.where(fits, trial + (s.speed - 1) / speed * leap, s.ahead),
            speed=jnp.where(fits, speed, s.speed),
            size=size,
            moves=jnp.where(fits, moves, s.moves),
            over=fits & (close | (moves >= self.round_steps)),
        )

    def _ended(self, s: Round, rounded: jax.Array, violated: jax.Array, ctx: Ctx) -> Round:
        """Begin the next round with new weights; stay at the rounded point if it is a solution."""
        hp, own = ctx.hp, ctx.method
        left = jnp.any(violated)
        share = own * violated.astype(own.dtype)
        top = jnp.where(left, jnp.max(share), 1)
        weights = jnp.where(left, hp["keep"] * s.weights + hp["gain"] * share / top, s.weights)
        x = jnp.where(left, s.x, rounded)
        one = jnp.ones_like(s.speed)
        no = jnp.zeros_like(s.over)
        return Round(x, x, weights, one, one, jnp.zeros_like(s.moves), no, s.rounds + 1)

    def figures(self, s: Round, ctx: Ctx) -> dict[str, Any]:
        """How many rounds of this restart have ended."""
        return {"rounds": s.rounds}


class Weighted(NamedTuple):
    """A point [n] of the cube and the weights of the constraints [m]."""

    x: jax.Array
    weights: jax.Array


@dataclass(frozen=True)
class EveryStep(OnFormula):
    """FourierSAT's descent with weights that follow every step.

    Attributes:
        energy: energy of a formula.
        num_steps: steps of one restart.

    Hyperparameters (traced): `learning_rate`, step size of x; `growth` and `decay` of the weights
    in a step, the former in units of the constraint's own weight.
    """

    energy: FormulaEnergy
    num_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "growth", "decay")

    def init(self, ctx: Ctx) -> Weighted:
        """A cut normal point and the problem's own weights."""
        own = ctx.method
        return Weighted(start(ctx, self.energy.size(ctx.problem), own.dtype), own)

    def step(self, s: Weighted, phase: Phase, ctx: Ctx) -> tuple[Weighted, Info]:
        """One projected step of x and one of the weights; the merit is F_w before them."""
        hp, own = ctx.hp, ctx.method
        violations, slopes = self.energy.value_and_slopes(truth(s.x), s.weights, ctx.problem)
        x = jnp.clip(s.x + hp["learning_rate"] / 2 * slopes, -1, 1)
        merit = jnp.sum(s.weights * violations)
        weights = s.weights + own * hp["growth"] * violations - hp["decay"] * (s.weights - own)
        return Weighted(x, weights), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))
