"""Which graph format a file is in: by its suffix, and for `.txt` by its content.

| suffix (`.gz`, `.xz`, `.bz2` put aside) | format |
| --- | --- |
| `.clq` `.col` `.dimacs` `.gph` | DIMACS, vertices from 1 |
| `.b` (`.clq.b`, `.col.b`) | DIMACS, binary |
| `.graph` `.metis` | METIS, vertices from 1 |
| `.edges` `.edgelist` `.csv` | edge list, vertices from 0 |
| `.txt` | edge list if its first line has three columns or a vertex 0 occurs, else as below |
| all others, or none | rudy, vertices from 1; DIMACS if the first line begins with `c` or `p` |

In all but the first three and `.csv`, comments like `# Nodes: 34 Edges: 78` or `# Directed graph`
at the head make it an edge list of SNAP, nodes by any numbers.
"""

import re
from pathlib import Path, PurePath

from dnnbench.instances.formats import dimacs, dimacs_binary, edgelist, metis, rudy, snap
from dnnbench.instances.formats.open_text import MAX_BYTES, check_text, read_bytes, unpacked_name
from dnnbench.instances.graph import Graph

_DIMACS = frozenset({".clq", ".col", ".dimacs", ".gph"})
_BINARY = frozenset({".b"})
_METIS = frozenset({".graph", ".metis"})
_EDGE_LIST = frozenset({".edges", ".edgelist", ".csv"})
_DIMACS_START = re.compile(rb"\s*[cp][ \t\r\n]")
_THREE_COLUMNS = re.compile(rb"(?:\s*[#%][^\n]*\n)*\s*[^\s#%]+[ \t]+[^\s]+[ \t]+[^\s]+")
_VERTEX_ZERO = re.compile(rb"(?m)^[ \t]*(?:0[ \t]|[^\s]+[ \t]+0(?:[ \t\r]|$))")


def is_binary(name: str) -> bool:
    """Whether a graph file of this name is no text."""
    return PurePath(unpacked_name(name)).suffix.lower() in _BINARY


def parse_graph(data: bytes, name: str) -> Graph:
    """Read a graph from the bytes of a file.

    Args:
        data: the file's content, unpacked.
        name: the file's name: its suffix chooses the format, and error messages name it.

    Raises:
        UserError: not a well-formed graph; the message names file and line.
    """
    suffix = PurePath(unpacked_name(name)).suffix.lower()
    if is_binary(name):
        return dimacs_binary.parse(data, name)
    data = check_text(data, name)
    if suffix in _METIS:
        return metis.parse(data, name)
    if suffix not in _DIMACS and suffix != ".csv" and snap.is_snap(data):
        return snap.parse(data, name)
    if suffix in _DIMACS or (suffix not in _EDGE_LIST and _DIMACS_START.match(data)):
        return dimacs.parse(data, name)
    if suffix in _EDGE_LIST:
        return edgelist.parse(data, name, commas=suffix == ".csv")
    if suffix == ".txt" and (_THREE_COLUMNS.match(data) or _VERTEX_ZERO.search(data)):
        return edgelist.parse(data, name)
    return rudy.parse(data, name)


def read_graph(path: Path, max_bytes: int = MAX_BYTES) -> Graph:
    """Read a graph from a file, plain or packed; larger unpacked content is refused."""
    return parse_graph(read_bytes(path, max_bytes), str(path))
