"""Edge lists as the Stanford Network Analysis Project (SNAP) publishes them.

Comments begin with `#`; one at the head says `# Directed graph ...`, `# Undirected graph ...` or
`# Nodes: 34 Edges: 78`, by which such a file is recognised. Each line `u v` names two nodes by any
whole numbers. An edge may stand once or in both directions, and nodes may be joined to themselves.

The graph that is read is simple and undirected: nodes become vertices in increasing order of their
numbers, edges given twice are merged, self-loops dropped (their nodes stay). Edges come in
lexicographic order.
Source: J. Leskovec, A. Krevl, SNAP datasets, snap.stanford.edu/data, 2014.
"""

import re

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import EXACT, check_num_vertices, simple_graph
from dnnbench.instances.formats.rows import edge_columns, line_at, parse_rows
from dnnbench.instances.graph import Graph

_COMMENT = re.compile(rb"(?m)^[ \t]*#[^\n]*")
_HEAD = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:[ \t]*#[^\n]*)?")
_COUNTS = re.compile(rb"(?mi)^[ \t]*#[ \t]*nodes:[ \t]*(\d{1,18})[ \t]+edges:[ \t]*(\d{1,18})\b")
_KIND = re.compile(rb"(?mi)^[ \t]*#[ \t]*(?:un)?directed (?:node )?graph\b")


def is_snap(data: bytes) -> bool:
    """Whether the comments at the head of a text are those of a SNAP file."""
    head = _head(data)
    return bool(_COUNTS.search(head) or _KIND.search(head))


def parse(data: bytes, where: str) -> Graph:
    """Read a graph; every edge has weight 1.

    Args:
        data: the file's text.
        where: the file's name for error messages.

    Raises:
        UserError: a line that is not two whole numbers below 2^53, no edges, or counts in the
            comments that do not agree with the lines; the message names file and line.
    """
    head = _head(data)
    body = b"\n" * head.count(b"\n") + data[len(head) :]  # line numbers still hold
    rows = parse_rows(_COMMENT.sub(b"", body) if b"#" in body else body, where)
    u, v, _ = edge_columns(rows, where, weighted=False)
    wrong = np.flatnonzero(~((np.minimum(u, v) >= 0) & (np.maximum(u, v) < EXACT)))
    if wrong.size:
        i = wrong[0]
        node = v[i] if 0 <= u[i] < EXACT else u[i]
        raise UserError(f"{where}, line {rows.lines[i]}: node {node:.17g} is not in 0..{EXACT - 1}")
    if not len(rows):
        raise UserError(f"{where}: no edges")
    n, ends = _relabelled(np.concatenate([u, v]).astype(np.int64))
    check_num_vertices(n, where)
    low, high = np.minimum(*np.split(ends, 2)), np.maximum(*np.split(ends, 2))
    loops = low == high
    keys = np.sort((low * n + high)[~loops])  # np.unique is many times slower
    distinct = keys[np.diff(keys, prepend=-1) > 0]
    _compare_counts(data, where, n, len(rows), len(distinct), int(np.count_nonzero(loops)))
    return simple_graph(n, np.column_stack([distinct // n, distinct % n]).astype(np.int32))


def _head(data: bytes) -> bytes:
    """The comments before the first edge."""
    found = _HEAD.match(data)
    return found.group() if found else b""


def _relabelled(nodes: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """How many different numbers there are, and the rank of each among them [k]."""
    largest = int(nodes.max())
    if largest > 8 * len(nodes):
        known, rank = np.unique(nodes, return_inverse=True)
        return len(known), rank
    seen = np.zeros(largest + 1, np.bool_)  # many times faster than sorting
    seen[nodes] = True
    return int(np.count_nonzero(seen)), (np.cumsum(seen) - 1)[nodes]


def _compare_counts(data: bytes, where: str, n: int, lines: int, distinct: int, loops: int) -> None:
    """Refuse a file whose comment has other counts; the sets differ in what they call an edge."""
    head = _head(data)
    counts = _COUNTS.search(head)
    if not counts:
        return
    line = line_at(head, counts.start(1))
    nodes, edges = int(counts[1]), int(counts[2])
    if nodes != n:
        raise UserError(f"{where}, line {line}: the comment says {nodes} nodes, the edges have {n}")
    both = {lines // 2, (lines + loops) // 2}
    if edges not in {lines, distinct, distinct + loops} | both:
        raise UserError(
            f"{where}, line {line}: the comment says {edges} edges, but there are {lines} lines "
            f"with {distinct} different edges"
        )
