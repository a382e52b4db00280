"""What every problem offers on its differentiable side (JAX): an energy and a rounding."""

from typing import Any, NamedTuple, Protocol

import jax


class Score(NamedTuple):
    """Rounded quality, compared in this order; lower is better."""

    violation: jax.Array
    cost: jax.Array


class Energy(Protocol):
    """The differentiable side of a problem (problems/<family>/energy.py)."""

    def prepare(self, public: Any) -> Any:
        """The arrays that `energy` and `round_score` read, built on the host."""

    def energy(self, x: jax.Array, data: Any) -> jax.Array:
        """Relaxed objective, to be minimised; equals the exact one on feasible points."""

    def round_score(
        self, x: jax.Array, merit: jax.Array, data: Any, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """A discrete candidate from a relaxed one, and its score; cheap, on the device."""
