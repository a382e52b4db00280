"""The binary graph format of the second DIMACS challenge (`.clq.b`, `.col.b`, `.b`).

The first line is the length of the preamble in bytes. The preamble is the head of the ASCII format
(comments, `p edge n m`, lines `n v w`). The lower triangle of the adjacency matrix follows: row i
(from 0) takes i // 8 + 1 bytes, column j is bit 7 - j % 8 of byte j // 8.
Source: README.binformat in binformat.shar, DIMACS, September 1993.
"""

import re

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import simple_graph
from dnnbench.instances.formats import dimacs
from dnnbench.instances.graph import Graph

_LENGTH = re.compile(rb"[ \t]*(\d{1,9})[ \t]*\r?\n")


def parse(data: bytes, where: str) -> Graph:
    """Read a graph; every edge has weight 1.

    Args:
        data: the file's content.
        where: the file's name for error messages.

    Raises:
        UserError: anything but a well-formed simple graph; the message names the file and says
            what is wrong.
    """
    text, bits = split(data, where)
    n, m, rows, vertex_weights = dimacs.split(text, f"{where}, preamble")
    if len(rows):
        raise UserError(f"{where}, preamble, line {rows.lines[0]}: an edge in the preamble")
    needed = triangle_bytes(n)
    if len(bits) != needed:
        verdict = "truncated" if len(bits) < needed else "overlong, or its first line is wrong"
        raise UserError(
            f"{where}: {len(bits)} bytes after the preamble, but n={n} needs {needed}; {verdict}"
        )
    edges = _unpack(np.frombuffer(bits, np.uint8), n, where)
    if len(edges) != m:
        raise UserError(f"{where}: {len(edges)} edges, but the header announces {m}")
    return simple_graph(n, edges, vertex_weights)


def split(data: bytes, where: str) -> tuple[bytes, bytes]:
    """The preamble's text and the bytes after it; errors as for `parse`."""
    length = _LENGTH.match(data)
    if not length:
        raise UserError(f"{where}, line 1: expected the length of the preamble in bytes")
    begin, size = length.end(), int(length[1])
    if len(data) - begin < size:
        raise UserError(
            f"{where}: the first line announces a preamble of {size} bytes, but only "
            f"{len(data) - begin} follow; truncated, or its first line is wrong"
        )
    return data[begin : begin + size], data[begin + size :]


def write(graph: Graph, comments: str = "") -> bytes:
    """The graph in binary format.

    Args:
        graph: what to write.
        comments: lines `c ...`, each with its line break, put before the `p` line.

    Raises:
        UserError: a weight of an edge other than 1, which the format cannot hold.
    """
    text = (comments + dimacs.header(graph)).encode()
    low, high = graph.edges[:, 0], graph.edges[:, 1]
    order = np.argsort(high, kind="stable")
    low, high = low[order], high[order]
    blocks = []
    for first in range(0, graph.num_vertices, 8):
        begin, end = np.searchsorted(high, [first, first + 8])
        rows = np.zeros((min(8, graph.num_vertices - first), first + 8), np.bool_)
        rows[high[begin:end] - first, low[begin:end]] = True
        blocks.append(np.packbits(rows, axis=1).tobytes())
    return b"%d\n" % len(text) + text + b"".join(blocks)


def triangle_bytes(n: int) -> int:
    """Bytes of n rows: eight of each length 1, 2, 3, ..."""
    eights, rest = divmod(n, 8)
    return (4 * eights + rest) * (eights + 1)


def _unpack(packed: NDArray[np.uint8], n: int, where: str) -> NDArray[np.int32]:
    """The edges u < v [m, 2] in the order of the rows v."""
    found = [np.zeros((0, 2), np.int32)]
    at = 0
    for first in range(0, n, 8):
        count, width = min(8, n - first), first // 8 + 1
        rows = np.unpackbits(packed[at : at + count * width].reshape(count, width), axis=1)
        at += count * width
        high, low = np.nonzero(rows)
        high += first
        wrong = np.flatnonzero(low >= high)
        if wrong.size:
            v, u = int(high[wrong[0]]), int(low[wrong[0]])
            if u == v:
                raise UserError(f"{where}: self-loop at vertex {v + 1}")
            raise UserError(f"{where}: the row of vertex {v + 1} has a bit beyond its end")
        found.append(np.column_stack([low, high]).astype(np.int32))
    return np.concatenate(found)
