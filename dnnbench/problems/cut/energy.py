"""Differentiable energies of cut problems: quadratic polynomials of binary variables."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.instances.graph import Graph
from dnnbench.instances.quadratic import QuadraticModel
from dnnbench.kernels.quadratic import quadratic_form
from dnnbench.kernels.spmm import Sparse, make_sparse, spmm
from dnnbench.problems.cut.spins import external_field
from dnnbench.problems.relaxed import Score


class Quadratic(NamedTuple):
    """E(x) = x^T A x + linear . x + offset over x in {0, 1}^n.

    Attributes:
        matrix: symmetric couplings A [n, n], zero diagonal; each pair counts twice in x^T A x.
        linear: [n].
        offset: constant, a scalar.
    """

    matrix: Sparse
    linear: jax.Array
    offset: jax.Array


@dataclass(frozen=True)
class QuadraticEnergy:
    """Energies of the form x^T A x + linear . x + offset, minimised over {0, 1}^n.

    Attributes:
        kernel: name of the sparse product.
        dtype: floating point type of the arrays.
        lanes: lanes that share a product; methods with products of their own choose kernels by it.
    """

    kernel: str
    dtype: str
    lanes: int = 1

    def terms(self, public: Any) -> tuple[NDArray[np.float64], float]:
        """Linear part [n] and offset; given by the problem. A is `public.adjacency`."""
        raise NotImplementedError

    def couplings(self, public: Any) -> sp.csr_array:
        """A as a matrix on the host, float64 [n, n]."""
        matrix: sp.csr_array = public.adjacency.astype(np.float64)
        return matrix

    def coupling_sums(self, public: Any) -> NDArray[np.float64]:
        """Sum of |A_ij| over j, [n]."""
        return np.asarray(abs(public.adjacency).sum(axis=1), np.float64)

    def temperature_unit(self, public: Any, field: NDArray[np.float64]) -> float:
        """What annealing counts in: the root mean square local field of independent spins.

        Args:
            public: the instance.
            field: A 1 + linear, [n].
        """
        square = float(self.coupling_squares(public).sum() + np.square(field).sum())
        return float(np.sqrt(square / len(field))) if square > 0 else 1.0

    def coupling_squares(self, public: Any) -> NDArray[np.float64]:
        """Sum of A_ij^2 over j, [n]."""
        return np.asarray(public.adjacency.astype(np.float64).power(2).sum(axis=1))

    def prepare(self, public: Any) -> Quadratic:
        """The problem's arrays."""
        linear, offset = self.terms(public)
        return Quadratic(
            make_sparse(public.adjacency, self.kernel, self.dtype),
            jnp.asarray(linear, self.dtype),
            jnp.asarray(offset, self.dtype),
        )

    def energy(self, x: jax.Array, data: Quadratic) -> jax.Array:
        """Multilinear extension at x in [0, 1]^n: the expected energy of independent bits."""
        zeros = jnp.zeros_like(data.linear)
        return quadratic_form(data.matrix, data.linear, zeros, x) + data.offset

    def qubo(self, x: jax.Array, data: Quadratic) -> jax.Array:
        """x^T Q x with the linear part on Q's diagonal, so that it enters squared.

        Equal to `energy` on binary points. Where the diagonal is negative each coordinate is
        concave, which pushes towards the corners (the loss of PI-GNN, arXiv 2107.01188, Eq. 6).
        """
        zeros = jnp.zeros_like(data.linear)
        return quadratic_form(data.matrix, zeros, data.linear, x) + data.offset

    def zeros(self, data: Quadratic) -> jax.Array:
        """Zeros [n] of the dtype of the energy."""
        return jnp.zeros_like(data.linear)

    def field(self, data: Quadratic) -> jax.Array:
        """The external field h [n] of `cut.spins`."""
        return external_field(data)

    def spin_slopes(self, spins: jax.Array, data: Quadratic, field: jax.Array) -> jax.Array:
        """dE/dx at x = (1 + s) / 2, which is dU/ds = A s - h, [n]."""
        return spmm(data.matrix, spins) - field

    def strength(self, public: Any, field: jax.Array) -> NDArray[np.float64]:
        """Sum of |A_ij| over j and |h_i|, [n]: the largest slope of each variable."""
        return self.coupling_sums(public) + np.abs(np.asarray(field, np.float64))

    def round_score(
        self, x: jax.Array, merit: jax.Array, data: Quadratic, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """Bits x > 1/2 as uint8 [n]; cost is the energy, exact while sums stay below 2^24."""
        del merit, key
        bits = x > 0.5
        z = bits.astype(data.linear.dtype)
        cost = jnp.sum(z * (spmm(data.matrix, z) + data.linear)) + data.offset
        return bits.astype(jnp.uint8), Score(jnp.zeros((), cost.dtype), cost)


@dataclass(frozen=True)
class MaxCutEnergy(QuadraticEnergy):
    """Minus the cut: -sum_{ij in E} w_ij (x_i + x_j - 2 x_i x_j), weights of any sign."""

    def terms(self, public: Graph) -> tuple[NDArray[np.float64], float]:
        """A = W and linear = -(weighted degrees)."""
        return -np.asarray(public.adjacency.sum(axis=1), np.float64), 0.0


@dataclass(frozen=True)
class QuboEnergy(QuadraticEnergy):
    """sum q_ij x_i x_j + sum a_i x_i: A has halves of the pairs' coefficients."""

    def terms(self, public: QuadraticModel) -> tuple[NDArray[np.float64], float]:
        """The model's own linear part."""
        return public.linear.astype(np.float64), float(public.offset)


@dataclass(frozen=True)
class IsingEnergy(QuadraticEnergy):
    """sum J_ij s_i s_j + sum h_i s_i at s = 2 x - 1: A has twice the couplings."""

    def terms(self, public: QuadraticModel) -> tuple[NDArray[np.float64], float]:
        """The linear part is 2 h - 2 J 1, the offset = sum J - sum h."""
        fields, couplings = public.linear.astype(np.float64), public.graph.adjacency
        linear = 2 * fields - 2 * np.asarray(couplings.sum(axis=1), np.float64)
        total = float(public.graph.weights.sum()) - float(fields.sum())
        return linear, float(public.offset) + total
