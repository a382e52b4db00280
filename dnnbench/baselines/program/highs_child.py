"""HiGHS, in the process of `apart.child`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.baselines.apart.main import Emit
from dnnbench.baselines.program.outcome import (
    Ask,
    Ended,
    Outcome,
    Vector,
    answering,
    from_arrays,
)
from dnnbench.instances.program import Program

_ENDED: dict[str, Ended] = {
    "kOptimal": "solved",
    "kInfeasible": "infeasible",
    "kUnbounded": "unbounded",
    "kUnboundedOrInfeasible": "unbounded",
    "kTimeLimit": "limit",
    "kIterationLimit": "limit",
}
"""What is shown to be one of two is the first if there is a direction of descent."""


def library() -> Any:
    """The package."""
    import highspy

    return highspy


def solver(
    task: dict[str, Any], arrays: list[NDArray[Any]]
) -> Callable[[dict[str, Any], Emit], None]:
    """What answers a call, see `answering`.

    Args:
        task: `tolerance`; `solver`, HiGHS's name of its method of linear programs;
            `regularization`, a multiple of the identity that is added to Q.
        arrays: the program, by `as_arrays`.
    """

    def once(program: Program, ask: Ask) -> Outcome:
        return _once(program, ask, task["solver"], task["regularization"])

    return answering(from_arrays(arrays), once, task["tolerance"])


def _once(program: Program, ask: Ask, method: str, regularization: float) -> Outcome:
    h = _run(program, ask, method, regularization)
    status = h.getModelStatus()
    words, ended = h.modelStatusToString(status), _ENDED.get(status.name, "gave up")
    info, solution = h.getInfo(), h.getSolution()
    counts = {
        "simplex": info.simplex_iteration_count,
        "ipm": info.ipm_iteration_count,
        "crossover": info.crossover_iteration_count,
        "active_set": info.qp_iteration_count,
    }
    main = "active_set" if _curved(program) else method
    steps = max(counts.pop(main), 0)
    figures = {f"{name}_iterations": count for name, count in counts.items() if count > 0}
    x = np.array(solution.col_value) if solution.value_valid else np.zeros(0)
    y = np.array(solution.row_dual) if solution.dual_valid else np.zeros(program.num_rows)
    certificate = None
    if ended == "infeasible":
        certificate = _farkas(h, program, ask)
    elif ended == "unbounded":
        certificate = _direction(h, program, ask)
    return Outcome(ended, words, steps, x, y, certificate, figures)


def _run(program: Program, ask: Ask, method: str, regularization: float = 0.0) -> Any:
    highspy = library()
    h = highspy.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("kkt_tolerance", ask.tolerance),
        ("time_limit", ask.seconds),
        ("simplex_iteration_limit", ask.steps),
        ("ipm_iteration_limit", ask.steps),
        ("qp_iteration_limit", ask.steps),
        ("qp_regularization_value", regularization),
        ("solver", "choose" if _curved(program) else method),
    ):
        if h.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS refuses {name} = {value}")
    h.passModel(_model(program))
    h.run()
    return h


def _curved(program: Program) -> bool:
    return program.quadratic is not None and program.quadratic.nnz > 0


def _model(program: Program) -> Any:
    highspy = library()
    model = highspy.HighsModel()
    lp, matrix = model.lp_, program.matrix
    lp.num_col_, lp.num_row_ = program.num_variables, program.num_rows
    lp.col_cost_, lp.offset_ = program.cost, program.offset
    lp.col_lower_, lp.col_upper_ = program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    if program.quadratic is not None and _curved(program):
        triangle = sp.csc_array(sp.tril(program.quadratic))
        triangle.sort_indices()
        model.hessian_.dim_ = program.num_variables
        model.hessian_.format_ = highspy.HessianFormat.kTriangular
        model.hessian_.start_, model.hessian_.index_ = triangle.indptr, triangle.indices
        model.hessian_.value_ = triangle.data
    return model


def _farkas(h: Any, program: Program, ask: Ask) -> Vector | None:
    """Multipliers of rows that show that there is no feasible point.

    Its own where it has them: not of quadratic programs, nor of rows without coefficients. Else
    those of the rows where x may violate them, at a price of 1.
    """
    _, found, y = h.getDualRay()
    if found:
        return np.array(y)
    m = program.num_rows
    unit = sp.eye_array(m, format="csr")
    loose = replace(
        program,
        cost=np.concatenate([np.zeros(program.num_variables), np.ones(2 * m)]),
        matrix=sp.csr_array(sp.hstack([program.matrix, unit, -unit])),
        lower=np.concatenate([program.lower, np.zeros(2 * m)]),
        upper=np.concatenate([program.upper, np.full(2 * m, np.inf)]),
        quadratic=None,
    )
    solution = _run(loose, ask, "simplex").getSolution()
    return np.array(solution.row_dual) if solution.dual_valid else None


def _direction(h: Any, program: Program, ask: Ask) -> Vector | None:
    """A direction of descent that meets no bound.

    Its own where it has one: not of quadratic programs, nor without rows. Else the steepest of all
    whose entries are within 1.
    """
    _, found, w = h.getPrimalRay()
    if found:
        return np.array(w)
    matrix, row_lower, row_upper = program.matrix, program.row_lower, program.row_upper
    if program.quadratic is not None:
        matrix = sp.csr_array(sp.vstack([matrix, program.quadratic]))
        zeros = np.zeros(program.num_variables)
        row_lower, row_upper = np.append(row_lower, zeros), np.append(row_upper, zeros)
    directions = replace(
        program,
        matrix=matrix,
        row_lower=np.where(np.isfinite(row_lower), 0.0, -np.inf),
        row_upper=np.where(np.isfinite(row_upper), 0.0, np.inf),
        lower=np.where(np.isfinite(program.lower), 0.0, -1.0),
        upper=np.where(np.isfinite(program.upper), 0.0, 1.0),
        quadratic=None,
    )
    solution = _run(directions, ask, "simplex").getSolution()
    return np.array(solution.col_value) if solution.value_valid else None
