"""Early stopping by validation: values kept from the loss, whose misfit rises with over-fitting."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Reading
from dnnbench.monitors.early_stopping import Least, described, nothing_yet, seen


@dataclass(frozen=True)
class HeldOut:
    """The output with the least misfit on held-out values.

    Attributes:
        energy: gives A x.
        patience: steps without a new minimum that end it.

    The method's own data has `held_out`, the values' weights [h', w', 1]: 1 for held out.
    """

    energy: Any
    patience: int
    name: str = "held_out"

    def init(self, x: jax.Array) -> Least:
        """Nothing seen."""
        return nothing_yet(x)

    def update(self, m: Least, reading: Reading) -> Least:
        """One more misfit."""
        held, measured = reading.ctx.method["held_out"], reading.ctx.problem
        square = jnp.square(self.energy.forward(reading.x, measured) - measured.values) * held
        misfit = jnp.sum(square) / jnp.maximum(jnp.sum(held) * measured.values.shape[2], 1)
        return seen(m, misfit, reading.x, reading.t, reading.t, self.patience)

    def summary(self, m: Least) -> dict[str, float]:
        """Where it stopped and what it returns."""
        figures = described(m)
        figures["held_out_misfit"] = figures.pop("variance")
        return figures

    def image(self, m: Least) -> np.ndarray:
        """The output it returns."""
        return np.asarray(m.image)
