"""Classical inpainting as baselines, from `baselines.restoration`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Search
from dnnbench.baselines.one_call import OneCall
from dnnbench.baselines.restoration.biharmonic import biharmonic
from dnnbench.baselines.restoration.harmonic import harmonic
from dnnbench.baselines.restoration.nearest import nearest
from dnnbench.instances.measurement import Measurement

Inpainter = Callable[[NDArray[np.floating], NDArray[np.bool_]], NDArray[np.float64]]


@dataclass(frozen=True)
class _Inpainter(OneCall):
    """`fill(values, mask)`."""

    fill: ClassVar[Inpainter]

    def restored(self, public: Measurement, search: Search) -> np.ndarray:
        """Fill what was not seen; what was seen stays as it is, noise and all."""
        values = public.values.astype(np.float64)
        if public.mask is None or public.mask.all():
            return values
        return type(self).fill(values, public.mask)


@dataclass(frozen=True)
class Biharmonic(_Inpainter):
    """The biharmonic equation with the seen pixels as boundary."""

    fill: ClassVar[Inpainter] = staticmethod(biharmonic)


@dataclass(frozen=True)
class Harmonic(_Inpainter):
    """Laplace's equation with the seen pixels as boundary."""

    fill: ClassVar[Inpainter] = staticmethod(harmonic)


@dataclass(frozen=True)
class NearestPixel(_Inpainter):
    """The value of the nearest pixel that was seen."""

    fill: ClassVar[Inpainter] = staticmethod(nearest)
