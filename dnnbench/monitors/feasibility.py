"""How often the rounded readout is feasible as it is, before any repair."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Energy, Reading


class Tally(NamedTuple):
    """Counts of one lane over all its restarts.

    Attributes:
        scored: int32, candidates looked at (every replica of an ensemble is one).
        feasible: int32, those that violate nothing.
        best: the least cost of a feasible one, inf before the first.
    """

    scored: jax.Array
    feasible: jax.Array
    best: jax.Array


@dataclass(frozen=True)
class Feasibility:
    """Share of feasible candidates and the best of them, over all lanes and restarts.

    Attributes:
        energy: one whose `round_score` repairs nothing.
        sign: what a cost is multiplied by to be the problem's objective.
        axis: axis of the readout that counts replicas, or None.
    """

    energy: Energy
    sign: float
    axis: int | None = None
    name: str = "feasibility"
    lasting: ClassVar[bool] = True

    def init(self, x: jax.Array) -> Tally:
        """Nothing seen yet."""
        count = jnp.zeros((), jnp.int32)
        return Tally(count, count, jnp.full((), jnp.inf, x.dtype))

    def update(self, m: Tally, reading: Reading) -> Tally:
        """One more reading."""

        def look(x: jax.Array) -> tuple[jax.Array, jax.Array]:
            ctx = reading.ctx
            merit = jnp.zeros((), x.dtype)
            score = self.energy.round_score(x, merit, ctx.problem, ctx.key)[1]
            return score.violation, score.cost

        if self.axis is None:
            violation, cost = look(reading.x)
        else:
            violation, cost = jax.vmap(look, in_axes=self.axis)(reading.x)
        fine = (violation <= 0) & reading.live
        least = jnp.min(jnp.where(fine, cost, jnp.inf))
        looked = reading.live * jnp.ones_like(fine, jnp.int32)
        return Tally(
            m.scored + jnp.sum(looked, dtype=jnp.int32),
            m.feasible + jnp.sum(fine, dtype=jnp.int32),
            jnp.minimum(m.best, least.astype(m.best.dtype)),
        )

    def summary(self, m: Tally) -> dict[str, Any]:
        """Over all lanes, whose tallies are stacked."""
        scored, feasible = int(np.sum(m.scored)), int(np.sum(m.feasible))
        best = float(np.min(m.best))
        return {
            "candidates": scored,
            "feasible_share": feasible / scored if scored else None,
            "best_before_repair": self.sign * best + 0.0 if np.isfinite(best) else None,
        }
