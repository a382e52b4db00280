"""Clarabel, in the process of `apart.child`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.program.conic import conic
from dnnbench.baselines.program.outcome import Ask, Ended, Outcome, answering, from_arrays
from dnnbench.instances.program import Program

_ENDED: dict[str, Ended] = {
    "Solved": "solved",
    "AlmostSolved": "solved",
    "PrimalInfeasible": "infeasible",
    "AlmostPrimalInfeasible": "infeasible",
    "DualInfeasible": "unbounded",
    "AlmostDualInfeasible": "unbounded",
    "MaxIterations": "limit",
    "MaxTime": "limit",
}


def library() -> Any:
    """The package."""
    import clarabel

    return clarabel


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call, see `answering`.

    Args:
        task: `tolerance` and `certificate_tolerance`.
        arrays: the program, by `as_arrays`.
    """

    def once(program: Program, ask: Ask) -> Outcome:
        return _once(program, ask, task["certificate_tolerance"])

    return answering(from_arrays(arrays), once, task["tolerance"])


def _once(program: Program, ask: Ask, certificate_tolerance: float) -> Outcome:
    clarabel = library()
    form = conic(program)
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    settings.time_limit, settings.max_iter = ask.seconds, ask.steps
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = ask.tolerance
    settings.tol_infeas_abs = settings.tol_infeas_rel = certificate_tolerance
    inequalities = len(form.bounds) - form.equalities
    cones = [clarabel.ZeroConeT(form.equalities), clarabel.NonnegativeConeT(inequalities)]
    call = clarabel.DefaultSolver(
        form.quadratic, program.cost, form.matrix, form.bounds, cones, settings
    )
    solution = call.solve()
    words = str(solution.status)
    ended = _ENDED.get(words, "gave up")
    x, y = np.array(solution.x), form.multipliers(np.array(solution.z))
    certificate = {"infeasible": y, "unbounded": x}.get(ended)
    return Outcome(ended, words, solution.iterations, x, y, certificate)
