"""What networkx has to find sets without conflicts, in the process of `apart.child`."""

import sys
from collections.abc import Callable
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit


def library() -> Any:
    """The package."""
    return nx


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers calls with `seed`: one set each.

    Args:
        task: `algorithm`, a method of the class below, and `complemented`, whether the pairs that
            are no edges conflict.
        arrays: ends of the edges of the graph given, weights of its vertices.
    """
    sys.setrecursionlimit(10**6)  # the approximations call themselves once for each vertex
    starts, ends, weights = (array.tolist() for array in arrays)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(weights)))
    graph.add_edges_from(zip(starts, ends, strict=True))
    nx.set_node_attributes(graph, dict(enumerate(weights)), "weight")
    function = getattr(_Algorithms(graph, task["complemented"]), task["algorithm"])

    def solve(call: dict[str, Any], emit: Emit) -> None:
        emit({}, np.fromiter(function(call["seed"]), np.int64))

    return solve


class _Algorithms:
    """Each returns a set of vertices without conflicts."""

    def __init__(self, graph: nx.Graph, complemented: bool) -> None:
        self._graph, self._complemented = graph, complemented

    @cached_property
    def _conflicts(self) -> nx.Graph:
        return nx.complement(self._graph) if self._complemented else self._graph

    def maximal(self, seed: int) -> Any:
        return nx.maximal_independent_set(self._conflicts, seed=seed)

    def approximation(self, seed: int) -> Any:
        if self._complemented:
            return nx.approximation.max_clique(self._graph)
        return nx.approximation.maximum_independent_set(self._graph)

    def cover(self, seed: int) -> Any:
        cover = nx.approximation.min_weighted_vertex_cover(self._conflicts, weight="weight")
        return set(self._conflicts) - cover

    def exact(self, seed: int) -> Any:
        graph = self._graph
        if not self._complemented:
            graph = nx.complement(graph)
            nx.set_node_attributes(graph, nx.get_node_attributes(self._graph, "weight"), "weight")
        return nx.max_weight_clique(graph, weight="weight")[0]
