"""Comparing graphs."""

import numpy as np

from dnnbench.instances.graph import Graph


def assert_same(a: Graph, b: Graph) -> None:
    assert a.num_vertices == b.num_vertices
    np.testing.assert_array_equal(a.edges, b.edges)
    np.testing.assert_array_equal(a.weights, b.weights)
    assert a.weights.dtype == b.weights.dtype


def assert_valid(graph: Graph) -> None:
    """The invariants that `Graph` promises, checked one edge at a time."""
    assert graph.edges.dtype == np.int32
    assert graph.edges.shape == (len(graph.weights), 2)
    assert graph.weights.dtype in (np.int64, np.float64)
    assert np.all(np.isfinite(graph.weights))
    assert graph.num_vertices >= 1
    seen = set()
    for u, v in graph.edges.tolist():
        assert 0 <= u < v < graph.num_vertices
        assert (u, v) not in seen
        seen.add((u, v))
