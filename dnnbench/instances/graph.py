"""Undirected weighted graphs, the public half of every graph instance."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Graph:
    """A simple undirected graph.

    Attributes:
        num_vertices: number of vertices, numbered from 0.
        edges: int32 [m, 2], each row `u < v`, no duplicates; the order of the file is kept.
        weights: [m], int64 if every weight is an integer, else float64.
        vertex_weights: [n], of the same types as `weights`; None where all vertices count alike.
    """

    num_vertices: int
    edges: NDArray[np.int32]
    weights: NDArray[np.int64] | NDArray[np.float64]
    vertex_weights: NDArray[np.int64] | NDArray[np.float64] | None = None

    @property
    def num_edges(self) -> int:
        """Number of edges m."""
        return len(self.edges)

    @property
    def integral(self) -> bool:
        """Whether all weights are integers, so that objectives are exact in int64."""
        return bool(np.issubdtype(self.weights.dtype, np.integer))

    @cached_property
    def adjacency(self) -> sp.csr_array:
        """Symmetric weighted adjacency matrix [n, n], dtype of the weights, sorted indices."""
        u, v = self.edges[:, 0], self.edges[:, 1]
        rows, cols = np.concatenate([u, v]), np.concatenate([v, u])
        data = np.concatenate([self.weights, self.weights])
        shape = (self.num_vertices, self.num_vertices)
        matrix = sp.coo_array((data, (rows, cols)), shape=shape).tocsr()
        matrix.sort_indices()
        return matrix

    def in_order(self) -> "Graph":
        """The same graph with its edges in lexicographic order."""
        key = self.edges[:, 0].astype(np.int64) * self.num_vertices + self.edges[:, 1]
        if np.all(key[1:] > key[:-1]):
            return self
        order = np.argsort(key)
        edges, weights = self.edges[order], self.weights[order]
        edges.setflags(write=False)
        weights.setflags(write=False)
        return replace(self, edges=edges, weights=weights)

    @cached_property
    def degrees(self) -> NDArray[np.int64]:
        """Number of neighbours of each vertex, int64 [n]."""
        return np.bincount(self.edges.ravel(), minlength=self.num_vertices).astype(np.int64)
