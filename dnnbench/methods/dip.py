"""Deep Image Prior: a convolutional hourglass fitted to one measurement from a fixed random input.

    min over theta of || A f_theta(z + reg_noise n_t) - y ||^2,    z ~ U[0, 0.1], n_t ~ N(0, 1)

The input z is fixed, the normal n_t fresh in every step. The network (`networks.skip`) fits natural
structure sooner than noise, so the run is ended early; denoising averages the outputs. In
denoising a step at which the misfit has jumped by `backtrack` dB since the last look, every 100
steps, goes back to the parameters of that look.

References:
    Ulyanov, Vedaldi & Lempitsky, Deep Image Prior, CVPR 2018, arXiv 1711.10925 (IJCV 128, 2020);
    steps, rates and input noise of each task as in the authors' notebooks: `dip` has their default
    network, `dip_small` that of the JPEG example. Inpainting takes the settings of the restoration
    of random pixels, super-resolution those of factor 4 (factor 8: num_steps=4000, reg_noise=0.05).
    Departs from it: pictures are not cropped to multiples of 32, the network handles any size; the
    special networks of the large-hole examples are not here.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Phase, PyTree, Scalar
from dnnbench.engine.gradient import GradState
from dnnbench.methods.image_prior import ImagePrior, PriorAux
from dnnbench.networks.draw import draw_parameters
from dnnbench.networks.skip import SkipNetwork, skip_setting
from dnnbench.optimizers.from_optax import adam
from dnnbench.problems.imaging.energy import ImagingEnergy

_LOOK_EVERY = 100


class Look(NamedTuple):
    """The last look at a run that may go back to it.

    Attributes:
        params: the parameters then.
        misfit: of the output then, in dB (PSNR against the measurement); -inf before the first.
    """

    params: PyTree
    misfit: Scalar


class DipFixed(NamedTuple):
    """The fixed input z [h, w, channels], and the last look if there is backtracking."""

    z: jax.Array
    look: Look | None


@dataclass(frozen=True)
class DeepImagePrior(ImagePrior):
    """Deep Image Prior on an imaging problem.

    Attributes:
        network: `large` or `small`, see `networks.skip`.
        upsampling: `bilinear` or `nearest`.
        backtracking: whether jumps of the misfit are undone.
        compute_dtype: type of the convolutions' products, None for the plan's.
        others: see `ImagePrior`.

    Hyperparameters (traced): `learning_rate` of Adam; `input_scale`, largest entry of z;
    `reg_noise`, standard deviation of the noise on z; `backtrack`, dB.
    """

    energy: ImagingEnergy
    network: str
    upsampling: str
    backtracking: bool
    compute_dtype: str | None
    num_steps: int
    answer: str
    fixed_steps: int | None
    ema_decay: float
    window: int
    patience: int
    emv_alpha: float
    held_out: float
    oracle: bool
    curve_every: int
    bands: int
    snapshots: str

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "input_scale",
        "reg_noise",
        "backtrack",
    )

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase under Adam, interrupted by looks at the misfit."""
        every = _LOOK_EVERY if self.backtracking else None
        return (Phase("fit", self.num_steps, adam(), every),)

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

    def outer(self, s: GradState, phase: Phase, ctx: Ctx) -> GradState:
        """Go back to the last look if the misfit has jumped since, else look."""
        aux: PriorAux = s.aux
        look: Look = aux.fixed.look
        misfit = -10 * jnp.log10(self.energy.energy(aux.picture, ctx.problem))
        jumped = misfit < look.misfit - ctx.hp["backtrack"]

        def choose(old: Any, new: Any) -> Any:
            return jax.tree.map(lambda a, b: jnp.where(jumped, a, b), old, new)

        params = choose(look.params, s.params)
        seen = Look(params, choose(look.misfit, misfit))
        return s._replace(params=params, aux=aux._replace(fixed=aux.fixed._replace(look=seen)))
