"""The one place where edges become a `Graph`: every reader, converter and generator ends here."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph

MAX_VERTICES = 100_000_000
"""Larger vertex counts are refused before anything is allocated for them."""

EXACT = 2**53
"""Integers up to this magnitude are exact in float64."""


def build_graph(
    num_vertices: int,
    u: ArrayLike,
    v: ArrayLike,
    weights: ArrayLike,
    *,
    source: str,
    place: Callable[[int], str],
    base: int = 0,
    vertex_weights: NDArray[np.int64] | NDArray[np.float64] | None = None,
) -> Graph:
    """Check edges and make the graph; its arrays are read-only.

    Args:
        num_vertices: n.
        u: one end of each edge [m], whole numbers in `base .. base + n - 1`.
        v: the other end of each edge [m].
        weights: weight of each edge [m].
        source: what error messages call the input (the file's name).
        place: names edge i in an error message, `line 7` for instance.
        base: number of the first vertex in `u` and `v`.
        vertex_weights: [n], checked already (`whole_weights`), or None.

    Returns:
        The graph, vertices from 0, each edge turned to `u < v`, edges in the given order.

    Raises:
        UserError: a vertex out of range, a self-loop, a weight that is not finite, an edge given
            twice; the message names the place.
    """
    check_num_vertices(num_vertices, source)
    ends = np.column_stack([np.asarray(u, np.float64), np.asarray(v, np.float64)])
    last = base + num_vertices - 1
    bad = ~((ends >= base) & (ends <= last) & (ends == np.floor(ends)))
    if bad.any():
        i, side = np.argwhere(bad)[0]
        raise UserError(
            f"{source}, {place(int(i))}: vertex {ends[i, side]:.17g} is not in {base}..{last}"
        )
    pairs = ends.astype(np.int64) - base
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    _refuse_loops_and_repeats(num_vertices, low, high, source, place, base)
    edges = np.column_stack([low, high]).astype(np.int32)
    whole = whole_weights(np.asarray(weights), source, place)
    for array in (edges, whole, vertex_weights):
        if array is not None:
            array.setflags(write=False)
    return Graph(num_vertices, edges, whole, vertex_weights)


def simple_graph(
    num_vertices: int,
    edges: NDArray[np.int32],
    vertex_weights: NDArray[np.int64] | NDArray[np.float64] | None = None,
    *,
    weights: NDArray[np.int64] | NDArray[np.float64] | None = None,
) -> Graph:
    """A graph from arrays that keep the promises of `Graph` already; weights of None are 1.

    Nothing is checked, so that tens of millions of edges cost no more than their memory. The
    arrays become read-only.
    """
    if weights is None:
        weights = np.ones(len(edges), np.int64)
    for array in (edges, weights, vertex_weights):
        if array is not None:
            array.setflags(write=False)
    return Graph(num_vertices, edges, weights, vertex_weights)


def check_num_vertices(num_vertices: int, source: str) -> None:
    """Refuse vertex counts below 1 or beyond `MAX_VERTICES`."""
    if num_vertices < 1:
        raise UserError(f"{source}: a graph needs at least one vertex, not {num_vertices}")
    if num_vertices > MAX_VERTICES:
        raise UserError(
            f"{source}: {num_vertices} vertices are more than the {MAX_VERTICES} accepted"
        )


def refuse_vertex_weights(graph: Graph, form: str) -> None:
    """Refuse a graph with weights of vertices where a format (`rudy format`) cannot hold them."""
    if graph.vertex_weights is not None:
        raise UserError(
            f"the {form} has no weights of vertices; write this graph in DIMACS or METIS format"
        )


def _refuse_loops_and_repeats(
    n: int,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    source: str,
    place: Callable[[int], str],
    base: int,
) -> None:
    loops = np.flatnonzero(low == high)
    if loops.size:
        i = int(loops[0])
        raise UserError(f"{source}, {place(i)}: self-loop at vertex {low[i] + base}")
    key = low * n + high
    order = np.argsort(key, kind="stable")
    repeats = order[1:][key[order[1:]] == key[order[:-1]]]
    if repeats.size:
        i = int(repeats.min())
        first = int(np.flatnonzero(key == key[i])[0])
        raise UserError(
            f"{source}, {place(i)}: edge {low[i] + base} {high[i] + base} "
            f"stands already on {place(first)}"
        )


def whole_weights(
    weights: NDArray[np.generic], source: str, place: Callable[[int], str]
) -> NDArray[np.int64] | NDArray[np.float64]:
    """Weights as int64 if all are integers of magnitude up to 2^53, else float64 [m].

    Raises:
        UserError: one is not finite; `place` names it.
    """
    values = weights.astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        i = int(wrong[0])
        raise UserError(f"{source}, {place(i)}: weight {values[i]} is not finite")
    if np.all(values == np.floor(values)) and np.all(np.abs(values) <= EXACT):
        return values.astype(np.int64)
    return values
