"""How far a relaxed point is from binary: the integrality gap behind a useless rounding."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Reading


class Distance(NamedTuple):
    """Mean distance to the nearest of 0 and 1: now, and the least seen in this restart."""

    last: jax.Array
    least: jax.Array


@dataclass(frozen=True)
class Integrality:
    """Mean of min(x, 1 - x) over variables (and replicas), in [0, 1/2]."""

    name: str = "integrality"

    def init(self, x: jax.Array) -> Distance:
        """Nothing seen yet."""
        half = jnp.full((), 0.5, x.dtype)
        return Distance(half, half)

    def update(self, m: Distance, reading: Reading) -> Distance:
        """One more reading."""
        inside = jnp.clip(reading.x, 0, 1)
        distance = jnp.mean(jnp.minimum(inside, 1 - inside))
        return Distance(distance, jnp.minimum(m.least, distance))

    def summary(self, m: Distance) -> dict[str, float]:
        """The winning lane's figures at the end of the run."""
        return {"last": float(np.asarray(m.last)), "least": float(np.asarray(m.least))}
