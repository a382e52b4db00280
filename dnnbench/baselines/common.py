"""What the baselines share: cut values, the best cut so far, compiled rows, optional packages."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dnnbench.baselines.base import Search
from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph

if TYPE_CHECKING:
    from dimod import BinaryQuadraticModel

_ROUNDING = 1e-12

Rows = tuple[NDArray[np.int64], NDArray[np.int32], np.ndarray]
"""Row starts, neighbours and weights of a sparse matrix, in the types kernels are compiled for."""


def cut_value(graph: Graph, z: NDArray[np.uint8]) -> int | float:
    """Sum of the weights of the edges that the cut `z` (uint8 [n]) separates."""
    separated = z[graph.edges[:, 0]] != z[graph.edges[:, 1]]
    return graph.weights[separated].sum().item()


def missing_extra(baseline: str) -> UserError:
    """The error for a baseline whose optional packages are not installed."""
    return UserError(
        f"baseline '{baseline}' needs the extra 'baselines': pip install 'dnnbench[baselines]'"
    )


def rows(matrix: csr_array) -> Rows:
    """A sparse matrix as the compiled kernels take it."""
    starts = matrix.indptr.astype(np.int64)
    return starts, matrix.indices.astype(np.int32, copy=False), matrix.data


def slack(graph: Graph) -> float:
    """Gains up to this are rounding errors: 0 for integers, else by the largest weighted degree."""
    if graph.integral or not graph.num_edges:
        return 0.0
    return _ROUNDING * float(abs(graph.adjacency).sum(axis=1).max())


def spin_model(graph: Graph) -> "BinaryQuadraticModel":
    """Sum of w_uv s_u s_v as D-Wave's solvers take it: the cut is largest where it is least.

    Raises:
        ModuleNotFoundError: dimod is not installed.
    """
    from dimod import SPIN, BinaryQuadraticModel

    couplings = (graph.edges[:, 0], graph.edges[:, 1], graph.weights.astype(np.float64))
    zeros = np.zeros(graph.num_vertices)
    return BinaryQuadraticModel.from_numpy_vectors(zeros, couplings, 0.0, SPIN)


@dataclass
class Incumbent:
    """The best cut of one run; passes improvements on to the search.

    Attributes:
        graph: the instance, from which every claim is computed.
        search: receives the candidates.
        value: value of the best cut so far, -inf before the first.
        z: the best cut so far, uint8 [n].
    """

    graph: Graph
    search: Search
    value: float = float("-inf")
    z: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def offer(
        self, z: NDArray[np.uint8], steps: int, restarts: int, *, worse: bool = False
    ) -> None:
        """Keep `z` if it is the best so far; report it then, and with `worse` in any case."""
        claim = cut_value(self.graph, z)
        better = claim > self.value
        if better:
            self.value, self.z = claim, z.copy()
        if better or worse:
            self.search.offer(z, claim, steps, restarts)

    def finish(self, steps: int, restarts: int) -> None:
        """Report the best cut again, with the counts of the whole run."""
        self.search.offer(self.z, self.value, steps, restarts)
