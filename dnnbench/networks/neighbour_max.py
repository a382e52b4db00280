"""The largest message among a vertex's neighbours, the aggregation of GraphSAGE's pooled form.

A maximum is no matrix product, so it has slots of its own: rows sorted by degree in slices of one
width (the `sell` form of the sparse products), a running maximum over the slots. The gradient goes
to one winner per vertex and column, as in the published code; it is pulled by the winner from its
neighbours instead of scattered to it, because the graph is symmetric and scatters are slow.
"""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from jax import lax

from dnnbench.kernels import forms
from dnnbench.kernels.choice import pad_columns

Slots = Mapping[str, jax.Array]

_FEWEST = 2  # slots of a slice: a loop of one round would be straight code
_NOBODY = -1


def make_slots(adjacency: sp.csr_array, dtype: Any) -> dict[str, jax.Array]:
    """The slots of a symmetric matrix [n, n] without diagonal, built on the host.

    Args:
        adjacency: weights that multiply the messages; a stored zero counts as no edge.
        dtype: element type of the messages.

    Returns:
        `rank` [n], the place of each vertex after sorting by degree; `vertex` [n], its inverse;
        `columns_k`, `weights_k` [w_k, rows_k] per slice k.
    """
    arrays = forms.build(adjacency, "sell", np.dtype(dtype))
    for name, array in arrays.items():
        if array.ndim == 2 and len(array) < _FEWEST:
            missing = _FEWEST - len(array)
            arrays[name] = np.pad(array, ((0, missing), (0, 0)))  # of weight 0: no edge
    arrays["vertex"] = np.argsort(arrays["rank"]).astype(np.int32)
    return {name: jnp.asarray(array) for name, array in arrays.items()}


@jax.custom_vjp
def neighbour_max(slots: Slots, x: jax.Array) -> jax.Array:
    """Max over neighbours j of w_ij x_jc, [n, d]; 0 for a vertex without neighbours.

    Not differentiated in the weights. Lanes join the columns: one pass over [n, B d].

    Args:
        slots: from `make_slots`.
        x: messages [n, d].
    """
    return _forward(slots, x)[0]


def _forward(slots: Slots, x: jax.Array) -> tuple[jax.Array, tuple[Slots, jax.Array]]:
    best, winner = _maxima(slots, x)
    return best, (slots, winner)


def _backward(saved: tuple[Slots, jax.Array], cotangent: jax.Array) -> tuple[None, jax.Array]:
    slots, winner = saved
    return None, _pull(slots, winner, cotangent)


neighbour_max.defvjp(_forward, _backward)


# Lanes -------------------------------------------------------------------------------------------


def _lanes_join_columns(f: Any) -> Any:
    """`f(slots, *arrays [n, d])` that, under `vmap`, runs once on [n, B d]."""
    joined = jax.custom_batching.custom_vmap(f)

    @joined.def_vmap
    def rule(lanes: int, batched: Any, slots: Slots, *arrays: jax.Array) -> tuple[Any, Any]:
        flags = batched[1:]
        if any(jax.tree.leaves(batched[0])):
            raise NotImplementedError("lanes with graphs of their own have no neighbour maximum")
        wide = [
            jnp.moveaxis(a, 0, 1)
            if own
            else jnp.broadcast_to(a[:, None], (len(a), lanes, *a.shape[1:]))
            for a, own in zip(arrays, flags, strict=True)
        ]
        n, _, d = wide[0].shape
        out = joined(slots, *(a.reshape(n, lanes * d) for a in wide))
        split = jax.tree.map(lambda a: jnp.moveaxis(a.reshape(n, lanes, d), 1, 0), out)
        return split, jax.tree.map(lambda _: True, out)

    return joined


# The two passes ----------------------------------------------------------------------------------


