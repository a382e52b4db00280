"""The ASCII graph format of the DIMACS challenges (`.clq`, `.col`, `.gph`).

Lines `c ...` are comments, one line `p edge n m` (or `p col n m`) comes before the edges, and each
edge is a line `e u v`, vertices numbered from 1. Edges have no weights.
Source: "Clique and Coloring Problems Graph Format", DIMACS, May 1993.
"""

import re

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, check_num_vertices
from dnnbench.instances.formats.rows import (
    check_counts,
    check_edge_count,
    edge_columns,
    line_at,
    parse_rows,
    shown,
)
from dnnbench.instances.graph import Graph

_COMMENT = re.compile(rb"(?m)^[ \t]*c(?![A-Za-z0-9_])[^\n]*")
_PROBLEM = re.compile(rb"(?m)^[ \t]*p(?![A-Za-z0-9_])[^\n]*")
_COUNTS = re.compile(rb"\s*p[ \t]+[A-Za-z]+[ \t]+(-?\d{1,18})[ \t]+(-?\d{1,18})\s*")
_EDGE = re.compile(rb"(?m)^[ \t]*e[ \t]+")
_STRANGE = re.compile(rb"(?m)^[ \t]*(?![cpe](?![A-Za-z0-9_]))[^\s]+|^[ \t]*e[ \t\r]*$")


def parse(data: bytes, where: str) -> Graph:
    """Read a graph; every weight is 1.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed simple graph; the message names file and line.
    """
    strange = _STRANGE.search(data)
    if strange:
        raise UserError(
            f"{where}, line {line_at(data, strange.start())}: expected a line "
            f"'c ...', 'p edge n m' or 'e u v', found {shown(strange.group().strip())}"
        )
    n, m, problem_line = _problem(data, where)
    body = _EDGE.sub(b"", _PROBLEM.sub(b"", _COMMENT.sub(b"", data)))
    rows = parse_rows(body, where)
    if len(rows) and rows.lines[0] < problem_line:
        raise UserError(f"{where}, line {rows.lines[0]}: an edge before the 'p' line")
    u, v, weights = edge_columns(rows, where, weighted=False)
    check_edge_count(rows, m, where)
    return build_graph(
        n, u, v, weights, source=where, place=lambda i: f"line {rows.lines[i]}", base=1
    )


def write(graph: Graph) -> str:
    """The graph in DIMACS format.

    Raises:
        UserError: a weight other than 1, which the format cannot hold.
    """
    if not np.all(graph.weights == 1):
        raise UserError("the DIMACS format has no weights; write this graph in rudy format")
    lines = [f"e {u + 1} {v + 1}\n" for u, v in graph.edges.tolist()]
    return f"p edge {graph.num_vertices} {graph.num_edges}\n" + "".join(lines)


def _problem(data: bytes, where: str) -> tuple[int, int, int]:
    """n, m and the line number of the one `p` line."""
    found = list(_PROBLEM.finditer(data))
    if not found:
        raise UserError(f"{where}: no line 'p edge n m'")
    lines = [line_at(data, match.start()) for match in found[:2]]
    if len(found) > 1:
        raise UserError(f"{where}, line {lines[1]}: a second 'p' line, after line {lines[0]}")
    counts = _COUNTS.fullmatch(found[0].group())
    if not counts:
        raise UserError(f"{where}, line {lines[0]}: expected 'p edge n m'")
    n, m = check_counts(float(counts[1]), float(counts[2]), where, lines[0])
    check_num_vertices(n, f"{where}, line {lines[0]}")
    return n, m, lines[0]
