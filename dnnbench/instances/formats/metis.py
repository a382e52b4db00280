"""The graph format of METIS (`.graph`, `.metis`).

The first line is `n m`, `n m fmt` or `n m fmt 1`. Line i after it lists the neighbours of vertex i,
so an edge stands in two lines. With the middle digit of `fmt` set (10, 11) a line begins with the
vertex's weight, with the last one set (1, 11) each neighbour is followed by the edge's weight.
Weights are integers, vertices are numbered from 1, a line that begins with `%` is a comment, and
the line of a vertex without neighbours is empty.
Source: G. Karypis, METIS manual, version 5.1.0, 2013.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import check_num_vertices, simple_graph, whole_weights
from dnnbench.instances.formats.rows import Rows, check_counts, parse_rows, tail
from dnnbench.instances.graph import Graph

_COMMENT = re.compile(rb"(?m)^%[^\n]*")


@dataclass(frozen=True)
class _Header:
    n: int
    m: int
    vertex_weights: bool
    edge_weights: bool


@dataclass(frozen=True)
class _Entries:
    """The neighbours of all lines in reading order, each array [k].

    Attributes:
        vertex: whose line it is, from 0.
        neighbour: from 0.
        weight: of the edge.
        line: line number in the file.
    """

    vertex: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    weight: NDArray[np.float64]
    line: NDArray[np.int64]


def parse(data: bytes, where: str) -> Graph:
    """Read a graph; an edge stands where the line of its lower vertex has it.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed simple graph whose edges stand in both lines with the
            same weight; the message names file and line.
    """
    rows = parse_rows(_COMMENT.sub(b"", data), where)
    if not len(rows):
        raise UserError(f"{where}: the file is empty")
    header = _header(rows, where)
    lines = _vertex_lines(data, int(rows.lines[0]), header.n, where)
    body = tail(rows, 1)
    if len(body) and body.lines[-1] > lines[-1]:
        line = body.lines[np.searchsorted(body.lines, lines[-1], side="right")]
        raise UserError(f"{where}, line {line}: more lines than the n={header.n} vertices")
    wide = np.flatnonzero(~body.plain[body.starts[0] :]) if len(body) else np.zeros(0, np.int64)
    if wide.size:
        row = np.searchsorted(body.starts, body.starts[0] + wide[0], side="right") - 1
        raise UserError(f"{where}, line {body.lines[row]}: a number that is not an integer")
    vertex_weights = _vertex_weights(body, lines, where) if header.vertex_weights else None
    entries = _entries(body, lines, header, where)
    _refuse_one_sided(entries, header.n, where)
    up = entries.vertex < entries.neighbour
    if np.count_nonzero(up) != header.m:
        raise UserError(
            f"{where}: {np.count_nonzero(up)} edges, but the header announces {header.m}"
        )
    at = entries.line[up]
    return simple_graph(
        header.n,
        np.column_stack([entries.vertex[up], entries.neighbour[up]]).astype(np.int32),
        vertex_weights,
        weights=whole_weights(entries.weight[up], where, lambda i: f"line {at[i]}"),
    )


def write(graph: Graph) -> str:
    """The graph in METIS format.

    Raises:
        UserError: a weight that is not an integer, which the format cannot hold.
    """
    own = graph.vertex_weights
    if not graph.integral or not (own is None or np.issubdtype(own.dtype, np.integer)):
        raise UserError("the METIS format has integer weights only")
    weighted = not np.all(graph.weights == 1)
    form = f" {int(own is not None)}{int(weighted)}" if weighted or own is not None else ""
    matrix = graph.adjacency
    numbers = [matrix.indices + 1, matrix.data] if weighted else [matrix.indices + 1]
    words = np.column_stack(numbers).ravel().tolist()
    ends = (matrix.indptr * len(numbers)).tolist()
    lines = [f"{graph.num_vertices} {graph.num_edges}{form}"]
    for vertex in range(graph.num_vertices):
        line = words[ends[vertex] : ends[vertex + 1]]
        lines.append(" ".join(map(str, line if own is None else [own[vertex], *line])))
    return "\n".join(lines) + "\n"


def _header(rows: Rows, where: str) -> _Header:
    line = int(rows.lines[0])
    if not 2 <= rows.widths[0] <= 4 or not rows.plain[: rows.widths[0]].all():
        raise UserError(
            f"{where}, line {line}: expected the header 'n m', 'n m fmt' or 'n m fmt 1'"
        )
    found = rows.row(0).tolist()
    form = found[2] if len(found) > 2 else 0
    constraints = found[3] if len(found) > 3 else 1
    if form not in (0, 1, 10, 11):
        raise UserError(
            f"{where}, line {line}: fmt {form:03.0f} is not one of 0, 1, 10, 11 (sizes of "
            "vertices, loops and multiple edges are not read)"
        )
    if constraints != 1 and not (constraints == 0 and form < 10):
        raise UserError(f"{where}, line {line}: {constraints:.0f} weights a vertex; 1 is read")
    n, m = check_counts(found[0], found[1], where, line)
    check_num_vertices(n, f"{where}, line {line}")
    return _Header(n, m, form >= 10, form % 10 == 1)


def _vertex_lines(data: bytes, header_line: int, n: int, where: str) -> NDArray[np.int64]:
    """The line number of each vertex, int64 [n]."""
    codes = np.frombuffer(data, np.uint8)
    begins = np.concatenate([[0], np.flatnonzero(codes == ord("\n")) + 1])
    begins = begins[begins < len(codes)]
    numbers = np.flatnonzero(codes[begins] != ord("%")) + 1
    numbers = numbers[numbers > header_line]
    if len(numbers) < n:
        raise UserError(
            f"{where}: {len(numbers)} lines after the header, but there are n={n} vertices "
            "(an empty line for one without neighbours)"
        )
    return numbers[:n]


def _vertex_weights(
    body: Rows, lines: NDArray[np.int64], where: str
) -> NDArray[np.int64] | NDArray[np.float64]:
    """The first number of each line, [n]."""
    if len(body) < len(lines):
        bare = np.setdiff1d(lines, body.lines)[0]
        raise UserError(f"{where}, line {bare}: the weight of the vertex is missing")
    return whole_weights(body.values[body.starts], where, lambda i: f"line {lines[i]}")


def _entries(body: Rows, lines: NDArray[np.int64], header: _Header, where: str) -> _Entries:
    """What the lines say, vertices checked."""
    own, step = int(header.vertex_weights), 1 + header.edge_weights
    odd = np.flatnonzero((body.widths - own) % step)
    if odd.size:
        raise UserError(
            f"{where}, line {body.lines[odd[0]]}: a neighbour without its weight (fmt says that "
            "edges have weights)"
        )
    values = body.values[body.starts[0] :] if len(body) else np.zeros(0)
    row = np.repeat(np.arange(len(body)), body.widths)
    column = np.arange(len(row)) - np.repeat(np.cumsum(body.widths) - body.widths, body.widths)
    at = np.flatnonzero((column >= own) & ((column - own) % step == 0))
    line = body.lines[row[at]]
    neighbour = values[at]
    wrong = np.flatnonzero(~((neighbour >= 1) & (neighbour <= header.n)))
    if wrong.size:
        i = wrong[0]
        raise UserError(
            f"{where}, line {line[i]}: vertex {neighbour[i]:.17g} is not in 1..{header.n}"
        )
    weight = values[at + 1] if header.edge_weights else np.ones(len(at))
    vertex = np.searchsorted(lines, line)
    return _Entries(vertex, neighbour.astype(np.int64) - 1, weight, line)


def _refuse_one_sided(entries: _Entries, n: int, where: str) -> None:
    """Refuse loops, neighbours given twice, and edges whose two lines do not agree."""

    def at(i: int) -> str:
        return f"{where}, line {entries.line[i]}"

    loops = np.flatnonzero(entries.vertex == entries.neighbour)
    if loops.size:
        raise UserError(f"{at(loops[0])}: self-loop at vertex {entries.vertex[loops[0]] + 1}")
    key = entries.vertex * n + entries.neighbour
    back = entries.neighbour * n + entries.vertex
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    repeats = order[1:][ordered[1:] == ordered[:-1]]
    if repeats.size:
        i = int(repeats.min())
        raise UserError(f"{at(i)}: neighbour {entries.neighbour[i] + 1} is given twice")
    twin = np.minimum(np.searchsorted(ordered, back), max(len(key) - 1, 0))
    alone = np.flatnonzero(ordered[twin] != back) if len(key) else np.zeros(0, np.int64)
    if alone.size:
        i = int(alone[0])
        raise UserError(
            f"{at(i)}: neighbour {entries.neighbour[i] + 1}, whose own line lacks "
            f"{entries.vertex[i] + 1}"
        )
    other = order[twin] if len(key) else order
    differ = np.flatnonzero(entries.weight != entries.weight[other])
    if differ.size:
        i = int(differ[0])
        raise UserError(
            f"{at(i)}: edge {entries.vertex[i] + 1} {entries.neighbour[i] + 1} has the weight "
            f"{entries.weight[i]:.17g}, on line {entries.line[other[i]]} "
            f"{entries.weight[other[i]]:.17g}"
        )
