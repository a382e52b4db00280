"""SIREN: a network of coordinates, with sines for activations, fitted to one picture.

    min over theta of || A f_theta(coordinates) - y ||^2,    picture = (1 + f) / 2

References:
    Sitzmann, Martel, Bergman, Lindell & Wetzstein, NeurIPS 2020, arXiv 2006.09661; network, rate
    (Adam 1e-4) and steps (10,000) of its picture fitting, whose values lie in [-1, 1].
    Departs from it: there the picture is clean and every pixel is seen; noise, masks and
    downsampling come in through A and y, and the stopping rules watch.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, PyTree
from dnnbench.methods.image_prior import ImagePrior
from dnnbench.networks.siren import Siren, coordinates, draw_siren


@dataclass(frozen=True, kw_only=True)
class SirenPrior(ImagePrior):
    """SIREN on an imaging problem.

    Attributes:
        width: of the hidden layers.
        hidden: hidden layers after the first.
        omega: frequency of the sines.
        compute_dtype: type of the matrix products, None for the plan's.
        (The others are those of `ImagePrior`.)

    Hyperparameters (traced): `learning_rate` of Adam.
    """

    width: int
    hidden: int
    omega: float
    compute_dtype: str | None

    version: ClassVar[int] = 1

    def _network(self, ctx: Ctx) -> Siren:
        compute = None if self.compute_dtype is None else jnp.dtype(self.compute_dtype)
        sizes = (ctx.problem.like.shape[2], self.width, self.hidden, self.omega)
        return Siren(*sizes, jnp.dtype(self.energy.dtype), compute)

    def _grid(self, ctx: Ctx) -> jax.Array:
        h, w, _ = ctx.problem.like.shape
        return coordinates(h, w, ctx.problem.like.dtype)

    def begin(self, ctx: Ctx) -> tuple[PyTree, tuple[()]]:
        """The paper's initial weights; nothing is fed but coordinates."""
        return draw_siren(self._network(ctx), ctx.key, self._grid(ctx)), ()

    def picture(self, params: PyTree, fixed: PyTree, ctx: Ctx) -> jax.Array:
        """The network's output moved to [0, 1], [h, w, c]; it is not bounded."""
        out = self._network(ctx).apply(params, self._grid(ctx))
        assert isinstance(out, jax.Array)
        return 0.5 + 0.5 * out
