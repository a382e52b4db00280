"""Deep Decoder: a network with so few parameters that it cannot fit the noise.

    min over theta of || A f_theta(z) - y ||^2,    z ~ U[0, 0.1] fixed

With fewer parameters than pixels the network needs no early stopping; a wide one does. The input's
channels are the network's width k, its size that of the picture divided by 2^doublings.

References:
    Heckel & Hand, Deep Decoder, ICLR 2019, arXiv 1810.03982; Adam with rate 0.01 and k = 128 as in
    the authors' denoising of a 512 x 512 picture (compression factor 7.85). Inpainting takes their
    k = 256, rate 0.0025 and input noise; that noise decays there by 0.7 every 500 steps, as here.
    Departs from it: pictures whose size is no multiple of 2^doublings are cropped from the next
    larger output.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, PyTree
from dnnbench.methods.image_prior import ImagePrior
from dnnbench.networks.deep_decoder import DeepDecoder, input_size
from dnnbench.networks.draw import draw_parameters

_DECAY, _DECAY_EVERY = 0.7, 500


@dataclass(frozen=True, kw_only=True)
class DeepDecoderPrior(ImagePrior):
    """Deep Decoder on an imaging problem.

    Attributes:
        width: channels k.
        doublings: layers with upsampling.
        compute_dtype: type of the products, None for the plan's.
        (The others are those of `ImagePrior`.)

    Hyperparameters (traced): `learning_rate` of Adam; `input_scale`, largest entry of z;
    `reg_noise`, standard deviation of fresh noise on z in the first 500 steps (0: none).
    """

    width: int
    doublings: int
    compute_dtype: str | None

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("learning_rate", "input_scale", "reg_noise")

    def _network(self, ctx: Ctx) -> DeepDecoder:
        h, w, channels = ctx.problem.like.shape
        compute = None if self.compute_dtype is None else jnp.dtype(self.compute_dtype)
        return DeepDecoder(h, w, channels, self.doublings, jnp.dtype(self.energy.dtype), compute)

    def begin(self, ctx: Ctx) -> tuple[PyTree, jax.Array]:
        """PyTorch's default weights, a uniform input [h / 2^doublings, w / 2^doublings, k]."""
        like = ctx.problem.like
        of_input, of_weights = jax.random.split(ctx.key)
        shape = (*input_size(like.shape[0], like.shape[1], self.doublings), self.width)
        z = ctx.hp["input_scale"] * jax.random.uniform(of_input, shape, like.dtype)
        return draw_parameters(self._network(ctx), of_weights, z), z

    def picture(self, params: PyTree, fixed: jax.Array, ctx: Ctx) -> jax.Array:
        """The network's output, [h, w, c]."""
        share = jnp.asarray(_DECAY, fixed.dtype) ** (ctx.t // _DECAY_EVERY)
        noise = share * ctx.hp["reg_noise"] * jax.random.normal(ctx.key, fixed.shape, fixed.dtype)
        out = self._network(ctx).apply(params, fixed + noise)
        assert isinstance(out, jax.Array)
        return out
