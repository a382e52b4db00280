"""The network of a differential equation by its name, behind an embedding of the coordinates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from dnnbench.errors import unknown
from dnnbench.kernels.taylor import Jet
from dnnbench.networks.dgm import DeepGalerkinNet
from dnnbench.networks.fourier import FourierFeatures, PeriodicFeatures
from dnnbench.networks.mlp import Mlp
from dnnbench.networks.modified_mlp import ModifiedMlp
from dnnbench.networks.residual import DeepRitzNet

NETWORKS = ("mlp", "modified_mlp", "deep_galerkin", "deep_ritz")


@dataclass(frozen=True)
class Embedding:
    """What a network is fed.

    Attributes:
        box: intervals that are stretched to [-1, 1]; None leaves coordinates as they are.
        periods: (coordinate, period) of those that enter by `harmonics` sines and cosines.
        harmonics: their number.
        features: random sines and cosines of all that; 0 for none.
        scale: standard deviation of their frequencies.
    """

    box: tuple[tuple[float, float], ...] | None
    periods: tuple[tuple[int, float], ...]
    harmonics: int
    features: int
    scale: float


class PdeNet(nn.Module):
    """A network of the coordinates.

    Attributes:
        embedding: what `body` is fed.
        body: from there to the unknowns.
        dtype: of the parameters; the input's too.
    """

    embedding: Embedding
    body: nn.Module
    dtype: Any

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """A jet of coordinates -> a jet of unknowns."""
        e = self.embedding
        if e.box is not None:
            x = self._stretched(x, e.box)
        if e.periods:
            x = PeriodicFeatures(e.periods, e.harmonics)(x)
        if e.features:
            x = FourierFeatures(e.features, e.scale, self.dtype)(x)
        made: Jet = self.body(x)
        return made

    def _stretched(self, x: Jet, box: tuple[tuple[float, float], ...]) -> Jet:
        """Periodic coordinates stay; their period is that of the interval."""
        low, high = np.array(box).T
        periodic = np.isin(np.arange(len(box)), [axis for axis, _ in self.embedding.periods])
        slope = np.where(periodic, 1.0, 2 / (high - low))
        shift = np.where(periodic, 0.0, -(high + low) / (high - low))
        return x * slope[None] + shift[None]


def make_network(
    name: str,
    embedding: Embedding,
    *,
    width: int,
    depth: int,
    outputs: int,
    activation: str,
    weight_init: str,
    dtype: Any,
) -> PdeNet:
    """The network.

    Args:
        name: one of `NETWORKS`.
        embedding: what it is fed.
        width: of its hidden layers.
        depth: their number (blocks of two for `deep_ritz`, gated layers for `deep_galerkin`, whose
            activation is tanh).
        outputs: unknowns.
        activation: a key of `networks.mlp.ACTIVATIONS`.
        weight_init: of the weights, a key of `networks.mlp.INITS`.
        dtype: of the parameters.

    Raises:
        UserError: there is no such network.
    """
    sizes = (width, depth, outputs)
    make: dict[str, Callable[[], nn.Module]] = {
        "mlp": lambda: Mlp(*sizes, activation, weight_init, dtype),
        "modified_mlp": lambda: ModifiedMlp(*sizes, activation, weight_init, dtype=dtype),
        "deep_galerkin": lambda: DeepGalerkinNet(*sizes, weight_init, dtype),
        "deep_ritz": lambda: DeepRitzNet(*sizes, activation, weight_init, dtype),
    }
    if name not in make:
        raise unknown("network", name, NETWORKS)
    return PdeNet(embedding, make[name](), jnp.dtype(dtype))


__all__ = ["NETWORKS", "Embedding", "PdeNet", "make_network"]
