import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.kernels.spmm import make_sparse, spmm, spmm_plain
from tests.kernels.matrices import SPARSE_KERNELS, products, states, symmetric, x64

N = 40
forms = pytest.mark.parametrize("kernel", SPARSE_KERNELS)


def loss(A, x):
    """A scalar of x [n] or [n, d] that is not linear in the product."""
    return jnp.sum(jnp.sin(spmm(A, x)) * x**2)


def dense_loss(matrix, x):
    return jnp.sum(jnp.sin(matrix @ x) * x**2)


def pair(kernel):
    csr = symmetric("weighted", n=N)
    return make_sparse(csr, kernel, "float32"), jnp.asarray(csr.toarray(), jnp.float32)


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


@forms
@pytest.mark.parametrize(("shape", "axis"), [((N,), 0), ((N,), 1), ((N, 3), 0), ((N, 3), 1)])
@pytest.mark.parametrize("out", [0, -1])
def test_vmap_at_every_axis_is_one_product(kernel, shape, axis, out):
    A, matrix = pair(kernel)
    lanes = np.moveaxis(states((5, *shape)), 0, axis)
    mapped = jax.vmap(spmm, in_axes=(None, axis), out_axes=out)
    expected = jax.vmap(jnp.matmul, in_axes=(None, axis), out_axes=out)(matrix, lanes)
    close(mapped(A, lanes), expected)
    close(jax.jit(mapped)(A, lanes), expected)
    (called,) = products(jax.make_jaxpr(mapped)(A, lanes).jaxpr)
    assert called[0] == N
    assert np.prod(called) == N * 5 * np.prod(shape[1:], dtype=int)


@forms
def test_the_last_axis_is_one_product(kernel):
    A, matrix = pair(kernel)
    lanes = states((N, 3, 5))
    mapped = jax.vmap(spmm, in_axes=(None, -1), out_axes=-1)
    close(mapped(A, lanes), jnp.einsum("ij,jkb->ikb", matrix, lanes))
    assert products(jax.make_jaxpr(mapped)(A, lanes).jaxpr) == [(N, 3, 5)]


def test_lanes_last_are_not_transposed():
    A, _ = pair("ell")
    mapped = jax.vmap(spmm, in_axes=(None, -1), out_axes=-1)
    jaxpr = jax.make_jaxpr(mapped)(A, states((N, 5))).jaxpr
    assert [equation.primitive.name for equation in jaxpr.eqns] == ["spmm"]


@forms
@pytest.mark.parametrize("axes", [(0, 0), (0, 1), (1, 0), (2, 1), (-1, -1)])
def test_nested_vmap_is_one_product(kernel, axes):
    A, matrix = pair(kernel)
    outer, inner = axes
    lanes = states((N, 2))  # one lane
    many = np.broadcast_to(lanes, (4, *lanes.shape)) * states((4, 1, 1))
    many = np.moveaxis(many, 0, inner)
    more = np.moveaxis(np.stack([many, 2 * many, -many]), 0, outer)
    nested = jax.vmap(jax.vmap(spmm, (None, inner)), (None, outer))
    expected = jax.vmap(jax.vmap(jnp.matmul, (None, inner)), (None, outer))(matrix, more)
    close(nested(A, more), expected)
    (called,) = products(jax.make_jaxpr(nested)(A, more).jaxpr)
    assert np.prod(called) == N * 2 * 4 * 3


@forms
@pytest.mark.parametrize("axis", [0, -1])
def test_vmapped_gradient_equals_dense_in_two_products(kernel, axis):
    A, matrix = pair(kernel)
    lanes = np.moveaxis(states((6, N)), 0, axis)
    mapped = jax.vmap(jax.grad(loss, 1), in_axes=(None, axis), out_axes=axis)
    expected = jax.vmap(jax.grad(dense_loss, 1), (None, axis), axis)(matrix, lanes)
    close(jax.jit(mapped)(A, lanes), expected)
    called = products(jax.make_jaxpr(mapped)(A, lanes).jaxpr)
    assert called == [(N, 6), (N, 6)]


