"""RC2 of python-sat, in the process of `apart.child`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.satisfiability.messages import from_arrays
from dnnbench.baselines.satisfiability.shuffled import Shuffled
from dnnbench.baselines.satisfiability.to_cnf import Clauses, to_cnf

_ORACLE = "g3"
"""Glucose 3, the library's own choice."""


def library() -> Any:
    """The package's module."""
    from pysat.examples import rc2

    return rc2


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call with `steps`, the most conflicts or None.

    Each model is an answer, each higher bound, and the end. Headers have the conflicts until then
    as `steps` and the `bound`; the end also whether the search was `complete` and whether there
    was `none`, no assignment with all that is hard.

    Args:
        task: `num_variables`, the formula's, `seed` of the order of variables and clauses or None,
            `stratified` and the library's `options`.
        arrays: the constraints, their whole weights, which of them are hard.
    """
    formula = from_arrays(task["num_variables"], arrays)
    weights, hard = arrays[4].tolist(), arrays[5].tolist()
    each, count = to_cnf(formula)
    shuffled = Shuffled(count, task["seed"])
    problem, lost = _weighted(each, weights, hard, shuffled)
    kind = library().RC2Stratified if task["stratified"] else library().RC2

    def solve(call: dict[str, Any], emit: Emit) -> None:
        nothing = np.zeros(0, np.int64)
        if problem is None:
            emit({"steps": 0, "bound": 0, "end": True, "complete": True, "none": True}, nothing)
            return

        def tell(steps: int, cost: int, model: list[int] | None) -> None:
            true = nothing if model is None else shuffled.true(model, formula.num_variables)
            header = {"steps": steps, "bound": cost + lost, "end": False}
            emit({**header, "model": model is not None}, true)

        with _watched(kind)(problem, solver=_ORACLE, **task["options"]) as search:
            search.watch(call["steps"], tell)
            try:
                found, complete = search.compute() is not None, True
            except _SpentError:
                found = complete = False
            header = {"steps": search.conflicts, "bound": search.cost + lost, "end": True}
            emit({**header, "complete": complete, "none": complete and not found}, nothing)

    return solve


def _weighted(
    each: list[Clauses], weights: list[int], hard: list[bool], shuffled: Shuffled
) -> tuple[Any, int]:
    """The clauses as python-sat takes them, and the weight that is lost whatever one does.

    A soft constraint of several clauses becomes a new variable that implies them all, and is soft.
    Instead of clauses there is None where something hard can never hold.
    """
    from pysat.formula import WCNF

    problem, lost = WCNF(), 0
    top = shuffled.count
    for index in shuffled.order(len(each)):
        clauses = [shuffled.clause(clause) for clause in each[index]]
        impossible = [] in clauses
        if hard[index]:
            if impossible:
                return None, 0
            problem.hard.extend(clauses)
        elif impossible:
            lost += weights[index]
        elif clauses:
            if len(clauses) > 1:
                top += 1
                problem.hard.extend([*clause, -top] for clause in clauses)
                clauses = [[top]]
            problem.soft.append(clauses[0])
            problem.wght.append(weights[index])
    problem.nv = top
    problem.topw = sum(problem.wght) + 1
    return problem, lost


class _SpentError(Exception):
    """No conflicts are left."""


def _watched(kind: Any) -> Any:
    """The solver class `kind`, which tells of what it has found and ends by conflicts."""

    class Watched(kind):
        def watch(
            self, most: int | None, tell: Callable[[int, int, list[int] | None], None]
        ) -> None:
            self._most, self._tell, self._told, self._testing = most, tell, 0, False

        @property
        def conflicts(self) -> int:
            return int(self.oracle.accum_stats()["conflicts"])

        def compute_(self) -> Any:
            found = super().compute_()
            if found:
                self._tell(self.conflicts, self.cost, self.oracle.get_model() or [])
            return found

        def minimize_core(self) -> None:
            self._testing = True  # its calls have a limit of their own, and may find nothing
            super().minimize_core()
            self._testing = False

        def _call_oracle(self, assumptions: Any = (), expect_interrupt: bool = False) -> Any:
            if self.cost > self._told:
                self._told = self.cost
                self._tell(self.conflicts, self.cost, None)
            if self._most is not None:
                left = self._most - self.conflicts
                if left <= 0:
                    raise _SpentError
                if not self._testing:
                    self.oracle.conf_budget(left)
            found = super()._call_oracle(assumptions, expect_interrupt)
            if found is None and not self._testing:
                raise _SpentError
            return found

    return Watched
