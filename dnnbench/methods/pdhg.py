"""Primal-dual hybrid gradient, preconditioned, with adaptive steps and restarts (PDLP).

With step sizes tau = eta / omega (times C^2) and sigma = eta omega (times R^2), see
`program_common` for C and R, a step is

    x' = P(x - tau (c + Q x - A^T y))
    y' = argmax over y' of  -y' . A (2 x' - x) + p(y') - |y' - y|^2 / (2 sigma),

P the projection on the bounds and p(y) the part of the dual objective that rows own. The step is
made only if eta is at most

    limit = |z' - z|^2 / (2 |(y' - y) . A (x' - x)| + (x' - x) . Q (x' - x)),
    |z|^2 = omega |x|^2 + |y|^2 / omega,

and afterwards eta = min((1 - (k + 1)^-0.3) limit, (1 + (k + 1)^-0.6) eta) in either case. Every
`check_every` steps the better of the current point and the average (weighted by eta) since the last
restart is looked at, by

    e(z)^2 = omega^2 |violation|^2 + |stray multipliers|^2 / omega^2 + (gap)^2,

and becomes the start of a new average if e has fallen to `sufficient` of that at the last restart,
or to `necessary` of it and rises again, or if the steps since then are `artificial` of all. Then
log omega moves by `smoothing` towards log(|y - y_0| / |x - x_0|), z_0 being the last start.

All of this is masks, so every step costs the same: one product each with A, A^T (and Q). For a
linear program 24 z + 8 (10 n + 8 m) bytes at least, z stored entries of A with an index each,
twice; the vectors are x, its sum and A^T y (read and written), C^2, 1 / C^2, c, bounds; y, its sum,
R^2, 1 / R^2, bounds.

References:
    Chambolle & Pock, A first-order primal-dual algorithm for convex problems with applications to
    imaging, JMIV 40:120, 2011; Applegate et al., Practical large-scale linear programming using
    primal-dual hybrid gradient (PDLP), NeurIPS 2021, arXiv 2106.04756 (constants, step sizes,
    weights); restarts by e as in Lu & Yang, cuPDLP.jl, arXiv 2311.12180, where PDLP itself uses
    the normalised duality gap. Condat, JOTA 158:460, 2013, and Vu, Adv. Comput. Math. 38:667,
    2013, for the gradient step with Q.
    Departs from PDLP: a rejected step counts as a step, its products are lost; no presolving and no
    feasibility polishing; the first eta is 1 / (norm of the scaled A, plus that of Q over omega);
    restarts are looked for at fixed steps. For Q the limit is our extension: with it a step of
    Condat's and Vu's makes progress, eta < 1 / (|A| + |Q| / omega) always passes. There eta is of
    the order of omega / |Q| and sigma of omega^2 / |Q|, so that a small omega holds y still and
    looks too large at the next restart: with Q, omega stays within a factor of 10 of the first one
    (support vector machines ended at 1e-9 of it and never met their one row).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, Scalar
from dnnbench.instances.program import Program
from dnnbench.kernels.rectangular import matmul, matmul_t
from dnnbench.methods.program_common import (
    ProgramMethod,
    Scales,
    curved,
    multipliers,
    origin,
    scales,
)
from dnnbench.problems.program.energy import owned

_ROUNDING = 1e-12
"""Relative length of a move below which it says nothing of the primal weight."""

_RANGE = 10.0
"""Factor within which the primal weight of a quadratic program stays of the first."""


class Errors(NamedTuple):
    """Norms of violation and stray multipliers in the scaled variables, and the gap."""

    primal: Scalar
    dual: Scalar
    gap: Scalar


class Pair(NamedTuple):
    """A primal and dual point with its products, of which Q x is None for a linear program."""

    x: jax.Array
    y: jax.Array
    pull: jax.Array
    curve: jax.Array | None


class Iterate(NamedTuple):
    """State of a restart of the engine.

    Attributes:
        now: x [n], y [m], A^T y [n], Q x [n].
        start_x, start_y: where the current average began.
        sum_x, sum_y, total: sums of points times eta, and of eta, since then.
        since: int32, steps since then.
        eta, omega: step size and primal weight.
        first, last: e at the start of this average and at the last look.
        averages: int32, averages begun after the first.
        rejected: int32, steps not made.
    """

    now: Pair
    start_x: jax.Array
    start_y: jax.Array
    sum_x: jax.Array
    sum_y: jax.Array
    total: Scalar
    since: Scalar
    eta: Scalar
    omega: Scalar
    first: Scalar
    last: Scalar
    averages: Scalar
    rejected: Scalar


@dataclass(frozen=True)
class PDHG(ProgramMethod):
    """Restarted primal-dual hybrid gradient for linear and convex quadratic programs.

    Attributes:
        energy: the program's formulas.
        num_steps: steps of one restart of the engine, which always begins at the origin.
        check_every: steps between two looks at the average.
        ruiz_rounds: rounds of Ruiz scaling.

    Hyperparameters (traced): `sufficient`, `necessary`, `artificial`, when an average begins
    anew; `smoothing` of the primal weight.
    """

    check_every: int
    ruiz_rounds: int

    version: ClassVar[int] = 2
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "sufficient",
        "necessary",
        "artificial",
        "smoothing",
    )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase; the looks at the average are the slow update."""
        return (Phase("solve", self.num_steps, outer_every=self.check_every),)

    @property
    def ensemble_axis(self) -> int:
        """The readout is [n + m, 2]."""
        return 1

    def prepare_item(self, public: Program) -> Scales:
        """Scales of the program."""
        return scales(public, self.ruiz_rounds)

    def init(self, ctx: Ctx) -> Iterate:
        """The origin within the bounds, without multipliers."""
        own: Scales = self.own(ctx)
        x, y = origin(self.energy, ctx.problem), jnp.zeros_like(ctx.problem.row_lower)
        zero, count = jnp.zeros((), x.dtype), jnp.zeros((), jnp.int32)
        norm = own.matrix_norm + own.quadratic_norm / own.weight
        now, errors = self.looked_at(x, y, ctx)
        error = weighed(errors, own.weight)
        return Iterate(
            now,
            x,
            y,
            jnp.zeros_like(x),
            jnp.zeros_like(y),
            zero,
            count,
            1 / jnp.where(norm > 0, norm, 1),
            own.weight,
            error,
            error,
            count,
            count,
        )

    def step(self, s: Iterate, phase: Phase, ctx: Ctx) -> tuple[Iterate, Info]:
        """One attempt at a step; the merit is its length, |z' - z| / eta."""
        data, own, now = ctx.problem, self.own(ctx), s.now
        tau, sigma = s.eta / s.omega, s.eta * s.omega
        slope = data.cost - now.pull
        if now.curve is not None:
            slope = slope + now.curve
        x = self.energy.project(now.x - tau * own.columns * slope, data)
        y = multipliers(matmul(data.matrix, 2 * x - now.x), now.y, sigma * own.rows, data)
        new = self.paired(x, y, ctx)
        dx, dy = x - now.x, y - now.y
        long_x, long_y = jnp.sum(dx * dx * own.column_weights), jnp.sum(dy * dy * own.row_weights)
        length = s.omega * long_x + long_y / s.omega
        interaction = 2 * jnp.abs(jnp.sum(dx * (new.pull - now.pull)))
        if new.curve is not None and now.curve is not None:
            interaction += jnp.sum(dx * (new.curve - now.curve))
        some = interaction > 0
        limit = length / jnp.where(some, interaction, 1)
        taken = (s.eta <= limit) | ~some
        k = ctx.t.astype(x.dtype) + 2
        proposed = jnp.minimum((1 - k**-0.3) * limit, (1 + k**-0.6) * s.eta)
        gain = jnp.where(taken, s.eta, 0)
        merit = jnp.sqrt(length) / s.eta
        moved = s._replace(
            now=jax.tree.map(lambda a, b: jnp.where(taken, a, b), new, now),
            sum_x=s.sum_x + gain * x,
            sum_y=s.sum_y + gain * y,
            total=s.total + gain,
            since=s.since + 1,
            eta=jnp.where(some, proposed, s.eta),
            rejected=s.rejected + ~taken,
        )
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def paired(self, x: jax.Array, y: jax.Array, ctx: Ctx) -> Pair:
        """The point with its products."""
        data = ctx.problem
        curve = None if data.quadratic is None else curved(x, data)
        return Pair(x, y, matmul_t(data.matrix, y), curve)

    def looked_at(self, x: jax.Array, y: jax.Array, ctx: Ctx) -> tuple[Pair, Errors]:
        """The point with its products, and what it lacks."""
        data, own, pair = ctx.problem, self.own(ctx), self.paired(x, y, ctx)
        curve = jnp.zeros_like(x) if pair.curve is None else pair.curve
        violated = self.energy.row_violation(matmul(data.matrix, x), data)
        reduced = data.cost + curve - pair.pull
        rows, _ = owned(y, data.row_lower, data.row_upper)
        bounds, stray = owned(reduced, data.lower, data.upper)
        gap = jnp.sum((data.cost + curve) * x) - rows - bounds
        primal = jnp.sqrt(jnp.sum(own.rows * violated**2))
        return pair, Errors(primal, jnp.sqrt(jnp.sum(own.columns * stray**2)), gap)

    def average(self, s: Iterate) -> tuple[jax.Array, jax.Array]:
        """The average since the last restart; the point itself where no step was made."""
        some = s.total > 0
        total = jnp.where(some, s.total, 1)
        x = jnp.where(some, s.sum_x / total, s.now.x)
        return x, jnp.where(some, s.sum_y / total, s.now.y)

    def outer(self, s: Iterate, phase: Phase, ctx: Ctx) -> Iterate:
        """A look at the point and the average, in one product of two columns each."""
        hp = ctx.hp
        mean_x, mean_y = self.average(s)
        x, y = jnp.stack([s.now.x, mean_x], 1), jnp.stack([s.now.y, mean_y], 1)
        pairs, errors = jax.vmap(
            lambda x, y: self.looked_at(x, y, ctx), in_axes=1, out_axes=(1, 0)
        )(x, y)
        both = weighed(errors, s.omega)
        pick = both[1] < both[0]
        better = jax.tree.map(lambda a: jnp.where(pick, a[:, 1], a[:, 0]), pairs)
        e = jax.tree.map(lambda a: jnp.where(pick, a[1], a[0]), errors)
        error = weighed(e, s.omega)
        again = (error <= hp["sufficient"] * s.first) | (
            (error <= hp["necessary"] * s.first) & (error > s.last)
        )
        again |= s.since >= hp["artificial"] * ctx.t
        omega = self._weight(s, better, ctx)
        error_then = weighed(e, omega)
        begun = s._replace(
            now=better,
            start_x=better.x,
            start_y=better.y,
            sum_x=jnp.zeros_like(s.sum_x),
            sum_y=jnp.zeros_like(s.sum_y),
            total=jnp.zeros_like(s.total),
            since=jnp.zeros_like(s.since),
            omega=omega,
            first=error_then,
            last=error_then,
            averages=s.averages + 1,
        )
        goes_on = s._replace(last=error)
        return jax.tree.map(lambda a, b: jnp.where(again, a, b), begun, goes_on)

    def _weight(self, s: Iterate, better: Pair, ctx: Ctx) -> Scalar:
        """The primal weight of the next average; moves that are mere rounding do not count."""
        own, smoothing = self.own(ctx), ctx.hp["smoothing"]

        def moved(now: jax.Array, start: jax.Array, weights: jax.Array) -> tuple[Scalar, Scalar]:
            length = jnp.sqrt(jnp.sum((now - start) ** 2 * weights))
            return length, length > _ROUNDING * jnp.sqrt(jnp.sum(now**2 * weights))

        moved_x, by_x = moved(better.x, s.start_x, own.column_weights)
        moved_y, by_y = moved(better.y, s.start_y, own.row_weights)
        both = by_x & by_y
        ratio = jnp.where(both, moved_y, s.omega) / jnp.where(both, moved_x, 1)
        wanted = ratio**smoothing * s.omega ** (1 - smoothing)
        if ctx.problem.quadratic is None:
            return wanted
        return jnp.clip(wanted, own.weight / _RANGE, own.weight * _RANGE)

    def readout(self, s: Iterate, ctx: Ctx) -> jax.Array:
        """The point and the average, x then y each, [n + m, 2]."""
        mean = jnp.concatenate(self.average(s))
        return jnp.stack([jnp.concatenate([s.now.x, s.now.y]), mean], 1)

    def figures(self, s: Iterate, ctx: Ctx) -> dict[str, Any]:
        """How often the average began anew, the share of steps not made, eta and omega."""
        return {
            "averages": s.averages,
            "rejected_share": s.rejected / jnp.maximum(ctx.t, 1),
            "step_size": s.eta,
            "primal_weight": s.omega,
        }


def weighed(e: Errors, omega: Scalar) -> Scalar:
    """e(z) for the primal weight omega."""
    return jnp.sqrt((omega * e.primal) ** 2 + (e.dual / omega) ** 2 + e.gap**2)
