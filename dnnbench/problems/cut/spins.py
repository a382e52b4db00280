"""Quadratic energies in spins: s = 2 x - 1 in {-1, 1}^n, for methods that are written for Ising.

With E(x) = x^T A x + linear . x,

    2 E(x) = U(s) + constant,    U(s) = 1/2 s^T A s - h . s,    h = -(A 1 + linear),

so that the local field on spin i, minus the derivative of U, is h_i - (A s)_i. For maximum cut
A = W and h = 0: the couplings of the Ising model are J = -W.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.kernels.quadratic import quadratic_form
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.cut.energy import Quadratic


def external_field(data: Quadratic) -> jax.Array:
    """The field h [n]; exactly zero for cuts of integer weights below 2^24."""
    return -(spmm(data.matrix, jnp.ones_like(data.linear)) + data.linear)


def absolute_row_sums(public: Any, field: jax.Array) -> np.ndarray:
    """sum_j |A_ij| + |h_i|, the largest local field on each spin, float64 [n]."""
    rows = np.asarray(abs(public.adjacency).sum(axis=1), np.float64)
    return rows + np.abs(np.asarray(field, np.float64))


def field_scale(public: Any) -> float:
    """Root mean square over i of sqrt(sum_j A_ij^2): the local field of random spins; 1 if A = 0.

    Dividing A by it gives couplings of the size of the Sherrington-Kirkpatrick model's.
    """
    weights = public.adjacency.data.astype(np.float64)
    scale = float(np.sqrt(np.square(weights).sum() / max(public.num_vertices, 1)))
    return scale if scale > 0 else 1.0


def spin_energy(data: Quadratic, field: jax.Array, spins: jax.Array) -> jax.Array:
    """Sum over copies of U(s) = 1/2 s^T A s - h . s, with one product for value and gradient.

    Args:
        data: the problem's arrays.
        field: h, of the shape of `spins` or broadcast against it.
        spins: [n] or, for copies or vector spins, [n, d].
    """
    zero = jnp.zeros((), spins.dtype)
    return 0.5 * quadratic_form(data.matrix, -2 * field, zero, spins)
