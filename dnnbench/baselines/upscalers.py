"""Interpolation as baselines of super-resolution, from `baselines.restoration`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Search
from dnnbench.baselines.one_call import OneCall
from dnnbench.baselines.restoration.upscaling import bicubic, lanczos
from dnnbench.instances.measurement import Measurement

Upscaler = Callable[[NDArray[np.floating], int], NDArray[np.float64]]


@dataclass(frozen=True)
class _Upscaler(OneCall):
    """`enlarge(small, factor)`."""

    enlarge: ClassVar[Upscaler]

    def restored(self, public: Measurement, search: Search) -> np.ndarray:
        """Enlarge the measurement."""
        return type(self).enlarge(public.values.astype(np.float64), public.factor)


@dataclass(frozen=True)
class Bicubic(_Upscaler):
    """Cubic interpolation."""

    enlarge: ClassVar[Upscaler] = staticmethod(bicubic)


@dataclass(frozen=True)
class Lanczos(_Upscaler):
    """Lanczos interpolation."""

    enlarge: ClassVar[Upscaler] = staticmethod(lanczos)
