"""Graphs of a few vertices on which every solver of cut problems is checked."""

import numpy as np

from dnnbench.instances.graph import Graph


def tiny_graphs() -> dict[str, Graph]:
    """A cycle, a graph with negative weights and an isolated vertex, a dense weighted graph.

    No two vertices have the same neighbours: a graph network without self-loops cannot put such
    twins on different sides. (More generally its logits lie in the image of the adjacency matrix,
    so these matrices are regular but for that.)
    """
    return {
        "cycle": _graph(7, [(i, (i + 1) % 7, 1) for i in range(7)]),
        "signed": _graph(8, [(i, (i + 1) % 7, w) for i, w in enumerate((2, -1, 3, -2, 1, 4, -3))]),
        "dense": _graph(8, [(j, i, 1 + (i * j) % 3) for i in range(8) for j in range(i)]),
    }


def _graph(n: int, rows: list[tuple[int, int, int]]) -> Graph:
    edges = np.array([sorted((u, v)) for u, v, _ in rows], np.int32)
    weights = np.array([w for _, _, w in rows], np.int64)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    return Graph(n, edges[order], weights[order])
