"""Products with a rectangular sparse matrix and its transpose, one whatever the number of lanes.

`matmul(A, x)` and `matmul_t(A, y)` are one JAX primitive, as `spmm` is one and for its reasons:

- batching joins the lanes to the columns, and leaves an axis that is not the first where it is;
- the tangent is the same product, the cotangent that with the other of the two stored matrices, so
  that neither direction scatters; A itself has no gradient;
- a batch of dense matrices is multiplied column by column, lanes first: XLA's product of small
  matrices with two columns takes 2.5 times as long on CPU as two products with one (50 x 30);
- a batch of other matrices falls back on the plain operations.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from dnnbench.kernels import forms, products


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["arrays", "transposed"],
    meta_fields=["m", "n", "dtype"],
)
@dataclasses.dataclass(frozen=True)
class Rectangular:
    """A matrix A [m, n] and its transpose; a pytree, to be passed as a jit argument.

    Attributes:
        arrays: the form of A, "ell", "sell" or "dense" of `forms.build`.
        transposed: the form of A^T.
        m: rows; static.
        n: columns; static.
        dtype: name of the element type of the products; static.
    """

    arrays: dict[str, jax.Array]
    transposed: dict[str, jax.Array]
    m: int
    n: int
    dtype: str

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self.m, self.n


def make_rectangular(matrix: sp.csr_array, dtype: Any) -> Rectangular:
    """Build both forms on the host.

    Rows of one length are padded slots without padding (one gather, if that is 1); others are
    sorted by length, which needs no scatter. Matrices with more entries than zeros are dense.

    Args:
        matrix: A [m, n], any real entries; repeated ones are added up.
        dtype: element type of the matrix and of the products.
    """
    element = np.dtype(dtype)
    csr = sp.csr_array(matrix)
    csr.sum_duplicates()
    arrays, transposed = _form(csr, element), _form(sp.csr_array(csr.T), element)
    m, n = csr.shape
    return Rectangular(arrays, transposed, m, n, element.name)


def _form(csr: sp.csr_array, dtype: np.dtype) -> dict[str, jax.Array]:
    regular = len(np.unique(np.diff(csr.indptr))) < 2
    kernel = "ell" if regular else "sell"
    if 2 * csr.nnz > csr.shape[0] * csr.shape[1]:
        kernel = "dense"
    built = forms.build(csr, kernel, dtype)
    return {name: jnp.asarray(array) for name, array in built.items()}


def _kernel(arrays: dict[str, jax.Array]) -> str:
    """The kernel whose form these arrays are."""
    return next(
        (k for name, k in {"matrix": "dense", "rank": "sell"}.items() if name in arrays), "ell"
    )


def matmul(A: Rectangular, x: jax.Array) -> jax.Array:
    """A @ x, differentiable in x in both modes and to any order; constant in A.

    Args:
        A: [m, n].
        x: [n] or [n, d] of A's element type.

    Returns:
        [m] or [m, d].
    """
    return _bind(A, A.arrays, A.transposed, A.shape, x)


def matmul_t(A: Rectangular, y: jax.Array) -> jax.Array:
    """A^T @ y, differentiable as `matmul` is.

    Args:
        A: [m, n].
        y: [m] or [m, d] of A's element type.

    Returns:
        [n] or [n, d].
    """
    return _bind(A, A.transposed, A.arrays, A.shape[::-1], y)


class _Side(NamedTuple):
    """What is static of a stored matrix: its rows and the names of its arrays."""

    rows: int
    names: tuple[str, ...]


def _bind(
    A: Rectangular,
    ahead: dict[str, jax.Array],
    back: dict[str, jax.Array],
    shape: tuple[int, int],
    x: jax.Array,
) -> jax.Array:
    """The product with the matrix `ahead` of this shape, whose transpose is `back`."""
    x = jnp.asarray(x)
    if x.ndim not in (1, 2) or x.shape[0] != shape[1]:
        raise ValueError(f"expected [{shape[1]}] or [{shape[1]}, d], got {x.shape}")
    if x.dtype.name != A.dtype:
        raise TypeError(f"the matrix is {A.dtype} but the operand is {x.dtype.name}")
    sides = tuple(
        _Side(rows, tuple(sorted(a))) for rows, a in zip(shape, (ahead, back), strict=True)
    )
    leaves = [a[name] for a, side in zip((ahead, back), sides, strict=True) for name in side.names]
    return _matmul_p.bind(*leaves, x, ahead=sides[0], back=sides[1])


# The primitive: operands are the arrays of the matrix, those of its transpose, then x [n, ...].
_matmul_p = Primitive("rectangular_matmul")


def _product(*operands: jax.Array, ahead: _Side, back: _Side) -> jax.Array:
    del back
    x = operands[-1]
    if x.size == 0 or ahead.rows == 0:
        return jnp.zeros((ahead.rows, *x.shape[1:]), x.dtype)
    arrays = dict(zip(ahead.names, operands, strict=False))
    y = products.product(_kernel(arrays), arrays, x)
    if "columns" in arrays and arrays["columns"].shape[0] == 1:
        return y  # one gather, which costs no more inside of what reads it
    # The barrier makes the product once: fused into a sum, its gathers take ten times as long.
    return lax.optimization_barrier(y)


_compiled = jax.jit(_product, static_argnames=("ahead", "back"))


def _abstract(*avals: Any, ahead: _Side, back: _Side) -> Any:
    x = avals[-1].strip_weak_type()
    return x.update(shape=(ahead.rows, *x.shape[1:]))


def _jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...], **params: Any) -> tuple[Any, Any]:
    out = _matmul_p.bind(*primals, **params)
    tangent = tangents[-1]
    if isinstance(tangent, ad.Zero):
        aval: Any = jax.typeof(out)
        return out, ad.Zero(aval.to_tangent_aval())
    return out, _matmul_p.bind(*primals[:-1], tangent, **params)


def _transpose(cotangent: Any, *operands: Any, ahead: _Side, back: _Side) -> list[Any]:
    *leaves, x = operands
    if isinstance(cotangent, ad.Zero):
        return [*[None] * len(leaves), ad.Zero(x.aval)]
    cut = len(ahead.names)
    swapped = [*leaves[cut:], *leaves[:cut]]
    return [
        *[None] * len(leaves),
        _matmul_p.bind(*swapped, cotangent, ahead=back, back=ahead),
    ]


def _batch(operands: tuple[Any, ...], axes: tuple[Any, ...], **params: Any) -> tuple[Any, int]:
    *leaves, x = operands
    *leaf_axes, x_axis = axes
    if all(axis is None for axis in leaf_axes):
        if x_axis == 0:  # [B, n, ...] -> [n, B, ...]: rows must lead, runs of columns stay whole
            x, x_axis = jnp.moveaxis(x, 0, 1), 1
        return _matmul_p.bind(*leaves, x, **params), x_axis
    constant = [lax.stop_gradient(leaf) for leaf in leaves]
    if params["ahead"].names == ("matrix",) and None not in (leaf_axes[0], x_axis):
        return _each(jnp.moveaxis(constant[0], leaf_axes[0], 0), jnp.moveaxis(x, x_axis, 0)), 0
    plain = jax.vmap(functools.partial(_product, **params), in_axes=axes, out_axes=0)
    return plain(*constant, x), 0


_NARROW = 8
"""Columns up to which each is a product of its own."""


def _each(matrices: jax.Array, x: jax.Array) -> jax.Array:
    """Products of matrices [B, m, n] with x [B, n, ...] each, [B, m, ...]."""
    batch, m, n = matrices.shape
    columns = x.reshape(batch, n, -1)
    if x.size == 0 or m == 0 or columns.shape[2] > _NARROW:
        y = jnp.matmul(matrices, columns, precision="highest")
    else:
        dims = (((2,), (1,)), ((0,), (0,)))
        parts = (columns[:, :, k] for k in range(columns.shape[2]))
        y = jnp.stack([lax.dot_general(matrices, c, dims, precision="highest") for c in parts], 2)
    return lax.optimization_barrier(y.reshape(batch, m, *x.shape[2:]))


_matmul_p.def_impl(_compiled)
_matmul_p.def_abstract_eval(_abstract)
ad.primitive_jvps[_matmul_p] = _jvp
ad.primitive_transposes[_matmul_p] = _transpose
batching.primitive_batchers[_matmul_p] = _batch
mlir.register_lowering(_matmul_p, mlir.lower_fun(_product, multiple_results=False))
