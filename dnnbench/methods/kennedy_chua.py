"""Kennedy and Chua's network: gradient flow of a quadratic penalty, stiffened stage by stage.

With v the signed violation of rows, v_i > 0 above and v_i < 0 below, neurons follow

    C dx/dt = -(c + Q x + s A^T v),

clamped to the bounds of the variables. That is the gradient flow of c . x + x . Q x / 2 + s |v|^2
/ 2, so at rest y = -s v are multipliers of the program whose bounds of rows are moved by v: each
active row is violated by y_i / s, and by y*_i / s up to terms of order 1 / s^2 where the optimum is
unique and not degenerate. The answer is exact only as s grows without end, and its
objective is too low by sum (y*_i)^2 / s to first order. So s rises by `growth` a stage, from
`penalty_start` up to `penalty_end`.

Euler steps are stable below 2 / (|Q| + s |A|^2) for C = 1, and below 2 for the capacitances used,
C_j = (|Q| 1)_j + s (|A|^T |A| 1)_j, which as a diagonal exceed Q + s A^T A. So no step is too long
for a large s, but whatever s does not act on moves at a rate of 1 / s.

A step is one product each with A and A^T (and Q): at least 24 z + 8 (7 n + 2 m) bytes for a linear
program with z entries.

References:
    Kennedy & Chua, Neural networks for nonlinear programming, IEEE Trans. Circuits and Systems
    35:554, 1988; that s has to grow: Zak, Upatising & Hui, Solving linear programming problems with
    neural networks: a comparative study, IEEE TNN 6:94, 1995.
    Departs from it: bounds of variables are kept by clamping, theirs are penalised like rows; C
    is not equal for all neurons; s grows (theirs is fixed).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dnnbench.engine.contract import Ctx, Info, Phase, Scalar
from dnnbench.instances.program import Program
from dnnbench.kernels.rectangular import matmul, matmul_t
from dnnbench.methods.program_common import ProgramMethod, Vector, curved, origin


class Stiffness(NamedTuple):
    """Row sums |Q| 1 and |A|^T |A| 1, [n]: capacitances are the first plus s times the second."""

    quadratic: Any
    matrix: Any


class Stage(NamedTuple):
    """Neurons x [n], the penalty s in force, and multipliers [m] at the last stage's end."""

    x: jax.Array
    penalty: Scalar
    y: jax.Array


@dataclass(frozen=True)
class KennedyChua(ProgramMethod):
    """Penalty network for linear and convex quadratic programs.

    Attributes:
        energy: the program's formulas.
        num_steps: Euler steps of one restart, which always begins at the origin.
        stage_steps: steps at one penalty.

    Hyperparameters (traced): `penalty_start` and `penalty_end`, first and last s; `growth`, factor
    from stage to stage; `step`, Euler step in units of the capacitances, below 2.
    """

    stage_steps: int

    version: ClassVar[int] = 1
    hyperparameters: ClassVar[tuple[str, ...]] = ("penalty_start", "penalty_end", "growth", "step")

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase; a stage's end is the slow update."""
        return (Phase("solve", self.num_steps, outer_every=self.stage_steps),)

    def prepare_item(self, public: Program) -> Stiffness:
        """Row sums."""
        return row_sums(public)

    def init(self, ctx: Ctx) -> Stage:
        """The origin within the bounds."""
        x, penalty = origin(self.energy, ctx.problem), ctx.hp["penalty_start"]
        return Stage(x, penalty, self.multipliers(x, penalty, ctx))

    def multipliers(self, x: jax.Array, penalty: Scalar, ctx: Ctx) -> jax.Array:
        """-s v, [m]."""
        rows = matmul(ctx.problem.matrix, x)
        return -penalty * self.energy.row_violation(rows, ctx.problem)

    def step(self, s: Stage, phase: Phase, ctx: Ctx) -> tuple[Stage, Info]:
        """One Euler step; the merit is the penalised objective's change of a neuron at most."""
        data, own = ctx.problem, self.own(ctx)
        y = self.multipliers(s.x, s.penalty, ctx)
        slope = data.cost + curved(s.x, data) - matmul_t(data.matrix, y)
        capacitance = own.quadratic + s.penalty * own.matrix
        capacitance = jnp.where(capacitance > 0, capacitance, 1)
        x = self.energy.project(s.x - ctx.hp["step"] * slope / capacitance, data)
        merit = jnp.max(jnp.abs((x - s.x) * slope))
        return s._replace(x=x), Info(merit, jnp.isfinite(merit), jnp.zeros((), bool))

    def outer(self, s: Stage, phase: Phase, ctx: Ctx) -> Stage:
        """A stage's end: keep its multipliers, raise the penalty."""
        y = self.multipliers(s.x, s.penalty, ctx)
        penalty = jnp.minimum(s.penalty * ctx.hp["growth"], ctx.hp["penalty_end"])
        return Stage(s.x, jnp.maximum(penalty, s.penalty), y)

    def readout(self, s: Stage, ctx: Ctx) -> jax.Array:
        """Outputs x and multipliers -s v, [n + m]."""
        return jnp.concatenate([s.x, self.multipliers(s.x, s.penalty, ctx)])

    def figures(self, s: Stage, ctx: Ctx) -> dict[str, Any]:
        """s, the largest violation predicted (multipliers of the last stage, over s) and found."""
        y = self.multipliers(s.x, s.penalty, ctx)
        return {
            "penalty": s.penalty,
            "violation_predicted": jnp.max(jnp.abs(s.y), initial=0) / s.penalty,
            "violation": jnp.max(jnp.abs(y), initial=0) / s.penalty,
        }


def row_sums(public: Program) -> Stiffness:
    """The row sums of one program; as diagonals they exceed Q and A^T A (Gershgorin)."""
    matrix, ones = abs(public.matrix), np.ones(public.num_variables)
    quadratic: Vector = np.zeros(public.num_variables)
    if public.quadratic is not None:
        quadratic = np.asarray(abs(public.quadratic) @ ones)
    return Stiffness(quadratic, np.asarray(matrix.T @ (matrix @ ones)))
