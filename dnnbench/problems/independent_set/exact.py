"""Independent sets, cliques and vertex covers, exact side: verify, repair, make maximal.

An answer that is no independent set (clique, cover) is worth what costs nothing to find: the empty
set, or the cover by all vertices; its size stands in the metrics. So a set that violates its
constraints never beats one that holds them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dnnbench.errors import UserError, unknown
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Sense, Verdict
from dnnbench.problems.cut.exact import MaxCut
from dnnbench.problems.independent_set.conflicts import Conflicts
from dnnbench.problems.independent_set.greedy import maximal, repaired
from dnnbench.problems.independent_set.tiny import tiny_graphs

_LARGEST_WEIGHTS = 2.0**53


@dataclass(frozen=True)
class IndependentSet:
    """Maximum independent set; a solution is uint8 [n], 1 for the vertices of the set."""

    name: ClassVar[str] = "mis"
    metric: ClassVar[str] = "size"
    sense: ClassVar[Sense] = "max"
    family: ClassVar[str] = "graph"
    binary: ClassVar[bool] = True
    knowable: ClassVar[bool] = True
    polishes: ClassVar[tuple[str, ...]] = ("greedy",)
    complemented: ClassVar[bool] = False
    covers: ClassVar[bool] = False

    def check(self, public: Any) -> None:
        """Raise `UserError` unless `public` is a graph with vertices; edge weights are ignored."""
        if not isinstance(public, Graph):
            raise UserError(f"{self.name} needs a graph, not {type(public).__name__}")
        if public.num_vertices < 1:
            raise UserError(f"{self.name} needs a graph with at least one vertex")

    def tiny(self) -> dict[str, Graph]:
        """Graphs of 7 to 10 vertices."""
        return tiny_graphs()

    def weights(self, public: Graph) -> NDArray[Any]:
        """What each vertex is worth, [n]: 1."""
        return np.ones(public.num_vertices, np.int64)

    def shown(self, public: Graph) -> Conflicts:
        """What solvers are shown: the conflicts whose independent sets are asked for."""
        return Conflicts(public, self.complemented, self.weights(public))

    def answer(self, independent: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The solution that an independent set of the conflicts stands for; its own inverse."""
        return 1 - independent if self.covers else independent

    def random(self, public: Graph, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A random maximal independent set: vertices in random order, each kept if it may be."""
        conflicts = self.shown(public)
        chosen = np.zeros(public.num_vertices, np.uint8)
        free = np.ones(public.num_vertices, bool)
        for vertex in rng.permutation(public.num_vertices).tolist():
            if free[vertex]:
                chosen[vertex] = 1
                free[conflicts.neighbours(vertex)] = False
        return self.answer(chosen)

    def polish(
        self,
        name: str,
        z: np.ndarray,
        public: Graph,
        rng: np.random.Generator,
        stop: Callable[[], bool],
    ) -> NDArray[np.uint8]:
        """Repair the set, then add vertices until it is maximal or `stop()`.

        Args:
            name: `greedy`, the only one: vertices with the most conflicts leave until there are
                none, then free vertices enter, those with the fewest free neighbours first.
            z: starting answer, uint8 [n]; left untouched.
            public: the graph.
            rng: breaks ties.
            stop: asked every few vertices.
        """
        if name not in self.polishes:
            raise unknown("polish", name, self.polishes)
        conflicts = self.shown(public)
        chosen = self.answer(_checked(z, public))
        return self.answer(maximal(conflicts, repaired(conflicts, chosen, rng), rng, stop))

    def verify(self, z: np.ndarray, public: Graph, sealed: Any) -> Verdict:
        """The size (or weight) of the answer; 0, or for covers n, if it is none.

        Args:
            z: uint8 [n] of 0/1.
            public: the graph.
            sealed: unused; nothing is hidden.

        Returns:
            `violation`: conflicting pairs inside the set, missing pairs of the clique, uncovered
            edges. Metrics `chosen`, the vertices in `z`, and `maximal`, whether no vertex can be
            added (for covers: left out).

        Raises:
            ValueError: `z` has the wrong shape, dtype or values.
        """
        chosen = self.answer(_checked(z, public)).astype(bool)
        u, v = public.edges[:, 0], public.edges[:, 1]
        inside = int(np.count_nonzero(chosen[u] & chosen[v]))
        size = int(chosen.sum())
        violation = size * (size - 1) // 2 - inside if self.complemented else inside
        # Edges from each vertex into the set; it may enter if none (of a clique: all) of them are.
        into = np.bincount(u[chosen[v]], minlength=len(chosen))
        into += np.bincount(v[chosen[u]], minlength=len(chosen))
        blocked = into < size if self.complemented else into > 0
        metrics = {
            "chosen": float(z.sum(dtype=np.int64)),
            "maximal": float(violation == 0 and bool(np.all(blocked | chosen))),
        }
        worth = self._total(self.weights(public), chosen) if violation == 0 else 0
        if self.covers:
            worth = len(chosen) - worth
        return Verdict(worth, float(violation), metrics)

    def _total(self, weights: NDArray[Any], chosen: NDArray[np.bool_]) -> int | float:
        if np.issubdtype(weights.dtype, np.integer):
            return int(weights[chosen].sum())
        return math.fsum(weights[chosen].tolist())

    def write_solution(self, z: np.ndarray) -> str:
        """One 0 or 1 per line, in vertex order."""
        return MaxCut().write_solution(z)

    def read_solution(self, text: str, public: Graph) -> NDArray[np.uint8]:
        """Parse what `write_solution` writes; errors as for `MaxCut.read_solution`."""
        return MaxCut().read_solution(text, public)

    def energy_settings(self, public: Any) -> Mapping[str, Any]:
        """The energy's settings that do not stand in the config: whether answers are covers."""
        return {"covers": self.covers}


@dataclass(frozen=True)
class WeightedIndependentSet(IndependentSet):
    """Maximum weight independent set; the weights are those of the graph's vertices."""

    name: ClassVar[str] = "mwis"
    metric: ClassVar[str] = "weight"

    def check(self, public: Any) -> None:
        """Also: the vertices have positive, finite weights whose sums are exact."""
        super().check(public)
        weights = public.vertex_weights
        if weights is None:
            raise UserError(
                "mwis needs vertex weights, and this graph has none: use problem=mis, or give "
                "it weights with NAME@weights200 (vertex i, from 1, is worth i mod 200 + 1)"
            )
        if not np.isfinite(weights).all() or weights.min() <= 0:
            raise UserError("mwis needs positive, finite vertex weights")
        if float(weights.astype(np.float64).sum()) >= _LARGEST_WEIGHTS:
            raise UserError("mwis needs vertex weights that sum to below 2^53")

    def tiny(self) -> dict[str, Graph]:
        """The same graphs with weights."""
        return {
            name: Graph(g.num_vertices, g.edges, g.weights, 1 + (3 * np.arange(g.num_vertices)) % 5)
            for name, g in tiny_graphs().items()
        }

    def weights(self, public: Graph) -> NDArray[Any]:
        """The graph's own."""
        assert public.vertex_weights is not None
        return public.vertex_weights


@dataclass(frozen=True)
class MaxClique(IndependentSet):
    """Maximum clique; a solution is uint8 [n], 1 for the vertices of the clique."""

    name: ClassVar[str] = "max_clique"
    complemented: ClassVar[bool] = True


@dataclass(frozen=True)
class VertexCover(IndependentSet):
    """Minimum vertex cover; a solution is uint8 [n], 1 for the vertices of the cover."""

    name: ClassVar[str] = "vertex_cover"
    sense: ClassVar[Sense] = "min"
    covers: ClassVar[bool] = True


def _checked(z: np.ndarray, graph: Graph) -> NDArray[np.uint8]:
    """`z` itself if it is a 0/1 vector over the vertices, else `ValueError`."""
    if not isinstance(z, np.ndarray):
        raise ValueError(f"a set of vertices is a numpy array, not {type(z).__name__}")
    if z.shape != (graph.num_vertices,) or z.dtype != np.uint8:
        raise ValueError(
            f"a set of vertices is uint8 of shape ({graph.num_vertices},), "
            f"not {z.dtype} of {z.shape}"
        )
    if (z > 1).any():
        raise ValueError(f"a set of vertices has values 0 and 1, not {z.max()}")
    return z