def _slices(slots: Slots) -> list[tuple[jax.Array, jax.Array, jax.Array]]:
    """(columns [w, rows], weights [w, rows], vertex [rows]) of each slice."""
    found, start = [], 0
    for k in range((len(slots) - 2) // 2):
        columns, weights = slots[f"columns_{k}"], slots[f"weights_{k}"]
        stop = start + columns.shape[1]
        found.append((columns, weights, slots["vertex"][start:stop]))
        start = stop
    return found


def _over_slots(add: Any, columns: jax.Array, weights: jax.Array, carry: Any) -> Any:
    """Fold `add(carry, columns [rows], weights [rows])` over the slots of a slice.

    A loop of two rounds at least, also for few slots: straight code would be fused into whatever
    reads the result and run there in scalar code (measured on a CPU: a step took twice as long).
    Several slots a round gain nothing.
    """

    def one(k: jax.Array, carry: Any) -> Any:
        pick = functools.partial(lax.dynamic_index_in_dim, index=k, keepdims=False)
        return add(carry, pick(columns), pick(weights)[:, None])

    return lax.fori_loop(0, columns.shape[0], one, carry)


def _take(x: jax.Array, rows: jax.Array) -> jax.Array:
    return x.at[rows].get(mode="promise_in_bounds")


def _padded(*arrays: jax.Array) -> tuple[jax.Array, ...]:
    """With zero columns up to a width that runs in vector code."""
    d = arrays[0].shape[1]
    extra = pad_columns("sell", d) - d
    return tuple(jnp.pad(a, ((0, 0), (0, extra))) for a in arrays)


def _in_order(slots: Slots, parts: list[jax.Array]) -> jax.Array:
    """Rows of the slices [rows_k, d] in the order of the vertices, [n, d]."""
    return _take(jnp.concatenate(parts), slots["rank"])


@_lanes_join_columns
def _maxima(slots: Slots, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(maxima [n, d], int32 [n, d] neighbours that give them, -1 for none); of equals the last."""
    d = x.shape[1]
    (x,) = _padded(x)

    def message(columns: jax.Array, weights: jax.Array) -> jax.Array:
        return jnp.where(weights != 0, weights * _take(x, columns), -jnp.inf)

    def larger(best: jax.Array, columns: jax.Array, weights: jax.Array) -> jax.Array:
        value = message(columns, weights)
        return jnp.where(value > best, value, best)  # jnp.maximum is slower: it looks for NaN

    # Who gives the maximum is found by a second pass: a running pair compiles to scalar code.
    maxima, winners = [], []
    for columns, weights, vertex in _slices(slots):
        shape = (vertex.shape[0], x.shape[1])
        best = _over_slots(larger, columns, weights, jnp.full(shape, -jnp.inf, x.dtype))

        def won(who: jax.Array, columns: jax.Array, weights: jax.Array, best: Any = best) -> Any:
            return jnp.where(message(columns, weights) == best, columns[:, None], who)

        nobody = jnp.full(shape, _NOBODY, jnp.int32)
        winner = _over_slots(won, columns, weights, nobody)
        winners.append(jnp.where(best == -jnp.inf, nobody, winner))
        maxima.append(jnp.where(best == -jnp.inf, 0, best))
    return _in_order(slots, maxima)[:, :d], _in_order(slots, winners)[:, :d]


@_lanes_join_columns
def _pull(slots: Slots, winner: jax.Array, cotangent: jax.Array) -> jax.Array:
    """Gradient [n, d] of the maxima: each vertex collects it where it was the winner."""
    d = cotangent.shape[1]
    winner, cotangent = _padded(winner, cotangent)
    parts = []
    for columns, weights, vertex in _slices(slots):
        me = vertex[:, None]

        def add(total: jax.Array, columns: jax.Array, weights: jax.Array, me: Any = me) -> Any:
            won = _take(winner, columns) == me
            return total + jnp.where(won, weights * _take(cotangent, columns), 0)

        zeros = jnp.zeros((vertex.shape[0], cotangent.shape[1]), cotangent.dtype)
        parts.append(_over_slots(add, columns, weights, zeros))
    return _in_order(slots, parts)[:, :d]
