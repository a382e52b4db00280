"""One-dimensional low-pass filters for downsampling by a whole factor f.

Value i of the small picture is a weighted mean of pixels around the centre of its f pixels,
f i + (f - 1) / 2. Taps are symmetric about that centre and sum to 1; pictures are filtered along
rows and columns, continued at their borders by the border's own pixels.

| name | taps | weight at distance d, in small pixels |
| --- | --- | --- |
| `box` | f | 1 |
| `bicubic` | 4 f, less 1 if f is odd | Keys' cubic with a = -1/2 (IEEE Trans. ASSP 29, 1981) |
| `lanczos2` | the same | sinc(d) sinc(d / 2), |d| < 2, as in Deep Image Prior (arXiv 1711.10925) |
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Filter = Literal["box", "bicubic", "lanczos2"]
FILTERS: tuple[Filter, ...] = ("lanczos2", "bicubic", "box")


def taps(name: Filter, factor: int) -> NDArray[np.float64]:
    """The weights of a filter, float64 [f] or about four times as many.

    Args:
        name: which.
        factor: f, at least 1.
    """
    if name == "box":
        return np.full(factor, 1 / factor)
    count = 4 * factor - factor % 2
    d = np.abs(np.arange(count) - (count - 1) / 2) / factor
    if name == "lanczos2":
        weights = np.where(d < 2, np.sinc(d) * np.sinc(d / 2), 0.0)
    else:
        near = (1.5 * d - 2.5) * d * d + 1
        far = ((-0.5 * d + 2.5) * d - 4) * d + 2
        weights = np.where(d < 1, near, np.where(d < 2, far, 0.0))
    normal: NDArray[np.float64] = weights / weights.sum()
    return normal
