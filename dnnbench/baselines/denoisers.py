"""Classical denoisers as baselines, from `baselines.restoration`.

They are made for Gaussian noise of a known level. Where the measurement's noise is of another kind
or has no single level, the level is estimated from the values (the median of the finest wavelet
coefficients: Donoho & Johnstone, Biometrika 81, 1994) and noted as `sigma_estimated`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Search
from dnnbench.baselines.one_call import OneCall
from dnnbench.baselines.restoration.bm3d import bm3d
from dnnbench.baselines.restoration.nonlocal_means import nonlocal_means
from dnnbench.baselines.restoration.total_variation import total_variation
from dnnbench.baselines.restoration.wavelet_shrinkage import wavelet_shrinkage
from dnnbench.instances.measurement import Measurement
from dnnbench.problems.base import Exact

Denoiser = Callable[[NDArray[np.floating], float], NDArray[np.float64]]


@dataclass(frozen=True)
class _Denoiser(OneCall):
    """`restore(noisy, sigma)`."""

    restore: ClassVar[Denoiser]

    def prepare(self, problem: Exact, public: Any) -> None:
        """Import the libraries, on a few pixels."""
        type(self).restore(np.full((32, 32, 1), 0.5), 0.1)

    def restored(self, public: Measurement, search: Search) -> np.ndarray:
        """Denoise by the known or the estimated level; without noise nothing is done."""
        sigma = public.sigma
        if sigma is None:
            from skimage.restoration import estimate_sigma

            sigma = float(estimate_sigma(public.values, average_sigmas=True, channel_axis=2))
            search.note("sigma_estimated", sigma)
        noisy = public.values.astype(np.float64)
        return type(self).restore(noisy, sigma) if sigma > 0 else noisy


@dataclass(frozen=True)
class TotalVariation(_Denoiser):
    """Total variation by Chambolle's projection."""

    restore: ClassVar[Denoiser] = staticmethod(total_variation)


@dataclass(frozen=True)
class NonLocalMeans(_Denoiser):
    """Non-local means, fast mode."""

    restore: ClassVar[Denoiser] = staticmethod(nonlocal_means)


@dataclass(frozen=True)
class WaveletShrinkage(_Denoiser):
    """Soft wavelet thresholds by BayesShrink."""

    restore: ClassVar[Denoiser] = staticmethod(wavelet_shrinkage)


@dataclass(frozen=True)
class Bm3d(_Denoiser):
    """Block matching and 3-D filtering; the package is under a non-commercial licence."""

    restore: ClassVar[Denoiser] = staticmethod(bm3d)
