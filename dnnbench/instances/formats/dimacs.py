"""The ASCII graph format of the DIMACS challenges (`.clq`, `.col`, `.gph`).

Lines `c ...` are comments, one line `p edge n m` (or `p col n m`) comes before the edges, each
edge is a line `e u v`, and a line `n v w` gives vertex v the weight w; where there are such lines,
the other vertices have weight 1. Vertices are numbered from 1. Edges have no weights.
Source: "Clique and Coloring Problems Graph Format", DIMACS, May 1993.
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, check_num_vertices, whole_weights
from dnnbench.instances.formats.rows import (
    Rows,
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
_VERTEX = re.compile(rb"(?m)^[ \t]*n[ \t]+")
_VERTEX_LINE = re.compile(rb"(?m)^[ \t]*n[ \t][^\n]*")
_OTHER_LINE = re.compile(rb"(?m)^(?![ \t]*n[ \t])[^\n]+")
_STRANGE = re.compile(rb"(?m)^[ \t]*(?![cpen](?![A-Za-z0-9_]))[^\s]+|^[ \t]*[en][ \t\r]*$")


class Parts(NamedTuple):
    """What stands in a DIMACS text.

    Attributes:
        num_vertices: n of the `p` line.
        num_edges: m of the `p` line, not yet compared with the edges.
        edges: the rows `u v` of the edges.
        vertex_weights: [n], or None if there is no line `n v w`.
    """

    num_vertices: int
    num_edges: int
    edges: Rows
    vertex_weights: NDArray[np.int64] | NDArray[np.float64] | None


def parse(data: bytes, where: str) -> Graph:
    """Read a graph; every edge has weight 1.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed simple graph; the message names file and line.
    """
    n, m, rows, vertex_weights = split(data, where)
    u, v, weights = edge_columns(rows, where, weighted=False)
    check_edge_count(rows, m, where)
    return build_graph(
        n,
        u,
        v,
        weights,
        source=where,
        place=lambda i: f"line {rows.lines[i]}",
        base=1,
        vertex_weights=vertex_weights,
    )


def split(data: bytes, where: str) -> Parts:
    """The parts of a text; arguments and errors as for `parse`, edges not yet checked."""
    strange = _STRANGE.search(data)
    if strange:
        raise UserError(
            f"{where}, line {line_at(data, strange.start())}: expected a line "
            f"'c ...', 'p edge n m', 'n v w' or 'e u v', found {shown(strange.group().strip())}"
        )
    n, m, problem_line = _problem(data, where)
    body = _PROBLEM.sub(b"", _COMMENT.sub(b"", data))
    vertex_weights = None
    if _VERTEX.search(body):
        own = parse_rows(_VERTEX.sub(b"", _OTHER_LINE.sub(b"", body)), where)
        _refuse_before(own, problem_line, "a weight", where)
        vertex_weights = _vertex_weights(own, n, where)
        body = _VERTEX_LINE.sub(b"", body)
    usual = body.replace(b"\ne ", b"\n")  # many times faster than the regular expression
    rows = parse_rows(usual if b"e" not in usual else _EDGE.sub(b"", body), where)
    _refuse_before(rows, problem_line, "an edge", where)
    return Parts(n, m, rows, vertex_weights)


def write(graph: Graph) -> str:
    """The graph in DIMACS format.

    Raises:
        UserError: a weight of an edge other than 1, which the format cannot hold.
    """
    lines = [f"e {u + 1} {v + 1}\n" for u, v in graph.edges.tolist()]
    return header(graph) + "".join(lines)


def header(graph: Graph) -> str:
    """The `p` line of a graph and its lines `n v w`; errors as for `write`."""
    if not np.all(graph.weights == 1):
        other = "rudy" if graph.vertex_weights is None else "METIS"
        raise UserError(f"the DIMACS format has no weights of edges; use the {other} format")
    weights = [] if graph.vertex_weights is None else graph.vertex_weights.tolist()
    lines = [f"n {v} {w!r}\n" for v, w in enumerate(weights, start=1)]
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


def _refuse_before(rows: Rows, line: int, what: str, where: str) -> None:
    if len(rows) and rows.lines[0] < line:
        raise UserError(f"{where}, line {rows.lines[0]}: {what} before the 'p' line")


def _vertex_weights(rows: Rows, n: int, where: str) -> NDArray[np.int64] | NDArray[np.float64]:
    """Weights [n] from rows `v w`; 1 where there is none."""

    def place(i: int) -> str:
        return f"line {rows.lines[i]}"

    odd = np.flatnonzero(rows.widths != 2)
    if odd.size:
        raise UserError(f"{where}, {place(odd[0])}: expected 'n v w'")
    vertex, given = rows.values[rows.starts], rows.values[rows.starts + 1]
    wrong = ~(rows.plain[rows.starts] & (vertex >= 1) & (vertex <= n))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise UserError(f"{where}, {place(i)}: vertex {vertex[i]:.17g} is not in 1..{n}")
    _, first = np.unique(vertex, return_index=True)
    if len(first) < len(vertex):
        again = np.setdiff1d(np.arange(len(vertex)), first)[0]
        raise UserError(f"{where}, {place(again)}: a second weight of vertex {vertex[again]:.0f}")
    weights = np.ones(n)
    weights[vertex.astype(np.int64) - 1] = whole_weights(given, where, place)
    return whole_weights(weights, where, place)
