"""Denoising by block matching and collaborative filtering in 3D, with its authors' package.

Dabov, Foi, Katkovnik, Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Trans. Image Processing 16, 2007; the code is that of Makinen, Azzari, Foi, IEEE
Trans. Image Processing 29, 2020. Its licence allows non-commercial use only, so it is an extra of
its own.
"""

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError


def bm3d(noisy: NDArray[np.floating], sigma: float) -> NDArray[np.float64]:
    """The denoised picture, float64 [h, w, c] in [0, 1].

    Args:
        noisy: [h, w, c], c = 1 or 3; noise may lead out of [0, 1].
        sigma: the noise's standard deviation, in the same unit; 0 changes nothing.

    Raises:
        UserError: the package is not installed.
    """
    try:
        import bm3d as package
    except ImportError:
        raise UserError(
            "baseline 'bm3d' needs the extra 'noncommercial' (its licence allows non-commercial "
            "use only): pip install 'dnnbench[noncommercial]'"
        ) from None
    values = np.asarray(noisy, np.float64)
    if sigma > 0:
        denoise = package.bm3d if values.shape[2] == 1 else package.bm3d_rgb
        values = np.asarray(
            denoise(values.squeeze(axis=2) if values.shape[2] == 1 else values, sigma)
        )
    return np.clip(values.reshape(noisy.shape), 0.0, 1.0)
