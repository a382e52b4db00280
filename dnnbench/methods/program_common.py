"""What methods for linear and quadratic programs share: scales made on the host, and multipliers.

A program is scaled by positive diagonals, x = C x', y = R y', so that R A C has rows and columns of
about equal size. No scaled matrix is stored: a step of sizes tau and sigma in the scaled variables
is one of sizes tau C^2 and sigma R^2 in the original ones, and norms weigh accordingly. So methods
work in the units of the program, and a lane with a program of its own needs vectors alone.

References:
    Ruiz, A scaling algorithm to equilibrate both rows and columns norms in matrices,
    RAL-TR-2001-034, 2001; Pock & Chambolle, Diagonal preconditioning for first order primal-dual
    algorithms in convex optimization, ICCV 2011 (alpha = 1); both in this order and the
    first primal weight as in Applegate et al., PDLP, NeurIPS 2021, arXiv 2106.04756.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from dnnbench.engine.contract import Ctx, PyTree
from dnnbench.engine.own_step import OwnStepMethod
from dnnbench.instances.program import Program
from dnnbench.kernels.spmm import spmm
from dnnbench.problems.program.energy import ProgramEnergy

Vector = NDArray[np.float64]

_DENSE = 64
"""Rows or columns up to which a norm is that of the dense matrix."""


class Scales(NamedTuple):
    """Sizes of a program, equal in shape for all programs of one shape.

    Attributes:
        rows: squares of R, [m].
        columns: squares of C, [n].
        row_weights: 1 / R^2, [m]; norms of multipliers weigh by it, and dividing is slow.
        column_weights: 1 / C^2, [n].
        matrix_norm: 2-norm of R A C.
        quadratic_norm: 2-norm of C Q C.
        weight: first primal weight, |C c| / |R b|, b the larger finite bound of each row; 1 if
            either vanishes.
    """

    rows: Any
    columns: Any
    row_weights: Any
    column_weights: Any
    matrix_norm: Any
    quadratic_norm: Any
    weight: Any


class OfPrograms:
    """What a method prepares of a program; subclasses say with `prepare_item` what that is.

    Subclasses are frozen dataclasses with a field `energy`.
    """

    energy: ProgramEnergy

    def prepare_item(self, public: Program) -> PyTree:
        """Arrays of one program, made on the host, of shapes that depend on n and m alone."""
        raise NotImplementedError

    def prepare(self, public: Program) -> tuple[PyTree, dict[str, float]]:
        """The program's arrays on the device; no derived hyperparameters."""
        arrays = self.prepare_item(public)
        return jax.tree.map(lambda x: jnp.asarray(x, self.energy.dtype), arrays), {}


@dataclass(frozen=True)
class ProgramMethod(OfPrograms, OwnStepMethod):
    """A method for programs with a step of its own.

    Attributes:
        energy: the program's formulas.
        num_steps: steps of one restart.
    """

    energy: ProgramEnergy
    num_steps: int

    def own(self, ctx: Ctx) -> PyTree:
        """What `prepare_item` made of the program that this lane solves."""
        return ctx.method


def scales(public: Program, rounds: int) -> Scales:
    """Ruiz scaling in so many rounds, then that of Pock and Chambolle."""
    rows, columns = equilibrated(public, rounds)
    cost = float(np.linalg.norm(columns * public.cost))
    sizes = [np.where(np.isfinite(b), abs(b), 0) for b in (public.row_lower, public.row_upper)]
    bounds = float(np.linalg.norm(rows * np.maximum(*sizes)))
    return Scales(
        rows**2,
        columns**2,
        rows**-2,
        columns**-2,
        spectral_norm(_Entries.of(public.matrix).scaled(rows, columns).matrix()),
        spectral_norm(_Entries.of(_quadratic(public)).scaled(columns, columns).matrix()),
        cost / bounds if cost > 0 and bounds > 0 else 1.0,
    )


