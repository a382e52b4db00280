"""Graph file formats: rudy, edge lists (plain, SNAP), DIMACS (text, binary), METIS."""

from dnnbench.instances.formats.detect import parse_graph, read_graph

__all__ = ["parse_graph", "read_graph"]
