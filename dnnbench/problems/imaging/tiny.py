"""Small pictures on which every solver of imaging problems is checked."""

import numpy as np

from dnnbench.instances.image import Image


def tiny_pictures() -> dict[str, Image]:
    """A disc on a ramp (32 x 32, gray) and three coloured bars (32 x 40)."""
    y, x = np.mgrid[:32, :32]
    disc = np.where(np.hypot(y - 15, x - 18) < 9, 220, 3 * y + 20)
    bars = np.zeros((32, 40, 3))
    for channel, left in enumerate((4, 14, 26)):
        bars[:, left : left + 9, channel] = 200
        bars[6:20, :, channel] += 15 * (channel + 1)
    return {
        "disc": Image(disc[:, :, None].astype(np.uint8)),
        "bars": Image(bars.astype(np.uint8)),
    }
