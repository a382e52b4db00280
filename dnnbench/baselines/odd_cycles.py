r"""Odd-cycle inequalities of the cut polytope, found by shortest paths.

For a cycle C of the graph and an odd subset F of its edges, every cut y in {0, 1}^m obeys

    y(F) - y(C \ F) <= |F| - 1.

Barahona, Mahjoub, "On the cut polytope", Mathematical Programming 36, 1986. The most violated one
through a vertex is a shortest path between the vertex's two copies in a doubled graph: an edge
keeps its side of the copy with length y_e, or changes it with length 1 - y_e; a path shorter than
1 is a violated inequality (their section 4).
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from dnnbench.instances.graph import Graph

Cut = tuple[tuple[int, bool], ...]
"""An inequality: its edges, and for each whether it is in F."""

_VIOLATION = 1e-4
"""Less violated inequalities are left out."""

_SOURCES = 64
"""Vertices from which paths are searched at once."""


class Separation:
    """Violated odd-cycle inequalities of one graph."""

    def __init__(self, graph: Graph) -> None:
        self._n = n = graph.num_vertices
        self._u, self._v = graph.edges.T.astype(np.int64)
        ends = zip(self._u.tolist(), self._v.tolist(), strict=True)
        self._edge = {pair: e for e, pair in enumerate(ends)}
        u, v = self._u, self._v
        self._rows = np.concatenate([u, v, u + n, v + n, u, v, u + n, v + n])
        self._columns = np.concatenate([v, u, v + n, u + n, v + n, u + n, v, u])

    def violated(
        self, y: NDArray[np.float64], order: NDArray[np.int64]
    ) -> Iterator[list[tuple[float, Cut]]]:
        """Violated inequalities at y in [0, 1]^m, a block of source vertices at a time.

        Args:
            y: edge values [m].
            order: the vertices in the order in which they are tried, [n].

        Yields:
            Pairs (violation, inequality) of each block; the same one may come again.
        """
        n = self._n
        inside = np.clip(y, 0.0, 1.0)
        # A stored zero would be no edge, so that lengths are kept above it.
        lengths = np.maximum(np.concatenate([inside] * 4 + [1 - inside] * 4), 1e-9)
        doubled = sp.csr_array((lengths, (self._rows, self._columns)), shape=(2 * n, 2 * n))
        for first in range(0, n, _SOURCES):
            sources = order[first : first + _SOURCES]
            distance, before = dijkstra(
                doubled, indices=sources, limit=1.0 - _VIOLATION, return_predecessors=True
            )
            near = np.flatnonzero(distance[np.arange(len(sources)), sources + n] < 1.0)
            found = []
            for row in near.tolist():
                cut = self._cycle(int(sources[row]), before[row])
                violation = 1.0 - sum(1 - inside[e] if odd else inside[e] for e, odd in cut)
                if violation >= _VIOLATION:
                    found.append((float(violation), cut))
            yield found

    def _cycle(self, source: int, before: NDArray[np.int32]) -> Cut:
        """A simple cycle with an odd number of changes on the path from `source` to its copy."""
        n = self._n
        path = [source + n]
        while path[-1] != source:
            path.append(int(before[path[-1]]))
        # The path may pass a vertex twice. The first vertex met in both copies closes a cycle with
        # an odd number of changes between; no vertex is met twice in one copy of a shortest path.
        met: dict[int, int] = {}
        for place, node in enumerate(path):
            vertex = node % n
            if vertex in met:
                steps = path[met[vertex] : place + 1]
                break
            met[vertex] = place
        cut = [(self._number(a % n, b % n), (a < n) != (b < n)) for a, b in pairwise(steps)]
        return tuple(sorted(cut))

    def _number(self, a: int, b: int) -> int:
        return self._edge[(a, b) if a < b else (b, a)]


def tree_cut(graph: Graph, y: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A cut from edge values y [m]: a spanning forest of the surest edges is obeyed.

    Barahona, Grotschel, Junger, Reinelt, Operations Research 36(3), 1988, section 4. The side of
    each component's first vertex is drawn. Returns uint8 [n].
    """
    n = graph.num_vertices
    u, v = graph.edges[:, 0], graph.edges[:, 1]
    doubt = 1.0 + 0.5 - np.abs(y - 0.5)  # above 0, since a stored zero would be no edge
    tree = minimum_spanning_tree(sp.csr_array((doubt, (u, v)), shape=(n, n)))
    crossing = sp.csr_array((np.where(y > 0.5, 2.0, 1.0), (u, v)), shape=(n, n))
    chosen = tree.astype(bool).multiply(crossing)
    both = sp.csr_array(chosen + chosen.T)
    starts, neighbours, values = both.indptr.tolist(), both.indices.tolist(), both.data.tolist()
    sides = [-1] * n
    for root, coin in enumerate(rng.integers(0, 2, size=n).tolist()):
        if sides[root] >= 0:
            continue
        sides[root] = coin
        stack = [root]
        while stack:
            a = stack.pop()
            for k in range(starts[a], starts[a + 1]):
                b = neighbours[k]
                if sides[b] < 0:
                    sides[b] = sides[a] ^ (values[k] > 1.5)
                    stack.append(b)
    return np.array(sides, np.uint8)
