"""Comparing graphs."""

from dataclasses import replace

import numpy as np

from dnnbench.instances.graph import Graph


def assert_same(a: Graph, b: Graph) -> None:
    assert a.num_vertices == b.num_vertices
    np.testing.assert_array_equal(a.edges, b.edges)
    np.testing.assert_array_equal(a.weights, b.weights)
    assert a.weights.dtype == b.weights.dtype
    assert (a.vertex_weights is None) == (b.vertex_weights is None)
    if a.vertex_weights is not None:
        np.testing.assert_array_equal(a.vertex_weights, b.vertex_weights)
        assert a.vertex_weights.dtype == b.vertex_weights.dtype


def with_vertex_weights(graph: Graph, weights: list[float]) -> Graph:
    return replace(graph, vertex_weights=np.array(weights))


def assert_valid(graph: Graph) -> None:
    """The invariants that `Graph` promises, checked one edge at a time."""
    assert graph.edges.dtype == np.int32
    assert graph.edges.shape == (len(graph.weights), 2)
    assert graph.weights.dtype in (np.int64, np.float64)
    assert np.all(np.isfinite(graph.weights))
    assert graph.num_vertices >= 1
    if graph.vertex_weights is not None:
        assert graph.vertex_weights.dtype in (np.int64, np.float64)
        assert graph.vertex_weights.shape == (graph.num_vertices,)
        assert np.all(np.isfinite(graph.vertex_weights))
    seen = set()
    for u, v in graph.edges.tolist():
        assert 0 <= u < v < graph.num_vertices
        assert (u, v) not in seen
        seen.add((u, v))
