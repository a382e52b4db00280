"""The sparse product: `spmm(A, x)` for a symmetric A, one product whatever the number of lanes.

A JAX primitive of its own rather than `custom_vjp` around `custom_vmap`: the latter moves every
batch axis to the front, which transposes [n, B] states, and shuts out forward mode. The rules here:

- batching joins the lanes to the columns, and leaves an axis that is not the first where it is;
- the tangent and the cotangent are the same product (A is symmetric); A itself has no gradient;
- a batch of matrices falls back on the plain operations.
"""

import dataclasses
import functools
from typing import Any

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
    data_fields=["arrays"],
    meta_fields=["kernel", "n", "nnz", "dtype", "rest", "scale"],
)
@dataclasses.dataclass(frozen=True)
class Sparse:
    """A symmetric matrix [n, n] in one kernel's form; a pytree, to be passed as a jit argument.

    Attributes:
        arrays: the kernel's arrays by name, see `forms.build`.
        kernel: one of `choice.KERNELS`; static.
        n: rows; static.
        nnz: stored entries, both triangles; static.
        dtype: name of the element type of the products; static.
        rest, scale: what is meant is scale (A + rest (1 1^T - I)), A being what is stored; static.
            So the complement of a graph needs no more memory than the graph.
    """

    arrays: dict[str, jax.Array]
    kernel: str
    n: int
    nnz: int
    dtype: str
    rest: float = 0.0
    scale: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """(n, n)."""
        return self.n, self.n


def make_sparse(
    csr: sp.csr_array, kernel: str, dtype: Any, *, rest: float = 0.0, scale: float = 1.0
) -> Sparse:
    """Build one kernel's form of a symmetric matrix on the host.

    Args:
        csr: the symmetric matrix [n, n]; its symmetry is checked.
        kernel: one of `choice.KERNELS`, usually from `choice.choose_spmm`.
        dtype: element type of the matrix and of the products.
        rest: as in `Sparse`.
        scale: as in `Sparse`.
    """
    element = np.dtype(dtype)
    if (abs(csr - csr.T) > 0).nnz:
        raise ValueError("the matrix is not symmetric")
    arrays = {k: jnp.asarray(v) for k, v in forms.build(csr, kernel, element).items()}
    if kernel == "dense_bf16":
        rounded = arrays["matrix"].astype(jnp.bfloat16)
        if not bool(jnp.array_equal(rounded.astype(element), arrays["matrix"])):
            raise ValueError("the weights are not exact in bfloat16; use the kernel 'dense'")
        arrays = {"matrix": rounded}
    return Sparse(arrays, kernel, csr.shape[0], csr.nnz, element.name, rest, scale)


def spmm(A: Sparse, x: jax.Array) -> jax.Array:
    """A @ x, differentiable in x in both modes and to any order; constant in A.

    Args:
        A: symmetric matrix [n, n].
        x: [n] or [n, d] of A's element type.

    Returns:
        Array of x's shape and dtype.
    """
    x = _checked(A, x)
    names = tuple(sorted(A.arrays))
    leaves = [A.arrays[name] for name in names]
    x = _as_varying(x, leaves)
    return _completed(A, x, _spmm_p.bind(*leaves, x, kernel=A.kernel, names=names))


def spmm_plain(A: Sparse, x: jax.Array) -> jax.Array:
    """The same product in JAX's own operations: A is differentiated too, lanes are not joined.

    Args:
        A: symmetric matrix [n, n].
        x: [n] or [n, d] of A's element type.
    """
    x = _checked(A, x)
    return _completed(A, x, products.product(A.kernel, A.arrays, x))


def _completed(A: Sparse, x: jax.Array, y: jax.Array) -> jax.Array:
    """The product with the matrix that is meant, from `y`, that with the stored one."""
    if A.rest:
        y = y + A.rest * (jnp.sum(x, axis=0) - x)
    return y if A.scale == 1 else A.scale * y


