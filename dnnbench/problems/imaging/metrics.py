"""How near a picture is to the clean one: PSNR and SSIM by scikit-image, data range 1."""

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

_WINDOW = 7


def psnr(clean: NDArray[np.float64], picture: NDArray[np.float64]) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels; inf for equal pictures."""
    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(clean, picture, data_range=1.0))


def ssim(clean: NDArray[np.float64], picture: NDArray[np.float64]) -> float | None:
    """Structural similarity, uniform 7 x 7 window, mean over channels; None for smaller pictures.

    Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13(4), 2004.
    """
    if min(clean.shape[:2]) < _WINDOW:
        return None
    value = structural_similarity(clean, picture, data_range=1.0, channel_axis=2, win_size=_WINDOW)
    return float(value)
