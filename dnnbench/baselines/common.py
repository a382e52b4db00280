"""What the baselines share: the value of a cut, the best one so far, optional packages."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.base import Search
from dnnbench.errors import UserError
from dnnbench.instances.graph import Graph


def cut_value(graph: Graph, z: NDArray[np.uint8]) -> int | float:
    """Sum of the weights of the edges that the cut `z` (uint8 [n]) separates."""
    separated = z[graph.edges[:, 0]] != z[graph.edges[:, 1]]
    return graph.weights[separated].sum().item()


def missing_extra(baseline: str) -> UserError:
    """The error for a baseline whose optional packages are not installed."""
    return UserError(
        f"baseline '{baseline}' needs the extra 'baselines': pip install 'dnnbench[baselines]'"
    )


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
