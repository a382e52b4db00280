"""Upscaling by a whole factor with a fixed kernel, with Pillow.

Pixels are squares: value i of the small picture lies at f i + (f - 1) / 2 of the large one, and
pictures end with their border's pixels, so that the weights there are renormalised.

| function | kernel, at distance d in small pixels |
| --- | --- |
| `bicubic` | Keys' cubic with a = -1/2 (IEEE Trans. ASSP 29, 1981), d < 2 |
| `lanczos` | sinc(d) sinc(d / 3), d < 3 (Duchon, J. Applied Meteorology 18, 1979) |
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pillow  # noqa: N813 (`Image` is the package's own class)


def bicubic(small: NDArray[np.floating], factor: int) -> NDArray[np.float64]:
    """The enlarged picture, float64 [factor h, factor w, c] in [0, 1].

    Args:
        small: [h, w, c].
        factor: 1 or more.
    """
    return _enlarged(small, factor, pillow.Resampling.BICUBIC)


def lanczos(small: NDArray[np.floating], factor: int) -> NDArray[np.float64]:
    """The enlarged picture, float64 [factor h, factor w, c] in [0, 1].

    Args:
        small: [h, w, c].
        factor: 1 or more.
    """
    return _enlarged(small, factor, pillow.Resampling.LANCZOS)


def _enlarged(
    small: NDArray[np.floating], factor: int, kernel: pillow.Resampling
) -> NDArray[np.float64]:
    if factor < 1:
        raise ValueError(f"a factor is 1 or more, not {factor}")
    height, width, channels = small.shape
    size = (factor * width, factor * height)
    planes = [
        np.asarray(pillow.fromarray(np.float32(small[..., c])).resize(size, kernel))
        for c in range(channels)
    ]
    return np.clip(np.stack(planes, axis=2).astype(np.float64), 0.0, 1.0)
