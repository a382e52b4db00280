"""Product of a sparse symmetric matrix with a block of vectors, the inner loop of graph methods.

The matrix is a pytree of arrays, passed to jit as an argument: closed-over index constants cost
seconds of constant folding a compile. The product is a JAX primitive with two rules of its own:

- batching: under `vmap`, lanes join the columns, so that B lanes make ONE product on [n, B d].
  The lane axis stays where it is when it comes last ([n, B] in, [n, B] out), and no transpose is
  made. (`jax.custom_vmap` moves the axis to the front first, which XLA's CPU compiler undoes in
  some programs only.)
- reverse mode: A is symmetric, so the cotangent is A @ g and nothing is saved.

Kernels (the static table that picks one is in `choice`):

- `hybrid`: the first w neighbours of every row as padded columns, gathered and added one after the
  other (ELL), the rest as sorted coordinates;
- `bcsr`: JAX's block-compressed rows; the fastest on CPUs for many columns;
- `coo`: sorted coordinates;
- `dense`: a dense matrix; for GPUs and small dense graphs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jax.experimental import sparse as jax_sparse
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir

from dnnbench.kernels.choice import KERNELS, hybrid_width


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["arrays"],
    meta_fields=["kernel", "size"],
)
@dataclass(frozen=True)
class Sparse:
    """A symmetric matrix [n, n] in the layout of one kernel.

    Attributes:
        arrays: the kernel's arrays.
        kernel: its name.
        size: n.
    """

    arrays: tuple[jax.Array, ...]
    kernel: str
    size: int


def make_sparse(matrix: sp.csr_array, kernel: str, dtype: str) -> Sparse:
    """Lay a symmetric matrix out for a kernel.

    Args:
        matrix: [n, n], symmetric.
        kernel: one of `choice.KERNELS`.
        dtype: `float32` or `float64` (the latter needs x64 enabled).

    Raises:
        ValueError: the kernel's name is unknown.
    """
    matrix = sp.csr_array(matrix)
    matrix.sort_indices()
    n = matrix.shape[0]
    data = matrix.data.astype(dtype)
    columns = matrix.indices.astype(np.int32)
    starts = matrix.indptr.astype(np.int32)
    lengths = np.diff(starts)
    rows = np.repeat(np.arange(n, dtype=np.int32), lengths)
    host: tuple[np.ndarray, ...]
    if kernel == "bcsr":
        host = (data, columns, starts)
    elif kernel == "coo":
        host = (data, rows, columns)
    elif kernel == "dense":
        host = (matrix.toarray().astype(dtype),)
    elif kernel == "hybrid":
        width = hybrid_width(lengths)
        place = np.arange(matrix.nnz) - np.repeat(starts[:-1], lengths)
        inside = place < width
        # Padding points a row at itself with weight zero: a gather that is in the cache anyway.
        index = np.tile(np.arange(n, dtype=np.int32), (width, 1))
        weight = np.zeros((width, n), dtype)
        index[place[inside], rows[inside]] = columns[inside]
        weight[place[inside], rows[inside]] = data[inside]
        host = (index, weight, data[~inside], rows[~inside], columns[~inside])
    else:
        raise ValueError(f"unknown kernel '{kernel}'; known: {', '.join(KERNELS)}")
    return Sparse(tuple(jnp.asarray(a) for a in host), kernel, n)


def spmm_plain(matrix: Sparse, x: jax.Array) -> jax.Array:
    """A @ x by ordinary JAX operations, differentiable in both modes.

    Args:
        matrix: A [n, n].
        x: [n] or [n, d].
    """
    if x.ndim == 1:
        return _plain(*matrix.arrays, x[:, None], kernel=matrix.kernel)[:, 0]
    return _plain(*matrix.arrays, x, kernel=matrix.kernel)


@jax.custom_vjp
def spmm(matrix: Sparse, x: jax.Array) -> jax.Array:
    """A @ x for a symmetric A; reverse mode only, see `spmm_plain` for forward mode.

    Args:
        matrix: A [n, n]; not differentiated.
        x: [n] or [n, d], of A's dtype.
    """
    return _spmm.bind(*matrix.arrays, x, kernel=matrix.kernel)


def _forward(matrix: Sparse, x: jax.Array) -> tuple[jax.Array, Sparse]:
    return spmm(matrix, x), matrix


def _backward(matrix: Sparse, cotangent: jax.Array) -> tuple[None, jax.Array]:
    return None, spmm(matrix, cotangent)


spmm.defvjp(_forward, _backward)


# Kernels: (arrays..., x [n, d]) -> [n, d] -------------------------------------------------------


def _take(x: jax.Array, index: jax.Array) -> jax.Array:
    return x.at[index].get(mode="promise_in_bounds")


def _add_coo(
    y: jax.Array, data: jax.Array, rows: jax.Array, columns: jax.Array, x: jax.Array
) -> jax.Array:
    terms = data[:, None] * _take(x, columns)
    return y.at[rows].add(terms, indices_are_sorted=True, mode="promise_in_bounds")


def _plain(*operands: jax.Array, kernel: str) -> jax.Array:
    *arrays, x = operands
    n, d = x.shape
    if d == 0:
        return x
    if kernel == "dense":
        return arrays[0] @ x
    if kernel == "bcsr":
        if arrays[0].shape[0] == 0:
            return jnp.zeros_like(x)
        csr = jax_sparse.BCSR(
            (arrays[0], arrays[1], arrays[2]),
            shape=(n, n),
            indices_sorted=True,
            unique_indices=True,
        )
        product: Any = csr @ x
        return product
    if kernel == "coo":
        return _add_coo(jnp.zeros_like(x), *arrays, x)
    index, weight, *rest = arrays
    y = jnp.zeros_like(x)
    for k in range(index.shape[0]):
        y = y + weight[k][:, None] * _take(x, index[k])
    return _add_coo(y, *rest, x) if rest[0].shape[0] else y


# The primitive ------------------------------------------------------------------------------------

_spmm = Primitive("dnnbench_spmm")


def _apply(*operands: jax.Array, kernel: str) -> jax.Array:
    *arrays, x = operands
    if x.ndim == 1:
        return _plain(*arrays, x[:, None], kernel=kernel)[:, 0]
    return _plain(*arrays, x, kernel=kernel)


def _batch(
    operands: Sequence[jax.Array], dims: Sequence[int | None], *, kernel: str
) -> tuple[jax.Array, int]:
    *arrays, x = operands
    axis = dims[-1]
    if any(d is not None for d in dims[:-1]):
        # A stack of matrices: a product each, without sharing.
        return jax.vmap(partial(_apply, kernel=kernel), in_axes=tuple(dims))(*operands), 0
    assert axis is not None
    if axis == 0:
        x, axis = jnp.moveaxis(x, 0, 1), 1
    shape = x.shape
    y = _spmm.bind(*arrays, x.reshape(shape[0], -1), kernel=kernel)
    return y.reshape(shape), axis


_spmm.def_impl(jax.jit(_apply, static_argnames="kernel"))
_spmm.def_abstract_eval(lambda *operands, kernel: operands[-1])
batching.primitive_batchers[_spmm] = _batch
mlir.register_lowering(_spmm, mlir.lower_fun(_apply, multiple_results=False))
