"""Projection neural network: primal and dual neurons that settle exactly at the optimum.

With P and P_Z projections on the bounds of variables and of rows, T = tau C^2 and S = sigma R^2
positive diagonals (`program_common`), a point is optimal just where both residuals vanish,

    e_x = x - P(x - T (c + Q x - A^T y)),    e_z = A x - P_Z(A x - y / S).

The network is dx/dt = -d_x, dy/dt = -d_y,

    d_x = e_x + T (Q e_x + A^T S e_z),    d_y = S (e_z - A e_x).

With g = c + Q x - A^T y, the projections' inequalities, (x - T g - P)' (P - x*) / T >= 0 and
(A x - y / S - P_Z)' S (P_Z - A x*) >= 0, and those of the optimum (x*, y*) add up to

    <z - z*, d> >= E,    E = e_x' e_x / T + e_z' S e_z,    <z, z> = x' x / T + y' y / S,

so that the distance to every optimum falls, for linear programs too (Q = 0), where the plain
saddle flow dx/dt = -e_x, dy/dt = S e_z circles. An Euler step of length h changes |z - z*|^2 by at
most -2 h E + h^2 |d|^2. It is negative for every h < 2 / |I + M|^2, M the scaled [Q, -A^T; A, 0];
the step taken is h = relaxation E / |d|^2, which is never shorter for relaxation 1 and needs no
norm. Convergence is global, and linear near the optimum (the residual is piecewise linear).

A step is one product with A (of two columns, x and e_x), two with A^T (and two with Q): at least
36 z + 8 (8 n + 7 m) bytes for a linear program with z entries.

References:
    Xia & Wang, A general methodology for designing globally convergent optimization neural
    networks, IEEE TNN 9:1331, 1998, and A general projection neural network for solving monotone
    variational inequalities and related optimization problems, IEEE TNN 15:318, 2004 (the latter's
    form with A x in a set Z); the step of He, A class of projection and contraction methods for
    monotone variational inequalities, Appl. Math. Optim. 35:69, 1997, whose bound is the one above.
    Departs from them: circuit time is discrete and uneven, as h is chosen in each step; T and S are
    diagonals for conditioning, with tau = gain / (omega |A| + |Q|), sigma = gain omega / |A|
    and omega the first primal weight (scaled norms, computed on the host).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from dnnbench.engine.contract import Ctx, Info, Phase, Scalar
from dnnbench.instances.program import Program
from dnnbench.kernels.rectangular import matmul, matmul_t
from dnnbench.methods.program_common import ProgramMethod, Scales, curved, origin, scales
from dnnbench.problems.program.energy import ProgramData, ProgramEnergy


class Neurons(NamedTuple):
    """Primal neurons x [n], dual neurons y [m], and the circuit's time so far."""

    x: jax.Array
    y: jax.Array
    time: Scalar


@dataclass(frozen=True)
class ProjectionNetwork(ProgramMethod):
    """Primal-dual projection network for linear and convex quadratic programs.

    Attributes:
        energy: the program's formulas.
        num_steps: Euler steps of one restart, which always begins at the origin.
        ruiz_rounds: rounds of Ruiz scaling of the neurons' time constants.

    Hyperparameters (traced): `gain`, strength of the coupling of x and y in units of the scaled
    A's norm; `relaxation`, Euler step in units of the best one that the bound knows, below 2.
    """

    ruiz_rounds: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("gain", "relaxation")

    def prepare_item(self, public: Program) -> Scales:
        """Scales of the program."""
        return scales(public, self.ruiz_rounds)

    def init(self, ctx: Ctx) -> Neurons:
        """The origin within the bounds, without multipliers."""
        x = origin(self.energy, ctx.problem)
        return Neurons(x, jnp.zeros_like(ctx.problem.row_lower), jnp.zeros((), x.dtype))

    def step(self, s: Neurons, phase: Phase, ctx: Ctx) -> tuple[Neurons, Info]:
        """One Euler step; the merit is the residual, sqrt(E)."""
        D = diagonals(self.own(ctx), ctx.hp["gain"])
        d_x, d_y, residual = descent(s.x, s.y, D, self.energy, ctx.problem)
        speed = jnp.sum(d_x * d_x * D.over_t) + jnp.sum(d_y * d_y * D.over_s)
        h = ctx.hp["relaxation"] * residual / jnp.where(speed > 0, speed, 1)
        merit = jnp.sqrt(residual)
        moved = Neurons(s.x - h * d_x, s.y - h * d_y, s.time + h)
        return moved, Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def readout(self, s: Neurons, ctx: Ctx) -> jax.Array:
        """The neurons' outputs as an answer."""
        return answer(s.x, s.y, self.energy, ctx.problem)

    def figures(self, s: Neurons, ctx: Ctx) -> dict[str, Any]:
        """The circuit's time."""
        return {"time": s.time}


class Diagonals(NamedTuple):
    """T [n] and S [m], and their inverses: a product is several times as fast as a division."""

    T: jax.Array
    S: jax.Array
    over_t: jax.Array
    over_s: jax.Array


def diagonals(own: Scales, gain: Scalar) -> Diagonals:
    """The time constants of the neurons."""
    norm = own.weight * own.matrix_norm + own.quadratic_norm
    tau = gain / jnp.where(norm > 0, norm, 1)
    sigma = gain * own.weight / jnp.where(own.matrix_norm > 0, own.matrix_norm, 1)
    return Diagonals(
        tau * own.columns,
        sigma * own.rows,
        own.column_weights / tau,
        own.row_weights / sigma,
    )


def descent(
    x: jax.Array, y: jax.Array, D: Diagonals, energy: ProgramEnergy, data: ProgramData
) -> tuple[jax.Array, jax.Array, Scalar]:
    """(d_x [n], d_y [m], E): minus the velocity of the neurons, and how far they are from rest."""
    slope = data.cost + curved(x, data) - matmul_t(data.matrix, y)
    e_x = x - energy.project(x - D.T * slope, data)
    rows = matmul(data.matrix, jnp.stack([x, e_x], 1))
    e_z = rows[:, 0] - jnp.clip(rows[:, 0] - y * D.over_s, data.row_lower, data.row_upper)
    d_x = e_x + D.T * (curved(e_x, data) + matmul_t(data.matrix, D.S * e_z))
    d_y = D.S * (e_z - rows[:, 1])
    return d_x, d_y, jnp.sum(e_x * e_x * D.over_t) + jnp.sum(D.S * e_z * e_z)


def answer(x: jax.Array, y: jax.Array, energy: ProgramEnergy, data: ProgramData) -> jax.Array:
    """x, put within its bounds, and y with the signs its rows allow, [n + m]."""
    y = jnp.where(jnp.isfinite(data.row_lower), y, jnp.minimum(y, 0))
    y = jnp.where(jnp.isfinite(data.row_upper), y, jnp.maximum(y, 0))
    return jnp.concatenate([energy.project(x, data), y])
