"""Which graph format a file is in: by its suffix, and for `.txt` by its content.

| suffix (`.gz` put aside) | format |
| --- | --- |
| `.clq` `.col` `.dimacs` `.gph` | DIMACS, vertices from 1 |
| `.edges` `.edgelist` `.csv` | edge list, vertices from 0 |
| `.txt` | edge list if its first line has three columns or a vertex 0 occurs, else as below |
| all others, or none | rudy, vertices from 1; DIMACS if the first line begins with `c` or `p` |
"""

import re
from pathlib import Path, PurePath

from dnnbench.instances.formats import dimacs, edgelist, rudy
from dnnbench.instances.formats.open_text import MAX_BYTES, check_text, read_text
from dnnbench.instances.graph import Graph

_DIMACS = frozenset({".clq", ".col", ".dimacs", ".gph"})
_EDGE_LIST = frozenset({".edges", ".edgelist", ".csv"})
_DIMACS_START = re.compile(rb"\s*[cp][ \t\r\n]")
_THREE_COLUMNS = re.compile(rb"(?:\s*[#%][^\n]*\n)*\s*[^\s#%]+[ \t]+[^\s]+[ \t]+[^\s]+")
_VERTEX_ZERO = re.compile(rb"(?m)^[ \t]*(?:0[ \t]|[^\s]+[ \t]+0(?:[ \t\r]|$))")


def parse_graph(data: bytes, name: str) -> Graph:
    """Read a graph from the bytes of a file.

    Args:
        data: the file's content, unpacked.
        name: the file's name: its suffix chooses the format, and error messages name it.

    Raises:
        UserError: not a well-formed graph; the message names file and line.
    """
    data = check_text(data, name)
    suffix = PurePath(name.removesuffix(".gz")).suffix.lower()
    if suffix in _DIMACS or (suffix not in _EDGE_LIST and _DIMACS_START.match(data)):
        return dimacs.parse(data, name)
    if suffix in _EDGE_LIST:
        return edgelist.parse(data, name, commas=suffix == ".csv")
    if suffix == ".txt" and (_THREE_COLUMNS.match(data) or _VERTEX_ZERO.search(data)):
        return edgelist.parse(data, name)
    return rudy.parse(data, name)


def read_graph(path: Path, max_bytes: int = MAX_BYTES) -> Graph:
    """Read a graph from a file, plain or gzipped; larger unpacked content is refused."""
    return parse_graph(read_text(path, max_bytes), str(path))
