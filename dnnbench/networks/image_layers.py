"""Layers of image networks as Flax modules: convolution, normalisation over one image, LeakyReLU.

Initialisation as PyTorch's defaults, which the published codes use: convolution weights and biases
uniform in +-1/sqrt(k k c_in), normalisation with scale 1 and bias 0.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.kernels.convolution import convolve
from dnnbench.networks.draw import uniform

LEAK = 0.2


class Convolution(nn.Module):
    """k x k convolution with k // 2 pixels of padding.

    Attributes:
        features: output channels.
        size: k, odd.
        stride: of the window.
        use_bias: whether a bias is added.
        padding: `reflect` or `zero`.
        dtype: floating point type of parameters and output.
        compute_dtype: type of the products; None for `dtype`.
    """

    features: int
    size: int = 1
    stride: int = 1
    use_bias: bool = True
    padding: str = "reflect"
    dtype: Any = jnp.float32
    compute_dtype: Any = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[h, w, c] -> [ceil(h / stride), ceil(w / stride), features]."""
        shape = (self.size, self.size, x.shape[-1], self.features)
        init = uniform((self.size**2 * x.shape[-1]) ** -0.5)
        kernel = self.param("kernel", init, shape, self.dtype)
        product = self.compute_dtype or self.dtype
        y = convolve(x.astype(product), kernel.astype(product), self.stride, self.padding)
        y = y.astype(self.dtype)
        if self.use_bias:
            y = y + self.param("bias", init, (self.features,), self.dtype)
        return y


class ImageNorm(nn.Module):
    """Batch normalisation of a batch of one: each channel to mean 0 and variance 1, then affine.

    The statistics are this image's in every pass; there are no running averages.

    Attributes:
        epsilon: added to the variance.
        dtype: floating point type.
    """

    epsilon: float = 1e-5
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[h, w, c] -> [h, w, c]."""
        channels = (x.shape[-1],)
        scale = self.param("scale", nn.initializers.ones, channels, self.dtype)
        bias = self.param("bias", nn.initializers.zeros, channels, self.dtype)
        mean = jnp.mean(x, axis=(0, 1))
        centred = x - mean
        variance = jnp.mean(centred * centred, axis=(0, 1))
        return centred * (scale * jax.lax.rsqrt(variance + self.epsilon)) + bias


class Block(nn.Module):
    """Convolution, normalisation, LeakyReLU(0.2).

    Attributes:
        features: output channels.
        size: of the kernel.
        stride: of the window.
        dtype: floating point type of parameters and output.
        compute_dtype: type of the convolution's products; None for `dtype`.
    """

    features: int
    size: int
    stride: int = 1
    dtype: Any = jnp.float32
    compute_dtype: Any = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[h, w, c] -> [ceil(h / stride), ceil(w / stride), features]."""
        x = Convolution(
            self.features,
            self.size,
            self.stride,
            dtype=self.dtype,
            compute_dtype=self.compute_dtype,
            name="conv",
        )(x)
        return nn.leaky_relu(ImageNorm(dtype=self.dtype, name="norm")(x), LEAK)
