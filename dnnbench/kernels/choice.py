"""Which sparse product to use: a static table, chosen on the host before the clock, without JAX.

The CPU entries were measured inside compiled loops (`python -m dnnbench.kernels.bench_spmm` prints
the same comparison on the machine at hand); the GPU entries follow from the arithmetic of an H200.
"""

KERNELS: tuple[str, ...] = ("ell", "bcsr", "coo", "sell", "dense", "dense_bf16")

_DENSE_MAX_CPU = 4096
_DENSE_MAX_GPU = 32768
# On an H200 a dense product beats gathers at memory speed below n = ratio * mean degree.
_GPU_DENSE_RATIO = 28
_GPU_BF16_RATIO = 367
# On CPU: (most columns, least density) at which dense pays, for matrices that fit the caches.
_CPU_DENSE = ((8, 0.1), (16, 0.3), (1 << 62, 0.4))
_CPU_CACHED = 2048  # rows up to which a dense matrix stays in the caches
_CPU_SPILL = 1_200_000  # elements of x from which rows sorted by degree pay even if near regular
# On CPU: (least columns, least ratio of most to mean degree) where one padded width stops paying.
_CPU_SKEW = ((8, 8.0), (12, 4.0))


def choose_spmm(
    platform: str,
    n: int,
    nnz: int,
    columns: int,
    dtype: str,
    max_degree: int,
    bf16: bool = False,
) -> str:
    """The kernel for the product of a symmetric sparse [n, n] matrix with [n, columns].

    Args:
        platform: "cpu", "gpu" (or "cuda", "rocm").
        n: rows.
        nnz: stored entries, 2 m for a graph of m edges.
        columns: columns of the product as executed: columns of one lane times lanes.
        dtype: element type of matrix and product, such as "float32"; no entry depends on it yet.
        max_degree: most entries in a row.
        bf16: whether a product in bfloat16 is wanted on GPU; the weights must be exact in it.

    Returns:
        One of `KERNELS`.
    """
    mean = nnz / max(n, 1)
    if platform == "cpu":
        return _choose_cpu(n, mean, columns, max_degree)
    if bf16 and n <= min(_GPU_BF16_RATIO * mean, _DENSE_MAX_GPU):
        return "dense_bf16"
    if n <= min(_GPU_DENSE_RATIO * mean, _DENSE_MAX_GPU):
        return "dense"
    return "sell"


def _choose_cpu(n: int, mean: float, columns: int, max_degree: int) -> str:
    """Measured in float32 on one and two cores, widths 1 to 1024, mean degrees 2 to 105."""
    density = mean / max(n, 1)
    width = columns if n <= _CPU_CACHED else _CPU_DENSE[-1][0]
    least = next(share for most, share in _CPU_DENSE if width <= most)
    if n <= _DENSE_MAX_CPU and density >= least:
        return "dense"
    skewed = any(columns >= c and max_degree >= ratio * mean for c, ratio in _CPU_SKEW)
    return "sell" if skewed or n * columns >= _CPU_SPILL else "ell"


def pad_columns(kernel: str, columns: int) -> int:
    """Columns that a kernel computes for `columns` asked: odd widths run in scalar code on CPU.

    Args:
        kernel: one of `KERNELS`.
        columns: columns asked.
    """
    if kernel == "bcsr":
        return -(-columns // 8) * 8
    if kernel in ("ell", "sell") and columns > 8:
        return -(-columns // 16) * 16
    return columns
