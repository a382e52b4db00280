"""What a solver sees of an image: noisy values of a linear operator, and which operator.

    y = A x + noise

where A x is x where `mask` is True, or x filtered and taken at every `factor`-th pixel,
with x in [0, 1]^(h x w x c). Problems (denoise, inpaint, super_resolution) make measurements from
clean images; the clean image itself stays sealed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Measurement:
    """The public half of an imaging instance.

    Attributes:
        values: y, float32 [h / factor, w / factor, c]; noise may lead out of [0, 1]. Where `mask`
            is False it is 0.
        height, width: of the image that is sought.
        mask: bool [h, w], which pixels were seen; None for all.
        kernel: float64 [k], the low-pass filter along rows and columns before downsampling; None
            for none.
        factor: every how many pixels a value was taken, in both directions.
        noise: name of the noise, `none` for none.
        sigma: its standard deviation where that is the same everywhere (gray levels in [0, 1]),
            else None.
    """

    values: NDArray[np.float32]
    height: int
    width: int
    mask: NDArray[np.bool_] | None = None
    kernel: NDArray[np.float64] | None = None
    factor: int = 1
    noise: str = "none"
    sigma: float | None = None

    @property
    def channels(self) -> int:
        """1 for gray, 3 for colour."""
        return int(self.values.shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, c) of the image that is sought."""
        return self.height, self.width, self.channels
