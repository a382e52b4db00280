"""Deep Image Prior: a convolutional hourglass fitted to one measurement from a fixed random input.

    min over theta of || A f_theta(z + reg_noise n_t) - y ||^2,    z ~ U[0, 0.1], n_t ~ N(0, 1)

The input z is fixed, the normal n_t fresh in every step. The network (`networks.skip`) fits natural
structure sooner than noise, so the run is ended early; denoising averages the outputs. In
denoising, an output whose misfit is more than `backtrack` dB worse than that of the last good step
is not learnt from: the parameters go back to those of that step.

References:
    Ulyanov, Vedaldi & Lempitsky, Deep Image Prior, CVPR 2018, arXiv 1711.10925 (IJCV 128, 2020);
    steps, rates and input noise of each task as in the authors' notebooks: `dip` has their default
    network, `dip_small` that of the JPEG example. Inpainting takes the settings of the restoration
    of random pixels, super-resolution those of factor 4 (factor 8: num_steps=4000, reg_noise=0.05).
    Departs from it: pictures are not cropped to multiples of 32, the network handles any size; the
    misfit is looked at in every step, in the notebook in 99 of 100; the special networks of the
    large-hole examples are not here.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradState
from dnnbench.methods.image_prior import ImagePrior, PriorAux
from dnnbench.networks.draw import draw_parameters
from dnnbench.networks.skip import SkipNetwork, skip_setting


class Look(NamedTuple):
    """The last good step of a run that may go back to it.

    Attributes:
        params: the parameters that made its output.
        misfit: of that output, in dB (PSNR against the measurement); -inf before the first.
    """

    params: PyTree
    misfit: Scalar


class DipFixed(NamedTuple):
    """The fixed input z [h, w, channels], and the last good step if there is backtracking."""

    z: jax.Array
    look: Look | None


@dataclass(frozen=True, kw_only=True)
class DeepImagePrior(ImagePrior):
    """Deep Image Prior on an imaging problem.

    Attributes:
        network: `large` or `small`, see `networks.skip`.
        upsampling: `bilinear` or `nearest`.
        backtracking: whether jumps of the misfit are undone.
        compute_dtype: type of the convolutions' products, None for the plan's.
        (The others are those of `ImagePrior`.)

    Hyperparameters (traced): `learning_rate` of Adam; `input_scale`, largest entry of z;
    `reg_noise`, standard deviation of the noise on z; `backtrack`, dB.
    """

    network: str
    upsampling: str
    backtracking: bool
    compute_dtype: str | None

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "input_scale",
        "reg_noise",
        "backtrack",
    )

    def _network(self, channels: int) -> SkipNetwork:
        setting = skip_setting(self.network).with_upsampling(self.upsampling)
        compute = None if self.compute_dtype is None else jnp.dtype(self.compute_dtype)
        return SkipNetwork(setting, channels, jnp.dtype(self.energy.dtype), compute)

    def begin(self, ctx: Ctx) -> tuple[PyTree, DipFixed]:
        """PyTorch's default weights, a uniform input."""
        h, w, channels = ctx.problem.like.shape
        network = self._network(channels)
        of_input, of_weights = jax.random.split(ctx.key)
        shape = (h, w, network.setting.input_channels)
        z = ctx.hp["input_scale"] * jax.random.uniform(of_input, shape, ctx.problem.like.dtype)
        params = draw_parameters(network, of_weights, z)
        if not self.backtracking:
            return params, DipFixed(z, None)
        return params, DipFixed(z, Look(params, jnp.full((), -jnp.inf, z.dtype)))

    def picture(self, params: PyTree, fixed: DipFixed, ctx: Ctx) -> jax.Array:
        """The network's output on the input with fresh noise, [h, w, c]."""
        noise = jax.random.normal(ctx.key, fixed.z.shape, fixed.z.dtype)
        z = fixed.z + ctx.hp["reg_noise"] * noise
        out = self._network(ctx.problem.like.shape[2]).apply(params, z)
        assert isinstance(out, jax.Array)
        return out

    def step(self, s: GradState, phase: Phase, ctx: Ctx) -> tuple[GradState, Info]:
        """One step of Adam, or back to the last good step if the misfit has jumped since."""
        after, info = super().step(s, phase, ctx)
        if not self.backtracking:
            return after, info
        aux: PriorAux = after.aux
        look: Look = aux.fixed.look
        misfit = -10 * jnp.log10(info.merit)
        jumped = misfit < look.misfit - ctx.hp["backtrack"]

        def choose(old: Any, new: Any) -> Any:
            return jax.tree.map(lambda a, b: jnp.where(jumped, a, b), old, new)

        good = Look(*choose(look, Look(s.params, misfit)))
        params = choose(look.params, after.params)
        aux = aux._replace(fixed=aux.fixed._replace(look=good))
        return after._replace(params=params, aux=aux), info
