"""A graph of the registry from the binary file under which DIMACS publishes it.

The registry's files are texts made from the same graphs: with the comments of the binary file and
the edges row by row, or with neither. Where one of these forms has the recorded sha256 it is made;
else the edges decide.
"""

import hashlib
from collections.abc import Iterator

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.formats import dimacs, dimacs_binary
from dnnbench.instances.graph import Graph
from dnnbench.instances.graph_view import complement
from dnnbench.instances.identity import is_graph_of
from dnnbench.instances.registry import Entry


def binary_size(n: int) -> int:
    """Bytes of a binary file of n vertices, comments put aside."""
    return dimacs_binary.triangle_bytes(n)


def text_of(known: Entry, data: bytes) -> bytes:
    """The text of a registry's graph.

    Args:
        known: the registry's entry.
        data: the content of the binary file of the graph, or of its complement for the entry of a
            complement.

    Raises:
        UserError: not such a file, or another graph; the message says why.
    """
    if not known.binary:
        raise UserError("sha256 differs")
    graph, head = dimacs_binary.parse(data, "binary graph"), dimacs_binary.split(data, "")[0]
    if "-complement" in known.name:
        graph, head = complement(graph, known.name), b""
    if (graph.num_vertices, graph.num_edges) != (known.n, known.m):
        raise UserError(
            f"n={graph.num_vertices} m={graph.num_edges} instead of n={known.n} m={known.m}"
        )
    forms = list(_forms(graph, head))
    for text in forms:
        if hashlib.sha256(text).hexdigest() == known.raw_sha256:
            return text
    if known.edges_sha256 is None:
        raise UserError("sha256 differs, and that of the edges alone is not recorded")
    if not is_graph_of(known, graph):
        raise UserError("the sha256 of its edges differs")
    return forms[0]


def _forms(graph: Graph, head: bytes) -> Iterator[bytes]:
    """The texts that the registry's file may be."""
    if head:
        order = np.lexsort((graph.edges[:, 0], graph.edges[:, 1]))
        rows = head + _lines(graph.edges[order][:, ::-1])
        yield rows
        yield rows.removesuffix(b"\n")
    ordered = graph.in_order()
    yield dimacs.header(ordered).encode() + _lines(ordered.edges)


def _lines(edges: np.ndarray) -> bytes:
    return "".join(f"e {a} {b}\n" for a, b in (edges + 1).tolist()).encode()
