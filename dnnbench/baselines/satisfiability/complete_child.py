"""A complete solver of python-sat, in the process of `apart.child`."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.satisfiability.messages import from_arrays
from dnnbench.baselines.satisfiability.shuffled import Shuffled
from dnnbench.baselines.satisfiability.to_cnf import to_cnf

_PROGRESS_SECONDS = 0.2
"""Conflicts are told this often."""


def library() -> Any:
    """The package's module."""
    from pysat import solvers

    return solvers


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call with `steps`, the most conflicts or None.

    Headers have the conflicts until then as `steps` and, with the `end`, whether the formula is
    `satisfiable`, None if that is open. Of a satisfiable one the true variables are told.

    Args:
        task: `solver`, the library's name, `num_variables`, the formula's, `seed` of the order of
            variables and clauses or None, `interruptible`, whether the library lets others run.
        arrays: the constraints.
    """
    formula = from_arrays(task["num_variables"], arrays)
    each, count = to_cnf(formula)
    clauses = [clause for group in each for clause in group]
    shuffled = Shuffled(count, task["seed"])
    search = library().Solver(
        name=task["solver"],
        bootstrap_with=[shuffled.clause(clauses[place]) for place in shuffled.order(len(clauses))],
    )

    def solve(call: dict[str, Any], emit: Emit) -> None:
        nothing = np.zeros(0, np.int64)
        ended = threading.Event()

        def report() -> None:
            while not ended.wait(_PROGRESS_SECONDS):
                emit({"steps": search.accum_stats()["conflicts"], "end": False}, nothing)

        if call["steps"] is not None:
            search.conf_budget(call["steps"])
        reporter = threading.Thread(target=report)
        if task["interruptible"]:
            reporter.start()
        satisfiable = search.solve_limited(expect_interrupt=task["interruptible"])
        ended.set()
        if task["interruptible"]:
            reporter.join()
        true = shuffled.true(search.get_model(), formula.num_variables) if satisfiable else nothing
        steps = search.accum_stats()["conflicts"]
        emit({"steps": steps, "end": True, "satisfiable": satisfiable}, true)

    return solve
