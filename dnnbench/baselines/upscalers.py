"""Interpolation as baselines of super-resolution, from `baselines.restoration`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.restoration.upscaling import bicubic, lanczos
from dnnbench.instances.measurement import Measurement
from dnnbench.problems.base import Exact

Upscaler = Callable[[NDArray[np.floating], int], NDArray[np.float64]]


@dataclass(frozen=True)
class _Upscaler(Baseline):
    """One call of `enlarge(small, factor)`. A step and a restart are both that call."""

    version: ClassVar[int] = 1
    enlarge: ClassVar[Upscaler]

    def solve(
        self,
        problem: Exact,
        public: Measurement,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Enlarge the measurement."""
        large = type(self).enlarge(public.values.astype(np.float64), public.factor)
        answer = np.clip(large, 0, 1).astype(np.float32)
        search.offer(answer, problem.verify(answer, public, None).objective, 1, 1)


@dataclass(frozen=True)
class Bicubic(_Upscaler):
    """Cubic interpolation."""

    enlarge: ClassVar[Upscaler] = staticmethod(bicubic)


@dataclass(frozen=True)
class Lanczos(_Upscaler):
    """Lanczos interpolation."""

    enlarge: ClassVar[Upscaler] = staticmethod(lanczos)
