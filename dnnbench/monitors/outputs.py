"""Which output to return without looking at anything: at a fixed step, or a running average."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Reading


class Kept(NamedTuple):
    """An output and the step it belongs to."""

    image: jax.Array
    step: jax.Array


def _start(x: jax.Array) -> Kept:
    return Kept(x, jnp.zeros((), jnp.int32))


@dataclass(frozen=True)
class FixedStep:
    """The output after a number of steps chosen beforehand, as most papers report.

    Attributes:
        steps: that number; a shorter run returns its last output.
    """

    steps: int
    name: str = "fixed"

    def init(self, x: jax.Array) -> Kept:
        """The first output."""
        return _start(x)

    def update(self, m: Kept, reading: Reading) -> Kept:
        """Keep the output until the step is passed."""
        before = reading.live & (reading.t <= self.steps)
        return Kept(jnp.where(before, reading.x, m.image), jnp.where(before, reading.t, m.step))

    def summary(self, m: Kept) -> dict[str, float]:
        """The step it returns."""
        return {"step": int(m.step)}

    def image(self, m: Kept) -> np.ndarray:
        """The output it returns."""
        return np.asarray(m.image)


@dataclass(frozen=True)
class RunningAverage:
    """The exponentially weighted average of all outputs, as in Deep Image Prior's denoising.

    Attributes:
        decay: weight of the average so far (0.99 there).
        steps: the average stops growing there, as `FixedStep` does.
    """

    decay: float
    steps: int
    name: str = "ema"

    def init(self, x: jax.Array) -> Kept:
        """The first output."""
        return _start(x)

    def update(self, m: Kept, reading: Reading) -> Kept:
        """Take in one output; the first one is the average by itself."""
        decay = jnp.where(m.step == 0, 0.0, self.decay).astype(reading.x.dtype)
        before = reading.live & (reading.t <= self.steps)
        mixed = decay * m.image + (1 - decay) * reading.x
        return Kept(jnp.where(before, mixed, m.image), jnp.where(before, reading.t, m.step))

    def summary(self, m: Kept) -> dict[str, float]:
        """The step at which it stands."""
        return {"step": int(m.step)}

    def image(self, m: Kept) -> np.ndarray:
        """The average."""
        return np.asarray(m.image)
