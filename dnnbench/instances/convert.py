"""Graphs from objects that users hold already: networkx, scipy.sparse, arrays, files."""

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph
from dnnbench.instances.formats import read_graph
from dnnbench.instances.graph import Graph

if TYPE_CHECKING:
    import networkx as nx


def as_graph(obj: Any) -> Graph:
    """A graph from whatever a user hands in.

    Args:
        obj: a `Graph`, a path, a networkx graph, a scipy.sparse matrix, or an array of edges
            [m, 2] or [m, 3].

    Raises:
        UserError: anything else, or an object that is not a simple undirected graph.
    """
    if isinstance(obj, Graph):
        return obj
    if isinstance(obj, (str, os.PathLike)):
        return read_graph(Path(obj))
    networkx = sys.modules.get("networkx")
    if networkx is not None and isinstance(obj, networkx.Graph):
        return from_networkx(obj)
    if sp.issparse(obj):
        return from_sparse(obj)
    if isinstance(obj, (np.ndarray, list, tuple)):
        return from_edges(obj)
    raise UserError(
        f"cannot read a graph from {type(obj).__name__}; give a path, a networkx graph, "
        "a scipy.sparse matrix or an array of edges [m, 2|3]"
    )


def from_networkx(graph: "nx.Graph[Any]") -> Graph:
    """A networkx graph; nodes are numbered in their order, the attribute `weight` defaults to 1.

    Raises:
        UserError: directed, a multigraph, a self-loop, or a weight that is not a number.
    """
    if graph.is_directed() or graph.is_multigraph():
        kind = "directed" if graph.is_directed() else "a multigraph"
        raise UserError(f"the networkx graph is {kind}; a simple undirected one is needed")
    nodes = list(graph.nodes)
    number = {node: i for i, node in enumerate(nodes)}
    triples = [(number[a], number[b], w) for a, b, w in graph.edges(data="weight", default=1)]

    def place(i: int) -> str:
        return f"edge {nodes[triples[i][0]]!r} {nodes[triples[i][1]]!r}"

    weights = np.ones(len(triples))
    for i, (_, _, weight) in enumerate(triples):
        try:
            weights[i] = float(weight)
        except (TypeError, ValueError, OverflowError):
            raise UserError(
                f"networkx graph, {place(i)}: weight {weight!r} is not a number"
            ) from None
    u = [a for a, _, _ in triples]
    v = [b for _, b, _ in triples]
    return build_graph(len(nodes), u, v, weights, source="networkx graph", place=place)


def from_sparse(matrix: Any) -> Graph:
    """A symmetric weighted adjacency matrix [n, n] of scipy.sparse.

    Entries given twice are added and stored zeros are no edges, as elsewhere in scipy. Edges come
    in row-major order of the upper triangle.

    Raises:
        UserError: not square, not real, not symmetric, or a diagonal that is not zero.
    """
    source = "sparse matrix"
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise UserError(f"{source}: shape {matrix.shape} is not square")
    if np.issubdtype(matrix.dtype, np.complexfloating):
        raise UserError(f"{source}: complex entries")
    full = sp.csr_array(matrix, dtype=np.float64)
    full.sum_duplicates()
    if not np.all(np.isfinite(full.data)):
        raise UserError(f"{source}: an entry is not finite")
    full.eliminate_zeros()
    loops = np.flatnonzero(full.diagonal())
    if loops.size:
        raise UserError(f"{source}: the diagonal is not zero at {loops[0]} (a self-loop)")
    gap = (full - full.T).tocoo()
    if np.any(gap.data):
        i = int(np.flatnonzero(gap.data)[0])
        raise UserError(f"{source}: not symmetric at ({gap.row[i]}, {gap.col[i]})")
    upper = sp.triu(full, k=1, format="coo")
    order = np.lexsort((upper.col, upper.row))
    return build_graph(
        matrix.shape[0],
        upper.row[order],
        upper.col[order],
        upper.data[order],
        source=source,
        place=lambda i: f"entry {i}",
    )


def from_edges(edges: ArrayLike, num_vertices: int | None = None) -> Graph:
    """An array of edges.

    Args:
        edges: [m, 2] rows `u v` or [m, 3] rows `u v w`, vertices from 0.
        num_vertices: n; the largest vertex plus one if None.

    Raises:
        UserError: another shape, or not a simple graph.
    """
    source = "edge array"
    try:
        table = np.asarray(edges, dtype=np.float64)
    except (TypeError, ValueError):
        raise UserError(f"{source}: not an array of numbers") from None
    if table.ndim != 2 or table.shape[1] not in (2, 3):
        hint = "; transpose it" if table.ndim == 2 and table.shape[0] in (2, 3) else ""
        raise UserError(f"{source}: shape {table.shape} is not [m, 2] or [m, 3]{hint}")
    if num_vertices is None:
        if not len(table):
            raise UserError(f"{source}: no edges, and no number of vertices given")
        largest = table[:, :2].max()
        num_vertices = int(largest) + 1 if np.isfinite(largest) else 0
    weights = table[:, 2] if table.shape[1] == 3 else np.ones(len(table))
    return build_graph(
        num_vertices,
        table[:, 0],
        table[:, 1],
        weights,
        source=source,
        place=lambda i: f"row {i}",
    )


def graph_sha256(graph: Graph) -> str:
    """Hex digest of a graph in memory: of n, the edges in their order, and the weights.

    Weights of vertices count where there are any.
    """
    kind = "<i8" if graph.integral else "<f8"
    digest = hashlib.sha256(f"graph {graph.num_vertices} {graph.num_edges} {kind}\n".encode())
    digest.update(np.ascontiguousarray(graph.edges, dtype="<i8").tobytes())
    digest.update(np.ascontiguousarray(graph.weights, dtype=kind).tobytes())
    if graph.vertex_weights is not None:
        own = "<i8" if np.issubdtype(graph.vertex_weights.dtype, np.integer) else "<f8"
        digest.update(f"\nvertex weights {own}\n".encode())
        digest.update(np.ascontiguousarray(graph.vertex_weights, dtype=own).tobytes())
    return digest.hexdigest()


def edges_sha256(graph: Graph) -> str:
    """The `graph_sha256` of a graph whose edges are put in lexicographic order first."""
    return graph_sha256(graph.in_order())
