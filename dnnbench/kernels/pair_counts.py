"""How many sums with a vertex's value exceed 1: over its neighbours, and over all vertices.

For x [n] the counts

    near_i = #{j ~ i: x_i + x_j > 1},    all_i = #{j != i: x_i + x_j > 1}

are the gradients of sum over edges, or all pairs, of max(0, x_i + x_j - 1), and that function is
sum_i count_i (x_i - 1/2): each active pair gives (x_i - 1/2) + (x_j - 1/2). The first takes a look
at every edge, the second one sort and a binary search, O(m + n log n) together where a unit for
every pair would take n^2.

A primitive with a batching rule of its own, under which [n] becomes [n, lanes] and stays so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir

from dnnbench.kernels import forms

Slots = Mapping[str, jax.Array]

_CHUNK = 8  # slots that are written out; wider slices loop over chunks of them


def make_slots(adjacency: sp.csr_array) -> dict[str, jax.Array]:
    """The neighbours of each vertex in slices of one width, built on the host.

    Args:
        adjacency: symmetric [n, n] without diagonal; stored entries are edges.

    Returns:
        `rank` [n], the place of each vertex after sorting by degree; `vertex` [n], its inverse;
        `columns_k`, `weights_k` [w_k, rows_k] per slice k, of weight 0 in empty slots, else 1.
    """
    pattern = adjacency.astype(np.float64)
    pattern.data = np.ones_like(pattern.data)
    arrays = forms.build(pattern, "sell", np.dtype(np.int32))
    for name, array in arrays.items():
        if array.ndim == 2 and len(array) > _CHUNK:
            arrays[name] = np.pad(array, ((0, -len(array) % _CHUNK), (0, 0)))
    arrays["vertex"] = np.argsort(arrays["rank"]).astype(np.int32)
    return {name: jnp.asarray(array) for name, array in arrays.items()}


def pair_counts(slots: Slots, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(near, all) of x, both of its shape and type; constant in x, for the differentiation.

    Args:
        slots: from `make_slots`.
        x: [n] in [0, 1]. It is looked at in whole numbers of 2^-24 (float64: 2^-53), so that sums
            are exact and both counts agree on which pairs are active.
    """
    units = round(1 / float(jnp.finfo(x.dtype).epsneg))
    whole = jnp.int64 if x.dtype == jnp.float64 else jnp.int32
    numbers = jnp.round(lax.stop_gradient(x) * units).astype(whole)
    names = tuple(sorted(slots))
    leaves = (slots[name] for name in names)
    near, every = _counts_p.bind(*leaves, numbers, names=names, one=units)
    return near.astype(x.dtype), every.astype(x.dtype)


def _take(x: jax.Array, rows: jax.Array) -> jax.Array:
    return x.at[rows].get(mode="promise_in_bounds")


def _near(slots: Slots, x: jax.Array, lack: jax.Array) -> jax.Array:
    """Counts over neighbours for x and lack = 1 - x, both [n, c]."""
    parts, start = [], 0
    for k in range((len(slots) - 2) // 2):
        columns, weights = slots[f"columns_{k}"], slots[f"weights_{k}"]
        stop = start + columns.shape[1]
        parts.append(_slice(columns, weights, x, _take(lack, slots["vertex"][start:stop])))
        start = stop
    return _take(jnp.concatenate(parts), slots["rank"])


def _slice(columns: jax.Array, weights: jax.Array, x: jax.Array, lack: jax.Array) -> jax.Array:
    """Counts of a slice's rows, whose neighbours must exceed `lack` [rows, c]."""

    def add(columns: jax.Array, weights: jax.Array, total: jax.Array) -> jax.Array:
        for i in range(columns.shape[0]):
            total += jnp.where(_take(x, columns[i]) > lack, weights[i][:, None], 0)
        return total

    def chunk(i: jax.Array, total: jax.Array) -> jax.Array:
        near, real = (lax.dynamic_slice_in_dim(a, i * _CHUNK, _CHUNK) for a in (columns, weights))
        return add(near, real, total)

    width, zeros = columns.shape[0], jnp.zeros(lack.shape, jnp.int32)
    if width <= _CHUNK:
        return add(columns, weights, zeros)
    return lax.fori_loop(0, width // _CHUNK, chunk, zeros)


def _every(x: jax.Array, lack: jax.Array) -> jax.Array:
    """Counts over all other vertices, by a binary search in the sorted values."""
    n, columns = x.shape
    ordered = lax.sort(x.T, dimension=1, is_stable=False).reshape(-1)
    first = jnp.arange(columns, dtype=jnp.int32) * n
    below = jnp.zeros(x.shape, jnp.int32)  # values not above `lack`, found bit by bit
    for bit in reversed(range(n.bit_length())):
        further = below + (1 << bit)
        last = _take(ordered, first + jnp.minimum(further, n) - 1)
        below = jnp.where((further <= n) & (last <= lack), further, below)
    return n - below - (x > lack)


def _counts(*operands: jax.Array, names: tuple[str, ...], one: int) -> tuple[jax.Array, jax.Array]:
    *leaves, x = operands
    slots = dict(zip(names, leaves, strict=True))
    # Without the barrier XLA recomputes what makes x for every neighbour that reads it.
    flat = lax.optimization_barrier(x.reshape(x.shape[0], -1))
    counts = _near(slots, flat, one - flat), _every(flat, one - flat)
    return counts[0].reshape(x.shape), counts[1].reshape(x.shape)


def _abstract(*avals: Any, names: tuple[str, ...], one: int) -> list[Any]:
    return [avals[-1].update(dtype=np.dtype(np.int32), weak_type=False)] * 2


_counts_p = Primitive("pair_counts")
_counts_p.multiple_results = True
_counts_p.def_impl(jax.jit(_counts, static_argnames=("names", "one")))
_counts_p.def_abstract_eval(_abstract)
mlir.register_lowering(_counts_p, mlir.lower_fun(_counts, multiple_results=True))


def _batch(
    operands: Sequence[Any], axes: Sequence[int | None], **params: Any
) -> tuple[Any, tuple[int, int]]:
    *leaves, x = operands
    *leaf_axes, axis = axes
    if any(a is not None for a in leaf_axes) or axis is None:
        raise NotImplementedError("lanes with graphs of their own")
    if axis == 0:  # rows must lead
        x, axis = jnp.moveaxis(x, 0, 1), 1
    return _counts_p.bind(*leaves, x, **params), (axis, axis)


batching.primitive_batchers[_counts_p] = _batch
