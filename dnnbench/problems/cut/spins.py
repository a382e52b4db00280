"""Quadratic energies in spins: s = 2 x - 1 in {-1, 1}^n, for methods that are written for Ising.

With E(x) = x^T A x + linear . x,

    2 E(x) = U(s) + constant,    U(s) = 1/2 s^T A s - h . s,    h = -(A 1 + linear),

so that the local field on spin i, minus the derivative of U, is h_i - (A s)_i. For maximum cut
A = W and h = 0: the couplings of the Ising model are J = -W.
"""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.kernels.quadratic import quadratic_form
from dnnbench.kernels.spmm import spmm

if TYPE_CHECKING:  # `energy` builds on this module
    from dnnbench.problems.cut.energy import Quadratic


def external_field(data: "Quadratic") -> jax.Array:
    """The field h [n]; exactly zero for cuts of integer weights below 2^24."""
    return -(spmm(data.matrix, jnp.ones_like(data.linear)) + data.linear)


def field_scale(squares: np.ndarray) -> float:
    """Root mean square over i of sqrt(sum_j A_ij^2): the local field of random spins; 1 if A = 0.

    Dividing A by it gives couplings of the size of the Sherrington-Kirkpatrick model's.

    Args:
        squares: sum of A_ij^2 over j, [n], see `QuadraticEnergy.coupling_squares`.
    """
    scale = float(np.sqrt(squares.mean())) if squares.size else 0.0
    return scale if scale > 0 else 1.0


def spin_energy(data: "Quadratic", field: jax.Array, spins: jax.Array) -> jax.Array:
    """Sum over copies of U(s) = 1/2 s^T A s - h . s, with one product for value and gradient.

    Args:
        data: the problem's arrays.
        field: h, of the shape of `spins` or broadcast against it.
        spins: [n] or, for copies or vector spins, [n, d].
    """
    zero = jnp.zeros((), spins.dtype)
    return 0.5 * quadratic_form(data.matrix, -2 * field, zero, spins)
