"""pCQO-MIS: projected momentum descent on a quadratic with an edge penalty and a clique reward.

Points x in [0, 1]^n descend

    f(x) = -sum_i x_i + gamma / 2 x^T A x - gamma_prime / 2 x^T Abar x,
    v <- momentum v + learning_rate grad f(x),    x <- clip(x - v, 0, 1),

where A has the conflicts and Abar the pairs that do not conflict; Abar is never built, since
Abar x = sum(x) - x - A x. After every `batch_steps` steps (a batch) x is cut at 1/2, and the set
is accepted if one projected step from it, with n and 1 for gamma and gamma_prime, leaves it where
it is: exactly if it is independent and maximal. The largest accepted set is the answer. The next
batch starts from N(x, init_std^2) with the momentum it has; the first one from
N(1 - d / max d, init_std^2), d being the numbers of conflicts.

Accepting needs no second rule: a vertex of the set stays at 1 if nothing in the set conflicts with
it, and one outside stays at 0 if something does. So the test here is whether z_i = 1 holds just
where (A z)_i = 0, which costs one product and is exact.

References:
    Alkhouri, Le Denmat, Li, Yu, Liu, Wang & Velasquez, Differentiable quadratic optimization for
    the maximum independent set problem, ICML 2025, arXiv 2406.19532; settings, start, test and the
    momentum that outlives a batch as in the published C++ program (Erdos-Renyi settings here,
    others in the configs `pcqo_mis_satlib` and `pcqo_mis_gnm`). Its 256 points are our lanes.
    Departs from it: numbers are float32, theirs float16; the set is also tested whenever the
    engine scores (every `score_every` steps), theirs at a batch's end only; a restart is one run of
    theirs, and further ones follow while the budget lasts.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.energy import SetEnergy


class Point(NamedTuple):
    """One of the batch's points.

    Attributes:
        x: [n]; outside the unit cube only before a batch's first step.
        v: momentum [n].
        best: the largest accepted set so far, 0 or 1, [n]; empty at first.
        best_size: its size.
        tests: batches that have ended.
        accepted: how many of them ended in a maximal independent set.
    """

    x: jax.Array
    v: jax.Array
    best: jax.Array
    best_size: jax.Array
    tests: jax.Array
    accepted: jax.Array


@dataclass(frozen=True)
class PCQO(OwnStepMethod):
    """Parallelised clique-informed quadratic optimisation for independent sets.

    Attributes:
        energy: energy of a problem of independent sets with equal weights.
        batch_steps: steps of a batch.
        num_batches: batches of one restart.
        relative_rate: whether the step size counts in units of 1 / (gamma d + gamma_prime (n - 1 -
            d)), d being the mean number of conflicts, so that it suits every gamma.

    Hyperparameters (traced): `learning_rate`, `momentum`; `gamma`, the penalty of a conflict;
    `gamma_prime`, the reward of a pair without one; `init_std`, standard deviation of the starts.
    """

    energy: SetEnergy
    batch_steps: int
    num_batches: int
    relative_rate: bool

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "momentum",
        "gamma",
        "gamma_prime",
        "init_std",
    )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase; a batch's end is the slow update."""
        steps = self.batch_steps * self.num_batches
        return (Phase("descend", steps, outer_every=self.batch_steps),)

    def prepare(self, public: Conflicts) -> tuple[PyTree, dict[str, float]]:
        """The mean of the first starts, 1 - d / max d, [n]; 1 where nothing conflicts at all."""
        degrees = np.asarray(public.degrees, np.float64)
        return jnp.asarray(1 - degrees / max(degrees.max(), 1), self.energy.dtype), {}

    def init(self, ctx: Ctx) -> Point:
        """A start from the degrees, no momentum, no set yet."""
        mean = ctx.method
        zeros, zero = jnp.zeros_like(mean), jnp.zeros((), mean.dtype)
        count = jnp.zeros((), jnp.int32)
        return Point(self._start(mean, ctx), zeros, zeros, zero, count, count)

    def _start(self, mean: jax.Array, ctx: Ctx) -> jax.Array:
        return mean + ctx.hp["init_std"] * jax.random.normal(ctx.key, mean.shape, mean.dtype)

    def step(self, s: Point, phase: Phase, ctx: Ctx) -> tuple[Point, Info]:
        """One projected momentum step; the merit is f before it."""
        hp, x = ctx.hp, s.x
        product = self.energy.conflicts(x, ctx.problem)
        reward = hp["gamma_prime"] * (jnp.sum(x) - x)
        gradient = (hp["gamma"] + hp["gamma_prime"]) * product - reward - 1
        rate = hp["learning_rate"]
        if self.relative_rate:
            matrix, n = ctx.problem.matrix, x.shape[0]
            mean = matrix.nnz / n if not matrix.rest else n - 1 - matrix.nnz / n
            rate = rate / (hp["gamma"] * mean + hp["gamma_prime"] * (n - 1 - mean))
        v = hp["momentum"] * s.v + rate * gradient
        merit = jnp.sum(x * (gradient - 1)) / 2
        moved = s._replace(x=jnp.clip(x - v, 0, 1), v=v)
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def _tested(self, x: jax.Array, data: Any) -> tuple[jax.Array, jax.Array]:
        """(the set of x [n], whether it is independent and maximal)."""
        z = (x > 0.5).astype(x.dtype)
        free = self.energy.conflicts(z, data) < 0.5
        return z, jnp.all(free == (z > 0.5))

    def outer(self, s: Point, phase: Phase, ctx: Ctx) -> Point:
        """A batch's end: test the set, keep it if it is the largest, start again around x."""
        z, ok = self._tested(s.x, ctx.problem)
        size = jnp.sum(z)
        better = ok & (size > s.best_size)
        return Point(
            self._start(s.x, ctx),
            s.v,
            jnp.where(better, z, s.best),
            jnp.where(better, size, s.best_size),
            s.tests + 1,
            s.accepted + ok,
        )

    def readout(self, s: Point, ctx: Ctx) -> jax.Array:
        """The largest accepted set, that of x included, as an answer of the problem, [n]."""
        z, ok = self._tested(s.x, ctx.problem)
        better = ok & (jnp.sum(z) > s.best_size)
        return self.energy.independent(jnp.where(better, z, s.best))

    def relaxed(self, s: Point, ctx: Ctx) -> jax.Array:
        """The point itself, inside the cube, as an answer of the problem, [n]."""
        return self.energy.independent(jnp.clip(s.x, 0, 1))

    def figures(self, s: Point, ctx: Ctx) -> dict[str, Any]:
        """Of the batches that have ended in this restart: how many, and the share accepted."""
        return {"batches": s.tests, "accepted_share": s.accepted / jnp.maximum(s.tests, 1)}
