"""Graph networks of the field as Flax modules, and the operators they aggregate with."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import jraph
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.kernels.spmm import Sparse, spmm


def normalized_adjacency(adjacency: sp.csr_array) -> sp.csr_array:
    """D^-1/2 A D^-1/2 of the unweighted graph, float64 [n, n]; isolated vertices keep zero rows.

    This is the `both` normalisation of graph convolutions (Kipf & Welling, arXiv 1609.02907)
    without added self-loops, as the PI-GNN code uses it.
    """
    pattern = adjacency.astype(np.float64)
    pattern.data = np.ones_like(pattern.data)
    degrees = np.asarray(pattern.sum(axis=1), np.float64)
    scale = sp.diags_array(1 / np.sqrt(np.maximum(degrees, 1)))
    return sp.csr_array(scale @ pattern @ scale)


def signed_normalized_adjacency(adjacency: sp.csr_array) -> sp.csr_array:
    """D^-1/2 A D^-1/2 with the weights and D = diag(sum_j |A_ij|), float64 [n, n].

    Its eigenvalues lie in [-1, 1] whatever the signs; isolated vertices keep zero rows.
    """
    weights = adjacency.astype(np.float64).tocoo()
    sums = np.asarray(abs(weights).sum(axis=1), np.float64)
    scale = np.divide(1.0, np.sqrt(sums), out=np.zeros_like(sums), where=sums > 0)
    # One product for both triangles: multiplied row by row they would differ by rounding.
    weights.data = weights.data * (scale[weights.row] * scale[weights.col])
    return sp.csr_array(weights)


class GraphConv(nn.Module):
    """Graph convolution A_norm X W + b; the cheaper of the two product orders is taken.

    Attributes:
        features: output width.
        dtype: floating point type of the parameters.
    """

    features: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, matrix: Sparse, x: jax.Array) -> jax.Array:
        """Map node features [n, d] to [n, features]."""
        init: Callable[..., jax.Array] = nn.initializers.xavier_uniform()
        weight = self.param("weight", init, (x.shape[-1], self.features), self.dtype)
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,), self.dtype)
        if x.shape[-1] > self.features:
            return spmm(matrix, x @ weight) + bias
        return spmm(matrix, x) @ weight + bias


def graphs_tuple(num_vertices: int, edges: NDArray[np.int32]) -> jraph.GraphsTuple:
    """The graph with both directions of each edge, for networks written with jraph."""
    senders = np.concatenate([edges[:, 0], edges[:, 1]])
    receivers = np.concatenate([edges[:, 1], edges[:, 0]])
    return jraph.GraphsTuple(
        nodes=None,
        edges=None,
        senders=jnp.asarray(senders, jnp.int32),
        receivers=jnp.asarray(receivers, jnp.int32),
        n_node=jnp.asarray([num_vertices], jnp.int32),
        n_edge=jnp.asarray([len(senders)], jnp.int32),
        globals=None,
    )
