"""What every problem offers on its differentiable side (JAX): an energy and a rounding."""

from typing import Any, NamedTuple, Protocol

import jax
import numpy as np
from numpy.typing import NDArray


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


class Multilinear(Energy, Protocol):
    """An energy that is linear in every variable: at x in [0, 1]^n the mean over independent bits.

    What methods on plain variables ask of quadratic energies and of formulas alike. Its slopes
    dE/dx are asked for at spins s = 2 x - 1 in [-1, 1]^n; `field` is what of them can be had
    beforehand.
    """

    def zeros(self, data: Any) -> jax.Array:
        """Zeros [n] of the dtype of the energy."""

    def field(self, data: Any) -> Any:
        """What `spin_slopes` reads besides `data`, built once."""

    def spin_slopes(self, spins: jax.Array, data: Any, field: Any) -> jax.Array:
        """dE/dx at x = (1 + s) / 2, [n], with one pass over the couplings or constraints."""

    def strength(self, public: Any, field: Any) -> NDArray[np.float64]:
        """Bounds on |dE/dx_i| on the unit cube, [n]; 0 for a variable that is nowhere."""

    def temperature_unit(self, public: Any, field: Any) -> float:
        """What annealing counts in: the size of a slope at random bits, positive."""


class Constrained(Multilinear, Protocol):
    """A multilinear energy that is a weighted sum over constraints, as that of a formula is."""

    def powered_slopes(self, spins: jax.Array, data: Any, power: int) -> jax.Array:
        """Slopes at x = (1 + s) / 2 of the sum over constraints of w_c v_c^power, [n].

        v_c is the chance that c is violated; with power 1 they are those of the energy.
        """
