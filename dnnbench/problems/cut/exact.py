"""MaxCut, exact side: verify a cut, repair nothing, polish by single flips.

A cut of a graph is a set of vertices; its value is the sum of the weights of the edges with one
end inside and one outside. Weights may have any sign. Every 0/1 vector is feasible.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError, unknown
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Sense, Verdict
from dnnbench.problems.cut.tiny import tiny_graphs

_INT64_SAFE = 2.0**62
"""Bound on the sum of |w| below which no partial sum of weights can overflow int64."""

_ROUNDING = 1e-12
"""Real-valued gains below this multiple of the largest weighted degree count as zero."""


@dataclass(frozen=True)
class MaxCut:
    """Maximum cut; a solution is uint8 [n] of 0/1, the side of each vertex."""

    name: ClassVar[str] = "maxcut"
    metric: ClassVar[str] = "cut"
    sense: ClassVar[Sense] = "max"
    family: ClassVar[str] = "graph"
    binary: ClassVar[bool] = True
    knowable: ClassVar[bool] = True
    polishes: ClassVar[tuple[str, ...]] = ("one_flip",)

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is a graph whose cuts can be valued exactly."""
        if not isinstance(public, Graph):
            raise UserError(f"maxcut needs a graph, not {type(public).__name__}")
        if public.num_vertices < 1:
            raise UserError("maxcut needs a graph with at least one vertex")
        if not np.isfinite(public.weights).all():
            raise UserError("maxcut needs finite edge weights")
        if public.integral and not fits_int64(public.weights):
            raise UserError("maxcut needs integer weights whose absolute values sum to below 2^62")

    def tiny(self) -> dict[str, Graph]:
        """Graphs of 7 and 8 vertices."""
        return tiny_graphs()

    def random(self, public: Graph, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A uniformly random cut, uint8 [n]."""
        return rng.integers(0, 2, size=public.num_vertices, dtype=np.uint8)

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: Graph,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> NDArray[np.uint8]:
        """Flip vertices that raise the cut until none does or `stop()`; never lowers it.

        Args:
            name: `one_flip`, the only one.
            z: starting cut, uint8 [n]; left untouched.
            public: the graph.
            rng: breaks ties between equal gains.
            stop: asked once a round; a round costs O(n + m).

        Returns:
            A cut at least as large, uint8 [n]. Unless stopped, no single flip raises it (with
            real weights: by more than 1e-12 of the largest weighted degree).
        """
        if name not in self.polishes:
            raise unknown("polish", name, self.polishes)
        return one_flip(_checked(z, public), public, rng, stop)

    def verify(self, z: np.ndarray, public: Graph, sealed: Any) -> Verdict:
        """The value of the cut `z`: exact for integer weights, correctly rounded for real ones.

        Args:
            z: uint8 [n] of 0/1.
            public: the graph.
            sealed: unused; a cut needs no hidden reference.

        Raises:
            ValueError: `z` has the wrong shape, dtype or values.
        """
        z = _checked(z, public)
        u, v = public.edges[:, 0], public.edges[:, 1]
        crossing = public.weights[z[u] != z[v]]
        if not public.integral:
            return Verdict(math.fsum(crossing.tolist()))
        if fits_int64(public.weights):
            return Verdict(int(crossing.sum(dtype=np.int64)))
        return Verdict(sum(crossing.tolist()))  # Python integers do not overflow

    def write_solution(self, z: np.ndarray) -> str:
        """One 0 or 1 per line, in vertex order."""
        return "".join(f"{side}\n" for side in z.tolist())

    def read_solution(self, text: str, public: Graph) -> NDArray[np.uint8]:
        """Parse what `write_solution` writes; blank lines are skipped.

        Raises:
            UserError: a line is neither 0 nor 1 (it is named), or their number is not n.
        """
        sides: list[int] = []
        for number, line in enumerate(text.splitlines(), start=1):
            entry = line.strip()
            if entry in ("0", "1"):
                sides.append(int(entry))
            elif entry:
                raise UserError(f"solution, line {number}: expected 0 or 1, found '{entry[:40]}'")
        if len(sides) != public.num_vertices:
            raise UserError(
                f"solution has {len(sides)} values, the graph {public.num_vertices} vertices"
            )
        return np.array(sides, dtype=np.uint8)


def fits_int64(weights: NDArray[Any]) -> bool:
    """Whether sums of these weights stay clear of the int64 range (in float64: no overflow)."""
    return float(np.abs(weights.astype(np.float64)).sum()) < _INT64_SAFE


def _checked(z: np.ndarray, graph: Graph) -> NDArray[np.uint8]:
    """`z` itself if it is a cut of the graph, else `ValueError`."""
    if not isinstance(z, np.ndarray):
        raise ValueError(f"a cut is a numpy array, not {type(z).__name__}")
    if z.shape != (graph.num_vertices,):
        raise ValueError(f"a cut has shape ({graph.num_vertices},), not {z.shape}")
    if z.dtype != np.uint8:
        raise ValueError(f"a cut has dtype uint8, not {z.dtype}")
    wrong = np.flatnonzero(z > 1)
    if wrong.size:
        raise ValueError(f"a cut has values 0 and 1, but vertex {wrong[0]} has {z[wrong[0]]}")
    return z


def one_flip(
    z: NDArray[np.uint8],
    graph: Graph,
    rng: np.random.Generator,
    stop: Callable[[], bool],
    field: NDArray[Any] | None = None,
) -> NDArray[np.uint8]:
    """Descent in rounds of simultaneous flips, on the cut or on a quadratic form.

    A round takes every vertex whose gain is positive and larger than that of each neighbour
    (ties by a random rank). These are pairwise non-adjacent, so their gains simply add up: the
    result is that of a sequence of single flips, at one sparse product a round.

    Args:
        z: start, uint8 [n]; left untouched.
        graph: couplings W.
        rng: breaks ties.
        stop: asked once a round.
        field: b [n]; the gain of flipping spin s_i is proportional to s_i (W s + b)_i. None: 0.
    """
    z = z.copy()
    if not graph.num_edges and field is None:
        return z
    adjacency = graph.adjacency
    pull = np.zeros(graph.num_vertices, adjacency.dtype) if field is None else field
    u, v = graph.edges[:, 0], graph.edges[:, 1]
    largest = float((abs(adjacency).sum(axis=1) + abs(pull)).max())
    slack = 0.0 if graph.integral else _ROUNDING * largest
    rank = rng.permutation(graph.num_vertices)
    while not stop():
        spins = 2 * z.astype(adjacency.dtype) - 1
        gains = spins * (adjacency @ spins + pull)  # what each flip alone would gain
        flips = gains > slack
        rivals = flips[u] & flips[v]
        a, b = u[rivals], v[rivals]
        a_loses = (gains[a] < gains[b]) | ((gains[a] == gains[b]) & (rank[a] < rank[b]))
        flips[np.where(a_loses, a, b)] = False
        if not flips.any():
            return z
        z[flips] ^= 1
    return z
