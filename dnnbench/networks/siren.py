"""SIREN: a coordinate network with sines for activations.

    h_0 = sin(w (W_0 x + b_0)),  h_i = sin(w (W_i h_{i-1} + b_i)),  y = W_L h + b_L,   w = 30

Weights uniform: the first layer in +-1/n_in, the others in +-sqrt(6/n_in)/w; biases in
+-1/sqrt(n_in), as the published code leaves them.

References:
    Sitzmann, Martel, Bergman, Lindell & Wetzstein, Implicit neural representations with periodic
    activation functions, NeurIPS 2020, arXiv 2006.09661 (Section 3.2, Theorem 1.8).
"""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.kernels.sine import sine
from dnnbench.networks.draw import draw_parameters, uniform

OMEGA = 30.0


def coordinates(height: int, width: int, dtype: Any = jnp.float32) -> jax.Array:
    """Grid over [-1, 1]^2, [height, width, 2]: row, then column; a single row or column is -1."""
    rows = jnp.linspace(-1.0, 1.0, height, dtype=dtype)
    columns = jnp.linspace(-1.0, 1.0, width, dtype=dtype)
    return jnp.stack(jnp.meshgrid(rows, columns, indexing="ij"), axis=-1)


class Layer(nn.Module):
    """omega (x W + b), omega 1 at the output.

    Attributes:
        features: output width.
        bound: the weights' initial bound.
        omega: factor.
        dtype: floating point type of parameters and output.
        compute_dtype: type of the product; None for `dtype`.
    """

    features: int
    bound: float
    omega: float
    dtype: Any
    compute_dtype: Any

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[n, d] -> [n, features]."""
        shape = (x.shape[-1], self.features)
        kernel = self.param("kernel", uniform(self.bound), shape, self.dtype)
        bias = self.param("bias", uniform(shape[0] ** -0.5), shape[1:], self.dtype)
        product = self.compute_dtype or self.dtype
        y = (x.astype(product) @ kernel.astype(product)).astype(self.dtype)
        return jnp.asarray(self.omega, self.dtype) * (y + bias)


class Siren(nn.Module):
    """The coordinate network.

    Attributes:
        outputs: channels of the image.
        width: of the hidden layers.
        hidden: layers width -> width after the first.
        omega: frequency of the sines.
        dtype: floating point type of parameters, activations and output.
        compute_dtype: type of the matrix products; None for `dtype`.
    """

    outputs: int
    width: int = 256
    hidden: int = 3
    omega: float = OMEGA
    dtype: Any = jnp.float32
    compute_dtype: Any = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Values at coordinates, not bounded.

        Args:
            x: [h, w, d], usually of `coordinates`.

        Returns:
            [h, w, outputs].
        """
        h, w, d = x.shape
        types = {"dtype": self.dtype, "compute_dtype": self.compute_dtype}
        inner = math.sqrt(6 / self.width) / self.omega
        y = x.reshape(h * w, d).astype(self.dtype)
        for i in range(self.hidden + 1):
            bound = 1 / d if i == 0 else inner
            y = sine(Layer(self.width, bound, self.omega, **types, name=f"layer_{i}")(y))
        y = Layer(self.outputs, inner, 1.0, **types, name="output")(y)
        return y.reshape(h, w, self.outputs)


def draw_siren(network: Siren, key: jax.Array, x: jax.Array) -> dict[str, Any]:
    """First parameters from one draw, see `draw_parameters`; x is an input [h, w, d]."""
    inner = math.sqrt(6 / network.width) / network.omega

    def bound(path: tuple[str, ...], kernel: tuple[int, ...]) -> float:
        if path[-1] == "bias":
            return kernel[0] ** -0.5
        return 1 / kernel[0] if path[-2] == "layer_0" else inner

    return draw_parameters(network, key, x, bound)
