"""Host side of the sparse products: the arrays that each kernel reads, built with NumPy."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.kernels.choice import KERNELS

_REMAINDER_COST = 3.5  # time of one remainder entry over that of one padded slot


def build(csr: sp.csr_array, kernel: str, dtype: np.dtype) -> dict[str, NDArray]:
    """The arrays of one kernel's form of a matrix.

    Args:
        csr: the matrix [n, n], for "ell", "sell" and "dense" [m, n]; canonical form is made if it
            lacks it.
        kernel: one of `KERNELS`.
        dtype: element type of the weights.

    Returns:
        Named arrays; integer ones are int32. "bcsr": data, indices [nnz], indptr [n + 1].
        "coo": data, rows, indices [nnz], sorted by row. "ell": columns, weights [w, m] and the
        remainder as data, rows, indices. "sell": rank [m], the place of each row after sorting by
        degree, and columns_k, weights_k [w_k, rows_k] per slice. "dense": matrix [m, n].
    """
    rows, columns = csr.shape
    if rows != columns and kernel not in ("ell", "sell", "dense"):
        raise ValueError(f"the matrix must be square, not {rows} x {columns}")
    csr = _canonical(csr, dtype)
    if kernel == "bcsr":
        return {"data": csr.data, "indices": csr.indices, "indptr": csr.indptr}
    if kernel == "coo":
        return {"data": csr.data, "rows": _rows(csr), "indices": csr.indices}
    if kernel == "ell":
        return _ell(csr)
    if kernel == "sell":
        return _sell(csr)
    if kernel in ("dense", "dense_bf16"):
        return {"matrix": csr.toarray()}
    raise ValueError(f"unknown sparse kernel {kernel!r}; known: {', '.join(KERNELS)}")


def _canonical(csr: sp.csr_array, dtype: np.dtype) -> sp.csr_array:
    """A copy with sorted, unique int32 indices and the given weight type."""
    if max(*csr.shape, csr.nnz) > np.iinfo(np.int32).max:
        raise ValueError(f"{csr.nnz} entries are too many for 32-bit indices")
    out = sp.csr_array(csr).astype(dtype, copy=True)
    out.sum_duplicates()
    out.sort_indices()
    out.indices = out.indices.astype(np.int32)
    out.indptr = out.indptr.astype(np.int32)
    return out


def _rows(csr: sp.csr_array) -> NDArray[np.int32]:
    """Row of each stored entry, [nnz]."""
    return np.repeat(np.arange(csr.shape[0], dtype=np.int32), np.diff(csr.indptr))


def _slots(
    csr: sp.csr_array, rows: NDArray[np.integer], width: int
) -> tuple[NDArray[np.int32], NDArray]:
    """The first `width` entries of each of `rows`, as columns and weights [width, rows].

    Empty slots hold weight 0 and the row itself, so they read memory that is read anyway; where
    there are fewer columns than rows, the last column.
    """
    spare = np.minimum(rows, csr.shape[1] - 1).astype(np.int32)
    degrees = np.diff(csr.indptr)[rows]
    slot = np.arange(width)[:, None]
    used = slot < degrees[None, :]
    place = np.where(used, csr.indptr[rows][None, :] + slot, 0)
    if csr.nnz == 0:
        shape = (width, len(rows))
        return np.broadcast_to(spare, shape).copy(), np.zeros(shape, csr.dtype)
    columns = np.where(used, csr.indices[place], spare[None, :]).astype(np.int32)
    return columns, np.where(used, csr.data[place], 0).astype(csr.dtype)


def _ell(csr: sp.csr_array) -> dict[str, NDArray]:
    """Padded neighbours up to the width that pays, and a sorted coordinate remainder."""
    n = csr.shape[0]
    degrees = np.diff(csr.indptr)
    width = 0
    while np.count_nonzero(degrees > width) * _REMAINDER_COST > n:
        width += 1
    columns, weights = _slots(csr, np.arange(n), width)
    rest = np.arange(csr.nnz) - np.repeat(csr.indptr[:-1], degrees) >= width
    return {
        "columns": columns,
        "weights": weights,
        "data": csr.data[rest],
        "rows": _rows(csr)[rest],
        "indices": csr.indices[rest],
    }


def _sell(csr: sp.csr_array) -> dict[str, NDArray]:
    """Rows sorted by degree and cut where the degree has halved; no scatter, so no atomics."""
    n = csr.shape[0]
    degrees = np.diff(csr.indptr)
    order = np.argsort(-degrees, kind="stable")
    rank = np.empty(n, np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    arrays: dict[str, NDArray] = {"rank": rank}
    start, slices = 0, 0
    while start < n:
        width = int(degrees[order[start]])
        below = degrees[order] <= width // 2
        stop = max(int(np.argmax(below)) if below.any() else n, start + 1)
        if width == 0:
            stop = n
        columns, weights = _slots(csr, order[start:stop], width)
        arrays[f"columns_{slices}"], arrays[f"weights_{slices}"] = columns, weights
        start, slices = stop, slices + 1
    return arrays
