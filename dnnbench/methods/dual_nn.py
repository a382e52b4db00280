"""Dual neural network: one layer of piecewise linear units for strictly convex programs.

For a positive definite Q everything follows from the multipliers u of the two-sided rows
l <= E x <= r, E = [A; I], by x = Q^-1 (E^T u - c). A unit a row changes by the residual

    e = w - P(w - u / S),    w = E x = W u - E Q^-1 c,    W = E Q^-1 E^T,
    du/dt = -S e,

with P the clamp to [l, r] and S a positive diagonal; u settles just where x is optimal. The
projection's inequality gives (u - u*)'(I / S + W) S e >= e'S e, hence for an Euler step u - h S e

    |u - u*|^2 in the norm of I / S + W  changes by at most  -2 h e'S e + h^2 (e'S e + e'S W S e),

negative for h < 2 / (1 + |S^1/2 W S^1/2|). Taken is h = relaxation e'S e / (e'S e + e'S W S e), for
which W S e is needed that also carries w along, so a step is one product with W. S = 1 / diag(W)
scales the rows of E; the paper's network is S = 1.

W is not built: a step is one product each with A^T, the dense Q^-1 and A, at least
8 n^2 + 24 z + 8 (9 (n + m)) bytes, z entries of A. Q^-1 comes from a dense Cholesky
factorisation on the host, for at most 2,000 variables.

References:
    Zhang & Wang, A dual neural network for convex quadratic programming subject to linear equality
    and inequality constraints, Physics Letters A 298:271, 2002. Departs from it: S, and the uneven
    Euler steps in the place of the circuit's time (the derivation above is ours, after He, Appl.
    Math. Optim. 35:69, 1997); w is carried along and made anew every `refresh_every` steps.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import lapack

from dnnbench.engine.contract import Ctx, Info, Phase, Scalar
from dnnbench.errors import UserError
from dnnbench.instances.program import Program
from dnnbench.kernels.rectangular import matmul, matmul_t
from dnnbench.methods.program_common import ProgramMethod

LARGEST = 2000
"""Variables up to which Q is inverted densely."""


class Layer(NamedTuple):
    """Of one program.

    Attributes:
        inverse: Q^-1, [n, n].
        row_gain, bound_gain: the diagonal of S for rows [m] and variables [n].
    """

    inverse: Any
    row_gain: Any
    bound_gain: Any


class Units(NamedTuple):
    """The layer's state: multipliers of rows [m] and bounds [n], w = (A x, x), circuit time."""

    y: jax.Array
    r: jax.Array
    rows: jax.Array
    x: jax.Array
    time: Scalar


@dataclass(frozen=True)
class DualNetwork(ProgramMethod):
    """Dual neural network for strictly convex quadratic programs.

    Attributes:
        energy: the program's formulas.
        num_steps: Euler steps of one restart, which always begins without multipliers.
        refresh_every: steps after which w is made anew from u.

    Hyperparameters (traced): `relaxation`, Euler step in units of the best one that the bound
    knows, below 2.
    """

    refresh_every: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("relaxation",)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase; w is made anew in the slow update."""
        return (Phase("solve", self.num_steps, outer_every=self.refresh_every),)

    def prepare_item(self, public: Program) -> Layer:
        """Q^-1 and the diagonal of W.

        Raises:
            UserError: Q is not positive definite, or too large.
        """
        inverse = inverted(public)
        a = public.matrix
        own = np.asarray(a.multiply(a @ inverse).sum(axis=1)).ravel()
        return Layer(inverse, 1 / np.where(own > 0, own, 1), 1 / np.diag(inverse))

    def init(self, ctx: Ctx) -> Units:
        """No multipliers: the unconstrained minimum."""
        y, r = jnp.zeros_like(ctx.problem.row_lower), jnp.zeros_like(ctx.problem.cost)
        return Units(y, r, *self.outputs(y, r - ctx.problem.cost, ctx), jnp.zeros((), r.dtype))

    def outputs(self, y: jax.Array, r: jax.Array, ctx: Ctx) -> tuple[jax.Array, jax.Array]:
        """(A x, x) for x = Q^-1 (A^T y + r)."""
        matrix = ctx.problem.matrix
        x = jnp.dot(self.own(ctx).inverse, matmul_t(matrix, y) + r, precision="highest")
        return matmul(matrix, x), x

    def step(self, s: Units, phase: Phase, ctx: Ctx) -> tuple[Units, Info]:
        """One Euler step; the merit is the residual, sqrt(e'S e)."""
        data, own = ctx.problem, self.own(ctx)
        e_y = s.rows - jnp.clip(s.rows - s.y / own.row_gain, data.row_lower, data.row_upper)
        e_r = s.x - jnp.clip(s.x - s.r / own.bound_gain, data.lower, data.upper)
        d_y, d_r = own.row_gain * e_y, own.bound_gain * e_r
        rows, x = self.outputs(d_y, d_r, ctx)
        residual = jnp.sum(d_y * e_y) + jnp.sum(d_r * e_r)
        speed = residual + jnp.sum(d_y * rows) + jnp.sum(d_r * x)
        h = ctx.hp["relaxation"] * residual / jnp.where(speed > 0, speed, 1)
        merit = jnp.sqrt(residual)
        moved = Units(s.y - h * d_y, s.r - h * d_r, s.rows - h * rows, s.x - h * x, s.time + h)
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def outer(self, s: Units, phase: Phase, ctx: Ctx) -> Units:
        """Outputs w from u, without what rounding has added up to."""
        rows, x = self.outputs(s.y, s.r - ctx.problem.cost, ctx)
        return s._replace(rows=rows, x=x)

    def readout(self, s: Units, ctx: Ctx) -> jax.Array:
        """Answer [n + m]: x and the multipliers of rows; those of bounds are the reduced costs."""
        return jnp.concatenate([s.x, s.y])

    def figures(self, s: Units, ctx: Ctx) -> dict[str, Any]:
        """The circuit's time."""
        return {"time": s.time}


def inverted(public: Program) -> np.ndarray:
    """Q^-1, [n, n].

    Raises:
        UserError: Q is not positive definite, or too large.
    """
    n = public.num_variables
    if public.quadratic is None:
        raise UserError("dual_nn needs a positive definite Q; this program is linear")
    if n > LARGEST:
        raise UserError(f"dual_nn inverts Q densely, up to {LARGEST} variables; this one has {n}")
    factor, failed = lapack.dpotrf(public.quadratic.toarray(), lower=1)
    smallest = 0.0 if failed else float(np.min(np.diag(factor))) ** 2
    if smallest <= n * np.finfo(np.float64).eps * abs(public.quadratic).max():
        raise UserError("dual_nn needs a positive definite Q; that of this program is singular")
    lower = lapack.dpotri(factor, lower=1)[0]
    half = np.tril(lower)
    return half + np.tril(half, -1).T
