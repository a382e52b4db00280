"""The rudy text format, in which the G-set is published.

The first line is `n m`; m lines `u v w` follow, vertices numbered from 1. A missing weight means 1;
blank lines and trailing blanks are tolerated. `write` puts a blank after the header's second
number, as rudy does, so that the G-set files are reproduced byte for byte.
"""

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, check_num_vertices, refuse_vertex_weights
from dnnbench.instances.formats.rows import (
    check_counts,
    check_edge_count,
    edge_columns,
    parse_rows,
    tail,
)
from dnnbench.instances.graph import Graph


def parse(data: bytes, where: str) -> Graph:
    """Read a graph.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed simple graph; the message names file and line.
    """
    rows = parse_rows(data, where)
    if not len(rows):
        raise UserError(f"{where}: the file is empty")
    header_line = int(rows.lines[0])
    if rows.widths[0] != 2 or not rows.plain[:2].all():
        raise UserError(f"{where}, line {header_line}: expected the header 'n m', two integers")
    n_found, m_found = rows.row(0).tolist()
    n, m = check_counts(n_found, m_found, where, header_line)
    check_num_vertices(n, f"{where}, line {header_line}")
    body = tail(rows, 1)
    u, v, weights = edge_columns(body, where, weighted=True)
    check_edge_count(body, m, where)
    return build_graph(
        n, u, v, weights, source=where, place=lambda i: f"line {body.lines[i]}", base=1
    )


def write(graph: Graph) -> str:
    """The graph as rudy text; integer weights as integers, others with full precision.

    Raises:
        UserError: weights of vertices, which the format cannot hold.
    """
    refuse_vertex_weights(graph, "rudy format")
    u, v = (graph.edges.astype(np.int64) + 1).T.tolist() if graph.num_edges else ([], [])
    weights = graph.weights.tolist()
    lines = [f"{a} {b} {w!r}\n" for a, b, w in zip(u, v, weights, strict=True)]
    return f"{graph.num_vertices} {graph.num_edges} \n" + "".join(lines)
