"""Which sparse product to use: a static table by platform, shape and columns. No JAX here.

Measured on two x86-64 cores with JAX 0.10 (`python -m dnnbench.kernels.bench_spmm`): the hybrid
kernel wins wherever rows are short or columns few, compressed rows win for many columns on graphs
of more than a few neighbours. On GPUs the table follows from bytes and operations: a gather costs
8 bytes an edge and column, a dense product 2 n^2 operations a column, so dense float32 wins below
n = 28 mean degrees (4.3 TB/s against 60 TFLOP/s).
"""

import numpy as np
from numpy.typing import NDArray

KERNELS = ("hybrid", "bcsr", "coo", "dense")

# No n x n matrix beyond this on a CPU: 64 MiB in float32.
CPU_DENSE_LIMIT = 4096
_GPU_DENSE_LIMIT = 16384
_GPU_DENSE_PER_DEGREE = 28
_WIDEST = 48


def hybrid_width(lengths: NDArray[np.integer]) -> int:
    """Padded columns of the hybrid layout: the upper quartile of the row lengths, at most 48."""
    if lengths.size == 0:
        return 1
    return int(np.clip(np.quantile(lengths, 0.75), 1, _WIDEST))


def choose_spmm(
    platform: str, n: int, nnz: int, columns: int, dtype: str, max_degree: int
) -> str:
    """The kernel for products of an [n, n] matrix with [n, columns].

    Args:
        platform: `cpu` or `gpu`.
        n: rows.
        nnz: stored entries, both triangles.
        columns: columns of the product, lanes included.
        dtype: `float32` or `float64`.
        max_degree: longest row.
    """
    del dtype
    mean_degree = nnz / max(n, 1)
    if platform == "gpu":
        if n <= _GPU_DENSE_LIMIT and n < _GPU_DENSE_PER_DEGREE * mean_degree:
            return "dense"
        return "hybrid" if max_degree <= _WIDEST else "coo"
    if mean_degree > 0.5 * n and n <= CPU_DENSE_LIMIT and columns >= 4:
        return "dense"
    if mean_degree <= 4:
        return "hybrid"
    skewed = max_degree > 6 * mean_degree
    return "bcsr" if columns >= (64 if skewed else 512) else "hybrid"
