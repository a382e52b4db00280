"""Graph file formats: rudy, plain edge lists, DIMACS."""

from dnnbench.instances.formats.detect import parse_graph, read_graph

__all__ = ["parse_graph", "read_graph"]