def equilibrated(public: Program, rounds: int) -> tuple[Vector, Vector]:
    """The diagonals of R [m] and C [n]; Q counts among the columns."""
    rows, columns = np.ones(public.num_rows), np.ones(public.num_variables)
    matrix, quadratic = _Entries.of(abs(public.matrix)), _Entries.of(abs(_quadratic(public)))
    for _ in range(rounds):
        a, q = matrix.scaled(rows, columns), quadratic.scaled(columns, columns)
        rows = rows / _root(a.largest(0))
        columns = columns / _root(np.maximum(a.largest(1), q.largest(1)))
    a, q = matrix.scaled(rows, columns), quadratic.scaled(columns, columns)
    return rows / _root(a.sums(0)), columns / _root(a.sums(1) + q.sums(0))


@dataclass(frozen=True)
class _Entries:
    """A sparse matrix by its entries; SciPy's own take 20 ms to scale a small one.

    Attributes:
        places: rows and columns of the entries.
        values: the entries.
        shape: of the matrix.
    """

    places: tuple[NDArray[np.intp], NDArray[np.intp]]
    values: Vector
    shape: tuple[int, int]

    @classmethod
    def of(cls, matrix: sp.csr_array) -> "_Entries":
        """The entries of a matrix that has none twice."""
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        return cls((rows, matrix.indices.astype(np.intp)), matrix.data, matrix.shape)

    def scaled(self, rows: Vector, columns: Vector) -> "_Entries":
        """diag(rows) matrix diag(columns)."""
        factor = rows[self.places[0]] * columns[self.places[1]]
        return _Entries(self.places, self.values * factor, self.shape)

    def largest(self, axis: int) -> Vector:
        """The largest entry of each row (axis 0) or column (1), at least 0."""
        found = np.zeros(self.shape[axis])
        np.maximum.at(found, self.places[axis], self.values)
        return found

    def sums(self, axis: int) -> Vector:
        """The sum of each row (axis 0) or column (1)."""
        sums = np.bincount(self.places[axis], self.values, self.shape[axis])
        return sums.astype(np.float64, copy=False)

    def matrix(self) -> sp.csr_array:
        """The matrix."""
        return sp.csr_array((self.values, self.places), self.shape)


def _quadratic(public: Program) -> sp.csr_array:
    """Q, empty for a linear program."""
    n = public.num_variables
    return sp.csr_array((n, n)) if public.quadratic is None else public.quadratic


def _root(sizes: Vector) -> Vector:
    """Square roots, 1 in the place of 0 (an empty row or column is left as it is)."""
    return np.sqrt(np.where(sizes > 0, sizes, 1))


def spectral_norm(matrix: sp.csr_array) -> float:
    """The largest singular value, to three digits; 0 of an empty matrix."""
    if min(matrix.shape) == 0 or matrix.nnz == 0:
        return 0.0
    if min(matrix.shape) <= _DENSE:
        dense = matrix.toarray() if matrix.shape[0] < matrix.shape[1] else matrix.toarray().T
        return float(np.sqrt(np.linalg.eigvalsh(dense @ dense.T)[-1]))
    start = np.random.default_rng(0).normal(size=min(matrix.shape))
    return float(svds(matrix, k=1, tol=1e-4, v0=start, return_singular_vectors=False)[0])


def multipliers(product: jax.Array, y: jax.Array, size: jax.Array, data: Any) -> jax.Array:
    """The multipliers after a step of these sizes, [m], with the signs that their rows allow.

    They maximise the Lagrangian less (y' - y)^2 / (2 size), row by row; y = 0 gives the forces of
    a quadratic penalty.

    Args:
        product: A x, [m].
        y: multipliers before, [m].
        size: step sizes or penalties, positive, [m] or a scalar.
        data: the program's arrays.
    """
    wanted = product - y / size
    return size * (jnp.clip(wanted, data.row_lower, data.row_upper) - wanted)


def curved(x: jax.Array, data: Any) -> jax.Array:
    """Q x, zeros for a linear program."""
    return jnp.zeros_like(x) if data.quadratic is None else spmm(data.quadratic, x)


def origin(energy: ProgramEnergy, data: Any) -> jax.Array:
    """The point within the bounds next to 0, [n]."""
    return energy.project(jnp.zeros_like(data.cost), data)
