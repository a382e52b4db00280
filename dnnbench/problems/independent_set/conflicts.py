"""Which vertices exclude one another: the edges of a graph, or the pairs that it lacks.

An independent set of G is a clique of its complement, and the rest of a vertex cover of G. Solvers
are shown conflicts and find the heaviest set without any. The complement of a large sparse graph
cannot be stored, and need not be: with A the adjacency matrix of G, that of the complement is
1 1^T - I - A, so a product takes one with A and a sum.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph

__all__ = ["Conflicts", "Stored"]

_MOST_ENTRIES = 400_000_000
"""Stored entries (4.8 GB with their columns) above which a complement is not built."""


class Stored(NamedTuple):
    """How large the matrix is that products go by.

    Attributes:
        num_vertices: rows.
        num_edges: half of its entries.
        degrees: entries of each row, int64 [n].
    """

    num_vertices: int
    num_edges: int
    degrees: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Conflicts:
    """Pairs of vertices that no set may hold both of.

    Attributes:
        graph: the graph given; its edge weights are not read.
        complemented: whether the pairs that are no edges conflict, instead of the edges.
        weights: what each vertex is worth, int64 or float64 [n], positive.
    """

    graph: Graph
    complemented: bool
    weights: NDArray[Any]

    @property
    def num_vertices(self) -> int:
        """Number of vertices n."""
        return self.graph.num_vertices

    @property
    def num_edges(self) -> int:
        """Number of conflicts."""
        n, m = self.graph.num_vertices, self.graph.num_edges
        return n * (n - 1) // 2 - m if self.complemented else m

    @cached_property
    def degrees(self) -> NDArray[np.int64]:
        """Conflicts of each vertex, int64 [n]."""
        own = self.graph.degrees
        return self.num_vertices - 1 - own if self.complemented else own

    @property
    def implicit(self) -> bool:
        """Whether products go by the graph although its complement is meant: it has fewer edges."""
        return self.complemented and self.graph.num_edges < self.num_edges

    @property
    def stored_graph(self) -> "Stored":
        """The sizes of `stored`, without building it."""
        if self.implicit:
            return Stored(self.num_vertices, self.graph.num_edges, self.graph.degrees)
        return Stored(self.num_vertices, self.num_edges, self.degrees)

    @cached_property
    def stored(self) -> sp.csr_array:
        """0/1 adjacency of the graph if `implicit`, else of the conflicts, float64 [n, n]."""
        if self.implicit:
            return self._pattern
        return self.adjacency.astype(np.float64)

    @cached_property
    def adjacency(self) -> sp.csr_array:
        """0/1 matrix of the conflicts [n, n], int64, sorted indices.

        Raises:
            UserError: the complement of the graph is too large to be stored.
        """
        if not self.complemented:
            return self._pattern.astype(np.int64)
        entries = 2 * self.num_edges
        if entries > _MOST_ENTRIES:
            raise UserError(
                f"the complement of this graph has {self.num_edges:,} edges, "
                f"{12 * entries / 2**30:.0f} GiB: choose a solver that does not need it built "
                "(methods such as pcqo_mis, rlsa, fem), or a smaller graph"
            )
        n, pattern = self.num_vertices, self._pattern
        # Row by row: what is neither the vertex itself nor a neighbour.
        starts = np.concatenate([[0], np.cumsum(self.degrees)])
        columns = np.empty(entries, np.int32)
        everyone, inside = np.arange(n, dtype=np.int32), np.ones(n, bool)
        for i in range(n):
            row = pattern.indices[pattern.indptr[i] : pattern.indptr[i + 1]]
            inside[row] = inside[i] = False
            columns[starts[i] : starts[i + 1]] = everyone[inside]
            inside[row] = inside[i] = True
        return sp.csr_array((np.ones(entries, np.int64), columns, starts), shape=(n, n))

    @cached_property
    def _pattern(self) -> sp.csr_array:
        """0/1 adjacency of the graph, float64."""
        graph = self.graph
        ones = np.ones(graph.num_edges)
        return Graph(graph.num_vertices, graph.edges, ones).adjacency

    def counts(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """For each vertex the sum of `x` over those in conflict with it, [n] or [n, k]."""
        x = np.asarray(x, np.float64)
        product = self._pattern @ x
        return x.sum(axis=0) - x - product if self.complemented else product

    def neighbours(self, vertex: int) -> NDArray[np.int32]:
        """The vertices in conflict with one, int32, in increasing order."""
        pattern = self._pattern
        row = pattern.indices[pattern.indptr[vertex] : pattern.indptr[vertex + 1]]
        if not self.complemented:
            return row
        free = np.ones(self.num_vertices, bool)
        free[row] = free[vertex] = False
        return np.flatnonzero(free).astype(np.int32)
