import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.kernels.spmm import make_sparse, spmm, spmm_plain
from tests.kernels.matrices import KINDS, SPARSE_KERNELS, states, symmetric, x64

forms = pytest.mark.parametrize("kernel", SPARSE_KERNELS)


@forms
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", [None, 3, 31])
def test_product_equals_scipy(kernel, kind, columns):
    csr = symmetric(kind, n=100)
    A = make_sparse(csr, kernel, "float32")
    x = states((100,) if columns is None else (100, columns))
    expected = csr @ x.astype(np.float64)
    for product in (spmm, spmm_plain):
        got = jax.jit(product)(A, x)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=2e-5)


@forms
def test_product_in_float64(kernel):
    csr = symmetric("weighted")
    with x64(True):
        A = make_sparse(csr, kernel, "float64")
        x = states((60, 5), "float64")
        got = spmm(A, jnp.asarray(x))
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, csr @ x, rtol=1e-13, atol=1e-13)


@forms
@pytest.mark.parametrize("kind", ["unit", "signed", "star", "wide"])
def test_integers_are_exact(kernel, kind):
    csr = symmetric(kind, n=100)
    x = np.random.default_rng(0).integers(-9, 9, size=(100, 7))
    A = make_sparse(csr, kernel, "float32")
    np.testing.assert_array_equal(spmm(A, x.astype(np.float32)), csr @ x)
    exact = spmm(make_sparse(csr, kernel, "int32"), x.astype(np.int32))
    np.testing.assert_array_equal(exact, csr @ x)


def test_bfloat16_is_exact_for_signs_and_refused_for_other_weights():
    csr = symmetric("signed")
    A = make_sparse(csr, "dense_bf16", "float32")
    x = np.random.default_rng(0).integers(0, 2, size=(60, 8)).astype(np.float32)
    got = spmm(A, x)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, csr @ x)
    with pytest.raises(ValueError, match="not exact in bfloat16"):
        make_sparse(symmetric("weighted"), "dense_bf16", "float32")


@forms
def test_no_rows_and_no_columns(kernel):
    csr = symmetric("unit")
    A = make_sparse(csr, kernel, "float32")
    assert spmm(A, jnp.zeros((60, 0), jnp.float32)).shape == (60, 0)
    nothing = make_sparse(symmetric("empty", n=0), kernel, "float32")
    assert spmm(nothing, jnp.zeros((0, 3), jnp.float32)).shape == (0, 3)


@pytest.mark.parametrize("columns", [1, 20])
@pytest.mark.parametrize("degree", [16, 24, 32, 42, 64, 80, 82])
@pytest.mark.parametrize("kernel", ["ell", "sell"])
def test_every_slot_of_wide_rows_is_read(kernel, degree, columns):
    n = 100
    offsets = np.arange(1, degree // 2 + 1)
    dense = np.zeros((n, n))
    dense[np.arange(n)[:, None], (np.arange(n)[:, None] + offsets) % n] = 1
    dense += dense.T
    x = np.random.default_rng(0).integers(-9, 9, size=(n, columns)).astype(np.float32)
    A = make_sparse(sp.csr_array(dense), kernel, "float32")
    np.testing.assert_array_equal(spmm(A, x), dense @ x)


@forms
def test_another_matrix_of_equal_shape_does_not_recompile(kernel):
    traces = []

    @jax.jit
    def product(A, x):
        traces.append(None)
        return spmm(A, x)

    csr = symmetric("unit", n=64)
    order = np.random.default_rng(0).permutation(64)
    x = states((64, 3))
    for matrix in (csr, csr[order][:, order], -csr):
        got = product(make_sparse(matrix, kernel, "float32"), x)
        np.testing.assert_allclose(got, matrix @ x, rtol=1e-5, atol=1e-5)
    assert len(traces) == 1
    assert product._cache_size() == 1


@forms
def test_unsorted_and_repeated_entries(kernel):
    csr = symmetric("weighted")
    coo = csr.tocoo()
    messy = sp.coo_array(
        (
            np.concatenate([coo.data, coo.data]),
            (np.concatenate([coo.row, coo.row]), np.concatenate([coo.col, coo.col])),
        ),
        shape=csr.shape,
    )
    x = states((60,))
    got = spmm(make_sparse(messy, kernel, "float32"), x)
    np.testing.assert_allclose(got, 2 * (csr @ x), rtol=1e-5, atol=1e-5)


def test_mistakes_are_named():
    csr = symmetric("unit")
    A = make_sparse(csr, "ell", "float32")
    with pytest.raises(ValueError, match=r"expected x of shape \[60\]"):
        spmm(A, states((61,)))
    with pytest.raises(TypeError, match="float32 but x is int32"):
        spmm(A, np.ones(60, np.int32))
    with pytest.raises(ValueError, match="unknown sparse kernel 'elll'"):
        make_sparse(csr, "elll", "float32")
    lopsided = csr.copy()
    lopsided.data[0] = 5
    with pytest.raises(ValueError, match="not symmetric"):
        make_sparse(lopsided, "ell", "float32")
