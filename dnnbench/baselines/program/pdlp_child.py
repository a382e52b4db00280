"""PDLP of OR-Tools, in the process of `apart.child`."""

from collections.abc import Callable
from typing import Any

import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.program.outcome import Ask, Ended, Outcome, answering, from_arrays
from dnnbench.instances.program import Program

_ENDED: dict[str, Ended] = {
    "OPTIMAL": "solved",
    "PRIMAL_INFEASIBLE": "infeasible",
    "DUAL_INFEASIBLE": "unbounded",
    "TIME_LIMIT": "limit",
    "ITERATION_LIMIT": "limit",
}


def library() -> Any:
    """The package's module."""
    from ortools.pdlp.python import pdlp

    return pdlp


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
    from ortools.pdlp import solve_log_pb2, solvers_pb2

    pdlp = library()
    model = pdlp.QuadraticProgram()
    model.objective_vector = program.cost
    model.objective_offset = program.offset
    model.constraint_matrix = sp.csc_matrix(program.matrix)
    model.constraint_lower_bounds = program.row_lower
    model.constraint_upper_bounds = program.row_upper
    model.variable_lower_bounds = program.lower
    model.variable_upper_bounds = program.upper
    params = solvers_pb2.PrimalDualHybridGradientParams(num_threads=1)
    criteria = params.termination_criteria
    criteria.simple_optimality_criteria.eps_optimal_absolute = ask.tolerance
    criteria.simple_optimality_criteria.eps_optimal_relative = ask.tolerance
    criteria.eps_primal_infeasible = criteria.eps_dual_infeasible = certificate_tolerance
    criteria.time_sec_limit, criteria.iteration_limit = ask.seconds, ask.steps
    result = pdlp.primal_dual_hybrid_gradient(model, params)
    log = result.solve_log
    reason = solve_log_pb2.TerminationReason.Name(log.termination_reason)
    words = reason.removeprefix("TERMINATION_REASON_")
    ended = _ENDED.get(words, "gave up")
    x, y = result.primal_solution, result.dual_solution
    certificate = {"infeasible": y, "unbounded": x}.get(ended)
    return Outcome(ended, words.lower(), log.iteration_count, x, y, certificate)
