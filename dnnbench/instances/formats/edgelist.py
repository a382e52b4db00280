"""Plain edge lists: one edge a line, `u v` or `u v w`, vertices numbered from 0.

There is no header. The number of vertices is the largest vertex plus one, unless a comment line
`# n=100` says it. Lines that begin with `#` or `%` are comments. In `.csv` files commas separate,
and a first line without digits is taken for column names. A first line that could be the header of
a rudy file (two numbers where all other lines have three; or n and m with m lines after it and all
vertices in 1..n) is refused as ambiguous, unless there is a `# n=` comment.
"""

import re

import numpy as np

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph, refuse_vertex_weights
from dnnbench.instances.formats.rows import Rows, edge_columns, line_at, parse_rows
from dnnbench.instances.graph import Graph

_COMMENT = re.compile(rb"(?m)^[ \t]*[#%][^\n]*")
_COUNT = re.compile(rb"(?m)^[ \t]*[#%][ \t]*n[ \t]*=[ \t]*(\d{1,18})[ \t\r]*$")
_EMPTY_FIELD = re.compile(rb"(?m)(^[ \t]*,|,[ \t]*(?=,|\r?$))")
_COLUMN_NAMES = re.compile(rb"\A\s*[^\d\n]+(?:\n|\Z)")


def parse(data: bytes, where: str, *, commas: bool = False) -> Graph:
    """Read a graph.

    Args:
        data: the file's text.
        where: the file's name for error messages.
        commas: whether commas separate the columns (a `.csv` file).

    Raises:
        UserError: anything but a well-formed simple graph; the message names file and line.
    """
    counts = {int(found) for found in _COUNT.findall(data)}
    if len(counts) > 1:
        raise UserError(f"{where}: several '# n=' comments that differ")
    body = _COMMENT.sub(b"", data)
    if commas:
        body = _without_commas(body, where)
    rows = parse_rows(body, where)
    if not counts:
        _refuse_header(rows, where)
    u, v, weights = edge_columns(rows, where, weighted=True)
    if counts:
        n = counts.pop()
    elif len(rows):
        n = int(min(max(u.max(), v.max()) + 1, 1e18))
    else:
        raise UserError(f"{where}: no edges, and no '# n=' comment")
    return build_graph(n, u, v, weights, source=where, place=lambda i: f"line {rows.lines[i]}")


def write(graph: Graph) -> str:
    """The graph as an edge list with a `# n=` comment; weights are left out if all are 1.

    Raises:
        UserError: weights of vertices, which the format cannot hold.
    """
    refuse_vertex_weights(graph, "edge list")
    lines = [f"# n={graph.num_vertices}\n"]
    if np.all(graph.weights == 1):
        lines += [f"{u} {v}\n" for u, v in graph.edges.tolist()]
    else:
        pairs = zip(graph.edges.tolist(), graph.weights.tolist(), strict=True)
        lines += [f"{u} {v} {w!r}\n" for (u, v), w in pairs]
    return "".join(lines)


def _without_commas(body: bytes, where: str) -> bytes:
    """The text with blanks for commas and without a line of column names."""
    names = _COLUMN_NAMES.match(body)
    if names and not names.group().isspace():
        # The line breaks stay, so that line numbers still hold.
        body = b"\n" * names.group().count(b"\n") + body[names.end() :]
    gap = _EMPTY_FIELD.search(body)
    if gap:
        raise UserError(f"{where}, line {line_at(body, gap.start())}: empty field")
    return body.replace(b",", b" ")


def _refuse_header(rows: Rows, where: str) -> None:
    """Refuse a first line that may be the header of a rudy file."""
    if len(rows) < 2 or rows.widths[0] != 2:
        return
    n, m = rows.row(0)
    weighted = bool(np.all(rows.widths[1:] == 3))
    ends = rows.values[2:]
    counted = len(rows) - 1 == m and bool(np.all((ends >= 1) & (ends <= n)))
    if n >= 1 and (weighted or counted):
        raise UserError(
            f"{where}, line {rows.lines[0]}: reads as the header of a rudy file; name the file "
            ".rudy, or add a '# n=' comment"
        )
