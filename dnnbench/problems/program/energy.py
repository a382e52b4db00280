"""Linear and quadratic programs, differentiable side: objective, gradient and residuals in JAX.

The signs of multipliers are those of the exact side: L(x, y) = f(x) - y . (A x).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.instances.program import Program
from dnnbench.kernels.rectangular import Rectangular, make_rectangular, matmul, matmul_t
from dnnbench.kernels.spmm import Sparse, make_sparse, spmm
from dnnbench.problems.relaxed import Score


class ProgramData(NamedTuple):
    """Arrays of a program; bounds may be infinite.

    Attributes:
        matrix: A [m, n].
        quadratic: Q [n, n], or None.
        cost: c [n].
        row_lower, row_upper: [m].
        lower, upper: [n].
        offset: constant of the objective, a scalar.
    """

    matrix: Rectangular
    quadratic: Sparse | None
    cost: jax.Array
    row_lower: jax.Array
    row_upper: jax.Array
    lower: jax.Array
    upper: jax.Array
    offset: jax.Array


class ProgramResiduals(NamedTuple):
    """The relative residuals of a primal and dual point, scalars; all are 0 at an optimum.

    Attributes:
        primal: 2-norm of violations over 1 + that of the finite bounds of rows.
        dual: 2-norm of multipliers of infinite bounds over 1 + that of c.
        gap: |p - d| / (1 + |p| + |d|) of the primal and the dual objective.
    """

    primal: jax.Array
    dual: jax.Array
    gap: jax.Array


@dataclass(frozen=True)
class ProgramEnergy:
    """A program, always minimised.

    Attributes:
        kernel: name of the product with Q; `none` where there is none to choose.
        dtype: floating point type of the arrays.
        lanes: lanes that share a product; not used.
    """

    kernel: str
    dtype: str
    lanes: int = 1

    def prepare(self, public: Program) -> ProgramData:
        """The program's arrays."""
        quadratic = None
        if public.quadratic is not None and public.quadratic.nnz:
            kernel = "sell" if self.kernel == "none" else self.kernel
            quadratic = make_sparse(public.quadratic, kernel, self.dtype)
        return ProgramData(
            make_rectangular(public.matrix, self.dtype),
            quadratic,
            *(
                jnp.asarray(array, self.dtype)
                for array in (
                    public.cost,
                    public.row_lower,
                    public.row_upper,
                    public.lower,
                    public.upper,
                    public.offset,
                )
            ),
        )

    def objective(self, x: jax.Array, data: ProgramData) -> jax.Array:
        """The value offset + c . x + x . Q x / 2."""
        linear = jnp.sum(data.cost * x) + data.offset
        if data.quadratic is None:
            return linear
        return linear + jnp.sum(x * spmm(data.quadratic, x)) / 2

    def gradient(self, x: jax.Array, data: ProgramData) -> jax.Array:
        """The slope c + Q x, [n]."""
        if data.quadratic is None:
            return data.cost + jnp.zeros_like(x)
        return data.cost + spmm(data.quadratic, x)

    def project(self, x: jax.Array, data: ProgramData) -> jax.Array:
        """The nearest point between the bounds, [n]."""
        return jnp.clip(x, data.lower, data.upper)

    def row_violation(self, rows: jax.Array, data: ProgramData) -> jax.Array:
        """How far A x is above its bounds, negative below them, [m]."""
        return _outside(rows, data.row_lower, data.row_upper)

    def residuals(self, x: jax.Array, y: jax.Array, data: ProgramData) -> ProgramResiduals:
        """The relative residuals of x [n] and y [m]."""
        gradient = self.gradient(x, data)
        reduced = gradient - matmul_t(data.matrix, y)
        rows = self.row_violation(matmul(data.matrix, x), data)
        bounds = _outside(x, data.lower, data.upper)
        of_rows, strayed_rows = owned(y, data.row_lower, data.row_upper)
        of_bounds, strayed_bounds = owned(reduced, data.lower, data.upper)
        slope = jnp.sum((gradient - data.cost) * x)
        p = data.offset + jnp.sum(data.cost * x) + slope / 2
        d = data.offset - slope / 2 + of_rows + of_bounds
        size = jnp.maximum(_finite_size(data.row_lower), _finite_size(data.row_upper))
        return ProgramResiduals(
            _norm(rows, bounds) / (1 + _norm(size)),
            _norm(strayed_rows, strayed_bounds) / (1 + _norm(data.cost)),
            jnp.abs(p - d) / (1 + jnp.abs(p) + jnp.abs(d)),
        )

    def kkt_error(self, x: jax.Array, y: jax.Array, data: ProgramData) -> jax.Array:
        """The largest relative residual."""
        found = self.residuals(x, y, data)
        return jnp.maximum(jnp.maximum(found.primal, found.dual), found.gap)

    def round_score(
        self, z: jax.Array, merit: jax.Array, data: ProgramData, key: jax.Array
    ) -> tuple[jax.Array, Score]:
        """The answer as it is, x and then y [n + m]; its cost is the largest relative residual."""
        del merit, key
        n = data.cost.shape[0]
        error = self.kkt_error(z[:n], z[n:], data)
        return z, Score(jnp.zeros((), error.dtype), error)


def _outside(values: jax.Array, lower: jax.Array, upper: jax.Array) -> jax.Array:
    return values - jnp.clip(values, lower, upper)


def owned(
    multipliers: jax.Array, lower: jax.Array, upper: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The sum of multipliers times their finite bounds, and the multipliers of infinite bounds."""
    bound = jnp.where(multipliers > 0, lower, upper)
    finite = jnp.isfinite(bound)
    value = jnp.sum(multipliers * jnp.where(finite, bound, 0))
    return value, jnp.where(finite, 0, multipliers)


def _finite_size(bounds: jax.Array) -> jax.Array:
    return jnp.where(jnp.isfinite(bounds), jnp.abs(bounds), 0)


def _norm(*parts: Any) -> jax.Array:
    return jnp.sqrt(sum(jnp.sum(jnp.square(part)) for part in parts))
