"""SCS, in the process of `apart.child`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.program.conic import conic
from dnnbench.baselines.program.outcome import Ask, Ended, Outcome, answering, from_arrays
from dnnbench.instances.program import Program

_ENDED: dict[int, Ended] = {
    1: "solved",
    -1: "unbounded",
    -2: "infeasible",
    2: "limit",  # its best guess
    -6: "limit",  # its best guess is unbounded
    -7: "limit",  # its best guess is infeasible
}


def library() -> Any:
    """The package."""
    import scs

    return scs


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call, see `answering`.

    Args:
        task: `tolerance` and `certificate_tolerance`.
        arrays: the program, by `as_arrays`.
    """

    def once(program: Program, ask: Ask) -> Outcome:
        form = conic(program)
        matrix, bounds = form.matrix, form.bounds
        if not len(bounds):  # it wants a row
            matrix, bounds = sp.csc_matrix((1, program.num_variables)), np.zeros(1)
        call = library().SCS(
            {"P": form.quadratic, "A": matrix, "b": bounds, "c": program.cost},
            {"z": form.equalities, "l": len(bounds) - form.equalities},
            eps_abs=ask.tolerance,
            eps_rel=ask.tolerance,
            eps_infeas=task["certificate_tolerance"],
            max_iters=ask.steps,
            time_limit_secs=0.0 if np.isinf(ask.seconds) else max(ask.seconds, 1e-3),
            linear_solver="qdldl",
            verbose=False,
        )
        solution = call.solve()
        info = solution["info"]
        ended = _ENDED.get(info["status_val"], "gave up")
        guess = info["status_val"] in (-6, -7)
        x, y = solution["x"], form.multipliers(solution["y"][: len(form.bounds)])
        certificate = {"infeasible": y, "unbounded": x}.get(ended)
        answer = x[:0] if guess else x
        return Outcome(ended, info["status"], info["iter"], answer, y, certificate)

    return answering(from_arrays(arrays), once, task["tolerance"])