@forms
def test_gradient_of_a_vmap(kernel):
    A, matrix = pair(kernel)
    lanes = states((6, N, 2))
    total = jax.grad(lambda x: jnp.sum(jax.vmap(loss, (None, 0))(A, x)))
    expected = jax.vmap(jax.grad(dense_loss, 1), (None, 0))(matrix, lanes)
    close(total(lanes), expected)


@forms
def test_the_matrix_has_no_gradient(kernel):
    A, _ = pair(kernel)
    x = states((N,))
    gradient = jax.grad(loss, allow_int=True)(A, x)
    for leaf in jax.tree.leaves(gradient):
        assert leaf.dtype == jax.dtypes.float0 or not np.any(leaf)


@forms
def test_loops_checkpoint_and_reverse_through_scan(kernel):
    A, matrix = pair(kernel)
    x = states((N, 2))

    def scanned(product, x):
        body = jax.checkpoint(lambda y, _: (jnp.tanh(product(y)), None))
        return jnp.sum(jax.lax.scan(body, x, length=3)[0] ** 2)

    close(
        jax.jit(jax.grad(lambda x: scanned(lambda y: spmm(A, y), x)))(x),
        jax.grad(lambda x: scanned(lambda y: matrix @ y, x))(x),
    )
    expected = matrix @ (matrix @ (matrix @ x))
    counted = jax.lax.fori_loop(0, 3, lambda _, y: spmm(A, y), x)
    close(counted, expected)
    _, until = jax.lax.while_loop(
        lambda c: c[0] < 3, lambda c: (c[0] + 1, spmm(A, c[1])), (jnp.int32(0), x)
    )
    close(until, expected)


@forms
def test_second_derivatives(kernel):
    A, matrix = pair(kernel)
    x, v = states((N,)), states((N,), seed=2)
    expected = jax.hessian(dense_loss, 1)(matrix, x) @ v
    forward = jax.jvp(lambda x: jax.grad(loss, 1)(A, x), (x,), (v,))[1]
    reverse = jax.grad(lambda x: jnp.vdot(jax.grad(loss, 1)(A, x), v))(x)
    close(forward, expected)
    close(reverse, expected)


@forms
def test_plain_form_forward_mode_against_differences(kernel):
    with x64(True):
        csr = symmetric("weighted", n=N)
        A = make_sparse(csr, kernel, "float64")
        x, v = jnp.asarray(states((N, 2), "float64")), jnp.asarray(states((N, 2), "float64", 2))
        f = lambda x: jnp.sin(spmm_plain(A, x))  # noqa: E731
        h = 1e-6
        expected = (f(x + h * v) - f(x - h * v)) / (2 * h)
        np.testing.assert_allclose(jax.jvp(f, (x,), (v,))[1], expected, rtol=1e-6, atol=1e-7)
        gradient = jax.grad(lambda x: jnp.sum(f(x) * v))
        hessian = jax.jvp(gradient, (x,), (v,))[1]
        expected = (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)
        np.testing.assert_allclose(hessian, expected, rtol=1e-6, atol=1e-6)


@forms
def test_a_stack_of_matrices(kernel):
    base = symmetric("weighted", n=N)
    forms_ = [make_sparse(s * base, kernel, "float32") for s in (1.0, 2.0, -0.5)]
    stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), *forms_)
    scale = np.array([1, 2, -0.5], np.float32)
    matrices = jnp.asarray(scale[:, None, None] * base.toarray().astype(np.float32))
    lanes = states((3, N, 2))
    close(jax.vmap(spmm)(stack, lanes), matrices @ lanes)
    close(jax.vmap(spmm, (0, None))(stack, lanes[0]), matrices @ lanes[0])
    expected = jax.vmap(jax.grad(dense_loss, 1))(matrices, lanes)
    close(jax.vmap(jax.grad(loss, 1))(stack, lanes), expected)
    total = jax.grad(lambda S, x: jnp.sum(jax.vmap(loss)(S, x)), (0, 1), allow_int=True)
    by_matrix, by_x = total(stack, lanes)
    close(by_x, expected)
    assert all(
        leaf.dtype == jax.dtypes.float0 or not np.any(leaf) for leaf in jax.tree.leaves(by_matrix)
    )
