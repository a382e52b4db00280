"""Comparing programs, and HiGHS as another reader and as a solver of them."""

from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from dnnbench.instances.program import Program
from dnnbench.instances.serialise import to_arrays

OPTIMAL = highspy.HighsModelStatus.kOptimal
INFEASIBLE = highspy.HighsModelStatus.kInfeasible
UNBOUNDED = highspy.HighsModelStatus.kUnbounded
UNDECIDED = highspy.HighsModelStatus.kUnboundedOrInfeasible


def same(a: Program, b: Program) -> bool:
    first, second = (to_arrays("program", each) for each in (a, b))
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


def assert_valid(program: Program) -> None:
    """What `Program` promises."""
    n, m = program.num_variables, program.num_rows
    vectors = (program.cost, program.lower, program.upper, program.row_lower, program.row_upper)
    assert [len(vector) for vector in vectors] == [n, n, n, m, m]
    assert n >= 1
    assert program.matrix.shape == (m, n)
    assert (program.lower <= program.upper).all()
    assert (program.row_lower <= program.row_upper).all()
    assert not np.isposinf([*program.lower, *program.row_lower]).any()
    assert not np.isneginf([*program.upper, *program.row_upper]).any()
    assert np.isfinite(program.cost).all()
    assert np.isfinite(program.offset)
    quadratic = [] if program.quadratic is None else [program.quadratic]
    for matrix in (program.matrix, *quadratic):
        assert matrix.dtype == np.float64
        assert matrix.has_canonical_format
        assert np.isfinite(matrix.data).all()
        assert matrix.data.all()
    for matrix in quadratic:
        assert matrix.shape == (n, n)
        assert matrix.nnz
        assert (matrix != matrix.T).nnz == 0
    assert not any(vector.flags.writeable for vector in (*vectors, program.matrix.data))


def solver() -> highspy.Highs:
    made = highspy.Highs()
    made.silent()
    return made


def solved(program: Program) -> tuple[Any, float, np.ndarray]:
    """The status that HiGHS finds, the objective in the sense of the minimisation, and x."""
    reader = solver()
    assert reader.passModel(as_highs(program)) != highspy.HighsStatus.kError
    reader.run()
    return (
        reader.getModelStatus(),
        reader.getInfo().objective_function_value,
        np.array(reader.getSolution().col_value),
    )


def as_highs(program: Program) -> Any:
    model = highspy.HighsModel()
    lp = model.lp_
    lp.num_col_, lp.num_row_ = program.num_variables, program.num_rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.lower, program.upper
    lp.row_lower_, lp.row_upper_, lp.offset_ = program.row_lower, program.row_upper, program.offset
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = program.matrix.indptr, program.matrix.indices
    lp.a_matrix_.value_ = program.matrix.data
    if program.quadratic is not None:
        half = sp.tril(program.quadratic, format="csc")
        model.hessian_.dim_ = program.num_variables
        model.hessian_.format_ = highspy.HessianFormat.kTriangular
        model.hessian_.start_, model.hessian_.index_ = half.indptr, half.indices
        model.hessian_.value_ = half.data
    return model


def read_by_highs(text: str, folder: Any) -> dict[str, np.ndarray]:
    """The arrays of a program as HiGHS reads it from MPS, dense, in the sense of the file."""
    path = folder / "program.mps"
    path.write_text(text)
    reader = solver()
    assert reader.readModel(str(path)) == highspy.HighsStatus.kOk
    model = reader.getModel()
    lp, n = model.lp_, model.lp_.num_col_
    return {
        "cost": np.array(lp.col_cost_),
        "matrix": _dense(lp.a_matrix_, lp.num_row_, n),
        "row_lower": np.array(lp.row_lower_),
        "row_upper": np.array(lp.row_upper_),
        "lower": np.array(lp.col_lower_),
        "upper": np.array(lp.col_upper_),
        "quadratic": _symmetric(_dense(model.hessian_, n, n)),
        "offset": np.array(lp.offset_),
        "maximised": np.array(lp.sense_ == highspy.ObjSense.kMaximize),
    }


def dense(program: Program) -> dict[str, np.ndarray]:
    """The same arrays of a program."""
    n = program.num_variables
    sign = -1 if program.maximised else 1
    quadratic = np.zeros((n, n)) if program.quadratic is None else program.quadratic.toarray()
    return {
        "cost": sign * program.cost,
        "matrix": program.matrix.toarray(),
        "row_lower": program.row_lower,
        "row_upper": program.row_upper,
        "lower": program.lower,
        "upper": program.upper,
        "quadratic": sign * quadratic,
        "offset": np.array(sign * program.offset),
        "maximised": np.array(program.maximised),
    }


def _dense(columns: Any, rows: int, n: int) -> np.ndarray:
    found = np.zeros((rows, n))
    starts = list(columns.start_)
    for j in range(min(n, len(starts) - 1)):
        for at in range(starts[j], starts[j + 1]):
            found[columns.index_[at], j] = columns.value_[at]
    return found


def _symmetric(lower: np.ndarray) -> np.ndarray:
    return lower + lower.T - np.diag(np.diag(lower))
