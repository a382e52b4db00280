"""rudy, the generator behind the G-set, reimplemented.

A graph is kept in rudy's print order: by the smaller end, and among the edges of one smaller end
the newest first. All operators can be stated in that order, so a plain `Graph` is enough.
Source: rudy by G. Rinaldi (1996), described by what it computes; written anew, no code taken over.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnnbench.errors import UserError
from dnnbench.instances.build import build_graph
from dnnbench.instances.generators.flip import Flip
from dnnbench.instances.graph import Graph

Percent = Fraction | int | str
"""A density in percent; a string such as '0.07' is taken exactly."""


def rnd_graph(n: int, density: Percent, seed: int) -> Graph:
    """A random graph with round(n (n - 1) density / 200) edges, all of weight 1."""
    target = floor(Fraction(n * (n - 1)) * Fraction(density) / 200 + Fraction(1, 2))
    if not 0 <= target <= n * (n - 1) // 2:
        raise UserError(f"rudy -rnd_graph: density {density} is not in 0..100")
    flip = Flip(seed)
    made: dict[tuple[int, int], None] = {}
    while len(made) < target:
        u, v = flip.below(n), flip.below(n)
        if u != v:
            made.setdefault((u, v) if u < v else (v, u))
    return _in_print_order(n, list(made))


def planar(n: int, density: Percent, seed: int) -> Graph:
    """A planar graph: vertices put into random faces, then thinned to `density` percent.

    The full graph is an Apollonian network with 3 (n - 2) edges, all of weight 1.
    """
    if n < 3:
        raise UserError(f"rudy -planar: needs at least 3 vertices, not {n}")
    flip = Flip(seed)
    edges = [(0, 1), (0, 2), (1, 2)]
    faces = [(0, 1, 2)]
    for d in range(3, n):
        f = flip.below(len(faces))
        a, b, c = faces[f]
        edges += [(a, d), (b, d), (c, d)]
        faces[f] = (a, b, d)
        faces += [(a, c, d), (b, c, d)]
    keep = Fraction(density) * 3 * (n - 2) / 100
    while len(edges) > keep:
        e = flip.below(len(edges))
        edges[e] = edges[-1]
        edges.pop()
    return _in_print_order(n, edges)


def toroidal_grid_2d(rows: int, columns: int) -> Graph:
    """A grid closed to a torus; vertex (r, c) has number r * columns + c, weights are 1."""
    if rows < 3 or columns < 3:
        raise UserError(f"a toroidal grid needs sides of at least 3, not {rows} x {columns}")
    vertex = np.arange(rows * columns).reshape(rows, columns)
    across = np.stack([vertex, np.roll(vertex, -1, axis=1)], axis=-1).reshape(-1, 2)
    down = np.stack([vertex, np.roll(vertex, -1, axis=0)], axis=-1).reshape(-1, 2)
    return _in_print_order(rows * columns, np.concatenate([across, down]))


def union(first: Graph, second: Graph) -> Graph:
    """All edges of two graphs on the same vertices; of an edge in both, the smaller weight."""
    if first.num_vertices != second.num_vertices:
        raise UserError("rudy +: the two graphs differ in their number of vertices")
    n = first.num_vertices
    edges = np.concatenate([first.edges, second.edges])
    weights = np.concatenate([first.weights, second.weights])
    walk = np.argsort(edges[:, 0], kind="stable")
    made: dict[tuple[int, int], int | float] = {}
    for (u, v), weight in zip(edges[walk].tolist(), weights[walk].tolist(), strict=True):
        made[u, v] = min(weight, made.get((u, v), weight))
    return _in_print_order(n, list(made), list(made.values()))


def random_weights(graph: Graph, low: int, high: int, seed: int) -> Graph:
    """The graph with new weights, uniform integers in low..high, drawn in print order."""
    flip = Flip(seed)
    weights = [low + flip.below(high - low + 1) for _ in range(graph.num_edges)]
    return _reweighted(graph, np.array(weights, np.int64))


def run(arguments: str) -> Graph:
    """Evaluate a rudy argument list (reverse Polish), as far as the G-set needs.

    Args:
        arguments: for instance `-rnd_graph 800 6 8001 -random 0 1 8001 -times 2 -plus -1`.

    Raises:
        UserError: an operator that is not known, or operands that are missing.
    """
    stack: list[Graph] = []
    words = arguments.split()
    while words:
        word = words.pop(0)
        try:
            if word == "-rnd_graph":
                n, density, seed = _take(words, 3)
                stack.append(rnd_graph(int(n), density, int(seed)))
            elif word == "-planar":
                n, density, seed = _take(words, 3)
                stack.append(planar(int(n), density, int(seed)))
            elif word == "-toroidal_grid_2D":
                rows, columns = _take(words, 2)
                stack.append(toroidal_grid_2d(int(rows), int(columns)))
            elif word == "+":
                second, first = stack.pop(), stack.pop()
                stack.append(union(first, second))
            elif word == "-random":
                low, high, seed = _take(words, 3)
                stack.append(random_weights(stack.pop(), int(low), int(high), int(seed)))
            elif word in ("-times", "-plus"):
                number = int(_take(words, 1)[0])
                graph = stack.pop()
                new = graph.weights * number if word == "-times" else graph.weights + number
                stack.append(_reweighted(graph, new))
            else:
                raise UserError(f"rudy: unknown operator '{word}'")
        except (IndexError, ValueError):  # nothing to pop, or not a number
            raise UserError(f"rudy: wrong or missing operands of '{word}'") from None
    if len(stack) != 1:
        raise UserError(f"rudy: the arguments leave {len(stack)} graphs, not one")
    return stack[0]


def _reweighted(graph: Graph, weights: NDArray[np.int64] | NDArray[np.float64]) -> Graph:
    weights.setflags(write=False)
    return Graph(graph.num_vertices, graph.edges, weights)


def _take(words: list[str], count: int) -> list[str]:
    return [words.pop(0) for _ in range(count)]


def _in_print_order(n: int, created: ArrayLike, weights: Sequence[float] | None = None) -> Graph:
    """The graph whose edges [m, 2] were created in this order, in rudy's print order."""
    pairs = np.sort(np.asarray(created, np.int64).reshape(-1, 2), axis=1)
    values = np.ones(len(pairs), np.int64) if weights is None else np.asarray(weights)
    order = np.lexsort((-np.arange(len(pairs)), pairs[:, 0]))
    return build_graph(
        n,
        pairs[order, 0],
        pairs[order, 1],
        values[order],
        source="rudy",
        place=lambda i: f"edge {i}",
    )
