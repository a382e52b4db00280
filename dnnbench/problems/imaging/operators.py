"""The linear operators of measurements and their adjoints, in NumPy and SciPy (float64)."""

import numpy as np
import scipy.ndimage
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.instances.measurement import Measurement

Array = NDArray[np.float64]


def forward(x: Array, public: Measurement) -> Array:
    """A x of a picture x [h, w, c]: filtered and downsampled, unseen pixels 0."""
    if public.kernel is not None:
        for axis in (0, 1):
            x = _filtered(x, public.kernel, public.factor, axis)
    return x if public.mask is None else x * public.mask[:, :, None]


def adjoint(y: Array, public: Measurement) -> Array:
    """A^T y of values y [h / f, w / f, c], a picture [h, w, c]."""
    if public.mask is not None:
        y = y * public.mask[:, :, None]
    if public.kernel is None:
        return y
    rows = matrix(public.kernel, public.factor, public.height)
    columns = matrix(public.kernel, public.factor, public.width)
    by_rows = (rows.T @ y.reshape(y.shape[0], -1)).reshape(public.height, *y.shape[1:])
    flipped = np.moveaxis(by_rows, 1, 0)
    both = (columns.T @ flipped.reshape(flipped.shape[0], -1)).reshape(
        public.width, public.height, y.shape[2]
    )
    return np.moveaxis(both, 0, 1)


def matrix(kernel: Array, factor: int, length: int) -> sp.csr_array:
    """Filter and downsampling of a line of pixels as a sparse matrix [length / factor, length]."""
    count = length // factor
    first = (factor - len(kernel)) // 2
    taps = np.arange(len(kernel))
    rows = np.repeat(np.arange(count), len(kernel))
    columns = (factor * np.arange(count)[:, None] + first + taps).ravel()
    values = np.tile(kernel, count)
    # Pixels beyond a border are the border's own; entries of one place are summed.
    inside = np.clip(columns, 0, length - 1)
    return sp.csr_array((values, (rows, inside)), shape=(count, length))


def _filtered(x: Array, kernel: Array, factor: int, axis: int) -> Array:
    """One direction of the downsampling, by SciPy's correlation."""
    # SciPy centres an even number of taps at len / 2; `origin` moves that to the block's centre.
    start = (factor - len(kernel)) // 2
    origin = -(start + len(kernel) // 2)
    shifted = scipy.ndimage.correlate1d(x, kernel, axis=axis, mode="nearest", origin=origin)
    return np.asarray(shifted[::factor] if axis == 0 else shifted[:, ::factor])
