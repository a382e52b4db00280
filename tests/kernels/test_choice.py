import itertools
import subprocess
import sys

import pytest

from dnnbench.kernels.choice import KERNELS, choose_spmm, pad_columns

GRID = list(
    itertools.product(
        (1, 100, 2000, 4096, 4097, 20000, 10**6),  # n
        (0.0, 1.0, 3.0, 12.0, 50.0, 500.0, 4000.0),  # mean degree
        (1, 4, 16, 31, 128, 1024, 10**5),  # columns
        ("float32", "float64"),
    )
)


@pytest.mark.parametrize("platform", ["cpu", "gpu", "cuda", "rocm"])
@pytest.mark.parametrize("bf16", [False, True])
def test_the_table_names_a_known_kernel_everywhere(platform, bf16):
    for n, mean, columns, dtype in GRID:
        nnz = int(n * min(mean, n - 1))
        for widest in (int(mean) + 1, 50 * int(mean) + 1):
            name = choose_spmm(platform, n, nnz, columns, dtype, min(widest, n), bf16)
            assert name in KERNELS
            assert bf16 or name != "dense_bf16"


def test_no_dense_matrix_on_cpu_beyond_4096_rows():
    for n, mean, columns, dtype in GRID:
        nnz = int(n * min(mean, n - 1))
        name = choose_spmm("cpu", n, nnz, columns, dtype, n, True)
        assert n <= 4096 or not name.startswith("dense")


def test_gpu_takes_dense_below_28_mean_degrees_and_never_a_scatter():
    assert choose_spmm("gpu", 800, 2 * 19176, 1024, "float32", 70) == "dense"
    assert choose_spmm("gpu", 20000, 60000, 1024, "float32", 3) == "sell"
    assert choose_spmm("gpu", 2000, 39980, 1024, "float32", 40) == "sell"
    assert choose_spmm("gpu", 2000, 39980, 1024, "float32", 40, bf16=True) == "dense_bf16"
    # Atomic additions would make a record depend on the run.
    for n, mean, columns, dtype in GRID:
        nnz = int(n * min(mean, n - 1))
        assert choose_spmm("gpu", n, nnz, columns, dtype, n) in ("dense", "sell")


def test_padding_never_removes_columns():
    for kernel, columns in itertools.product(KERNELS, range(1, 70)):
        assert columns <= pad_columns(kernel, columns) < columns + 16


def test_the_choice_does_not_import_jax():
    code = (
        "import sys\n"
        "for name in ('jax', 'jaxlib', 'flax', 'optax'): sys.modules[name] = None\n"
        "from dnnbench.kernels.choice import choose_spmm\n"
        "print(choose_spmm('cpu', 1000, 3000, 1, 'float32', 3))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in KERNELS
