"""Other forms of graphs as part of their names, `NAME@<change>-<change>`.

| change | meaning |
| --- | --- |
| `complement` | joins exactly the vertices that are not joined in NAME |
| `weights<k>` | vertex i, from 1, has the weight i mod k + 1 |
| `mis_lp` | the linear relaxation of its maximum independent set, by its edges |

Examples: `dimacs/C125.9@complement`, `my.clq@weights200`, `dimacs/C125.9@complement-weights200`,
`gset/G14@mis_lp`, `dimacs/C125.9@complement-mis_lp`.

A clique of a graph is an independent set of its complement. Weights of vertices stay; a graph whose
edges have weights has no complement. With k = 200 the weights are those by which clique instances
are made weighted in the literature; what that favours is told by C. McCreesh, P. Prosser and
J. Trimble, "On maximum weight clique algorithms, and how they are evaluated", CP 2017.
"""

import hashlib
import re
from dataclasses import dataclass, replace

import numpy as np

from dnnbench.errors import UserError, nearest
from dnnbench.instances.build import simple_graph
from dnnbench.instances.graph import Graph
from dnnbench.instances.independent_set_lp import independent_set_lp
from dnnbench.instances.program import Program

FORM = "NAME@complement-weights<k>-mis_lp"

MAX_EDGES = 200_000_000
"""Complements with more edges are refused before anything is allocated for them."""

_WORDS = ("complement", "mis_lp")
_WEIGHTS = re.compile(r"weights(\d{1,9})", re.ASCII)
_BYTES_PER_EDGE = 16  # two int32 ends and an int64 weight
_BLOCK = 2**24


@dataclass(frozen=True)
class GraphView:
    """What a name asks for beside the graph itself.

    Attributes:
        complement: whether to take the complement.
        modulus: k of the weights, or None.
        relaxation: whether to make the linear program of it.
    """

    complement: bool
    modulus: int | None
    relaxation: bool = False

    @property
    def name(self) -> str:
        """The canonical form, what follows the `@`."""
        changes = ["complement"] if self.complement else []
        changes += [] if self.modulus is None else [f"weights{self.modulus}"]
        return "-".join([*changes, "mis_lp"] if self.relaxation else changes)

    @property
    def family(self) -> str:
        """Kind of data."""
        return "program" if self.relaxation else "graph"

    def of(self, graph: Graph, name: str) -> Graph | Program:
        """The graph, or the program of it, as asked for; `name` is what error messages call it.

        Raises:
            UserError: it has no complement (see `complement`), or has weights of vertices already.
        """
        if self.modulus is not None:
            if graph.vertex_weights is not None:
                raise UserError(f"{name}: the vertices have weights already")
            weights = np.arange(1, graph.num_vertices + 1, dtype=np.int64) % self.modulus + 1
            weights.setflags(write=False)
            graph = replace(graph, vertex_weights=weights)
        if self.complement:
            graph = complement(graph, name)
        return independent_set_lp(graph) if self.relaxation else graph


def of_view(sha256: str, changes: str) -> str:
    """The identity of a view, by that of its base and its canonical changes."""
    return hashlib.sha256(f"{sha256}@{changes}".encode()).hexdigest()


def is_graph_change(part: str) -> bool:
    """Whether a change is one of graphs."""
    return part in _WORDS or _WEIGHTS.fullmatch(part) is not None


def parse_graph_view(changes: str, name: str) -> GraphView:
    """Read what follows the `@`, in any order.

    Args:
        changes: `complement-weights200`.
        name: the whole name, for error messages.

    Raises:
        UserError: an unknown change (the nearest is named), or one given twice.
    """
    modulus: int | None = None
    words: set[str] = set()
    for part in changes.split("-"):
        weights = _WEIGHTS.fullmatch(part)
        if not weights and part not in _WORDS:
            hint = nearest(part.rstrip("0123456789") or part, (*_WORDS, "weights"))
            raise UserError(f"'{name}': unknown change '{part}'{hint}; the form is {FORM}")
        if (weights and modulus is not None) or part in words:
            raise UserError(f"'{name}': '{part}' is one change too many of its kind")
        if not weights:
            words.add(part)
        elif int(weights[1]) < 1:
            raise UserError(f"'{name}': weights are taken modulo at least 1")
        else:
            modulus = int(weights[1])
    return GraphView("complement" in words, modulus, "mis_lp" in words)


def complement(graph: Graph, name: str) -> Graph:
    """The graph on the same vertices with exactly the missing edges, in lexicographic order.

    Args:
        graph: edges of weight 1.
        name: what error messages call the result.

    Raises:
        UserError: an edge of another weight, or more than `MAX_EDGES` edges.
    """
    if not np.all(graph.weights == 1):
        raise UserError(f"{name}: edges have weights other than 1, and a complement has no weights")
    n = graph.num_vertices
    count = n * (n - 1) // 2 - graph.num_edges
    if count > MAX_EDGES:
        size = count * _BYTES_PER_EDGE / 2**30
        raise UserError(
            f"{name}: {count} edges, which take {size:.1f} GiB, are more than the {MAX_EDGES} "
            "accepted; problem=max_clique and problem=mis work on the given graph without building "
            "its complement"
        )
    ordered = graph.in_order().edges
    edges = np.empty((count, 2), np.int32)
    filled = 0
    block = max(1, _BLOCK // n)
    for first in range(0, n, block):
        last = min(first + block, n)
        begin, end = np.searchsorted(ordered[:, 0], [first, last])
        missing = np.arange(n) > np.arange(first, last)[:, np.newaxis]
        missing[ordered[begin:end, 0] - first, ordered[begin:end, 1]] = False
        low, high = np.nonzero(missing)
        edges[filled : filled + len(low), 0] = low + first
        edges[filled : filled + len(low), 1] = high
        filled += len(low)
    return replace(simple_graph(n, edges), vertex_weights=graph.vertex_weights)
