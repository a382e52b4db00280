"""Rectangular products against SciPy, and what JAX's transformations make of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse as sp

from dnnbench.engine.compat import x64
from dnnbench.engine.lanes_last import lanes_last
from dnnbench.kernels.rectangular import make_rectangular, matmul, matmul_t
from tests.kernels.matrices import states

SHAPES = [(1, 1), (1, 9), (9, 1), (30, 20), (20, 30), (0, 5), (5, 0)]
KINDS = ["mixed", "one a row", "one a column", "skewed", "empty", "full"]


def matrix(m, n, kind="mixed", seed=0):
    """A random [m, n]; `mixed` and `skewed` leave some rows and columns empty."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(m, n))
    if kind == "empty" or m * n == 0:
        return sp.csr_array((m, n))
    if kind == "one a row":
        keep = np.arange(n) == rng.integers(n, size=m)[:, None]
    elif kind == "one a column":
        keep = np.arange(m)[:, None] == rng.integers(m, size=n)
    else:
        share = {"mixed": 0.15, "full": 0.8, "skewed": 0.5 ** np.arange(n)}[kind]
        keep = rng.random((m, n)) < share
    return sp.csr_array(np.where(keep, values, 0))


def calls(jaxpr):
    """The shapes of the operands of all products in a jaxpr."""
    found = []
    for equation in jaxpr.eqns:
        if equation.primitive.name == "rectangular_matmul":
            found.append(tuple(equation.invars[-1].aval.shape))
        for inner in equation.params.values():
            inner = getattr(inner, "jaxpr", inner)
            found += calls(inner) if hasattr(inner, "eqns") else []
    return found


