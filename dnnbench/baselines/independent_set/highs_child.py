"""The integer program of `highs`, in the process of `apart.child`."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit

_BOUND_SECONDS = 0.5
"""A bound without a better set is told this often."""


def library() -> Any:
    """The package."""
    import highspy

    return highspy


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call with `seconds`, `steps` (each may be None), `gap` and `seed`.

    Each better set is an answer, now and then a bound alone, and the end; headers have the nodes
    until then as `steps`, the `bound`, and whether it is the `end`.

    Args:
        task: nothing more.
        arrays: starts and members of the cliques, weights, a set to begin with as bits.
    """
    highspy = library()
    kinds = highspy.cb.HighsCallbackType
    starts, members, weights, first = arrays
    n, c = len(weights), len(starts) - 1
    h = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", 0.0)):
        h.setOptionValue(name, value)
    h.addVars(n, np.zeros(n), np.ones(n))
    everyone = np.arange(n, dtype=np.int32)
    h.changeColsCost(n, everyone, weights)
    h.changeColsIntegrality(n, everyone, np.array([highspy.HighsVarType.kInteger] * n))
    h.changeObjectiveSense(highspy.ObjSense.kMaximize)
    none, one = np.full(c, -highspy.kHighsInf), np.ones(c)
    ones = np.ones(len(members))
    h.addRows(c, none, one, len(members), starts[:-1].astype(np.int32), members, ones)
    solution = highspy.HighsSolution()
    solution.col_value = first.astype(np.float64).tolist()
    h.setSolution(solution)

    def solve(call: dict[str, Any], emit: Emit) -> None:
        h.setOptionValue("random_seed", call["seed"])
        h.setOptionValue("mip_abs_gap", call["gap"])
        if call["steps"] is not None:
            h.setOptionValue("mip_max_nodes", call["steps"])
        if call["seconds"] is not None:
            h.setOptionValue("time_limit", call["seconds"])
        total = float(weights.sum())
        told = time.monotonic()

        def tell(nodes: int, bound: float, values: Any, end: bool) -> None:
            nonlocal told
            told = time.monotonic()
            bound = bound if np.isfinite(bound) else total
            vertices = np.flatnonzero(np.asarray(values) > 0.5)
            emit({"steps": max(int(nodes), 0), "bound": bound, "end": end}, vertices)

        def called(kind: Any, message: str, out: Any, answer: Any, user: Any) -> None:
            if kind == kinds.kCallbackMipImprovingSolution:
                tell(out.mip_node_count, out.mip_dual_bound, out.mip_solution, False)
            elif time.monotonic() - told > _BOUND_SECONDS:
                tell(out.mip_node_count, out.mip_dual_bound, (), False)

        h.setCallback(called, None)
        for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackMipImprovingSolution):
            h.startCallback(kind)
        h.run()
        info = h.getInfo()
        tell(info.mip_node_count, info.mip_dual_bound, (), True)

    return solve
