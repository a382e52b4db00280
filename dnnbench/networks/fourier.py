"""Embeddings of the coordinates in sines and cosines, for the networks of differential equations.

`FourierFeatures`: cos(x B) and sin(x B) with B normal and never trained; it lies in the collection
`fixed`, apart from `params`. `PeriodicFeatures`: cos(2 pi k x_i / P), sin(2 pi k x_i / P) for
k = 1..K in the place of a periodic coordinate, so that whatever follows is exactly periodic.

References:
    Tancik et al., Fourier features let networks learn high frequency functions in low dimensional
    domains, NeurIPS 2020, arXiv 2006.10739. Without its factor 2 pi, as in the codes for
    differential equations (Wang, Sankaran, Wang & Perdikaris, arXiv 2308.08468).
    Dong & Ni, A method for representing periodic functions and enforcing exactly periodic boundary
    conditions with deep neural networks, J. Comput. Phys. 435, 2021, arXiv 2007.07442.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from dnnbench.kernels import taylor
from dnnbench.kernels.taylor import Jet
from dnnbench.networks.mlp import normal, uniform


class FourierFeatures(nn.Module):
    """cos(x B), sin(x B).

    Attributes:
        features: width of the output, even.
        scale: standard deviation of B's entries, in radians a unit of length.
        dtype: of B; the input's too.
    """

    features: int
    scale: float
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Width d -> `features`: cosines, then sines.

        Raises:
            ValueError: `features` is odd.
        """
        if self.features % 2:
            raise ValueError(f"Fourier features come in pairs, not {self.features}")
        shape = (x.width, self.features // 2)

        def draw() -> jax.Array:
            return self.scale * normal(uniform(self.make_rng("params"), shape, self.dtype))

        phase = taylor.dense(x, self.variable("fixed", "frequencies", draw).value)
        return taylor.concatenate([taylor.cos(phase), taylor.sin(phase)])


class PeriodicFeatures(nn.Module):
    """Harmonics in the place of periodic coordinates; the others pass.

    Attributes:
        periods: (coordinate, period) of each periodic coordinate.
        harmonics: number K of multiples.
    """

    periods: tuple[tuple[int, float], ...]
    harmonics: int

    @nn.compact
    def __call__(self, x: Jet) -> Jet:
        """Width d -> d + (2 K - 1) * number of periodic coordinates.

        Coordinates keep their order: K cosines and K sines, or the coordinate itself.
        """
        periods = dict(self.periods)
        parts = []
        for i, column in enumerate(x.columns()):
            if i not in periods:
                parts.append(column)
                continue
            turns = jnp.arange(1, self.harmonics + 1, dtype=x.rows.dtype)
            phase = column * (2 * taylor.pi / periods[i] * turns)[None]
            parts += [taylor.cos(phase), taylor.sin(phase)]
        return taylor.concatenate(parts)