def _checked(A: Sparse, x: jax.Array) -> jax.Array:
    x = jnp.asarray(x)
    if x.ndim not in (1, 2) or x.shape[0] != A.n:
        raise ValueError(f"expected x of shape [{A.n}] or [{A.n}, d], got {x.shape}")
    if x.dtype.name != A.dtype:
        raise TypeError(f"the matrix is {A.dtype} but x is {x.dtype.name}")
    return x


def _varying(x: jax.Array) -> frozenset[str]:
    """Mesh axes of an enclosing `shard_map` over which x varies, wherever this JAX keeps them."""
    aval: Any = jax.typeof(x)
    kind = getattr(aval, "manual_axis_type", None)
    return getattr(aval, "vma", None) or getattr(kind, "varying", None) or frozenset()


def _as_varying(x: jax.Array, leaves: list[jax.Array]) -> jax.Array:
    """x, marked as varying over every mesh axis over which the matrix varies."""
    have = _varying(x)
    for leaf in leaves:
        if _varying(leaf) - have:
            x = x + jnp.sum(leaf.ravel()[:0]).astype(x.dtype)
    return x


# The primitive: operands are the matrix's arrays in the order of `names`, then x [n, ...].
_spmm_p = Primitive("spmm")


def _product(*operands: jax.Array, kernel: str, names: tuple[str, ...]) -> jax.Array:
    *leaves, x = operands
    return products.product(kernel, dict(zip(names, leaves, strict=True)), x)


_compiled = jax.jit(_product, static_argnames=("kernel", "names"))


def _abstract(*avals: Any, kernel: str, names: tuple[str, ...]) -> Any:
    return avals[-1].strip_weak_type()


def _jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...], **params: Any) -> tuple[Any, Any]:
    out = _spmm_p.bind(*primals, **params)
    tangent = tangents[-1]
    if not isinstance(tangent, ad.Zero):
        tangent = _spmm_p.bind(*primals[:-1], tangent, **params)
    return out, tangent


def _transpose(cotangent: Any, *operands: Any, **params: Any) -> list[Any]:
    leaves = operands[:-1]
    if not isinstance(cotangent, ad.Zero):
        cotangent = _spmm_p.bind(*leaves, cotangent, **params)
    return [*[None] * len(leaves), cotangent]


def _batch(operands: tuple[Any, ...], axes: tuple[Any, ...], **params: Any) -> tuple[Any, int]:
    *leaves, x = operands
    *leaf_axes, x_axis = axes
    if all(axis is None for axis in leaf_axes):
        if x_axis == 0:  # [B, n, ...] -> [n, B, ...]: rows must lead, runs of columns stay whole
            x, x_axis = jnp.moveaxis(x, 0, 1), 1
        return _spmm_p.bind(*leaves, x, **params), x_axis
    constant = [lax.stop_gradient(leaf) for leaf in leaves]
    plain = jax.vmap(functools.partial(_stacked, **params), in_axes=axes, out_axes=0)
    return plain(*constant, x), 0


def _stacked(*operands: jax.Array, kernel: str, names: tuple[str, ...]) -> jax.Array:
    """The product for a lane with a matrix of its own; compressed rows become coordinates."""
    *leaves, x = operands
    arrays = dict(zip(names, leaves, strict=True))
    if kernel == "bcsr":
        entry = jnp.arange(arrays["indices"].size, dtype=jnp.int32)
        rows = jnp.searchsorted(arrays.pop("indptr"), entry, side="right").astype(jnp.int32) - 1
        kernel, arrays = "coo", {**arrays, "rows": rows}
    return products.product(kernel, arrays, x)


_spmm_p.def_impl(_compiled)
_spmm_p.def_abstract_eval(_abstract)
ad.primitive_jvps[_spmm_p] = _jvp
ad.primitive_transposes[_spmm_p] = _transpose
batching.primitive_batchers[_spmm_p] = _batch
mlir.register_lowering(_spmm_p, mlir.lower_fun(_product, multiple_results=False))
