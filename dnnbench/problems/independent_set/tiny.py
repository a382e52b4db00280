"""Graphs of a few vertices on which every solver of these problems is checked."""

import numpy as np

from dnnbench.instances.graph import Graph


def tiny_graphs() -> dict[str, Graph]:
    """A cycle, a star with a pendant path and an isolated vertex, two cliques with a bridge."""
    star = [(0, i) for i in range(1, 6)] + [(5, 6), (6, 7)]
    cliques = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    cliques += [(i + 4, j + 4) for i in range(4) for j in range(i + 1, 4)] + [(3, 4)]
    return {
        "cycle": _graph(7, [(i, (i + 1) % 7) for i in range(7)]),
        "star": _graph(9, star),
        "cliques": _graph(10, [*cliques, (0, 8), (7, 8), (8, 9)]),
    }


def _graph(n: int, pairs: list[tuple[int, int]]) -> Graph:
    edges = np.array(sorted(sorted(pair) for pair in pairs), np.int32)
    return Graph(n, edges, np.ones(len(edges), np.int64))
