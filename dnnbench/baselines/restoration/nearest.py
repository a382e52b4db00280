"""The cheapest inpainting: every unseen pixel takes the value of the nearest seen one.

Nearest in the Euclidean distance, by SciPy's exact distance transform.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt


def nearest(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The completed picture, float64 [h, w, c] in [0, 1]; seen pixels keep their values.

    Args:
        values: [h, w, c]; unseen pixels do not count.
        mask: bool [h, w], which pixels were seen.

    Raises:
        ValueError: no pixel was seen.
    """
    check_mask(values, mask)
    rows, columns = distance_transform_edt(~mask, return_distances=False, return_indices=True)
    return np.clip(np.asarray(values, np.float64)[rows, columns], 0.0, 1.0)


def check_mask(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> None:
    """Refuse a mask of another size, or one that shows nothing.

    Raises:
        ValueError: as said.
    """
    if mask.dtype != np.bool_ or mask.shape != values.shape[:2]:
        raise ValueError(f"a mask is bool {values.shape[:2]}, not {mask.dtype} {mask.shape}")
    if not mask.any():
        raise ValueError("no pixel was seen")
