"""Random answers, the best is kept: the floor that every solver must clear.

Cuts and assignments are uniformly random; sets of vertices are maximal, made in random order
(`independent_set`).

A random cut has half of the total weight in expectation, so it is a 1/2-approximation where
no weight is negative (Sahni and Gonzalez, "P-complete approximation problems", Journal of the
ACM 23(3), 1976, doi:10.1145/321958.321975, derandomise it).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import Incumbent
from dnnbench.baselines.independent_set.common import random_sets
from dnnbench.baselines.satisfiability.common import random_assignments
from dnnbench.instances.formula import Formula
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact
from dnnbench.problems.independent_set.exact import IndependentSet

_CELLS = 2**20
"""Vertices and edges looked at between two looks at the clock: a few milliseconds of work."""


@dataclass(frozen=True)
class Random(Baseline):
    """Draws batches of cuts or assignments, or sets. A step and a restart are both one draw."""

    version: ClassVar[int] = 1

    def solve(
        self,
        problem: Exact,
        public: Any,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Draw until `search.should_stop()` or the first of the limits."""
        if isinstance(problem, IndependentSet):
            random_sets(problem, public, rng, limits, search)
        elif isinstance(public, Formula):
            random_assignments(public, rng, limits, search)
        else:
            _random_cuts(public, rng, limits, search)


def _random_cuts(graph: Graph, rng: np.random.Generator, limits: Limits, search: Search) -> None:
    """Draw random cuts until `search.should_stop()` or the first of the limits."""
    n = graph.num_vertices
    batch = int(np.clip(_CELLS // (n + graph.num_edges), 1, 256))
    most = min(x for x in (limits.steps, limits.restarts, np.inf) if x is not None)
    ends = (graph.edges[:, 0], graph.edges[:, 1])
    upper = sp.coo_array((graph.weights.astype(np.float64), ends), shape=(n, n)).tocsr()
    best = Incumbent(graph, search)
    drawn = 0
    while drawn < most and not (drawn and search.should_stop()):
        count = int(min(batch, most - drawn))
        bits = np.frombuffer(rng.bytes(n * -(-count // 8)), np.uint8).reshape(n, -1)
        cuts = np.unpackbits(bits, axis=1, count=count)
        spins = 2.0 * cuts - 1.0
        uncut = np.einsum("vb,vb->b", spins, upper @ spins)  # total weight - 2 * cut
        drawn += count
        best.offer(cuts[:, np.argmin(uncut)], drawn, drawn)
    if drawn:
        best.finish(drawn, drawn)
