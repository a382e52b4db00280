"""Whether data is that of an instance of the registry."""

import hashlib

from dnnbench.errors import UserError
from dnnbench.instances.convert import edges_sha256
from dnnbench.instances.formats import parse_graph
from dnnbench.instances.graph import Graph
from dnnbench.instances.registry import Entry


def is_file_of(known: Entry, data: bytes) -> bool:
    """Whether this is the registry's file or, for a graph, a file of the same edges."""
    if hashlib.sha256(data).hexdigest() == known.raw_sha256:
        return True
    if known.family != "graph" or known.edges_sha256 is None:
        return False
    try:
        return is_graph_of(known, parse_graph(data, known.raw_path))
    except UserError:
        return False


def is_graph_of(known: Entry, graph: Graph) -> bool:
    """Whether a graph has the registry's size and, where they are recorded, its very edges."""
    if (graph.num_vertices, graph.num_edges) != (known.n, known.m):
        return False
    return known.edges_sha256 in (None, edges_sha256(graph))
