"""OSQP, in the process of `apart.child`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.program.conic import upper_triangle
from dnnbench.baselines.program.outcome import Ask, Ended, Outcome, answering, from_arrays
from dnnbench.instances.program import Program


def library() -> Any:
    """The package."""
    import osqp

    return osqp


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call, see `answering`.

    Args:
        task: `tolerance`, `certificate_tolerance` and `polish`.
        arrays: the program, by `as_arrays`.
    """
    status = library().SolverStatus
    ends: dict[int, Ended] = {
        int(status.OSQP_SOLVED): "solved",
        int(status.OSQP_PRIMAL_INFEASIBLE): "infeasible",
        int(status.OSQP_DUAL_INFEASIBLE): "unbounded",
        int(status.OSQP_SOLVED_INACCURATE): "limit",
        int(status.OSQP_PRIMAL_INFEASIBLE_INACCURATE): "limit",
        int(status.OSQP_DUAL_INFEASIBLE_INACCURATE): "limit",
        int(status.OSQP_MAX_ITER_REACHED): "limit",
        int(status.OSQP_TIME_LIMIT_REACHED): "limit",
    }
    none = (status.OSQP_PRIMAL_INFEASIBLE_INACCURATE, status.OSQP_DUAL_INFEASIBLE_INACCURATE)

    def once(program: Program, ask: Ask) -> Outcome:
        call = library().OSQP(algebra="builtin")
        # The bounds of variables are rows after the others.
        bounded = np.flatnonzero(np.isfinite(program.lower) | np.isfinite(program.upper))
        unit = sp.eye_array(program.num_variables, format="csr")
        call.setup(
            upper_triangle(program),
            program.cost,
            sp.csc_matrix(sp.vstack([program.matrix, unit[bounded]])),
            np.concatenate([program.row_lower, program.lower[bounded]]),
            np.concatenate([program.row_upper, program.upper[bounded]]),
            eps_abs=ask.tolerance,
            eps_rel=ask.tolerance,
            eps_prim_inf=task["certificate_tolerance"],
            eps_dual_inf=task["certificate_tolerance"],
            polishing=task["polish"],
            max_iter=ask.steps,
            time_limit=min(ask.seconds, 1e10),
            verbose=False,
        )
        solution = call.solve(raise_error=False)
        info, m = solution.info, program.num_rows
        ended = ends.get(int(info.status_val), "gave up")
        certificate = None
        if ended == "infeasible":
            certificate = -np.array(solution.prim_inf_cert)[:m]
        elif ended == "unbounded":
            certificate = np.array(solution.dual_inf_cert)
        # Its multipliers are of L = f + y . (A x).
        x, y = np.array(solution.x), -np.array(solution.y)[:m]
        if info.status_val in [int(value) for value in none]:
            x = np.full_like(x, np.nan)  # it fills x with a number
        return Outcome(ended, info.status, info.iter, x, y, certificate)

    return answering(from_arrays(arrays), once, task["tolerance"])
