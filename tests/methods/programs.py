"""Random programs, their optima by HiGHS, and where methods settle on them, in float64."""

from typing import Any

import highspy
import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from dnnbench.instances.program import Program
from dnnbench.problems.program.energy import ProgramEnergy
from dnnbench.problems.program.residuals import Residuals, residuals
from tests.methods.dense import context

ENERGY = ProgramEnergy("none", "float64")
INF = np.inf


def random_program(n: int, m: int, seed: int, curved: str = "", density: float = 1.0) -> Program:
    """A feasible, bounded program with rows of all kinds and bounds of all kinds.

    Args:
        n: variables.
        m: rows.
        seed: of the numbers.
        curved: `definite` or `semidefinite` Q, or none.
        density: share of the entries of A that are not zero.
    """
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(m, n)) * (rng.random((m, n)) < density)
    lower = rng.choice([-INF, -1.0, 0.0], n)
    upper = np.where(np.isfinite(lower), rng.choice([INF, 1.5], n), rng.choice([INF, 1.0], n))
    x = np.clip(rng.normal(size=n), lower, upper)
    y = rng.normal(size=m) * (rng.random(m) < 0.7)
    slack = rng.random(m)
    rows, kind = dense @ x, rng.integers(3, size=m)  # equality, two-sided, one-sided
    below = rows - np.where((kind == 0) | (y > 0), 0, slack)
    above = rows + np.where((kind == 0) | (y < 0), 0, slack)
    below = np.where((kind == 2) & (y <= 0), -INF, below)
    above = np.where((kind == 2) & (y > 0), INF, above)
    quadratic = None
    if curved:
        root = rng.normal(size=(n, n if curved == "definite" else n // 2)) / np.sqrt(n)
        quadratic = root @ root.T + (0.1 * np.eye(n) if curved == "definite" else 0)
    reduced = np.where(x <= lower, rng.random(n), np.where(x >= upper, -rng.random(n), 0))
    cost = reduced + dense.T @ y - (0 if quadratic is None else quadratic @ x)
    q = None if quadratic is None else sp.csr_array(quadratic)
    return Program(cost, sp.csr_array(dense), below, above, lower, upper, q)


def highs(program: Program) -> tuple[float, np.ndarray, np.ndarray]:
    """The optimum by HiGHS: (objective, x, y)."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    model, matrix = highspy.HighsModel(), program.matrix.tocsc()
    lp = model.lp_
    lp.num_col_, lp.num_row_ = program.num_variables, program.num_rows
    lp.col_cost_, lp.offset_ = program.cost, program.offset
    lp.col_lower_, lp.col_upper_ = program.lower, program.upper
    lp.row_lower_, lp.row_upper_ = program.row_lower, program.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    if program.quadratic is not None:
        triangle = sp.csc_array(sp.tril(program.quadratic))
        model.hessian_.dim_ = program.num_variables
        model.hessian_.format_ = highspy.HessianFormat.kTriangular
        model.hessian_.start_, model.hessian_.index_ = triangle.indptr, triangle.indices
        model.hessian_.value_ = triangle.data
    solver.passModel(model)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    solution = solver.getSolution()
    value = solver.getInfo().objective_function_value
    return value, np.array(solution.col_value), np.array(solution.row_dual)


def settled(
    method: Any, hp: dict[str, float], program: Program, steps: int
) -> tuple[Any, np.ndarray, dict[str, float]]:
    """Where a restart is after so many steps: (state, answer, figures); inside `x64(True)`."""
    phase = method.phases[0]
    every = phase.outer_every or steps + 1

    def one(t: jax.Array, s: Any) -> Any:
        ctx = first._replace(t=t)
        due = (t > 0) & (t % every == 0)
        s = jax.lax.cond(due, lambda s: method.outer(s, phase, ctx), lambda s: s, s)
        return method.step(s, phase, ctx)[0]

    first = context(method, hp, -1, program)
    walk = jax.jit(lambda s: jax.lax.fori_loop(0, steps, one, s))
    state = walk(method.init(first))
    ctx = first._replace(t=jnp.asarray(steps, jnp.int32))
    answer = np.array(method.readout(state, ctx))
    figures = {k: float(v) for k, v in method.figures(state, ctx).items()}
    return state, answer, figures


def lacks(z: np.ndarray, program: Program) -> Residuals:
    """The exact side's residuals of an answer [n + m]."""
    n = program.num_variables
    return residuals(z[:n], z[n:], program)
