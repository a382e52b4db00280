"""What networkx offers (BSD-3-Clause): for those who know no other library.

- `approximation`: for sets and cliques clique removal, Boppana, Halldorsson, "Approximating maximum
  independent sets by excluding subgraphs", BIT 32, 1992, doi:10.1007/BF01994876; for covers, and
  where vertices have weights, a cover of at most twice the least weight, Bar-Yehuda, Even, "A
  local-ratio theorem for approximating the weighted vertex cover problem", Annals of Discrete
  Mathematics 25, 1985. One call, which draws nothing.
- `maximal`: random maximal sets, one call after the other.
- `exact`: the heaviest clique by branch and bound, Warren, Hicks, "Combinatorial branch-and-bound
  for the maximum weight independent set problem", 2006. One call, which answers at its end alone.

None can be interrupted, and most are slow: calls run in a process of their own, which is ended when
the budget is. The note `calls_ended` says whether one was lost to that; where it was the first one
there is no answer.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dnnbench.baselines.apart.child import load, loaded
from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.independent_set.common import Incumbent, most, whole
from dnnbench.errors import unknown
from dnnbench.instances.graph import Graph
from dnnbench.problems.base import Exact

_ALGORITHMS = ("approximation", "maximal", "exact")


@dataclass(frozen=True)
class NetworkX(Baseline):
    """Calls of networkx. A step and a restart are both one call.

    Attributes:
        algorithm: `approximation`, `maximal` or `exact`.
    """

    version: ClassVar[int] = 1
    algorithm: str

    def prepare(self, problem: Exact, public: Graph) -> None:
        """Load the library, in the process that will call it."""
        if self.algorithm not in _ALGORITHMS:
            raise unknown("algorithm", self.algorithm, _ALGORITHMS)
        load("independent_set.networkx")

    def solve(
        self,
        problem: Exact,
        public: Graph,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Make calls until `search.should_stop()`, the first of the limits, or all are made."""
        best = Incumbent(problem, public, search)
        allowed = min(most(limits.steps), most(limits.restarts))
        if self.algorithm != "maximal":
            allowed = min(allowed, 1)  # another call would return the same
        covers = problem.name in ("vertex_cover", "mwis") and self.algorithm == "approximation"
        task = {
            "algorithm": "cover" if covers else self.algorithm,
            "complemented": best.conflicts.complemented,
        }
        arrays = (public.edges[:, 0], public.edges[:, 1], whole(best.conflicts).values)
        made = ended = 0
        with loaded("independent_set.networkx") as child:
            child.send(task, arrays)
            ready = child.answer(search.should_stop) is not None
            while ready and made < allowed and not search.should_stop():
                child.send({"seed": int(rng.integers(2**31 - 1))})
                message = child.answer(search.should_stop)
                if message is None:
                    ended = 1
                    break
                made += 1
                best.offer(best.of(message.arrays[0]), made, made)
        best.finish(made, made)
        search.note("calls_ended", ended)
        if self.algorithm == "exact":
            search.note("optimum_proved", made == 1)
