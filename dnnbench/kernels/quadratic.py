"""Quadratic forms over a sparse symmetric matrix, with one product for value and gradient."""

import jax
import jax.numpy as jnp

from dnnbench.kernels.spmm import Sparse, spmm


@jax.custom_vjp
def quadratic_form(
    matrix: Sparse, linear: jax.Array, diagonal: jax.Array, x: jax.Array
) -> jax.Array:
    """x^T A x + linear . x + diagonal . x^2, a scalar.

    Reverse mode costs no second product, because the gradient is 2 A x + linear + 2 diagonal x.

    Args:
        matrix: symmetric A [n, n] with zero diagonal; each pair counts twice. Not differentiated.
        linear: [n]. Not differentiated.
        diagonal: [n]. Not differentiated.
        x: [n].
    """
    return _forward(matrix, linear, diagonal, x)[0]


def _forward(
    matrix: Sparse, linear: jax.Array, diagonal: jax.Array, x: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array, jax.Array]]:
    product = spmm(matrix, x)
    value = jnp.sum(x * (product + linear + diagonal * x))
    return value, (product, linear, diagonal, x)


def _backward(
    residual: tuple[jax.Array, jax.Array, jax.Array, jax.Array], cotangent: jax.Array
) -> tuple[None, None, None, jax.Array]:
    product, linear, diagonal, x = residual
    return None, None, None, cotangent * (2 * product + linear + 2 * diagonal * x)


quadratic_form.defvjp(_forward, _backward)
