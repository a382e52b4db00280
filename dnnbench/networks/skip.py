"""The hourglass with skip connections of the Deep Image Prior.

Scale s of n, on an image [h, w, c]:

    skip   1x1 convolution block                                   (absent with 0 channels)
    down   block with stride 2, block                              -> [ceil(h / 2), ceil(w / 2), d]
    deeper scale s + 1 on that (nothing at the deepest)
    up     concat(skip, upsampled deeper, cropped to h x w), normalisation, block, 1x1 block

where a block is convolution (reflection padding, bias), normalisation over the image, LeakyReLU.
At the end a 1x1 convolution and the sigmoid.

References:
    Ulyanov, Vedaldi & Lempitsky, Deep Image Prior, CVPR 2018, arXiv 1711.10925; supplementary
    material for the architecture and its settings.
    Departs from the paper's code in sizes that are not divisible by 2^n: a scale rounds up and its
    output is cropped, where the code cuts to the smaller of two sizes and shrinks the image.
"""

from dataclasses import dataclass, replace
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.errors import unknown
from dnnbench.networks.image_layers import Block, Convolution, ImageNorm
from dnnbench.networks.resample import crop, enlarge, upsample


@dataclass(frozen=True)
class SkipSetting:
    """Sizes of a skip network; one entry a scale, the finest first.

    Attributes:
        input_channels: of the fixed input.
        down, up, skip: channels of the three branches; skip 0 for none.
        down_size, up_size, skip_size: kernel sizes.
        upsampling: `bilinear` or `nearest`.
    """

    input_channels: int
    down: tuple[int, ...]
    up: tuple[int, ...]
    skip: tuple[int, ...]
    down_size: int = 3
    up_size: int = 3
    skip_size: int = 1
    upsampling: str = "bilinear"

    def __post_init__(self) -> None:
        if not self.down or not len(self.down) == len(self.up) == len(self.skip):
            raise ValueError(
                "down, up and skip channels need one entry a scale, got "
                f"{len(self.down)}, {len(self.up)} and {len(self.skip)}"
            )

    def with_upsampling(self, upsampling: str) -> "SkipSetting":
        """The same sizes with another upsampling."""
        return replace(self, upsampling=upsampling)

    @property
    def least_size(self) -> int:
        """Fewest pixels each way for which every scale can reflect its border."""
        deepest = 2 ** len(self.down)
        wide = max(self.up_size, self.skip_size) // 2
        return max(deepest * (self.down_size // 2), deepest // 2 * wide, 1) + 1


SETTINGS = {
    "large": SkipSetting(32, (128,) * 5, (128,) * 5, (4,) * 5),
    "small": SkipSetting(3, (8, 16, 32, 64, 128), (8, 16, 32, 64, 128), (0, 0, 0, 4, 4)),
}


def skip_setting(name: str) -> SkipSetting:
    """The published setting `large` (the default) or `small` (that of the snail).

    Raises:
        UserError: another name.
    """
    if name not in SETTINGS:
        raise unknown("skip network", name, SETTINGS)
    return SETTINGS[name]


class _Scale(nn.Module):
    """Scale `index` with all that is deeper: [h, w, c] -> [h, w, up]."""

    setting: SkipSetting
    index: int
    dtype: Any
    compute_dtype: Any

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        s, i = self.setting, self.index
        types = {"dtype": self.dtype, "compute_dtype": self.compute_dtype}
        y = Block(s.down[i], s.down_size, 2, **types, name="down_0")(x)
        y = Block(s.down[i], s.down_size, **types, name="down_1")(y)
        if i + 1 < len(s.down):
            y = _Scale(s, i + 1, **types, name="deeper")(y)
        y = crop(upsample(y, s.upsampling), *x.shape[:2])
        if s.skip[i]:
            beside = Block(s.skip[i], s.skip_size, **types, name="skip")(x)
            y = jnp.concatenate([beside, y], axis=-1)
        y = ImageNorm(dtype=self.dtype, name="norm")(y)
        y = Block(s.up[i], s.up_size, **types, name="up_0")(y)
        return Block(s.up[i], 1, **types, name="up_1")(y)


class SkipNetwork(nn.Module):
    """The hourglass for one image.

    Attributes:
        setting: sizes.
        outputs: channels of the image.
        dtype: floating point type of parameters, activations and output.
        compute_dtype: type of the convolutions' products; None for `dtype`.
    """

    setting: SkipSetting
    outputs: int
    dtype: Any = jnp.float32
    compute_dtype: Any = None

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Map the fixed input to an image.

        Args:
            z: [h, w, input channels], any h and w from 2; below the setting's `least_size` it is
                enlarged by reflection and the output cropped.

        Returns:
            [h, w, outputs] in (0, 1).

        Raises:
            ValueError: fewer than 2 pixels each way, or other channels than the setting's.
        """
        if z.ndim != 3 or z.shape[2] != self.setting.input_channels:
            raise ValueError(
                f"expected an input [h, w, {self.setting.input_channels}], got {z.shape}"
            )
        types = {"dtype": self.dtype, "compute_dtype": self.compute_dtype}
        x = enlarge(z.astype(self.dtype), self.setting.least_size)
        x = _Scale(self.setting, 0, **types, name="scales")(x)
        x = Convolution(self.outputs, **types, name="output")(x)
        return nn.sigmoid(crop(x, z.shape[0], z.shape[1]))
