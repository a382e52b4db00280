"""Device side of the sparse products: y = A x for x [n, c], one function a kernel."""

import functools
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import sparse

from dnnbench.kernels.choice import pad_columns

Arrays = Mapping[str, jax.Array]
_NARROW = 8  # columns up to which long straight code is faster on CPU


def product(kernel: str, arrays: Arrays, x: jax.Array) -> jax.Array:
    """A x in plain JAX operations: differentiable in both modes, batched by JAX's own rules.

    Args:
        kernel: one of `choice.KERNELS`.
        arrays: the kernel's form of A [n, n], see `forms.build`; "ell" and "sell" may hold one
            of [m, n], and then x must not be empty.
        x: [n, ...]; the trailing axes are columns.

    Returns:
        [m, ...] of x's dtype.
    """
    n = x.shape[0]
    if x.size == 0:
        return jnp.zeros_like(x)
    flat = x.reshape(n, -1)
    columns = flat.shape[1]
    padding = pad_columns(kernel, columns) - columns
    if padding:
        flat = jnp.pad(flat, ((0, 0), (0, padding)))
    # Without the barrier XLA recomputes what makes x for every neighbour that reads it.
    flat = lax.optimization_barrier(flat)
    y = _KERNELS[kernel](arrays, flat)
    if padding:
        y = y[:, :columns]
    return y.reshape(y.shape[0], *x.shape[1:])


def _take(x: jax.Array, rows: jax.Array) -> jax.Array:
    """Rows of x [n, c]; the indices were built in bounds."""
    return x.at[rows].get(mode="promise_in_bounds")


def _add_coordinates(arrays: Arrays, x: jax.Array, y: jax.Array) -> jax.Array:
    """Y plus the product with entries (rows, indices, data) [k], sorted by row."""
    if arrays["data"].size == 0:
        return y
    terms = arrays["data"][:, None] * _take(x, arrays["indices"])
    return y.at[arrays["rows"]].add(terms, indices_are_sorted=True, mode="promise_in_bounds")


def _coo(arrays: Arrays, x: jax.Array) -> jax.Array:
    return _add_coordinates(arrays, x, jnp.zeros_like(x))


def _bcsr(arrays: Arrays, x: jax.Array) -> jax.Array:
    n = x.shape[0]
    if arrays["data"].size == 0:
        return jnp.zeros_like(x)
    matrix = sparse.BCSR(
        (arrays["data"], arrays["indices"], arrays["indptr"]),
        shape=(n, n),
        indices_sorted=True,
        unique_indices=True,
    )
    return matrix @ x


def _unrolled(columns: jax.Array, weights: jax.Array, x: jax.Array) -> jax.Array:
    """Sum over slots k of weights[k] * x[columns[k]], for columns, weights [w, rows]; w >= 1."""
    terms = (weights[k][:, None] * _take(x, columns[k]) for k in range(columns.shape[0]))
    return functools.reduce(jnp.add, terms)


def _slots(columns: jax.Array, weights: jax.Array, x: jax.Array) -> jax.Array:
    """Like `_unrolled` for any width: nothing for none, a loop over chunks of slots for many.

    Wide products run in short code: every slot reads a row of x of its own, and many such streams
    at a time thrash the caches. The loop also accumulates in place.
    """
    width, rows = columns.shape
    if width == 0:
        return jnp.zeros((rows, x.shape[1]), x.dtype)
    longest, chunk = (64, 16) if x.shape[1] <= _NARROW else (16, 8)
    if width <= longest:
        return _unrolled(columns, weights, x)
    head = width % chunk or chunk

    def add(i: jax.Array, y: jax.Array) -> jax.Array:
        start = head + i * chunk
        return y + _unrolled(
            lax.dynamic_slice_in_dim(columns, start, chunk),
            lax.dynamic_slice_in_dim(weights, start, chunk),
            x,
        )

    first = _unrolled(columns[:head], weights[:head], x)
    return lax.fori_loop(0, (width - head) // chunk, add, first)


def _ell(arrays: Arrays, x: jax.Array) -> jax.Array:
    return _add_coordinates(arrays, x, _slots(arrays["columns"], arrays["weights"], x))


def _sell(arrays: Arrays, x: jax.Array) -> jax.Array:
    slices = (len(arrays) - 1) // 2
    parts = [_slots(arrays[f"columns_{k}"], arrays[f"weights_{k}"], x) for k in range(slices)]
    return _take(jnp.concatenate(parts, axis=0), arrays["rank"])


def _dense(arrays: Arrays, x: jax.Array) -> jax.Array:
    return jnp.dot(arrays["matrix"], x, precision=lax.Precision.HIGHEST)


def _dense_bf16(arrays: Arrays, x: jax.Array) -> jax.Array:
    rounded = x.astype(jnp.bfloat16)
    return jnp.dot(arrays["matrix"], rounded, preferred_element_type=x.dtype)


_KERNELS: Mapping[str, Callable[[Arrays, jax.Array], jax.Array]] = {
    "bcsr": _bcsr,
    "coo": _coo,
    "ell": _ell,
    "sell": _sell,
    "dense": _dense,
    "dense_bf16": _dense_bf16,
}
