"""A picture: what image instances hold.

Colours are not managed: levels are what the file stores (sRGB, as a rule), as in the literature
on restoration, and `unit` only divides them by the largest one.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError

Levels = NDArray[np.uint8] | NDArray[np.uint16]

_LUMA = (19595, 38470, 7471)
"""0.299, 0.587, 0.114 (ITU-R BT.601-7, section 2.5.1) in units of 2^-16, as Pillow has them."""


@dataclass(frozen=True, eq=False)
class Image:
    """A picture of whole levels.

    Attributes:
        levels: uint8 or uint16 [h, w, c], c = 1 (gray) or 3 (red, green, blue); read-only.
    """

    levels: Levels

    def __post_init__(self) -> None:
        levels = np.array(self.levels, order="C")
        if levels.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"levels are uint8 or uint16, not {levels.dtype}")
        if levels.ndim != 3 or levels.shape[2] not in (1, 3) or not levels.size:
            raise ValueError(f"levels have the shape [h, w, 1] or [h, w, 3], not {levels.shape}")
        levels.setflags(write=False)
        object.__setattr__(self, "levels", levels)

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.levels.shape[0]

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.levels.shape[1]

    @property
    def channels(self) -> int:
        """1 or 3."""
        return self.levels.shape[2]

    @property
    def peak(self) -> int:
        """The level of white: 255 or 65535."""
        return int(np.iinfo(self.levels.dtype).max)

    @cached_property
    def unit(self) -> NDArray[np.float64]:
        """The levels divided by `peak`, float64 [h, w, c] in [0, 1]; read-only."""
        unit = self.levels / np.float64(self.peak)
        unit.setflags(write=False)
        return unit

    def crop(self, top: int, left: int, height: int, width: int) -> "Image":
        """The part of this size whose first pixel is in row `top` and column `left`.

        Raises:
            UserError: it is empty or does not lie inside the picture.
        """
        fits = 0 <= top <= self.height - height and 0 <= left <= self.width - width
        if not fits or height < 1 or width < 1:
            raise UserError(
                f"a crop of {height} x {width} at row {top}, column {left} does not lie in "
                f"{self.height} x {self.width} pixels"
            )
        return Image(self.levels[top : top + height, left : left + width])

    def gray(self) -> "Image":
        """One channel: 0.299 R + 0.587 G + 0.114 B, rounded (what Pillow calls `L`)."""
        if self.channels == 1:
            return self
        wide = self.levels.astype(np.uint32)
        luma = wide @ np.array(_LUMA, np.uint32)  # at most 65535 * 2^16: fits, with the half
        rounded = ((luma + np.uint32(2**15)) >> np.uint32(16))[..., np.newaxis]
        return Image(rounded.astype(np.uint16) if self.peak > 255 else rounded.astype(np.uint8))
