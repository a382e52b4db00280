"""RC2 of python-sat (MIT licence): maximum satisfiability from unsatisfiable cores, with proof.

Ignatiev, Morgado, Marques-Silva, "RC2: an efficient MaxSAT solver", JSAT 11, 2019,
doi:10.3233/SAT190116. It raises a lower bound core by core until the formula that is left is
satisfiable; that model is optimal. Where weights differ it takes the heavy constraints first and so
has models on the way (stratification). Whatever is not a clause is turned into clauses (`to_cnf`).

The library runs in a process of its own (`apart.child`), which is ended when the budget is.
"""

import importlib.util
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dnnbench.baselines.apart.child import load, loaded
from dnnbench.baselines.base import Baseline, Limits, Search
from dnnbench.baselines.common import missing_extra
from dnnbench.baselines.satisfiability.common import Incumbent, is_hard
from dnnbench.baselines.satisfiability.messages import as_arrays
from dnnbench.baselines.weights import Weights, most, whole_weights
from dnnbench.instances.formula import Formula
from dnnbench.problems.base import Exact

_LIBRARY = "satisfiability.rc2"

_ROUNDING = 1e-12
"""Sums of real weights that differ by less, as a share of the total weight, are the same."""


@dataclass(frozen=True)
class Rc2(Baseline):
    """RC2 with one thread. A step is one conflict of its oracle, Glucose 3; there are no restarts.

    It first offers the assignment in which each variable is as it mostly occurs. Notes
    `lower_bound`, `optimum_proved`, and `proved_unsatisfiable`: that what is hard contradicts
    itself or, in `sat`, that the bound is above 0. Real weights are scaled to whole ones; by how
    much a sum of them can be off, in the instance's unit, is noted as `weight_error`.

    Attributes:
        stratify: whether to take heavy constraints first, where weights differ.
        adapt: whether to look for constraints of which at most one can hold.
        exhaust: whether to raise the bound of each core as far as possible.
        minimise: whether to make cores smaller.
        shuffle: whether to rename variables and order constraints at random.
    """

    version: ClassVar[int] = 1
    stratify: bool
    adapt: bool
    exhaust: bool
    minimise: bool
    shuffle: bool

    def prepare(self, problem: Exact, public: Formula) -> None:
        """Load the library, in the process that will call it."""
        if importlib.util.find_spec("pysat") is None:
            raise missing_extra("rc2")
        load(_LIBRARY)

    def solve(
        self,
        problem: Exact,
        public: Formula,
        rng: np.random.Generator,
        limits: Limits,
        search: Search,
    ) -> None:
        """Run until the optimum is proved, `search.should_stop()` or the limit on steps."""
        hard = is_hard(public)
        soft = public.costs[~hard]
        weights = whole_weights(soft) if len(soft) else Weights(soft, 1.0, 0.0)
        run = _Run(Incumbent(public, search), weights, limits.steps)
        run.best.first()
        every = np.ones(len(hard), np.int64)
        every[~hard] = weights.values
        seed = int(rng.integers(2**31 - 1))
        task = {
            "num_variables": public.num_variables,
            "seed": seed if self.shuffle else None,
            "stratified": self.stratify and len(set(weights.values.tolist())) > 1,
            "options": {"adapt": self.adapt, "exhaust": self.exhaust, "minz": self.minimise},
        }
        message = None
        with loaded(_LIBRARY) as child:
            child.send(task, [*as_arrays(public), every, hard])
            if run.open and child.answer(search.should_stop) is not None:
                child.send({"steps": limits.steps})
                message = child.answer(search.should_stop)
            while message is not None:
                run.learn(*message)
                if message.header["end"] or not run.open or search.should_stop():
                    break
                message = child.answer(search.should_stop)
        run.best.finish(run.steps, 0)
        search.note("lower_bound", run.bound)
        search.note("optimum_proved", not run.open and not run.none)
        search.note("proved_unsatisfiable", run.none or (problem.name == "sat" and run.bound > 0))
        if weights.error:
            search.note("weight_error", weights.error)


class _Run:
    """One run.

    Attributes:
        best: the best assignment.
        bound: no assignment that keeps what is hard violates less weight.
        none: whether there is no such assignment.
        steps: the library's conflicts so far.
    """

    def __init__(self, best: Incumbent, weights: Weights, most_steps: int | None) -> None:
        self.best, self._weights, self._most_steps = best, weights, most(most_steps)
        self.bound: int | float = 0
        self.steps, self.none = 0, False
        total = float(weights.values.sum()) / weights.scale
        self._closed = 2 * weights.error + _ROUNDING * total if weights.error else 0.0

    @property
    def open(self) -> bool:
        """Whether there may be a better assignment."""
        if self.none:
            return False
        return self.best.violated > 0 or self.best.value - self.bound > self._closed

    def learn(self, header: dict[str, Any], arrays: list[Any]) -> None:
        """Take note of an answer of the library."""
        steps = (
            header["steps"] if self._most_steps is None else min(header["steps"], self._most_steps)
        )
        self.steps = max(self.steps, steps)
        bound = header["bound"]
        if self._weights.error:
            bound = bound / self._weights.scale - self._weights.error
        self.bound = max(self.bound, bound)
        if header["end"]:
            self.none = header["none"]
        elif header["model"]:
            self.best.offer(self.best.of(arrays[0]), self.steps, 0)
