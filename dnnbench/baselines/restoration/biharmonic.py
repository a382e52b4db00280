"""Inpainting by the biharmonic equation.

In the unseen pixels the square of the Laplacian vanishes, which continues values and slopes of the
seen ones: Damelin, Hoang, "On surface completion and image inpainting by biharmonic functions",
Int. J. Mathematics and Mathematical Sciences, 2018. The code is scikit-image's: one sparse linear
system for each channel.
"""

import numpy as np
from numpy.typing import NDArray
from skimage.restoration import inpaint_biharmonic

from dnnbench.baselines.restoration.nearest import check_mask


def biharmonic(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The completed picture, float64 [h, w, c] in [0, 1]; seen pixels keep their values.

    Args:
        values: [h, w, c]; unseen pixels do not count.
        mask: bool [h, w], which pixels were seen.

    Raises:
        ValueError: no pixel was seen.
    """
    check_mask(values, mask)
    picture = np.clip(np.asarray(values, np.float64), 0.0, 1.0)
    if mask.all():
        return picture
    filled = inpaint_biharmonic(picture, ~mask, split_into_regions=False, channel_axis=-1)
    return np.clip(filled, 0.0, 1.0)
