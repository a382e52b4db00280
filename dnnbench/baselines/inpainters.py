"""Classical inpainting as baselines: one call each, deterministic, from `baselines.restoration`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.restoration.biharmonic import biharmonic
from dnnbench.baselines.restoration.harmonic import harmonic
from dnnbench.baselines.restoration.nearest import nearest
from dnnbench.instances.measurement import Measurement
from dnnbench.problems.base import Exact

Inpainter = Callable[[NDArray[np.floating], NDArray[np.bool_]], NDArray[np.float64]]


@dataclass(frozen=True)
class _Inpainter(Baseline):
    """One call of `fill(values, mask)`. A step and a restart are both that call."""

    version: ClassVar[int] = 1
    fill: ClassVar[Inpainter]

    def solve(
        self,
        problem: Exact,
        public: Measurement,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Fill what was not seen; what was seen stays as it is, noise and all."""
        values = public.values.astype(np.float64)
        if public.mask is not None and not public.mask.all():
            values = type(self).fill(values, public.mask)
        answer = np.clip(values, 0, 1).astype(np.float32)
        search.offer(answer, problem.verify(answer, public, None).objective, 1, 1)


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
