"""GraphSAGE layers as Flax modules, with the mean and the max-pooling aggregation.

    y = x W_self + agg_j(message_j) W_neigh + b

`mean`: messages are x; `pool`: messages are relu(x W_pool + b_pool), agg is the elementwise
maximum. With edge weights a message is multiplied by its edge's weight; the mean still divides by
the number of neighbours.

References:
    Hamilton, Ying & Leskovec, Inductive representation learning on large graphs, NeurIPS 2017,
    arXiv 1706.02216 (Algorithm 1, Eq. 3). Initialisation (Xavier uniform with the gain sqrt(2) of
    ReLU, biases uniform in +-1/sqrt(inputs)) and the place of the weights as in DGL's layer, which
    the codes of this field use.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from dnnbench.kernels.spmm import Sparse, make_sparse, spmm
from dnnbench.networks.neighbour_max import Slots, make_slots, neighbour_max

AGGREGATIONS = ("mean", "pool")

_XAVIER_RELU = nn.initializers.variance_scaling(2.0, "fan_avg", "uniform")


class Neighbourhood(NamedTuple):
    """What the aggregations read of a graph.

    Attributes:
        adjacency: symmetric weights [n, n] (ones where a network ignores weights).
        inverse_degree: [n], one over the number of neighbours; 0 for isolated vertices.
        slots: for maxima, or None where no layer pools.
    """

    adjacency: Sparse
    inverse_degree: jax.Array
    slots: Slots | None


def make_neighbourhood(
    adjacency: sp.csr_array, kernel: str, dtype: str, pooled: bool
) -> Neighbourhood:
    """The neighbourhoods of a graph with these edge weights, built on the host.

    Args:
        adjacency: symmetric [n, n] with zero diagonal.
        kernel: sparse product for the means.
        dtype: element type.
        pooled: whether maxima will be asked for.
    """
    return Neighbourhood(
        make_sparse(adjacency, kernel, dtype),
        jnp.asarray(inverse_degrees(adjacency), dtype),
        make_slots(adjacency, dtype) if pooled else None,
    )


def inverse_degrees(adjacency: sp.csr_array) -> np.ndarray:
    """One over the number of stored entries of each row, float64 [n]; 0 for empty rows."""
    degrees = np.diff(adjacency.indptr)
    return np.where(degrees > 0, 1.0 / np.maximum(degrees, 1), 0.0)


def neighbour_mean(graph: Neighbourhood, x: jax.Array) -> jax.Array:
    """Mean of w_ij x_j over the neighbours j, [n, d]; 0 for isolated vertices."""
    return spmm(graph.adjacency, x) * graph.inverse_degree[:, None]


def uniform_bias(inputs: int) -> Callable[..., jax.Array]:
    """Initialiser of a linear layer's bias: uniform in +-1/sqrt(inputs)."""
    bound = inputs**-0.5

    def init(key: jax.Array, shape: tuple[int, ...], dtype: Any) -> jax.Array:
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


class SageConv(nn.Module):
    """One GraphSAGE layer.

    Attributes:
        features: output width.
        aggregation: `mean` or `pool`.
        use_bias: whether b is there (b_pool always is).
        dtype: floating point type of the parameters.
    """

    features: int
    aggregation: str
    use_bias: bool
    dtype: Any

    @nn.compact
    def __call__(
        self, graph: Neighbourhood, x: jax.Array, known: jax.Array | None = None
    ) -> jax.Array:
        """Map node features [n, d] to [n, features].

        Args:
            graph: neighbourhoods.
            x: [n, d].
            known: [n, k], the mean of x's first k columns where the caller has it already.
        """
        shape = (x.shape[-1], self.features)
        own = self.param("self", _XAVIER_RELU, shape, self.dtype)
        neighbour = self.param("neighbour", _XAVIER_RELU, shape, self.dtype)
        if self.aggregation == "pool":
            part = self._pooled(graph, x) @ neighbour
        elif known is not None:
            rest = neighbour_mean(graph, x[:, known.shape[1] :])
            part = jnp.concatenate([known, rest], axis=1) @ neighbour
        elif x.shape[-1] > self.features:
            part = neighbour_mean(graph, x @ neighbour)
        else:
            part = neighbour_mean(graph, x) @ neighbour
        y = x @ own + part
        if self.use_bias:
            y = y + self.param("bias", uniform_bias(shape[0]), (self.features,), self.dtype)
        return y

    def _pooled(self, graph: Neighbourhood, x: jax.Array) -> jax.Array:
        """Maximum of the neighbours' messages, [n, d]."""
        assert graph.slots is not None
        d = x.shape[-1]
        weight = self.param("pool", _XAVIER_RELU, (d, d), self.dtype)
        bias = self.param("pool_bias", uniform_bias(d), (d,), self.dtype)
        return neighbour_max(graph.slots, nn.relu(x @ weight + bias))