@pytest.mark.parametrize(
    ("shape", "kind"),
    [*((shape, "mixed") for shape in SHAPES), *(((30, 20), kind) for kind in KINDS[1:])],
)
def test_products_equal_scipy(shape, kind):
    csr = matrix(*shape, kind)
    A = make_rectangular(csr, "float32")
    assert A.shape == shape
    for arrays, columns in ((A.arrays, shape[1]), (A.transposed, shape[0])):
        read = [v for name, v in arrays.items() if name.startswith("columns") and v.size]
        assert all(v.max() < columns for v in read)
    for product, plain in ((matmul, csr), (matmul_t, csr.T)):
        for more in ((), (17,), (0,)):
            x = states((plain.shape[1], *more))
            got = jax.jit(product)(A, x)
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, plain @ x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["skewed", "one a row"])
def test_products_in_float64(kind):
    csr = matrix(20, 30, kind)
    with x64(True):
        A = make_rectangular(csr, "float64")
        x, y = states((30, 3), "float64"), states((20,), "float64")
        np.testing.assert_allclose(matmul(A, x), csr @ x, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(matmul_t(A, y), csr.T @ y, rtol=1e-13, atol=1e-13)


def test_whole_numbers_are_exact_and_repeated_entries_add_up():
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(40, size=300), rng.integers(25, size=300)
    values = rng.integers(-9, 9, size=300).astype(float)
    coo = sp.coo_array((values, (rows, columns)), shape=(40, 25))
    A = make_rectangular(coo, "float32")
    x, y = rng.integers(-9, 9, size=(25, 3)), rng.integers(-9, 9, size=40)
    np.testing.assert_array_equal(matmul(A, x.astype(np.float32)), coo @ x)
    np.testing.assert_array_equal(matmul_t(A, y.astype(np.float32)), coo.T @ y)


@pytest.mark.parametrize("kind", ["mixed", "one a row"])
def test_derivatives_in_both_modes_and_of_second_order(kind):
    with x64(True):
        csr = matrix(12, 8, kind)
        A, dense = make_rectangular(csr, "float64"), jnp.asarray(csr.toarray())
        x, v, y = states((8,), "float64"), states((8,), "float64", 2), states((12,), "float64")

        def ours(x):
            return jnp.sum(jnp.sin(matmul(A, x)) * y) + jnp.sum(matmul_t(A, y * matmul(A, x)) ** 3)

        def plain(x):
            return jnp.sum(jnp.sin(dense @ x) * y) + jnp.sum((dense.T @ (y * (dense @ x))) ** 3)

        for mode in (jax.grad, jax.jacfwd, jax.hessian):
            np.testing.assert_allclose(
                jax.jit(mode(ours))(x), mode(plain)(x), rtol=1e-10, atol=1e-10
            )
        got, expected = jax.jvp(ours, (x,), (v,)), jax.jvp(plain, (x,), (v,))
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("kind", ["mixed", "one a row"])
def test_lanes_are_one_product_each_way(kind, axis):
    csr = matrix(12, 8, kind)
    A, dense = make_rectangular(csr, "float32"), jnp.asarray(csr.toarray(), "float32")
    lanes = np.moveaxis(states((5, 8)), 0, axis)
    mapped = jax.vmap(jax.grad(lambda x: jnp.sum(jnp.sin(matmul(A, x)))), axis, axis)
    plain = jax.vmap(jax.grad(lambda x: jnp.sum(jnp.sin(dense @ x))), axis, axis)
    np.testing.assert_allclose(jax.jit(mapped)(lanes), plain(lanes), rtol=1e-5, atol=1e-5)
    assert calls(jax.make_jaxpr(mapped)(lanes).jaxpr) == [(8, 5), (12, 5)]


def test_columns_and_lanes_are_one_product():
    csr = matrix(12, 8)
    A, dense = make_rectangular(csr, "float32"), csr.toarray()
    lanes = states((8, 3, 5))
    mapped = jax.vmap(matmul, (None, -1), -1)
    np.testing.assert_allclose(
        mapped(A, lanes), np.einsum("ij,jkb->ikb", dense, lanes), rtol=1e-5, atol=1e-5
    )
    assert calls(jax.make_jaxpr(mapped)(A, lanes).jaxpr) == [(8, 3, 5)]


def test_lanes_stay_last_and_nothing_scatters():
    A = make_rectangular(matrix(30, 20, "skewed"), "float32")
    slopes = lanes_last(jax.grad(lambda x: jnp.sum(matmul(A, x) ** 2)), (True,))
    lanes = states((20, 16))
    single = jax.grad(lambda x: jnp.sum(matmul(A, x) ** 2))
    for b in range(16):
        expected = single(lanes[:, b])
        np.testing.assert_allclose(slopes(lanes)[:, b], expected, rtol=1e-5, atol=1e-5)
    text = jax.jit(slopes).lower(lanes).as_text()
    assert "gather" in text
    assert "scatter" not in text
    assert "transpose" not in text


@pytest.mark.parametrize("kind", ["mixed", "one a row"])
@pytest.mark.parametrize("axis", [0, -1])
def test_a_stack_of_matrices(kind, axis):
    base = matrix(12, 8, kind)
    scales = (1.0, 2.0, -0.5)
    stack = [make_rectangular(sp.csr_array(s * base), "float32") for s in scales]
    stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), *stack)
    dense = np.array(scales, np.float32)[:, None, None] * base.toarray().astype(np.float32)
    lanes = states((3, 8))
    shown = np.moveaxis(lanes, 0, axis)
    got = jax.vmap(matmul, (0, axis))(stack, shown)
    np.testing.assert_allclose(got, np.einsum("bij,bj->bi", dense, lanes), rtol=1e-5, atol=1e-5)
    shared = jax.vmap(matmul, (0, None))(stack, lanes[0])
    np.testing.assert_allclose(shared, dense @ lanes[0], rtol=1e-5, atol=1e-5)

    def loss(A, x, product):
        return jnp.sum(jnp.sin(product(A, x)))

    expected = jax.vmap(lambda A, x: jax.grad(loss, 1)(A, x, jnp.matmul))(dense, lanes)
    for gradient in (
        jax.vmap(lambda A, x: jax.grad(loss, 1)(A, x, matmul), (0, axis))(stack, shown),
        np.moveaxis(
            jax.grad(
                lambda x: jnp.sum(jax.vmap(lambda A, x: loss(A, x, matmul), (0, axis))(stack, x))
            )(shown),
            axis,
            0,
        ),
    ):
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5)


def test_another_matrix_of_equal_shape_does_not_recompile():
    traces = []

    @jax.jit
    def product(A, x):
        traces.append(None)
        return matmul(A, x)

    csr = matrix(12, 8)
    for scale in (1, -3):
        got = product(make_rectangular(sp.csr_array(scale * csr), "float32"), states((8,)))
        np.testing.assert_allclose(got, scale * (csr @ states((8,))), rtol=1e-5, atol=1e-5)
    assert len(traces) == 1


def test_mistakes_are_named():
    A = make_rectangular(matrix(12, 8), "float32")
    with pytest.raises(ValueError, match=r"expected \[8\] or \[8, d\], got \(12,\)"):
        matmul(A, states((12,)))
    with pytest.raises(ValueError, match=r"expected \[12\]"):
        matmul_t(A, states((8,)))
    with pytest.raises(TypeError, match="float32 but the operand is int32"):
        matmul(A, np.ones(8, np.int32))
