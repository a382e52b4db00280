"""Outputs at chosen steps, for pictures of how a network learns one."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Reading


class Album(NamedTuple):
    """Outputs [k, h, w, c]; those of steps that were not reached are zeros."""

    outputs: jax.Array
    taken: jax.Array


@dataclass(frozen=True)
class Snapshots:
    """The outputs after each of these numbers of steps."""

    steps: tuple[int, ...]
    name: str = "snapshots"

    def init(self, x: jax.Array) -> Album:
        """An empty album."""
        count = len(self.steps)
        return Album(jnp.zeros((count, *x.shape), x.dtype), jnp.zeros((count,), bool))

    def update(self, m: Album, reading: Reading) -> Album:
        """Keep the output if its step is one of them."""
        now = jnp.asarray(self.steps, jnp.int32) == reading.t
        chosen = now.reshape(-1, *(1,) * reading.x.ndim)
        return Album(jnp.where(chosen, reading.x, m.outputs), m.taken | now)

    def summary(self, m: Album) -> dict[str, float]:
        """How many were taken."""
        return {"taken": int(np.sum(m.taken))}

    def images(self, m: Album) -> dict[str, np.ndarray]:
        """The outputs by name: `step_100`."""
        found = zip(self.steps, np.asarray(m.outputs), np.asarray(m.taken), strict=True)
        return {f"step_{step}": image for step, image, taken in found if taken}
