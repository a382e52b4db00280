"""Linear and convex quadratic programs, the public half of every instance of family `program`."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Program:
    """Minimise offset + cost . x + x^T Q x / 2, row_lower <= A x <= row_upper, lower <= x <= upper.

    Bounds may be infinite; those of an equality are equal. A program that was to be maximised has
    its cost, Q and offset negated here and says so.

    Attributes:
        cost: [n].
        matrix: A, float64 CSR [m, n] with sorted indices; m may be 0.
        row_lower, row_upper: [m], each row_lower <= row_upper.
        lower, upper: [n], each lower <= upper.
        quadratic: Q, symmetric positive semidefinite float64 CSR [n, n]; None for a linear program.
        offset: constant term.
        maximised: whether the objective is to be reported with its sign changed.
    """

    cost: Vector
    matrix: sp.csr_array
    row_lower: Vector
    row_upper: Vector
    lower: Vector
    upper: Vector
    quadratic: sp.csr_array | None = None
    offset: float = 0.0
    maximised: bool = False

    @property
    def num_variables(self) -> int:
        """Number of variables n."""
        return len(self.cost)

    @property
    def num_rows(self) -> int:
        """Number of rows m."""
        return len(self.row_lower)

    @cached_property
    def transposed(self) -> sp.csr_array:
        """A^T as CSR [n, m]."""
        return self.matrix.T.tocsr()


def frozen(program: Program) -> Program:
    """The program in canonical form: no explicit zeros, sorted indices, its arrays read-only.

    A quadratic part without entries is None.
    """
    quadratic = None if program.quadratic is None else _canonical(program.quadratic)
    vectors: dict[str, Any] = {
        name: np.asarray(getattr(program, name), np.float64) for name in _VECTORS
    }
    canonical = replace(
        program,
        **vectors,
        matrix=_canonical(program.matrix),
        quadratic=None if quadratic is None or not quadratic.nnz else quadratic,
    )
    for name in _VECTORS:
        getattr(canonical, name).setflags(write=False)
    return canonical


_VECTORS = ("cost", "row_lower", "row_upper", "lower", "upper")


def _canonical(matrix: sp.csr_array) -> sp.csr_array:
    matrix = matrix.tocsr().astype(np.float64)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    for array in (matrix.data, matrix.indices, matrix.indptr):
        array.setflags(write=False)
    return matrix
