"""Programs as Clarabel and SCS take them: minimise c . x + x . Q x / 2, A x + s = b, s in a cone.

The first rows are equalities (s = 0), the others finite upper and lower bounds (s >= 0), of rows
and of variables alike.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dnnbench.instances.program import Program

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Conic:
    """A program in this form.

    Attributes:
        quadratic: the upper triangle of Q, CSC [n, n].
        matrix: A, CSC [k, n].
        bounds: b, [k].
        equalities: how many of the k rows are equalities.
    """

    quadratic: sp.csc_matrix
    matrix: sp.csc_matrix
    bounds: Vector
    equalities: int
    _rows: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
    _num_rows: int

    def multipliers(self, z: Vector) -> Vector:
        """The multipliers of the program's rows, [m], from those of this form.

        Theirs are of L = f + z . (A x - b): positive ones belong to upper bounds.
        """
        y = np.zeros(self._num_rows + self.matrix.shape[1])
        for places, sign, part in zip(self._rows, (-1, -1, 1), self._parts(z), strict=True):
            y[places] += sign * part
        return y[: self._num_rows]

    def _parts(self, z: Vector) -> list[Vector]:
        equal, above, _ = (len(places) for places in self._rows)
        return np.split(z, [equal, equal + above])


def conic(program: Program) -> Conic:
    """The program in this form."""
    n = program.num_variables
    matrix = sp.vstack([program.matrix, sp.eye_array(n)], format="csr")
    lower = np.concatenate([program.row_lower, program.lower])
    upper = np.concatenate([program.row_upper, program.upper])
    equal = lower == upper
    places = (
        np.flatnonzero(equal),
        np.flatnonzero(np.isfinite(upper) & ~equal),
        np.flatnonzero(np.isfinite(lower) & ~equal),
    )
    signs = np.repeat([1.0, 1.0, -1.0], [len(part) for part in places])
    order = np.concatenate(places)
    bounds = np.concatenate([upper[places[0]], upper[places[1]], -lower[places[2]]])
    return Conic(
        upper_triangle(program),
        sp.csc_matrix(sp.diags_array(signs) @ matrix[order]),
        bounds,
        len(places[0]),
        places,
        program.num_rows,
    )


def upper_triangle(program: Program) -> sp.csc_matrix:
    """The upper triangle of Q, empty for a linear program."""
    n = program.num_variables
    if program.quadratic is None:
        return sp.csc_matrix((n, n))
    return sp.csc_matrix(sp.triu(program.quadratic))
