"""Programs of a few variables on which every solver is checked."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from dnnbench.instances.program import Program

_INF = np.inf


def tiny_linear() -> dict[str, Program]:
    """Inequalities; an equality, a two-sided row and a free variable; a degenerate vertex.

    At the last one's optimum (1, 1) four constraints meet in the plane, and the multipliers are
    not determined.
    """
    return {
        "degenerate": program(
            cost=[-1, -1],
            matrix=[[1, 2], [2, 1]],
            rows=([-_INF, -_INF], [3, 3]),
            bounds=([0, 0], [1, 1]),
        ),
        "inequalities": program(
            cost=[-1, -2],
            matrix=[[1, 1], [-1, 1]],
            rows=([-_INF, -_INF], [4, 1]),
            bounds=([0, 0], [_INF, _INF]),
        ),
        "mixed": program(
            cost=[1, 2, 0.5],
            matrix=[[1, 1, 1], [1, 0, -1]],
            rows=([1, -0.5], [1, 2]),
            bounds=([0, 0, -_INF], [_INF, 4, _INF]),
            offset=1.0,
        ),
    }


def tiny_quadratic() -> dict[str, Program]:
    """A semidefinite Q with bounds on all variables; a definite one with two-sided rows."""
    return {
        "semidefinite": program(
            cost=[-1.5, -0.5, 0.3],
            matrix=[[1, 1, 1]],
            rows=([1.2], [_INF]),
            bounds=([0, 0, 0], [1, 1, 1]),
            quadratic=np.array([[1, 1, 0], [1, 1, 0], [0, 0, 0]]),
        ),
        "definite": program(
            cost=[-1, -2, -1],
            matrix=[[1, 1, 1], [1, 0, -1]],
            rows=([0.5, -0.5], [1.5, 0]),
            bounds=([0, -_INF, -_INF], [_INF, _INF, _INF]),
            quadratic=np.array([[2, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]),
        ),
    }


def program(
    cost: ArrayLike,
    matrix: ArrayLike,
    rows: tuple[ArrayLike, ArrayLike],
    bounds: tuple[ArrayLike, ArrayLike],
    quadratic: ArrayLike | None = None,
    offset: float = 0.0,
) -> Program:
    """A program from dense arrays; bounds of rows and of variables are pairs (lower, upper)."""
    return Program(
        cost=np.asarray(cost, np.float64),
        matrix=sp.csr_array(np.asarray(matrix, np.float64)),
        row_lower=np.asarray(rows[0], np.float64),
        row_upper=np.asarray(rows[1], np.float64),
        lower=np.asarray(bounds[0], np.float64),
        upper=np.asarray(bounds[1], np.float64),
        quadratic=None if quadratic is None else sp.csr_array(np.asarray(quadratic, np.float64)),
        offset=offset,
    )
