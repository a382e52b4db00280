"""Sweeps over a sparse symmetric network, one colour class after the other.

Vertices of one colour share no edge, so a class is updated at once and the result is that of
updating its vertices one by one. Host side: the colouring and the blocks of rows that a sweep
reads. Device side: the sweep, a primitive with a batching rule of its own, under which states [n]
become [n, lanes] and stay so (`jax.vmap` of a gather would move the lanes to the front).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir
from numpy.typing import NDArray

_MOST_WRITTEN_OUT = 64  # blocks; more make long programs, so they are stacked and looped over
_CHUNK = 8  # slots of a block that are written out; wider blocks loop over chunks of them


class Block(NamedTuple):
    """Rows of one colour and of similar degree; consecutive in the order by colour.

    Attributes:
        columns: int32 [slots, rows], neighbours; an empty slot holds the row itself.
        weights: [slots, rows], 0 in empty slots.
        field: [rows], the constant part of the local field.
    """

    columns: jax.Array
    weights: jax.Array
    field: jax.Array


class Stack(NamedTuple):
    """All classes of a network of many colours, padded to one shape.

    Attributes:
        columns: int32 [classes, slots, rows].
        weights: [classes, slots, rows]; 0 in padded slots and rows.
        field: [classes, rows].
        start: int32 [classes], place of the class's first row.
        size: int32 [classes], its rows; the rest is padding.
    """

    columns: jax.Array
    weights: jax.Array
    field: jax.Array
    start: jax.Array
    size: jax.Array


class Chromatic(NamedTuple):
    """A network ready for sweeps.

    Attributes:
        blocks: all rows, in order; one stack where there would be too many.
        rank: int32 [n], the place of each vertex in the order by colour.
    """

    blocks: tuple[Block, ...] | Stack
    rank: jax.Array


def greedy_colouring(matrix: sp.csr_array) -> NDArray[np.int64]:
    """A proper colouring [n] with at most (largest degree + 1) colours, by falling degree.

    Args:
        matrix: symmetric [n, n] without diagonal; stored entries are edges.
    """
    starts, neighbours = matrix.indptr, matrix.indices
    degrees = np.diff(starts)
    colours = np.full(matrix.shape[0], -1, np.int64)
    for vertex in np.argsort(-degrees, kind="stable"):
        near = colours[neighbours[starts[vertex] : starts[vertex + 1]]]
        taken = np.zeros(degrees[vertex] + 1, bool)
        taken[near[(near >= 0) & (near <= degrees[vertex])]] = True
        colours[vertex] = np.argmin(taken)
    return colours


def make_chromatic(
    matrix: sp.csr_array,
    field: NDArray[Any],
    dtype: Any,
    most_written_out: int = _MOST_WRITTEN_OUT,
) -> Chromatic:
    """Colour a network and cut it into blocks.

    Within a class rows are cut where the degree has halved, so that at most about half of a
    block's slots are empty.

    Args:
        matrix: symmetric couplings [n, n], zero diagonal.
        field: constant local fields [n].
        dtype: element type.
        most_written_out: blocks from which on they are stacked and looped over.
    """
    matrix = sp.csr_array(matrix).copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    n = matrix.shape[0]
    degrees = np.diff(matrix.indptr)
    colours = greedy_colouring(matrix)
    order = np.lexsort((-degrees, colours))
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    blocks, start = [], 0
    while start < n:
        width = int(degrees[order[start]])
        same = (colours[order[start:]] == colours[order[start]]) & (
            degrees[order[start:]] >= (width + 1) // 2
        )
        rows = order[start : start + max(int(np.argmin(np.append(same, False))), 1)]
        if width > _CHUNK:
            width = -(-width // _CHUNK) * _CHUNK
        blocks.append(_block(matrix, rows, rank, width, np.asarray(field)[rows], np.dtype(dtype)))
        start += len(rows)
    ranks = jnp.asarray(rank, jnp.int32)
    if len(blocks) <= most_written_out:
        return Chromatic(tuple(blocks), ranks)
    return Chromatic(_stacked(blocks), ranks)


def _stacked(blocks: Sequence[Block]) -> Stack:
    slots = -(-max(b.columns.shape[0] for b in blocks) // _CHUNK) * _CHUNK
    counts = np.array([b.columns.shape[1] for b in blocks])
    rows = counts.max()

    def padded(arrays: Sequence[jax.Array], *shape: int) -> jax.Array:
        widths = ([(0, m - k) for m, k in zip(shape, a.shape, strict=True)] for a in arrays)
        return jnp.stack([jnp.pad(a, w) for a, w in zip(arrays, widths, strict=True)])

    return Stack(
        padded([b.columns for b in blocks], slots, rows),
        padded([b.weights for b in blocks], slots, rows),
        padded([b.field for b in blocks], rows),
        jnp.asarray(np.cumsum(counts) - counts, jnp.int32),
        jnp.asarray(counts, jnp.int32),
    )


def _block(
    matrix: sp.csr_array,
    rows: NDArray[np.int64],
    rank: NDArray[np.int64],
    width: int,
    field: NDArray[Any],
    dtype: np.dtype,
) -> Block:
    columns = np.tile(rank[rows], (width, 1))
    weights = np.zeros((width, len(rows)))
    for place, row in enumerate(rows):
        entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
        count = entries.stop - entries.start
        columns[:count, place] = rank[matrix.indices[entries]]
        weights[:count, place] = matrix.data[entries]
    return Block(
        jnp.asarray(columns, jnp.int32), jnp.asarray(weights, dtype), jnp.asarray(field, dtype)
    )


def sweep(network: Chromatic, spins: jax.Array, thresholds: jax.Array) -> jax.Array:
    """Visit every vertex once; flip spin i where s_i (sum_j w_ij s_j + field_i) > threshold_i.

    Args:
        network: couplings and fields.
        spins: -1 or +1, [n], in the order by colour.
        thresholds: [n], in the same order.
    """
    stacked = isinstance(network.blocks, Stack)
    leaves = jax.tree.leaves(network.blocks)
    return _sweep_p.bind(*leaves, spins, thresholds, stacked=stacked)


def _local_field(block: Block, spins: jax.Array) -> jax.Array:
    """Local fields [rows, ...] of a block's rows."""
    rows = block.columns.shape[1]
    trailing = (1,) * (spins.ndim - 1)
    field = jnp.broadcast_to(block.field.reshape(rows, *trailing), (rows, *spins.shape[1:]))

    def add(columns: jax.Array, weights: jax.Array, total: jax.Array) -> jax.Array:
        for k in range(columns.shape[0]):
            near = spins.at[columns[k]].get(mode="promise_in_bounds")
            total = total + weights[k].reshape(rows, *trailing) * near
        return total

    slots = block.columns.shape[0]
    if slots <= _CHUNK:
        return add(block.columns, block.weights, field)

    def chunk(i: jax.Array, total: jax.Array) -> jax.Array:
        columns, weights = (
            lax.dynamic_slice_in_dim(array, i * _CHUNK, _CHUNK)
            for array in (block.columns, block.weights)
        )
        return add(columns, weights, total)

    return lax.fori_loop(0, slots // _CHUNK, chunk, field)


def _sweep(*operands: jax.Array, stacked: bool) -> jax.Array:
    """The sweep for spins and thresholds [n, ...]."""
    *leaves, spins, thresholds = operands
    thresholds = lax.optimization_barrier(thresholds)
    if stacked:
        return _loop(Stack(*leaves), spins, thresholds)
    start = 0
    for i in range(0, len(leaves), len(Block._fields)):
        block = Block(*leaves[i : i + len(Block._fields)])
        rows = block.field.shape[0]
        # Without the barrier XLA recomputes the update for every neighbour that reads it.
        spins = lax.optimization_barrier(spins)
        mine = lax.slice_in_dim(spins, start, start + rows)
        flips = mine * _local_field(block, spins) > lax.slice_in_dim(
            thresholds, start, start + rows
        )
        spins = lax.dynamic_update_slice_in_dim(spins, jnp.where(flips, -mine, mine), start, 0)
        start += rows
    return spins


def _loop(stack: Stack, spins: jax.Array, thresholds: jax.Array) -> jax.Array:
    """The sweep, class by class in a loop; padded rows look at later spins and leave them."""
    n, rows = spins.shape[0], stack.field.shape[1]
    padding = [(0, rows)] + [(0, 0)] * (spins.ndim - 1)
    spins, thresholds = jnp.pad(spins, padding), jnp.pad(thresholds, padding)

    def visit(i: jax.Array, spins: jax.Array) -> jax.Array:
        block = Block(stack.columns[i], stack.weights[i], stack.field[i])
        start = stack.start[i]
        mine = lax.dynamic_slice_in_dim(spins, start, rows)
        flips = mine * _local_field(block, spins) > lax.dynamic_slice_in_dim(
            thresholds, start, rows
        )
        real = (jnp.arange(rows) < stack.size[i]).reshape(rows, *(1,) * (spins.ndim - 1))
        return lax.dynamic_update_slice_in_dim(
            spins, jnp.where(flips & real, -mine, mine), start, 0
        )

    return lax.fori_loop(0, stack.start.shape[0], visit, spins)[:n]


# The primitive: operands are the blocks' arrays in order, then spins and thresholds [n, ...].
_sweep_p = Primitive("chromatic_sweep")
_sweep_p.def_impl(jax.jit(_sweep, static_argnames="stacked"))
_sweep_p.def_abstract_eval(lambda *avals, stacked: avals[-2].strip_weak_type())
mlir.register_lowering(_sweep_p, mlir.lower_fun(_sweep, multiple_results=False))


def _batch(operands: Sequence[Any], axes: Sequence[int | None], stacked: bool) -> tuple[Any, int]:
    *leaves, spins, thresholds = operands
    *leaf_axes, spins_axis, thresholds_axis = axes
    if any(axis is not None for axis in leaf_axes):
        raise NotImplementedError("lanes with networks of their own")
    size = next(
        x.shape[axis]
        for x, axis in ((spins, spins_axis), (thresholds, thresholds_axis))
        if axis is not None
    )

    def lanes_second(x: jax.Array, axis: int | None) -> jax.Array:
        if axis is None:
            return jnp.broadcast_to(x[:, None], (x.shape[0], size, *x.shape[1:]))
        return x if axis == 1 else jnp.moveaxis(x, axis, 1)

    pair = lanes_second(spins, spins_axis), lanes_second(thresholds, thresholds_axis)
    return _sweep_p.bind(*leaves, *pair, stacked=stacked), 1


batching.primitive_batchers[_sweep_p] = _batch
