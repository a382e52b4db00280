"""The network of QRF-GNN: two GraphSAGE layers side by side, then one that gives a logit.

    h = leaky(BN(SAGE_mean [s | r]) + BN(SAGE_pool [s | r]));   logit = SAGE_mean(dropout(h))

with static features s and the recurrent feature r, the logit of the step before.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.networks.dropout import Dropout
from dnnbench.networks.sage import Neighbourhood, SageConv

# The published code applies a LeakyReLU of slope 0.01 twice.
LEAKY_SLOPE = 1e-4


class VertexNorm(nn.Module):
    """Batch normalisation over the vertices, always with the statistics of this pass.

    Attributes:
        dtype: floating point type of the parameters.
        epsilon: added to the variance.
    """

    dtype: Any
    epsilon: float = 1e-5

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Normalise each column of [n, d], then scale and shift it."""
        scale = self.param("scale", nn.initializers.ones_init(), x.shape[-1:], self.dtype)
        shift = self.param("shift", nn.initializers.zeros_init(), x.shape[-1:], self.dtype)
        centred = x - jnp.mean(x, axis=0)
        variance = jnp.mean(jnp.square(centred), axis=0)
        return centred * (scale * jax.lax.rsqrt(variance + self.epsilon)) + shift


class RecurrentSage(nn.Module):
    """The published network for one binary variable a vertex.

    Attributes:
        hidden: width of the first layer.
        pooled: whether the max-pooling branch is there.
        dropout: rate before the last layer.
        dtype: floating point type of the parameters.
    """

    hidden: int
    pooled: bool
    dropout: float
    dtype: Any

    @nn.compact
    def __call__(
        self,
        graph: Neighbourhood,
        static: jax.Array,
        static_mean: jax.Array,
        recurrent: jax.Array | None,
        key: jax.Array,
    ) -> jax.Array:
        """Logits [n].

        Args:
            graph: neighbourhoods.
            static: features that never change in a restart, [n, s].
            static_mean: their neighbours' mean, [n, s]; computed once by the caller.
            recurrent: logits of the step before, [n], or None without that feature.
            key: of the dropout.
        """
        x = static if recurrent is None else jnp.concatenate([static, recurrent[:, None]], axis=1)
        mean = SageConv(self.hidden, "mean", False, self.dtype, name="mean")
        h = VertexNorm(self.dtype, name="mean_norm")(mean(graph, x, static_mean))
        if self.pooled:
            pool = SageConv(self.hidden, "pool", False, self.dtype, name="pool")
            h = h + VertexNorm(self.dtype, name="pool_norm")(pool(graph, x))
        h = nn.leaky_relu(h, LEAKY_SLOPE)
        h = Dropout(self.dropout)(h, key)
        return SageConv(1, "mean", True, self.dtype, name="out")(graph, h)[:, 0]
