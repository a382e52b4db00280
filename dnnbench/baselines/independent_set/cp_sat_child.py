"""The model of `cp_sat`, in the process of `apart.child`."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit

_STEPS_PER_SECOND = 1000
"""Steps in one of the solver's deterministic seconds."""


def library() -> Any:
    """The package's module."""
    from ortools.sat.python import cp_model

    return cp_model


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call with `seconds`, `steps` (each may be None) and `seed`.

    Each better set is an answer, and the end; headers have the `steps` until then, the `bound`,
    and whether it is the `end`.

    Args:
        task: nothing more.
        arrays: starts and members of the cliques, whole weights, a set to begin with as bits.
    """
    cp_model = library()
    starts, members, weights, first = (array.tolist() for array in arrays)
    model = cp_model.CpModel()
    variables = [model.new_bool_var("") for _ in weights]
    for begin, end in pairwise(starts):
        model.add_at_most_one([variables[v] for v in members[begin:end]])
    model.maximize(cp_model.LinearExpr.weighted_sum(variables, weights))
    for variable, bit in zip(variables, first, strict=True):
        model.add_hint(variable, bit)

    def solve(call: dict[str, Any], emit: Emit) -> None:
        search = cp_model.CpSolver()
        search.parameters.num_workers = 1
        search.parameters.random_seed = call["seed"]
        if call["steps"] is not None:
            search.parameters.max_deterministic_time = call["steps"] / _STEPS_PER_SECOND
        if call["seconds"] is not None:
            search.parameters.max_time_in_seconds = call["seconds"]
        search.solve(model, _listener(variables, emit))
        _tell(emit, search.deterministic_time, search.best_objective_bound, [], True)

    return solve


def _listener(variables: list[Any], emit: Emit) -> Any:
    """What the solver calls with each better set."""
    callback: Any = library().CpSolverSolutionCallback

    class Listener(callback):
        def on_solution_callback(self) -> None:
            bits = [self.boolean_value(variable) for variable in variables]
            _tell(emit, self.deterministic_time, self.best_objective_bound, bits, False)

    return Listener()


def _tell(emit: Emit, seconds: float, bound: float, bits: list[bool], end: bool) -> None:
    steps = math.ceil(seconds * _STEPS_PER_SECOND)
    emit({"steps": steps, "bound": bound, "end": end}, np.flatnonzero(bits))
