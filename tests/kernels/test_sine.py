import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dnnbench.kernels.sine import polynomial_cosine, polynomial_sine, sine

X = np.concatenate(
    [
        np.linspace(-300, 300, 400_001),
        np.arange(-190, 191) * np.pi / 2,
        np.linspace(-1e-3, 1e-3, 1001),
    ]
).astype(np.float32)
EXACT = X.astype(np.float64)


def test_error_of_sine_and_cosine():
    assert np.abs(np.asarray(jax.jit(polynomial_sine)(X)) - np.sin(EXACT)).max() <= 5e-7
    assert np.abs(np.asarray(jax.jit(polynomial_cosine)(X)) - np.cos(EXACT)).max() <= 5e-7


def test_derivatives_of_first_and_second_order_in_both_modes():
    slope = jax.vmap(jax.grad(polynomial_sine))
    assert np.abs(np.asarray(jax.jit(slope)(X)) - np.cos(EXACT)).max() <= 5e-7
    _, tangent = jax.jit(lambda x: jax.jvp(polynomial_sine, (x,), (jnp.full_like(x, 2.0),)))(X)
    assert np.abs(np.asarray(tangent) - 2 * np.cos(EXACT)).max() <= 1e-6
    bend = jax.vmap(jax.grad(jax.grad(polynomial_sine)))
    assert np.abs(np.asarray(jax.jit(bend)(X)) + np.sin(EXACT)).max() <= 5e-7


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_sine_keeps_shape_and_dtype(dtype):
    x = jnp.ones((2, 3), dtype)
    y = sine(x)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    np.testing.assert_allclose(np.asarray(y, np.float32), np.sin(1.0), atol=5e-3)


def test_the_sine_of_float32_is_the_polynomial_on_cpu():
    if jax.default_backend() == "cpu":
        np.testing.assert_array_equal(sine(X), polynomial_sine(X))
