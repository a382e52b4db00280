"""Deep Decoder: an image from few parameters, without convolutions wider than one pixel.

`doublings` times {1x1 convolution k -> k, bilinear x2, ReLU, channel normalisation}, once the same
without doubling, a 1x1 convolution to the image, the sigmoid; no biases but the normalisations'.

References:
    Heckel & Hand, Deep Decoder: concise image representations from untrained non-convolutional
    networks, ICLR 2019, arXiv 1810.03982 (Section 2).
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.networks.image_layers import Convolution, ImageNorm
from dnnbench.networks.resample import crop, upsample


def input_size(height: int, width: int, doublings: int) -> tuple[int, int]:
    """Height and width of the fixed input for an image of this size, rounded up.

    Raises:
        ValueError: a size that is not positive.
    """
    if min(height, width) < 1:
        raise ValueError(f"an image of {height} x {width} pixels has nothing to decode")
    step = 2**doublings
    return -(-height // step), -(-width // step)


class DeepDecoder(nn.Module):
    """The decoder of one image.

    Attributes:
        height, width: of the image; the last doubling is cropped to them.
        outputs: channels of the image.
        doublings: layers with upsampling.
        dtype: floating point type of parameters, activations and output.
        compute_dtype: type of the convolutions' products; None for `dtype`.
    """

    height: int
    width: int
    outputs: int
    doublings: int = 5
    dtype: Any = jnp.float32
    compute_dtype: Any = None

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Map the fixed input to an image.

        Args:
            z: [*input_size(height, width, doublings), k]; its channels are the network's width.

        Returns:
            [height, width, outputs] in (0, 1).

        Raises:
            ValueError: an input of another size.
        """
        size = input_size(self.height, self.width, self.doublings)
        if z.ndim != 3 or z.shape[:2] != size:
            raise ValueError(f"expected an input [{size[0]}, {size[1]}, k], got {z.shape}")
        types = {"use_bias": False, "dtype": self.dtype, "compute_dtype": self.compute_dtype}
        x, k = z.astype(self.dtype), z.shape[2]
        for i in range(self.doublings + 1):
            x = Convolution(k, **types, name=f"conv_{i}")(x)
            if i < self.doublings:
                x = upsample(x, "bilinear")
            x = ImageNorm(dtype=self.dtype, name=f"norm_{i}")(nn.relu(x))
        x = crop(x, self.height, self.width)
        return nn.sigmoid(Convolution(self.outputs, **types, name="output")(x))
